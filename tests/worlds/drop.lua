-- The answer rate falls from 0.5 to 0.2 in mid-shift and rises again.
return { agents = 50, answer_rate = { { 0, 0.5 }, { 9600, 0.2 }, { 19200, 0.5 } } }
