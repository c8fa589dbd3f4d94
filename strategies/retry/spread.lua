-- Spreads the attempts of a lead over different parts of the day and different days: a
-- customer who was called in the morning is called next in the afternoon, then in the
-- evening, each on another day, in the local time of the configured time zone. As in
-- retry/standard.lua, the lowest number with attempts left is called, and answered leads are
-- never called again.
-- Parameters:
--   parts  "9-12 12-16 16-20", parts of the day in hours; each attempt takes the part after
--          that of the last call, and the first part after the last one
--   days   1, the fewest days between two attempts; 0 = later on the same day is possible
--   skip   "0", days of the week without calls, 0 Sunday to 6 Saturday; "" for none
-- The plan's MaxRetry limits the attempts; RetryDelay is not used. A lead that falls due
-- outside the campaign's schedule waits until the schedule allows it.
-- Source: survey research, where calls at varied times of the day and week reach more people
-- than the same number of calls at one time.
-- The view and the result: see retry/standard.lua.

local words = require("words")

local ANSWERED, HOUR, DAY = 4, 3600, 86400

-- {{from, to}, ...} in hours.
local function read_parts(text)
    local parts = {}
    for _, word in ipairs(words.list(text)) do
        local from, to = word:match("^(%d+)%-(%d+)$")
        from, to = tonumber(from), tonumber(to)
        if not from or from >= to or to > 24 then
            error("parts: '" .. word .. "' must be two hours of a day, such as 9-12", 0)
        end
        parts[#parts + 1] = { from, to }
    end
    if #parts == 0 then
        error("parts: must name at least one part of the day, such as 9-12", 0)
    end
    return parts
end

-- Index of the part that contains this second of the day; between two parts, the earlier.
local function part_at(parts, second)
    local place = #parts
    for i, part in ipairs(parts) do
        if second >= part[1] * HOUR then
            place = i
        end
    end
    return place
end

-- The first day with calls from `day` (days since 1970) on.
local function calling_day(day, skip)
    for _ = 1, 7 do
        if not skip:find(("%d"):format((day + 4) % 7), 1, true) then -- 1970 began on a Thursday
            return day
        end
        day = day + 1
    end
    error("skip: leaves no day of the week for calls", 0)
end

-- When the attempt after the last call is due.
local function due_at(view, last)
    local params = view.params
    local parts, here = read_parts(params.parts), last + view.utc_offset
    local day, second = here // DAY, here % DAY
    local part = parts[part_at(parts, second) % #parts + 1]
    local first = day + params.days
    if first == day and part[1] * HOUR <= second then
        first = day + 1
    end
    return calling_day(first, params.skip) * DAY + part[1] * HOUR - view.utc_offset
end

local function retry(view)
    local lead, last = view.lead, view.lead.tm_last_hangup
    if lead.res_dial == ANSWERED then
        return { reason = "answered" }
    end
    for i = 1, 8 do
        local tries, allowed = lead.tries[i] or 0, view.plan.max_retry[i] or 0
        if lead.numbers[tostring(i)] and tries < allowed then
            return { index = i, at = last and due_at(view, last) or 0 }
        end
    end
    return { reason = next(lead.numbers) and "out of tries" or "no number" }
end

local tests = {}

-- Tuesday, 15 November 2016, at that hour of the zone.
local function on(hour, offset, day)
    return os.time { year = 2016, month = 11, day = day or 15, hour = 0 } + hour * HOUR - offset
end

-- When the next try is due after a call at that hour, as weekday and time in the zone.
local function due(run, hour, params, offset)
    offset = offset or 0
    local at = run { lead = { tm_last_hangup = on(hour, offset) }, utc_offset = offset,
                     params = params }.at
    return os.date("%a %H:%M", at + offset)
end

tests["the next part of the day, a day later"] = function(run)
    assert(due(run, 9.5) == "Wed 12:00")
    assert(due(run, 13) == "Wed 16:00")
    assert(due(run, 19) == "Wed 09:00")
end

tests["between two parts the earlier one counts"] = function(run)
    assert(due(run, 8) == "Wed 09:00" and due(run, 21) == "Wed 09:00")
    assert(due(run, 13, { parts = "9-12, 14-18" }) == "Wed 14:00")
end

tests["on the same day if another part is left"] = function(run)
    assert(due(run, 9.5, { days = 0 }) == "Tue 12:00")
    assert(due(run, 19, { days = 0 }) == "Wed 09:00")
end

tests["not on the days to skip"] = function(run)
    assert(due(run, 9.5, { skip = "34" }) == "Fri 12:00")
    assert(due(run, 9.5, { days = 5 }) == "Mon 12:00")
    assert(not pcall(run, { params = { skip = "0123456" } }))
end

tests["in the time zone"] = function(run)
    assert(due(run, 9.5, nil, -5 * HOUR) == "Wed 12:00")
    assert(due(run, 23.5, { days = 0 }, 9 * HOUR) == "Wed 09:00")
end

tests["the first call is due at once; an answered lead is done"] = function(run)
    assert(run { lead = { tm_last_hangup = json.null, tries = { 0 } } }.at == 0)
    assert(run { lead = { res_dial = 4 } }.reason == "answered")
    assert(not pcall(run, { params = { parts = "12-9" } }))
end

return {
    api = 1,
    about = "tries on different parts of the day and different days",
    params = {
        parts = { default = "9-12 12-16 16-20", help = "parts of the day, in hours" },
        days = { default = 1, min = 0, max = 365, integer = true,
                 help = "days between two attempts at least" },
        skip = { default = "0",
                 help = "days of the week without calls, from 0 (Sunday) to 6 (Saturday)" },
    },
    retry = retry,
    tests = tests,
}
