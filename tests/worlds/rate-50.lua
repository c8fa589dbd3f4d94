-- The world of table.lua with customers of whom every other one answers.
return { agents = 50, answer_rate = 0.50 }
