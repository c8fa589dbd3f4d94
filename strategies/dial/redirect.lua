-- Redirect: calls whose answer is handed on to somebody outside, a number or extension
-- that the destination's exten and context (or its Dial application) lead to. There is no
-- agent to wait for, so calls begin as fast as the hard caps let through; who hands on
-- should cap what may be up at once (the campaign's Channels, the trunk's channels), for
-- each call that is handed on takes a second line.
-- A destination that is a queue has agents after all: one call for each who is free.
-- Parameters: none. Source: dial mode 5 of the seeds' system, which names it and says no
-- more: this is our reading.
-- What view holds and what is returned: see dial/available.lua.

local function dial(view)
    if not view.queue then
        return view.room
    end
    return math.max(0, view.queue.spare)
end

local tests = {}

tests["as many as the caps let through, whoever takes them"] = function(run)
    assert(run { queue = json.null, room = 37, in_flight = 500 } == 37)
end

tests["a queue's agents are not overrun"] = function(run)
    assert(run { queue = { spare = 2 }, room = 37 } == 2)
    assert(run { queue = { spare = -1 }, room = 37 } == 0)
end

return { api = 1, about = "calls that are handed on, as fast as the caps let through",
         dial = dial, tests = tests }
