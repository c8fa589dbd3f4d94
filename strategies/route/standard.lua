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
-- and returns what is to differ from the default: {channel, variables = {name = value},
-- caller_id, timeout (ms), and either application, data or exten, context, priority}.

local function route(view)
    local channel = (view.plan.tech_name or "") .. view.lead.number
    if view.plan.trunk_name and view.plan.trunk_name ~= "" then
        channel = channel .. "@" .. view.plan.trunk_name
    end
    return { channel = channel }
end

return { api = 1, about = "technology .. number [@ trunk]", route = route }
