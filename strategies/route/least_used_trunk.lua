-- Sends each call through the least used trunk, the one with the smallest share of its
-- channels busy. A trunk without a limit counts as large as the largest of the others. Trunks
-- that are full, or whose calls per second allow none at this moment, are left out; if all
-- are, the campaign waits for room. The call counts against the trunk that it takes.
-- Leave the plan's TrunkName empty: otherwise the limits of that trunk apply to every call.
-- Parameters: trunks (""), names of [trunk:] sections to choose from, separated by
-- spaces; empty: all trunks of this Asterisk.
-- Source: the least-used line selection of telephone switches.
-- The view and the result: see route/standard.lua.

local channel, words = require("channel"), require("words")

-- The trunks to choose from.
local function candidates(view)
    local names = words.list(view.params.trunks)
    if #names == 0 then
        return view.trunks
    end
    local list = {}
    for _, name in ipairs(names) do
        local trunk = channel.trunk(view, name)
        if not trunk then
            error("trunks: this Asterisk has no trunk '" .. name .. "'", 0)
        end
        list[#list + 1] = trunk
    end
    return list
end

local function is_open(trunk)
    return not trunk.resting and (trunk.channels == 0 or trunk.up < trunk.channels)
end

local function route(view)
    local list, largest, best = candidates(view), 1, nil
    for _, trunk in ipairs(list) do
        largest = math.max(largest, trunk.channels)
    end
    for _, trunk in ipairs(list) do
        local limit = trunk.channels > 0 and trunk.channels or largest
        local load = trunk.up / limit + (is_open(trunk) and 0 or 1000000)
        if not best or load < best.load then
            best = { load = load, name = trunk.name }
        end
    end
    if not best then
        return { channel = channel.text(view, view.plan.trunk_name) }
    end
    return { channel = channel.text(view, best.name), trunk = best.name }
end

local tests = {}

local function trunk(name, up, channels, resting)
    return { name = name, up = up, channels = channels, resting = resting or false }
end

local function choice(run, trunks, params)
    return run { trunks = trunks, params = params, plan = { tech_name = "SIP/" } }.trunk
end

tests["the trunk with the smallest share of its channels busy"] = function(run)
    assert(choice(run, { trunk("a", 5, 10), trunk("b", 8, 30) }) == "b")
    assert(choice(run, { trunk("a", 1, 10), trunk("b", 8, 30) }) == "a")
    assert(choice(run, { trunk("a", 1, 10), trunk("b", 3, 30) }) == "a",
           "the first of equal ones")
end

tests["the channel names the trunk"] = function(run)
    local out = run { trunks = { trunk("a", 1, 2) }, plan = { tech_name = "SIP/" } }
    assert(out.channel == "SIP/300@a")
end

tests["full and resting trunks are left out"] = function(run)
    assert(choice(run, { trunk("a", 2, 2), trunk("b", 29, 30) }) == "b")
    assert(choice(run, { trunk("a", 0, 2, true), trunk("b", 29, 30) }) == "b")
    assert(choice(run, { trunk("a", 2, 2), trunk("b", 1, 1) }) == "a", "all are full")
end

tests["without limits: the trunk with the fewest calls"] = function(run)
    assert(choice(run, { trunk("a", 9, 0), trunk("b", 7, 0) }) == "b")
    assert(choice(run, { trunk("a", 9, 0), trunk("b", 9, 10) }) == "a")
end

tests["only the trunks that are named"] = function(run)
    local all = { trunk("a", 0, 9), trunk("b", 5, 9), trunk("c", 4, 9) }
    assert(choice(run, all, { trunks = "b, c" }) == "c")
    assert(not pcall(run, { trunks = all, params = { trunks = "b d" } }))
end

tests["no trunk at all: the plan's"] = function(run)
    local out = run { trunks = {}, plan = { tech_name = "SIP/", trunk_name = "x" } }
    assert(out.channel == "SIP/300@x" and out.trunk == nil)
end

return {
    api = 1,
    about = "the trunk with the smallest share of its channels busy",
    params = {
        trunks = { default = "",
                   help = "names to choose from, separated by spaces; empty: all" },
    },
    route = route,
    tests = tests,
}
