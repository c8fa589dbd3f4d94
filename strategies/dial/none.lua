-- Begins no call: a plan of dial mode 0, whose calls are begun by hand or elsewhere.
-- Parameters: none. Source: dial mode 0 of the seeds' system.
-- What view holds and what is returned: see dial/available.lua.

local function dial()
    return 0
end

local tests = {}

tests["no call, whatever there is to do"] = function(run)
    assert(run { queue = { available = 9, spare = 9 } } == 0)
    assert(run { queue = json.null, room = 100, plan = { service_level = 5 } } == 0)
end

return { api = 1, about = "begins no call", dial = dial, tests = tests }
