-- The standard channel of a call: technology and number, then "@" and the trunk if the plan
-- has one: sip/300, PJSIP/300@carrier. Everything else is as campaign, plan and destination
-- say.
-- Parameters: none. Source: asterisk-outbound (docs/ami.md).
--
-- route(view) gets the following; a null value is absent:
--   view.campaign   {uuid, name}
--   view.plan       {tech_name, trunk_name, caller_id, dial_timeout (ms)}
--   view.lead       {uuid, name, ukey, email, number, index}; number is the one to dial
--   view.dest       {type (0 extension, 1 application), exten, context, priority,
--                   application, data}
--   view.variables  {name = value}, merged from campaign, plan, dlma, destination and lead
--   view.trunks     list of {name, up (calls now), channels (most at once, 0 = no limit),
--                   resting (its calls per second allow none at this moment)}: the [trunk:]
--                   sections of the Asterisk that the call goes to
-- It returns what differs from the default: {channel, variables = {name = value}, caller_id,
-- timeout (ms), trunk, and either application, data or exten, context, priority}.
-- trunk = NAME counts the call against the limits of that trunk and, without a channel, sends
-- the call through it. If the trunk has no room, the lead waits until it has. A name that has
-- no [trunk:] section makes the call fail with ResDialDetail "local".

local channel = require("channel")

local function route(view)
    return { channel = channel.text(view, view.plan.trunk_name) }
end

local tests = {}

local function dialled(run, tech, trunk)
    return run { plan = { tech_name = tech, trunk_name = trunk } }.channel
end

tests["technology and number"] = function(run)
    assert(dialled(run, "sip/", json.null) == "sip/300")
    assert(dialled(run, "sip/", "") == "sip/300")
    assert(dialled(run, json.null, json.null) == "300")
end

tests["the plan's trunk"] = function(run)
    assert(dialled(run, "PJSIP/", "carrier") == "PJSIP/300@carrier")
end

return { api = 1, about = "technology .. number [@ trunk]", route = route, tests = tests }
