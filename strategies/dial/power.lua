-- Power dialing: a fixed number of lines for each free agent, less the calls on the way and
-- the callers who wait. Simple and steady. With more than one line, some answered calls find
-- no agent; this script does not count them, but the engine's abandonment limit does.
-- For a destination other than a queue: as many calls as the caps allow.
-- Parameters: lines (2), lines to dial for each free agent. 1 never dials more than there are
-- agents; 1.5 dials three lines for two agents.
-- Source: the lines-per-agent ("ratio") rule of other dialers.
-- The view and the result: see dial/available.lua; queue.coming counts the calls that any
-- campaign has begun for this queue and that are not in it yet.

local function dial(view)
    local queue = view.queue
    if not queue then
        return view.room
    end
    local free = queue.available + queue.offered
    local calls = free * view.params.lines - queue.waiting - queue.coming
    return math.max(0, math.floor(calls))
end

local tests = {}

local function queue(available, coming, waiting)
    return { available = available, offered = 0, coming = coming, waiting = waiting }
end

tests["two lines for each free agent"] = function(run)
    assert(run { queue = queue(4, 0, 0) } == 8)
    assert(run { queue = queue(0, 0, 0) } == 0)
end

tests["calls on the way and callers who wait are subtracted"] = function(run)
    assert(run { queue = queue(4, 5, 0) } == 3)
    assert(run { queue = queue(4, 5, 2) } == 1)
    assert(run { queue = queue(4, 20, 0) } == 0)
end

tests["an agent whose phone rings is free, and their caller waits"] = function(run)
    local ringing = { available = 1, offered = 1, coming = 0, waiting = 1 }
    assert(run { queue = ringing, params = { lines = 1 } } == 1)
end

tests["lines may be a fraction; the result is rounded down"] = function(run)
    assert(run { queue = queue(3, 0, 0), params = { lines = 1.5 } } == 4)
end

tests["without a queue: as many calls as the caps allow"] = function(run)
    assert(run { queue = json.null, room = 37 } == 37)
end

return {
    api = 1,
    about = "a fixed number of lines for each free agent",
    params = {
        lines = { default = 2, min = 0.1, max = 20,
                  help = "lines to dial for each free agent" },
    },
    dial = dial,
    tests = tests,
}
