-- Rings a fixed number of lines for each free agent, less those that ring already.
-- Simple and steady; with more than one line some answered calls find no agent, and
-- nothing here counts them: the engine's abandonment cap does.
-- For a destination that is no queue: as many calls as the caps let through.
-- Parameters: lines (2), lines to ring for each free agent; 1 never overdials, 1.5
-- rings three for two.
-- Source: the lines-per-agent ("ratio") rule that power dialers share.
-- What view holds and what is returned: see dial/available.lua.

local function dial(view)
    if not view.queue then
        return view.room
    end
    local calls = view.queue.available * view.params.lines - view.ringing
    return math.max(0, math.floor(calls))
end

return {
    api = 1,
    about = "a fixed number of lines for each free agent",
    params = { lines = { 2, "lines to ring for each free agent" } },
    dial = dial,
}
