-- Waits longer after each attempt: the delay doubles up to a maximum, so that a line that is
-- busy for a moment is reached soon and one that never answers costs little. As in
-- retry/standard.lua, the lowest number with attempts left is called. The count starts anew
-- for each number. Answered leads are never called again.
-- Parameters: delay (60), seconds after the first attempt; factor (2) from one attempt to the
-- next; cap (86400), seconds at most. The plan's MaxRetry limits the attempts; RetryDelay is
-- not used.
-- Source: exponential backoff in computer networks.
-- The view and the result: see retry/standard.lua.

local ANSWERED = 4

local function retry(view)
    local lead, params = view.lead, view.params
    if lead.res_dial == ANSWERED then
        return { reason = "answered" }
    end
    for i = 1, 8 do
        local tries, allowed = lead.tries[i] or 0, view.plan.max_retry[i] or 0
        if lead.numbers[tostring(i)] and tries < allowed then
            local last = lead.tm_last_hangup
            local wait = params.delay * params.factor ^ math.max(0, tries - 1)
            return { index = i, at = last and last + math.min(params.cap, wait) or 0 }
        end
    end
    return { reason = next(lead.numbers) and "out of tries" or "no number" }
end

local tests = {}

local function at(run, tries, params)
    return run { lead = { tm_last_hangup = 1000, tries = { tries, 0, 0, 0, 0, 0, 0, 0 } },
                 plan = { max_retry = { 99, 0, 0, 0, 0, 0, 0, 0 } }, params = params }.at
end

tests["the delay doubles"] = function(run)
    assert(at(run, 1) == 1060 and at(run, 2) == 1120 and at(run, 5) == 1960)
end

tests["the delay never exceeds the maximum"] = function(run)
    assert(at(run, 11) == 1000 + 61440 and at(run, 12) == 1000 + 86400)
    assert(at(run, 98) == 1000 + 86400)
    assert(at(run, 3, { delay = 10, factor = 3, cap = 80 }) == 1080)
end

tests["a number that was never called waits only the first delay"] = function(run)
    local due = run { lead = { tm_last_hangup = 1000, tries = { 5, 0, 0, 0, 0, 0, 0, 0 } } }
    assert(due.index == 2 and due.at == 1060)
end

tests["the first call is due at once; an answered lead is done"] = function(run)
    local due = run { lead = { tm_last_hangup = json.null, tries = { 0 } } }
    assert(due.index == 1 and due.at == 0)
    assert(run { lead = { res_dial = 4 } }.reason == "answered")
    assert(run { lead = { numbers = {} } }.reason == "no number")
end

return {
    api = 1,
    about = "the delay doubles from try to try",
    params = {
        delay = { default = 60, min = 1, help = "seconds after the first attempt of a number" },
        factor = { default = 2, min = 1, max = 100,
                   help = "the delay is multiplied by it from one attempt to the next" },
        cap = { default = 86400, min = 1, help = "seconds of delay at most" },
    },
    retry = retry,
    tests = tests,
}
