-- The channel of a call as the route hook's view describes it.
local channel = {}

-- technology .. number, and "@" .. trunk if there is one: sip/300, PJSIP/300@carrier.
function channel.text(view, trunk)
    local text = (view.plan.tech_name or "") .. view.lead.number
    if trunk and trunk ~= "" then
        text = text .. "@" .. trunk
    end
    return text
end

-- What is known of that trunk; nil if the configuration has no section for it.
function channel.trunk(view, name)
    for _, trunk in ipairs(view.trunks or {}) do
        if trunk.name == name then
            return trunk
        end
    end
    return nil
end

return channel
