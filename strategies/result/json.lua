-- One JSON object a line, keys in order, as the seeds' system writes it: the short
-- form, and in the same object whatever of the long form is configured.
-- Parameters: none. Source: the tutorial's results (protocol.md, section 5).
--
-- result(view) gets
--   view.fields   the short form: camp_uuid ... variables, dial_application and
--                 dial_data, or dial_exten, dial_context and dial_priority
--   view.info     absent, or (result_info_enable = 1) {info_camp, info_plan, info_dlma,
--                 info_dest, info_dl_list, info_dial, info_events}, the frozen rows
--   view.history  absent, or (result_history_events_enable = 1) the call's AMI events,
--                 header names in lower case
-- and returns one line of text without its newline, or nil to write nothing.

local function result(view)
    local line = view.fields
    for key, value in pairs(view.info or {}) do
        line[key] = value
    end
    line.history_events = view.history
    return json.encode(line)
end

return { api = 1, about = "one JSON object a line, short or detailed", result = result }
