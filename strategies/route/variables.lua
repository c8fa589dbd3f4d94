-- SMS, fax and e-mail through the dialplan: the lead's fields become channel variables for
-- the destination's extension, which sends the message. A field that the lead does not have
-- is not set. Variables of the lead, list or plan are there in any case and override those
-- that are set here.
-- No telephone need ring: `channel` may name a Local channel that answers by itself, such as
-- Local/answer@messages. Even then a lead needs a number, or it is never due.
-- Parameters:
--   set      NAME=FIELD, separated by spaces; FIELD is uuid, name, ukey, email, number,
--            index or campaign
--   channel  "", replaces technology, number and trunk; empty: as in route/standard.lua
-- Source: the tutorial of asterisk-outbound, "SMS, fax or e-mail".
-- The view and the result: see route/standard.lua.

local channel, words = require("channel"), require("words")

local SET = "LEAD_UUID=uuid LEAD_NAME=name LEAD_UKEY=ukey MAIL_TO=email SMS_TO=number "
    .. "FAX_TO=number"
local FIELDS = "uuid, name, ukey, email, number, index, campaign"
local known = {}
for _, field in ipairs(words.list(FIELDS)) do
    known[field] = true
end

local function route(view)
    local variables, lead, own = {}, view.lead, view.params.channel
    for _, entry in ipairs(words.pairs(view.params.set)) do
        local name, field = entry[1], entry[2]
        if not known[field] then
            error("set: a lead has no field '" .. field .. "'; there are " .. FIELDS, 0)
        end
        local value = field == "campaign" and view.campaign.name or lead[field]
        if value ~= nil and view.variables[name] == nil then
            variables[name] = tostring(value)
        end
    end
    return { channel = own ~= "" and own or channel.text(view, view.plan.trunk_name),
             variables = variables }
end

local tests = {}

local lead = { uuid = "l", name = "Ann", ukey = "4711", email = "ann@example.org",
               number = "300", index = 2 }

tests["the lead's fields as variables"] = function(run)
    local set = run { lead = lead }.variables
    assert(set.MAIL_TO == "ann@example.org" and set.SMS_TO == "300" and set.LEAD_UKEY == "4711")
    assert(set.LEAD_NAME == "Ann" and set.LEAD_UUID == "l" and set.FAX_TO == "300")
end

tests["a field that the lead does not have is not set"] = function(run)
    local set = run { lead = { email = json.null, ukey = json.null } }.variables
    assert(set.MAIL_TO == nil and set.LEAD_UKEY == nil and set.SMS_TO == "300")
end

tests["a variable of the lead, list or plan takes precedence"] = function(run)
    local set = run { lead = lead, variables = { MAIL_TO = "other@example.org" } }.variables
    assert(set.MAIL_TO == nil and set.SMS_TO == "300")
end

tests["other names and fields"] = function(run)
    local set = run { lead = lead, campaign = { name = "spring" },
                      params = { set = "TO=email, CAMP=campaign, N=index" } }.variables
    assert(set.TO == "ann@example.org" and set.CAMP == "spring" and set.N == "2")
    assert(set.SMS_TO == nil and not pcall(run, { params = { set = "A=age" } }))
end

tests["a channel that answers by itself"] = function(run)
    local own = { channel = "Local/answer@messages" }
    assert(run { params = own }.channel == "Local/answer@messages")
    assert(run { plan = { tech_name = "SIP/", trunk_name = json.null } }.channel == "SIP/300")
end

return {
    api = 1,
    about = "fields of the lead as channel variables, for messages by the dialplan",
    params = {
        set = { default = SET, help = "NAME=FIELD of the lead, separated by spaces" },
        channel = { default = "",
                    help = "channel to call; empty: made of technology, number and trunk" },
    },
    route = route,
    tests = tests,
}
