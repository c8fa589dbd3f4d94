-- Chooses the trunk by the first digits of the number: the longest matching prefix of the
-- table decides. A "+" in front of the number is ignored. If the trunk has a [trunk:] section,
-- the call counts against its limits; otherwise its name is only put into the channel.
-- Parameters:
--   prefixes  PREFIX=TRUNK, separated by spaces: "44=london 49=bonn 4930=berlin"
--   other     "", the trunk for all other numbers; empty: the plan's TrunkName
-- Source: the longest-match routing of telephone switches.
-- The view and the result: see route/standard.lua.

local channel, words = require("channel"), require("words")

local function route(view)
    local number, name, best = view.lead.number:gsub("^%+", ""), nil, 0
    for _, entry in ipairs(words.pairs(view.params.prefixes)) do
        local prefix = entry[1]:gsub("^%+", "")
        if #prefix > best and number:sub(1, #prefix) == prefix then
            name, best = entry[2], #prefix
        end
    end
    name = name or view.params.other
    if name == "" then
        name = view.plan.trunk_name
    end
    return { channel = channel.text(view, name),
             trunk = channel.trunk(view, name) and name or nil }
end

local tests = {}

local function through(run, number, params)
    return run { lead = { number = number }, params = params,
                 plan = { tech_name = "PJSIP/", trunk_name = "carrier" },
                 trunks = { { name = "bonn", up = 0, channels = 5, resting = false } } }
end

local params = { prefixes = "44=london, 49=bonn 4930=berlin" }

tests["the longest matching prefix"] = function(run)
    assert(through(run, "44161", params).channel == "PJSIP/44161@london")
    assert(through(run, "49228", params).channel == "PJSIP/49228@bonn")
    assert(through(run, "4930123", params).channel == "PJSIP/4930123@berlin")
end

tests["the plus is dialed but not compared"] = function(run)
    assert(through(run, "+49228", params).channel == "PJSIP/+49228@bonn")
end

tests["other numbers: the trunk named for them, or the plan's"] = function(run)
    assert(through(run, "331", params).channel == "PJSIP/331@carrier")
    local other = { prefixes = params.prefixes, other = "paris" }
    assert(through(run, "331", other).channel == "PJSIP/331@paris")
end

tests["the call counts against a trunk that has a section"] = function(run)
    assert(through(run, "49228", params).trunk == "bonn")
    assert(through(run, "44161", params).trunk == nil)
end

tests["a table that cannot be read is an error"] = function(run)
    assert(not pcall(through, run, "300", { prefixes = "44:london" }))
end

return {
    api = 1,
    about = "the trunk by the longest prefix of the number",
    params = {
        prefixes = { default = "", help = "PREFIX=TRUNK, separated by spaces" },
        other = { default = "", help = "trunk for all other numbers; empty: the plan's" },
    },
    route = route,
    tests = tests,
}
