-- A trunk with fewer channels than any good method wants; more is congestion.
return { agents = 50, trunk = 60 }
