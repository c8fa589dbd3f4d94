-- Progressive dialing: one call for each agent who is free for it, and no more. Callers who
-- wait in the queue and calls that are still being dialed count as having an agent, so hardly
-- any call is abandoned. Agents wait as long as it takes until a customer answers.
-- For a destination other than a queue: as many calls as the caps allow.
-- Parameters: none. The plan's ServiceLevel is added to the free agents.
-- Source: the 1:1 rule of other dialers.
-- The view and the result: see dial/available.lua; view.queue.spare is available + offered -
-- waiting - coming, the agents for whom no caller is on the way.

local function dial(view)
    if not view.queue then
        return view.room
    end
    return math.max(0, view.queue.spare + view.plan.service_level)
end

local tests = {}

tests["one call for each agent for whom no call is on the way"] = function(run)
    assert(run { queue = { spare = 3 } } == 3)
    assert(run { queue = { spare = 0 } } == 0)
end

tests["more callers than agents: no call"] = function(run)
    assert(run { queue = { spare = -4 } } == 0)
end

tests["calls with an agent do not count"] = function(run)
    assert(run { queue = { spare = 2 }, in_flight = 30, ringing = 1 } == 2)
end

tests["the service level is added"] = function(run)
    assert(run { queue = { spare = 1 }, plan = { service_level = 2 } } == 3)
    assert(run { queue = { spare = 1 }, plan = { service_level = -5 } } == 0)
end

tests["without a queue: as many calls as the caps allow"] = function(run)
    assert(run { queue = json.null, room = 37 } == 37)
end

return { api = 1, about = "one call for each free agent", dial = dial, tests = tests }
