-- Calls as fast as the hard caps allow, whoever takes the answered calls: for messages
-- and other destinations without agents. The caps of campaign, trunk and Asterisk
-- (calls at once, calls per second) are what paces it.
-- Parameters: none. Source: the seeds' rule for destinations that are no queue.
-- What view holds and what is returned: see dial/available.lua.

local function dial(view)
    return view.room
end

return { api = 1, about = "as many calls as the caps let through", dial = dial }
