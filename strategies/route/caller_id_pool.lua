-- Shows each lead a caller id from a pool, and always the same one, so that customers who
-- call back or block the number reach or block the same caller. With `match`, numbers that
-- begin like the lead's own are preferred: a local number for customers who live nearby.
-- Parameters:
--   pool   numbers, separated by spaces; empty: the plan's caller id
--   match  0, leading digits that must be the same; if no number of the pool matches, the
--          whole pool is used
--   name   "", shown with the number
-- Source: the "local presence" of other dialers. Show only numbers that are yours.
-- The view and the result: see route/standard.lua.

local channel, words = require("channel"), require("words")

-- Those that begin like the number; all of them if none does.
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

tests["always the same for a lead, at all of its numbers"] = function(run)
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

tests["a number that begins like the lead's own"] = function(run)
    local params = { pool = "+4930111 +4940222 +441613", match = 4 }
    assert(shown(run, "a", "4940987", params) == "+4940222")
    assert(shown(run, "b", "+4930987", params) == "+4930111")
    assert(shown(run, "c", "3312", params), "none matches: any of them")
end

tests["a name is added; without a pool nothing changes"] = function(run)
    assert(shown(run, "a", "300", { pool = "100", name = "Shop" }) == '"Shop" <100>')
    assert(shown(run, "a", "300", {}) == nil)
end

return {
    api = 1,
    about = "a caller id from a pool, always the same for a lead",
    params = {
        pool = { default = "", help = "numbers, separated by spaces" },
        match = { default = 0, min = 0, max = 20, integer = true,
                  help = "leading digits that must be the same as in the lead's number" },
        name = { default = "", help = "name that is shown with the number" },
    },
    route = route,
    tests = tests,
}
