-- Begins no call: a plan of dial mode 0, whose calls are begun by hand or elsewhere.
-- Parameters: none. Source: dial mode 0 of the seeds' system.
-- What view holds and what is returned: see dial/available.lua.

local function dial()
    return 0
end

return { api = 1, about = "begins no call", dial = dial }
