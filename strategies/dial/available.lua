-- As many calls as the queue has free members. This is asterisk-outbound's rule:
--   free members (scaled by the queue's service-level performance once ten or more are
--   logged in) + service level of the plan - calls of the campaign in flight.
-- For any other destination: as many calls as the caps allow.
-- It subtracts every call in flight, even those in conversation, and so keeps agents
-- waiting; dial/power.lua does not.
-- Parameters: none. Source: asterisk-outbound (docs/ami.md).
--
-- dial(view) gets
--   view.now            seconds since 1970, with fraction
--   view.campaign       {uuid, name}
--   view.plan           {uuid, name, dial_mode, service_level}
--   view.queue          nil unless the destination is a queue, else {name, available,
--                       logged_in, waiting, performance}; performance: share of the
--                       queue's calls that were answered in time, 0..1
--   view.in_flight      calls of the campaign that have not ended
--   view.ringing        those of them that nobody has answered yet
--   view.room           calls that the caps would allow now
--   view.params         the values of the script's parameters
-- It returns how many calls to begin now, or {calls = n, ask_in = seconds}. The engine
-- reduces the number to what the caps allow.

local TRUSTED = 10 -- members logged in: with fewer, the performance means little

local function dial(view)
    local queue = view.queue
    if not queue then
        return view.room
    end
    local free = queue.available
    if queue.logged_in >= TRUSTED then
        -- A queue that has served nobody yet reports 0. Taken literally, it would get no
        -- call, serve nobody, and report 0 for ever. Hence 0 counts as 1.
        local performance = queue.performance or 0
        free = free * (performance > 0 and performance or 1)
    end
    local calls = free + (view.plan.service_level or 0) - view.in_flight
    return math.max(0, math.floor(calls))
end

local tests = {}

tests["free members minus all calls in flight"] = function(run)
    local queue = { available = 5, logged_in = 9, performance = 0.1 }
    assert(run { queue = queue, in_flight = 0 } == 5)
    assert(run { queue = queue, in_flight = 2, ringing = 0 } == 3)
    assert(run { queue = queue, in_flight = 9 } == 0)
end

tests["the service level is added and may be negative"] = function(run)
    local queue = { available = 5, logged_in = 5 }
    assert(run { queue = queue, in_flight = 2, plan = { service_level = 3 } } == 6)
    assert(run { queue = queue, in_flight = 2, plan = { service_level = -2 } } == 1)
end

tests["from ten members on, the performance scales the free ones"] = function(run)
    local queue = { available = 5, logged_in = 10, performance = 0.9 }
    assert(run { queue = queue, in_flight = 0 } == 4)
    queue.performance = 0
    assert(run { queue = queue, in_flight = 0 } == 5)
end

tests["without a queue: as many calls as the caps allow"] = function(run)
    assert(run { queue = json.null, room = 37, in_flight = 9 } == 37)
end

return { api = 1, about = "free queue members + service level - calls in flight",
         dial = dial, tests = tests }
