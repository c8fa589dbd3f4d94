-- Half of the agents go to lunch after three hours and come back an hour later.
-- Agents in conversation finish it first.
return { agents = { { 0, 50 }, { 10800, 25 }, { 14400, 50 } } }
