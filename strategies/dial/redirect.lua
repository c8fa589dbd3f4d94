-- Redirect: the destination hands each answered call on to somebody outside, through its
-- exten and context or its application Dial. There is no agent to wait for, so as many calls
-- begin as the caps allow. A call that is handed on occupies a second line: limit the calls
-- at once (the campaign's Channels, the trunk's channels) accordingly.
-- If the destination is a queue after all: one call for each free agent.
-- Parameters: none. Source: dial mode 5 of asterisk-outbound. It defines only the name; the
-- meaning is this program's.
-- The view and the result: see dial/available.lua.

local function dial(view)
    if not view.queue then
        return view.room
    end
    return math.max(0, view.queue.spare)
end

local tests = {}

tests["as many calls as the caps allow"] = function(run)
    assert(run { queue = json.null, room = 37, in_flight = 500 } == 37)
end

tests["a queue gets one call for each free agent"] = function(run)
    assert(run { queue = { spare = 2 }, room = 37 } == 2)
    assert(run { queue = { spare = -1 }, room = 37 } == 0)
end

return { api = 1, about = "calls that are handed on, as fast as the caps allow",
         dial = dial, tests = tests }
