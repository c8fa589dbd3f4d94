-- The channel of a call: technology .. number, and "@" .. trunk where the plan has one:
-- sip/300, PJSIP/300@carrier. All else stays as campaign, plan and destination say.
-- Parameters: none. Source: the seeds' system (protocol.md, section 4).
--
-- route(view) gets (what is null is absent)
--   view.campaign   {uuid, name}
--   view.plan       {tech_name, trunk_name, caller_id, dial_timeout (ms)}
--   view.lead       {uuid, name, ukey, email, number, index}; the number to be dialled
--   view.dest       {type (0 extension, 1 application), exten, context, priority,
--                   application, data}
--   view.variables  {name = value}, those of campaign, plan, dlma, destination and lead
--                   merged
--   view.trunks     list of {name, up (calls now), channels (most at once, 0 = no limit),
--                   resting (its calls per second allow none just now)}, the [trunk:]
--                   sections of the Asterisk that the call goes to
-- and returns what is to differ from the default: {channel, variables = {name = value},
-- caller_id, timeout (ms), trunk, and either application, data or exten, context,
-- priority}. trunk = NAME counts the call against that trunk's limits, and without a
-- channel sends it there; if it has no room the lead waits until it has, and a name that
-- the configuration does not have is a failure of our own.

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

tests["through the plan's trunk"] = function(run)
    assert(dialled(run, "PJSIP/", "carrier") == "PJSIP/300@carrier")
end

return { api = 1, about = "technology .. number [@ trunk]", route = route, tests = tests }
