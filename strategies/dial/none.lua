-- Begins no call. For DialMode 0: plans whose calls are begun by hand or by another program.
-- Parameters: none. Source: dial mode 0 of asterisk-outbound.
-- The view and the result: see dial/available.lua.

local function dial()
    return 0
end

local tests = {}

tests["no call, however many agents are free"] = function(run)
    assert(run { queue = { available = 9, spare = 9 } } == 0)
    assert(run { queue = json.null, room = 100, plan = { service_level = 5 } } == 0)
end

return { api = 1, about = "begins no call", dial = dial, tests = tests }
