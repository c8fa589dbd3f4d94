-- People to the queue, machines to a message: the answered call goes to an extension that
-- runs AMD and branches. The verdict comes back in the result's res_amd and res_amd_detail,
-- and as the lead's outcome "machine" for retry/by_result.lua. The plan's destination stays
-- the queue (Application Queue, its name in Data), so that the calls are paced for its
-- agents. Its Data arrives in the variable OUT_QUEUE, the message in OUT_MESSAGE.
-- The dialplan needs:
--   [astout-amd]
--   exten => s,1,Answer()
--    same => n,AMD()
--    same => n,GotoIf($["${AMDSTATUS}" = "MACHINE"]?machine)
--    same => n,Queue(${OUT_QUEUE})
--    same => n,Hangup()
--    same => n(machine),GotoIf($["${OUT_MESSAGE}" = ""]?end)
--    same => n,Playback(${OUT_MESSAGE})
--    same => n(end),Hangup()
-- WaitForSilence(1500) in front of Playback starts the message after the beep. NOTSURE counts
-- as a person, here and for the abandonment limit.
-- Parameters: context (astout-amd), exten (s), priority (1): where that extension is;
-- message (""): the sound for machines; empty: the call ends.
-- Source: the tutorial of asterisk-outbound, "human or machine".
-- The view and the result: see route/standard.lua.

local channel = require("channel")

local function route(view)
    local params = view.params
    return {
        channel = channel.text(view, view.plan.trunk_name),
        exten = params.exten,
        context = params.context,
        priority = params.priority,
        variables = { OUT_QUEUE = view.dest.data or "", OUT_MESSAGE = params.message },
    }
end

local tests = {}

tests["the extension gets the queue and the message as variables"] = function(run)
    local out = run { dest = { data = "sales,t" }, params = { message = "vm-intro" } }
    assert(out.exten == "s" and out.context == "astout-amd" and out.priority == "1")
    assert(out.variables.OUT_QUEUE == "sales,t" and out.variables.OUT_MESSAGE == "vm-intro")
    assert(out.application == nil)
end

tests["the channel is that of route/standard.lua"] = function(run)
    local out = run { plan = { tech_name = "PJSIP/", trunk_name = "carrier" } }
    assert(out.channel == "PJSIP/300@carrier")
end

tests["another extension, no message"] = function(run)
    local out = run { params = { context = "mine", exten = "amd", priority = "3" } }
    assert(out.context == "mine" and out.exten == "amd" and out.priority == "3")
    assert(out.variables.OUT_MESSAGE == "")
end

return {
    api = 1,
    about = "people to the queue, machines to a message",
    params = {
        context = { default = "astout-amd",
                    help = "context of the extension that listens and splits" },
        exten = { default = "s", help = "that extension" },
        priority = { default = "1", help = "priority where it begins" },
        message = { default = "",
                    help = "sound file that machines hear; empty: the call ends" },
    },
    route = route,
    tests = tests,
}
