-- Decides when a lead is called again, and at which of its numbers: the lowest number with
-- attempts left, a fixed delay after the last hangup. Answered leads are never called again.
-- Parameters: none; the plan has the delay and the attempts. Source: asterisk-outbound
-- (docs/ami.md).
--
-- retry(view) is called once after each result and gets
--   view.now                  seconds since 1970, with fraction
--   view.lead.uuid, .name
--   view.lead.numbers         {["1"] = "300", ...}: the numbers that are set, keys "1" to "8"
--   view.lead.tries           {n1, ..., n8}: attempts so far, for each number
--   view.lead.res_dial        outcome of the last call; 4 = answered (docs/ami.md)
--   view.lead.outcome         the same in one word: failed, refused, no_answer, answered,
--                             busy, congestion, local; or, for an answered call without a
--                             conversation, machine or abandoned; absent if the lead was
--                             never called
--   view.lead.last_index      the number that was called last, 1 to 8
--   view.lead.res_hangup      Q.850 cause of the last hangup
--   view.lead.tm_last_hangup  seconds since 1970; absent if the lead was never called
--   view.utc_offset           seconds to add for the local time of the configured time zone
--   view.plan.retry_delay     seconds
--   view.plan.max_retry       {m1, ..., m8}: attempts allowed, the first one included
-- It returns {index = 1..8, at = seconds since 1970, 0 = at once}, or {reason = text} for
-- never again. It also decides about answered leads: unless it returns a reason for them,
-- they are called again. It is not asked about a lead whose last call ended unobserved; such
-- a lead is not called again.

local ANSWERED = 4

local function retry(view)
    local lead, plan = view.lead, view.plan
    if lead.res_dial == ANSWERED then
        return { reason = "answered" }
    end
    for i = 1, 8 do
        local tries, allowed = lead.tries[i] or 0, plan.max_retry[i] or 0
        if lead.numbers[tostring(i)] and tries < allowed then
            local last = lead.tm_last_hangup
            return { index = i, at = last and last + (plan.retry_delay or 0) or 0 }
        end
    end
    return { reason = next(lead.numbers) and "out of tries" or "no number" }
end

local tests = {}

tests["never called: at once at the first number"] = function(run)
    local due = run { lead = { tm_last_hangup = json.null, tries = { 0 } } }
    assert(due.index == 1 and due.at == 0)
end

tests["called again after the delay, counted from the hangup"] = function(run)
    local due = run { lead = { tm_last_hangup = 950.25, tries = { 1, 0, 0, 0, 0, 0, 0, 0 } },
                      plan = { retry_delay = 60 } }
    assert(due.index == 1 and due.at == 1010.25)
end

tests["the next number when this one has no tries left"] = function(run)
    local plan = { max_retry = { 1, 2, 5, 5, 5, 5, 5, 5 } }
    assert(run { plan = plan, lead = { tries = { 1, 1, 0, 0, 0, 0, 0, 0 } } }.index == 2)
    local due = run { plan = plan, lead = { tries = { 1, 2, 0, 0, 0, 0, 0, 0 } } }
    assert(not due.index and due.reason == "out of tries")
    assert(run { lead = { numbers = {} } }.reason == "no number")
end

tests["never again after an answer, by a machine either"] = function(run)
    assert(run { lead = { res_dial = 4, outcome = "answered" } }.reason == "answered")
    assert(run { lead = { res_dial = 4, outcome = "machine" } }.reason == "answered")
end

return { api = 1, about = "lowest number with tries left, after a fixed delay",
         retry = retry, tests = tests }
