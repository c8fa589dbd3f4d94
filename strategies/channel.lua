-- The channel of a call, from the view of the route hook.
local channel = {}

-- Technology and number, then "@" and the trunk if one is given: sip/300, PJSIP/300@carrier.
function channel.text(view, trunk)
    local text = (view.plan.tech_name or "") .. view.lead.number
    if trunk and trunk ~= "" then
        text = text .. "@" .. trunk
    end
    return text
end

-- The view's entry for that trunk; nil if it has no [trunk:] section.
function channel.trunk(view, name)
    for _, trunk in ipairs(view.trunks or {}) do
        if trunk.name == name then
            return trunk
        end
    end
    return nil
end

return channel
