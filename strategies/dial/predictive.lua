-- Predictive dialing: begins a call whenever the risk is small enough that nobody is free
-- for it when it is answered.
-- The engine learns on line how many dials are answered, how long it rings until then, how
-- long agents talk and wrap up; learn.risk(n) looks at how long each call has rung and each
-- agent has talked, and says how likely the nth further call is to find no agent. Here that
-- risk is compared with a threshold, and the threshold is steered so that the abandonment
-- which the law allows is spent evenly and never overdrawn. Whatever this file decides, the
-- engine counts: at the limit only one call for each free agent begins.
-- One line for each free agent is always dialled; it is all that is dialled while the first
-- calls have not had their time to be answered, and without an abandonment limit to spend.
-- For a destination that is no queue: as many calls as the caps let through.
-- Parameters: see params below. Source of the method: docs/predictive.md, which names the
-- rules of the law, the papers and the patents (all of them expired) behind it.

local HALF_AN_HOUR = 1800
local LAST = 1.5 -- abandoned calls: calls under way may still bring as many
local START = 0.4 -- of the limit, until people have answered
local FEW = 200 -- answers
local FIRST = 60 -- answers, or calls

-- The share of answers that may be abandoned from now on. With more of the allowance left
-- than a reserve: the limit, and the surplus spread over the answers of the next half hour.
-- With less: as much less as of the reserve is gone, so that the engine's cap, which
-- would let so much fewer calls begin, is seldom met. Where AMD runs, some of the people
-- who were counted are machines: the chance in their share of the abandoned is held back.
local function wanted(view, params)
    local agents, live = view.queue.logged_in, view.live
    local talk, wrapup = learn.handling()
    local horizon = math.max(params.horizon, agents * HALF_AN_HOUR / (talk + wrapup))
    local reserve = params.reserve + params.reserve_agent * agents
                    + math.sqrt(live.limit * horizon)
                    + 2 * math.sqrt(live.limit * params.amd_error * live.machines)
    local left = live.limit * live.answers - live.abandoned
    if left >= reserve then
        return math.min(2 * live.limit, live.limit + (left - reserve) / horizon)
    end
    local span = math.max(1, reserve - LAST)
    local lent = (LAST + START * span) * math.exp(-live.answers / FEW)
    local share = math.min(1, (left + lent - LAST) / span)
    return math.max(live.limit / 15, live.limit * share)
end

-- How many people are abandoned for each unit of risk that was taken: the model's bias,
-- measured. Old answers fade, those of the first minutes soon.
local function bias(params, memory, threshold)
    local answers, abandoned = learn.counts()
    local new = math.max(0, answers - (memory.answers or 0))
    local lost = math.max(0, abandoned - (memory.abandoned or 0))
    local keep = math.exp(-new / math.min(params.memory, math.max(FEW, answers / 2)))
    memory.answers, memory.abandoned = answers, abandoned
    memory.lost = (memory.lost or 0) * keep + lost
    memory.risked = (memory.risked or 0) * keep + new * threshold
    return (memory.lost + 5) / (memory.risked + 5 / 1.2)
end

local function dial(view, memory)
    local queue, params = view.queue, view.params
    if not queue then
        return view.room
    end
    local calls = math.max(0, queue.spare + view.plan.service_level)
    if view.live.limit <= 0 or queue.logged_in == 0 or learn.age() < params.patience then
        return { calls = calls, ask_in = 1 }
    end
    local threshold = memory.threshold or 0.02
    threshold = math.min(0.3, wanted(view, params) / bias(params, memory, threshold))
    memory.threshold = threshold
    local most = math.min(view.room, calls + 20 + queue.logged_in // 2)
    local _, answers = learn.answer_rate()
    if answers < FIRST then -- no flood of calls on the word of a few who answered
        local lines = math.max(FIRST, queue.available * (1.5 + answers / 20))
        most = math.min(most, math.max(calls, math.floor(lines) - queue.coming))
    end
    while calls < most and learn.risk(calls + 1) <= threshold do
        calls = calls + 1
    end
    return { calls = calls, ask_in = params.ask }
end

local tests = {}

tests["one line for each free agent while nothing is known"] = function(run)
    local queue = { logged_in = 8, available = 5, spare = 3 }
    assert(run { queue = queue }.calls == 3)
    queue.spare = -2
    assert(run { queue = queue }.calls == 0)
end

tests["the service level is wanted beyond the free agents"] = function(run)
    assert(run { queue = { spare = 1 }, plan = { service_level = 2 } }.calls == 3)
    assert(run { queue = { spare = 1 }, plan = { service_level = -2 } }.calls == 0)
end

tests["no call for a queue without agents"] = function(run)
    assert(run { queue = { logged_in = 0, available = 0, spare = 0 } }.calls == 0)
end

tests["without a queue as many as the caps let through"] = function(run)
    assert(run { queue = json.null, room = 7 } == 7)
end

return {
    api = 1,
    about = "begins a call when the risk that it finds no agent is small enough",
    params = {
        patience = { 30, "seconds after the first call with one line per agent", min = 0 },
        ask = { 0.5, "seconds after which time alone may have made an agent ready", min = 0.1 },
        horizon = { 400, "answers, at least, over which what was saved is spent", min = 20 },
        reserve = { 2.5, "abandoned calls held back", min = 0 },
        reserve_agent = { 0.04, "and so many more for each agent", min = 0 },
        amd_error = { 0.05, "share of the machines that AMD may miss", min = 0, max = 1 },
        memory = { 2000, "answers after which an old one has faded to 1/e", min = 10 },
    },
    dial = dial,
    tests = tests,
}
