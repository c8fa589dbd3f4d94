-- One JSON object a line with its keys in order, as asterisk-outbound writes it: the short
-- form and, in the same object, those parts of the long form that are configured.
-- Parameters: file (""), a file of its own in the folder of result_filename, made of letters,
-- digits, . _ and -; empty: result_filename itself.
-- Source: the results shown in the tutorial of asterisk-outbound.
--
-- result(view) gets
--   view.fields   the short form: camp_uuid ... variables, dial_application and
--                 dial_data, or dial_exten, dial_context and dial_priority
--   view.info     {info_camp, info_plan, info_dlma, info_dest, info_dl_list, info_dial,
--                 info_events}: the frozen rows; absent unless result_info_enable = yes
--   view.history  the call's AMI events, header names in lower case; absent unless
--                 result_history_events_enable = yes
--   view.extra    values that the default line leaves out: outcome (one word),
--                 campaign_name, plan_name, caller_id, current_queue, current_agent
-- It returns one line of text without its newline, or {line = text, file = name} to write it
-- to another file, or nil to write nothing.

local function result(view)
    local line = view.fields
    for key, value in pairs(view.info or {}) do
        line[key] = value
    end
    line.history_events = view.history
    local text, file = json.encode(line), view.params.file
    return file == "" and text or { line = text, file = file }
end

local tests = {}

tests["the short form, with its keys in order"] = function(run)
    local line = run { fields = { dial_addr = "300", res_dial = 4 } }
    assert(line:find('{"camp_uuid":', 1, true) == 1)
    assert(line:find('"dial_addr":"300","dial_application":"Queue"', 1, true))
    assert(json.decode(line).res_dial == 4 and json.decode(line).history_events == nil)
end

tests["the long form in the same object"] = function(run)
    local line = json.decode(run {
        info = { info_camp = { name = "a", dest = json.null }, info_events = {} },
        history = { { event = "Newchannel", exten = "" }, { event = "Hangup" } },
    })
    assert(line.info_camp.name == "a" and line.info_camp.dest == json.null)
    assert(line.history_events[2].event == "Hangup" and line.camp_uuid)
end

tests["view.extra is not written"] = function(run)
    assert(not run { extra = { outcome = "busy" } }:find("outcome", 1, true))
end

tests["another file"] = function(run)
    local out = run { params = { file = "spring.json" } }
    assert(out.file == "spring.json" and json.decode(out.line).res_dial)
end

return {
    api = 1,
    about = "one JSON object in each line, short or detailed",
    params = {
        file = { default = "", help = "file beside result_filename; empty: result_filename" },
    },
    result = result,
    tests = tests,
}
