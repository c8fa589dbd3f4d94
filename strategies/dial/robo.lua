-- Begins as many calls as the caps allow, whoever takes the answered ones: for messages and
-- other destinations without agents. The caps of trunk and Asterisk (calls at once, calls per
-- second) set the pace.
-- Parameters: channels (0), calls of this campaign at once; 0 = no limit.
-- Source: asterisk-outbound's rule for destinations other than a queue.
-- The view and the result: see dial/available.lua.

local function dial(view)
    local most = view.params.channels
    if most == 0 then
        return view.room
    end
    return math.max(0, math.min(view.room, most - view.in_flight))
end

local tests = {}

tests["as many calls as the caps allow, with or without a queue"] = function(run)
    assert(run { room = 37, in_flight = 500 } == 37)
    assert(run { room = 37, queue = json.null } == 37)
end

tests["channels limits the calls in flight, answered ones included"] = function(run)
    local params = { channels = 20 }
    assert(run { room = 37, in_flight = 0, params = params } == 20)
    assert(run { room = 37, in_flight = 15, params = params } == 5)
    assert(run { room = 37, in_flight = 25, params = params } == 0)
    assert(run { room = 3, in_flight = 0, params = params } == 3)
end

return {
    api = 1,
    about = "as many calls as the caps allow",
    params = {
        channels = { default = 0, min = 0, integer = true,
                     help = "calls of the campaign in flight at most; 0 = no limit" },
    },
    dial = dial,
    tests = tests,
}
