-- Each lead sees a caller id out of a pool, and always the same one, so that who calls
-- back or blocks the number means the same caller. With `match` numbers are preferred that
-- begin as the lead's own does: a local number for who lives nearby.
-- Parameters:
--   pool   numbers, separated by blanks; empty: the plan's caller id
--   match  0, leading digits that must be the same; if no number of the pool has them,
--          the whole pool is taken
--   name   "", to be shown with the number
-- Source: local presence as dialers have it; only numbers that are yours may be shown.
-- What view holds and what is returned: see route/standard.lua.

local channel, words = require("channel"), require("words")

-- Those that begin as the number does; all if there are none.
local function near(pool, number, digits)
    local list, start = {}, number:gsub("^%+", ""):sub(1, digits)
    for _, id in ipairs(pool) do
        if id:gsub("^%+", ""):sub(1, digits) == start then
            list[#list + 1] = id
        end
    end
    return #list > 0 and list or pool
end

local function route(view)
    local params, lead = view.params, view.lead
    local pool = words.list(params.pool)
    local out = { channel = channel.text(view, view.plan.trunk_name) }
    if #pool == 0 then
        return out
    end
    pool = near(pool, lead.number, params.match)
    local id = pool[words.pick(lead.uuid, #pool) + 1]
    out.caller_id = params.name ~= "" and '"' .. params.name .. '" <' .. id .. ">" or id
    return out
end

local tests = {}

local function shown(run, uuid, number, params)
    return run { lead = { uuid = uuid, number = number }, params = params }.caller_id
end

tests["always the same for a lead, at each of its numbers"] = function(run)
    local params = { pool = "5550100, 5550101 5550102" }
    local first = shown(run, "a", "300", params)
    assert(first and first == shown(run, "a", "300", params))
    assert(first == shown(run, "a", "400", params))
end

tests["the whole pool is used"] = function(run)
    local seen, count = {}, 0
    for i = 1, 60 do
        local id = shown(run, "lead-" .. i, "300", { pool = "1 2 3" })
        count = count + (seen[id] and 0 or 1)
        seen[id] = true
    end
    assert(count == 3 and seen["1"] and seen["2"] and seen["3"])
end

tests["a number that begins as the lead's own"] = function(run)
    local params = { pool = "+4930111 +4940222 +441613", match = 4 }
    assert(shown(run, "a", "4940987", params) == "+4940222")
    assert(shown(run, "b", "+4930987", params) == "+4930111")
    assert(shown(run, "c", "3312", params), "else any of them")
end

tests["with a name, without a pool"] = function(run)
    assert(shown(run, "a", "300", { pool = "100", name = "Shop" }) == '"Shop" <100>')
    assert(shown(run, "a", "300", {}) == nil)
end

return {
    api = 1,
    about = "a caller id out of a pool, always the same for a lead",
    params = {
        pool = { "", "numbers, separated by blanks" },
        match = { 0, "leading digits as the lead's number has them", min = 0, max = 20,
                  integer = true },
        name = { "", "shown with the number" },
    },
    route = route,
    tests = tests,
}
