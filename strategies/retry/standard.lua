-- When a lead is called again, and at which of its numbers: the lowest number that has
-- tries left, a fixed delay after the last hangup; never again once it has answered.
-- Parameters: none; delay and tries are the plan's. Source: the seeds' system
-- (protocol.md, section 4).
--
-- retry(view) is asked once after each result and gets
--   view.now                  seconds since 1970, with fraction
--   view.lead.uuid, .name
--   view.lead.numbers         {["1"] = "300", ...}, keys "1".."8", those that are set
--   view.lead.tries           {n1, ..., n8}, tries so far of each number
--   view.lead.res_dial        outcome of the last call, 4 = answered (protocol.md)
--   view.lead.res_hangup      Q.850 cause of the last hangup
--   view.lead.tm_last_hangup  seconds since 1970; absent if never called
--   view.plan.retry_delay     seconds
--   view.plan.max_retry       {m1, ..., m8}, tries allowed (tries, not repeats)
-- and returns {index = 1..8, at = seconds since 1970, 0 = at once}, or, for never
-- again, {reason = text}.

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

return { api = 1, about = "lowest number with tries left, after a fixed delay",
         retry = retry }
