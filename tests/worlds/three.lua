-- Three agents only.
return { agents = 3 }
