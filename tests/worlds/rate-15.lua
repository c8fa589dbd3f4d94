-- The world of table.lua with customers who answer half as often.
return { agents = 50, answer_rate = 0.15 }
