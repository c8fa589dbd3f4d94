-- Call detail records in the form of Asterisk's Master.csv (cdr_csv), for programs that read
-- those: accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata,
-- start, answer, end, duration, billsec, disposition, amaflags, uniqueid, userfield. Texts
-- are quoted, the two numbers are not, and an answer that never came is empty.
-- Differences from Asterisk's own record of the call: accountcode is the campaign's name (or
-- uuid), dst the number dialed, dstchannel the agent, uniqueid the call's uuid, userfield the
-- lead's uuid. Times are UTC (usegmtime = yes). Congestion has a disposition of its own
-- (congestion = yes), and a refused call is BUSY.
-- Parameters: file (""), in the folder of result_filename, made of letters, digits, . _ and
-- -; empty: the plan's uuid and -cdr.csv, so that each plan has its own file.
-- Source: Asterisk's cdr_csv with loguniqueid and loguserfield, its order and its quoting.
-- The view and the result: see result/json.lua.

local quote = require("csv").quote

local TIME = "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)(%.?%d*)"
local dispositions = { [1] = "BUSY", [3] = "NO ANSWER", [4] = "ANSWERED", [5] = "BUSY",
                       [8] = "CONGESTION" }

-- Seconds since 1970 of a time as results have it; nil if there is none.
local function seconds(text)
    local year, month, day, hour, min, sec, fraction = (text or ""):match(TIME)
    return year and os.time { year = tonumber(year), month = tonumber(month),
                              day = tonumber(day), hour = tonumber(hour),
                              min = tonumber(min), sec = tonumber(sec) }
                    + (tonumber("0" .. fraction) or 0)
end

local function date(time)
    return time and quote(os.date("%Y-%m-%d %H:%M:%S", time)) or ""
end

local function since(finish, start)
    return finish and start and math.max(0, math.floor(finish - start)) or 0
end

local function result(view)
    local call, extra, file = view.fields, view.extra, view.params.file
    local start, finish = seconds(call.tm_dialing), seconds(call.tm_hangup)
    local answer = call.res_dial == 4 and seconds(call.tm_dial_end) or nil
    local clid = extra.caller_id or ""
    local line = table.concat({
        quote(extra.campaign_name or call.camp_uuid), quote(clid:match("<(.-)>") or clid),
        quote(call.dial_addr), quote(call.dial_context or ""), quote(clid),
        quote(call.channel_name), quote(extra.current_agent or ""),
        quote(call.dial_application or ""), quote(call.dial_data or ""),
        date(start), date(answer), date(finish),
        since(finish, start), since(finish, answer),
        quote(dispositions[call.res_dial] or "FAILED"), quote("DOCUMENTATION"),
        quote(call.dialing_uuid), quote(call.uuid),
    }, ",")
    return { line = line, file = file ~= "" and file or call.plan_uuid .. "-cdr.csv" }
end

local tests = {}

local call = {
    camp_uuid = "c", dial_addr = "300", channel_name = "SIP/300-00000001", dialing_uuid = "d",
    uuid = "l", plan_uuid = "p", dial_application = "Queue", dial_data = "sales,t",
    res_dial = 4, tm_dialing = "2016-11-15T02:10:52.930031700Z",
    tm_dial_end = "2016-11-15T02:10:59.500000000Z",
    tm_hangup = "2016-11-15T02:12:00.100000000Z",
}

tests["an answered call"] = function(run)
    local out = run { fields = call, extra = { caller_id = '"Shop" <100>',
                                               campaign_name = "spring",
                                               current_agent = "SIP/a" } }
    assert(out.line == '"spring","100","300","","""Shop"" <100>","SIP/300-00000001","SIP/a",'
           .. '"Queue","sales,t","2016-11-15 02:10:52","2016-11-15 02:10:59",'
           .. '"2016-11-15 02:12:00",67,60,"ANSWERED","DOCUMENTATION","d","l"')
    assert(out.file == "p-cdr.csv")
end

tests["a call that nobody answered has no answer time and no billed seconds"] = function(run)
    local line = run { fields = { tm_hangup = "2016-11-15T02:11:20.930031700Z", res_dial = 3,
                                  tm_dialing = call.tm_dialing } }.line
    assert(line:find('"2016-11-15 02:10:52",,"2016-11-15 02:11:20",28,0,"NO ANSWER"', 1, true))
end

tests["dispositions"] = function(run)
    local words = { [0] = "FAILED", "BUSY", false, "NO ANSWER", "ANSWERED", "BUSY", false,
                    false, "CONGESTION" }
    for res = 0, 8 do
        local want = words[res] or "FAILED"
        assert(run { fields = { res_dial = res } }.line:find(',"' .. want .. '",', 1, true))
    end
end

tests["a call that was never sent has no start"] = function(run)
    local line = run { fields = { tm_dialing = json.null, tm_dial_end = json.null } }.line
    assert(line:find(',,,"2016-11-15 02:10:52",0,0,', 1, true))
end

tests["another file"] = function(run)
    assert(run { params = { file = "Master.csv" } }.file == "Master.csv")
end

return {
    api = 1,
    about = "call detail records in the form of Asterisk's Master.csv",
    params = {
        file = { default = "",
                 help = "file beside result_filename; empty: the plan's uuid and -cdr.csv" },
    },
    result = result,
    tests = tests,
}
