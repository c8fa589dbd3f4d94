-- The last outcome decides when a lead is called again, how often, and whether at the same
-- number or the next: a busy line soon, a wrong number never, an answering machine at another
-- time of the day, a customer who found no agent days later.
-- The script knows the last outcome and the attempts of each number, but no longer history:
-- OUTCOME_tries limits all attempts of a number whose last call had that outcome.
-- The plan's MaxRetry applies too; RetryDelay is not used.
-- Parameters, for each OUTCOME of failed, refused, no_answer, busy, congestion, machine,
-- abandoned and local:
--   OUTCOME        seconds from the hangup to the next call
--   OUTCOME_tries  attempts after which the number is left alone; 0 = never again
--   OUTCOME_next   "same": the same number first; "next": the next one
-- Example: RetryParams: busy=120,busy_tries=8,machine_tries=0. Answered leads are never
-- called again.
-- Source: the recycling by disposition of other dialers. The default for abandoned keeps the
-- 72 hours that Ofcom's rule required.
-- The view and the result: see retry/standard.lua.

local usual = {
    failed     = { 60, 1, "next" },     -- no such number: the next one, soon
    refused    = { 86400, 2, "next" },
    no_answer  = { 3600, 5, "next" },
    busy       = { 300, 5, "same" },
    congestion = { 120, 5, "same" },
    machine    = { 14400, 3, "next" },
    abandoned  = { 259200, 2, "same" },
    ["local"]  = { 60, 5, "same" },     -- failed on our side: the attempt was not counted
}

local params = {}
for word, rule in pairs(usual) do
    params[word] = { default = rule[1], min = 0,
                     help = "seconds until the next call after " .. word }
    params[word .. "_tries"] = {
        default = rule[2], min = 0, integer = true,
        help = "attempts after which " .. word .. " is the end of a number; 0 = never again",
    }
    params[word .. "_next"] = { default = rule[3], oneof = { "same", "next" },
                                help = "which number is next after " .. word }
end

-- The first number that is set and has attempts left, from `from` on and around.
local function number(view, from, most)
    local lead = view.lead
    for i = from, from + 7 do
        local place = (i - 1) % 8 + 1
        local allowed = math.min(most, view.plan.max_retry[place] or 0)
        if lead.numbers[tostring(place)] and (lead.tries[place] or 0) < allowed then
            return place
        end
    end
    return nil
end

local function retry(view)
    local lead, given = view.lead, view.params
    local word, last = lead.outcome, lead.last_index
    if word == "answered" then
        return { reason = "answered" }
    end
    local delay, most = given[word or ""], given[(word or "") .. "_tries"] or math.huge
    local from = 1
    if word and last then
        from = given[word .. "_next"] == "next" and last + 1 or last
    end
    local index = number(view, from, most)
    if not index then
        return { reason = not next(lead.numbers) and "no number"
                          or word and "out of tries after " .. word or "out of tries" }
    end
    local since = lead.tm_last_hangup
    return { index = index, at = since and delay and since + delay or 0 }
end

local tests = {}

local two = { ["1"] = "300", ["2"] = "400" }

local function lead(outcome, last, first, second)
    return { outcome = outcome, last_index = last, numbers = two, tm_last_hangup = 1000,
             tries = { first, second, 0, 0, 0, 0, 0, 0 } }
end

tests["a busy line: the same number soon"] = function(run)
    local due = run { lead = lead("busy", 1, 1, 0) }
    assert(due.index == 1 and due.at == 1300)
    due = run { lead = lead("busy", 2, 1, 1), params = { busy = 5 } }
    assert(due.index == 2 and due.at == 1005)
end

tests["no answer: the next number later, after the last the first"] = function(run)
    local due = run { lead = lead("no_answer", 1, 1, 0) }
    assert(due.index == 2 and due.at == 4600)
    assert(run { lead = lead("no_answer", 2, 1, 1) }.index == 1)
end

tests["a wrong number is not called twice"] = function(run)
    assert(run { lead = lead("failed", 1, 1, 0) }.index == 2)
    local due = run { lead = lead("failed", 2, 1, 1) }
    assert(due.reason == "out of tries after failed")
end

tests["a machine is called again, a person who answered is not"] = function(run)
    local due = run { lead = lead("machine", 1, 1, 0) }
    assert(due.index == 2 and due.at == 15400)
    assert(run { lead = lead("answered", 1, 1, 0) }.reason == "answered")
    due = run { lead = lead("machine", 1, 1, 0), params = { machine_tries = 0 } }
    assert(due.reason == "out of tries after machine")
end

tests["a person who found no agent is left in peace for three days"] = function(run)
    assert(run { lead = lead("abandoned", 1, 1, 0) }.at == 1000 + 72 * 3600)
end

tests["the plan's MaxRetry holds too"] = function(run)
    local plan = { max_retry = { 1, 1, 0, 0, 0, 0, 0, 0 } }
    assert(run { plan = plan, lead = lead("busy", 1, 1, 0) }.index == 2)
    local due = run { plan = plan, lead = lead("busy", 2, 1, 1) }
    assert(due.reason == "out of tries after busy")
end

tests["never called: at once at the first number"] = function(run)
    local due = run { lead = lead(json.null, json.null, 0, 0) }
    assert(due.index == 1 and due.at == 0)
    assert(run { lead = { numbers = {} } }.reason == "no number")
end

return {
    api = 1,
    about = "when and at which number, by the outcome of the last call",
    params = params,
    retry = retry,
    tests = tests,
}
