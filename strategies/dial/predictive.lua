-- Predictive dialing: begins a call if the risk is small enough that no agent is free for it
-- when it is answered.
--
-- The engine learns how many dials are answered, how long they ring until then, and how long
-- agents talk and wrap up. learn.risk(n) looks at how long each call has rung and how long
-- each agent has talked, and gives the chance that the nth further call, if it is answered,
-- finds no agent. This strategy begins calls while that risk is at most a threshold:
--
--   threshold = wanted / bias
--     wanted  the share of answers that may be abandoned from now on (allowance.lua)
--     bias    how many people are abandoned for each one predicted (correction.lua)
--
-- An example. The limit is 3 %; 10 agents talk 180 s and wrap up 30 s on average; 500 people
-- have answered, 12 of them were abandoned.
--   Allowance.  0.03 * 500 - 12 = 3 calls are left. The reserve is 2.5 + 0.04 * 10
--               + sqrt(0.03 * 400) = 6.36, more than that, so less than the limit is wanted.
--               To the 3 calls comes 0.28, what remains of the loan at the start. That is
--               (3 + 0.28 - 1.5) / (6.36 - 1.5) = 0.37 of the way from 1.5 to the reserve:
--               wanted = 0.37 * 0.03 = 0.011.
--   Correction. Of the answers that still count, 12 people were predicted to be abandoned and
--               9 were. With the belief from before the first call: bias = (9 + 5)
--               / (12 + 5 / 1.2) = 0.87. So threshold = 0.011 / 0.87 = 0.0127.
--   Decision.   Two agents are free and one call is on the way, so one call begins in any
--               case. learn.risk(2) = 0.004 and learn.risk(3) = 0.011 are below the threshold,
--               learn.risk(4) = 0.025 is above it: three calls begin.
--
-- One call for each free agent is always allowed. No more than that begins during the first
-- seconds (patience), without an abandonment limit, and without agents. Whatever this
-- strategy decides, the engine counts: at the limit only one call for each free agent begins.
-- For a destination other than a queue: as many calls as the caps allow.
-- Parameters: see params at the end and in the two other files. Sources: docs/predictive.md
-- names the rules of the law, the papers and the patents (all expired) behind the method.
-- The view and the result: see dial/available.lua and docs/strategies.md.

local allowance, correction = require("allowance"), require("correction")

local params = {
    -- Until then the first calls have not had the time to be answered: no call rings longer
    -- than that by default.
    patience = { default = 30, min = 0,
                 help = "seconds after the first call with one call for each free agent" },
    -- A talk or wrap-up that goes on makes its agent likelier to be free soon, and no event
    -- says so. Asking more often costs processor time and gains nothing that can be measured.
    ask = { default = 0.5, min = 0.1,
            help = "seconds after which the risk is looked at again, if no event came before" },
}
for _, part in ipairs({ allowance, correction }) do
    for name, param in pairs(part.params) do
        params[name] = param
    end
end

local ASK_SIMPLE = 1 -- seconds: while one call for each free agent begins, events say enough
local FIRST_THRESHOLD = 0.02 -- until the first decision has made one; below the law's 3 %
local MOST_RISK = 0.3 -- if a small bias asks for more, the prediction is wrong, not the limit

-- In one decision no more begin than this and one for every AGENTS_EACH agents: the next
-- decision comes soon, and knows how the calls of this one begin.
local AT_ONCE, AGENTS_EACH = 20, 2

-- Until FEW people have answered, the answer rate is hardly known, and a large team would begin
-- hundreds of calls at once on a guess. So no more than FEW calls may be on the way; or, if
-- that is more, LINES calls for each free agent, plus one for every ANSWERS_EACH answers.
local FEW, LINES, ANSWERS_EACH = 60, 1.5, 20

-- The risk at which a call may still begin.
local function threshold_now(view, memory)
    local before = memory.threshold or FIRST_THRESHOLD
    local wanted = allowance.wanted(view, view.params)
    local bias = correction.bias(view.params, memory, before)
    memory.threshold = math.min(MOST_RISK, wanted / bias)
    return memory.threshold
end

-- The most calls that may begin now; at least `calls`, if there is room for them.
local function most_now(view, calls)
    local queue = view.queue
    local most = math.min(view.room, calls + AT_ONCE + queue.logged_in // AGENTS_EACH)
    local _, answers = learn.answer_rate()
    if answers < FEW then
        local lines = math.max(FEW, queue.available * (LINES + answers / ANSWERS_EACH))
        most = math.min(most, math.max(calls, math.floor(lines) - queue.coming))
    end
    return most
end

local function dial(view, memory)
    local queue = view.queue
    if not queue then
        return view.room
    end
    local calls = math.max(0, queue.spare + view.plan.service_level)
    local is_early = learn.age() < view.params.patience
    if view.live.limit <= 0 or queue.logged_in == 0 or is_early then
        return { calls = calls, ask_in = ASK_SIMPLE }
    end
    local threshold, most = threshold_now(view, memory), most_now(view, calls)
    while calls < most and learn.risk(calls + 1) <= threshold do
        calls = calls + 1
    end
    return { calls = calls, ask_in = view.params.ask }
end

local tests = {}

tests["one call for each free agent while nothing is known"] = function(run)
    local queue = { logged_in = 8, available = 5, spare = 3 }
    assert(run { queue = queue }.calls == 3)
    queue.spare = -2
    assert(run { queue = queue }.calls == 0)
end

tests["the service level is added to the free agents"] = function(run)
    assert(run { queue = { spare = 1 }, plan = { service_level = 2 } }.calls == 3)
    assert(run { queue = { spare = 1 }, plan = { service_level = -2 } }.calls == 0)
end

tests["no call for a queue without agents"] = function(run)
    assert(run { queue = { logged_in = 0, available = 0, spare = 0 } }.calls == 0)
end

tests["without a queue: as many calls as the caps allow"] = function(run)
    assert(run { queue = json.null, room = 7 } == 7)
end

-- The team of the example above. risk(n) is what a test says of the nth call, 1 beyond that.
local function team(live, queue)
    local view = { room = 500, plan = { service_level = 0 },
                   live = { limit = 0.03, answers = 500, abandoned = 12, machines = 0 },
                   queue = { logged_in = 10, available = 2, spare = 1, coming = 1 } }
    for key, value in pairs(live or {}) do
        view.live[key] = value
    end
    for key, value in pairs(queue or {}) do
        view.queue[key] = value
    end
    return view
end

local function learnt(view, risks)
    return { age = 3600, handling = { 180, 30 }, answer_rate = { 0.3, view.live.answers },
             counts = { view.live.answers, view.live.abandoned },
             risk = function(n) return risks and risks[math.tointeger(n)] or 1 end }
end

-- A memory up to date with the view, in which so many were abandoned and predicted.
local function remembered(view, lost, risked)
    return { answers = view.live.answers, abandoned = view.live.abandoned, lost = lost,
             risked = risked, threshold = 0.02 }
end

local function near(a, b)
    return math.abs(a - b) < 0.0005 * b or error(a .. " is not " .. b, 2)
end

tests["the example"] = function(run)
    local view = team()
    local memory = remembered(view, 9, 12)
    local out = run(view, memory, learnt(view, { 0.002, 0.004, 0.011, 0.025 }))
    near(memory.threshold, 0.0127)
    assert(out.calls == 3 and out.ask_in == 0.5)
end

-- ---- the allowance ----

-- What is wanted when as many are abandoned as predicted.
local function wanted(run, live, queue, handling)
    local view = team(live, queue)
    local memory, learn_says = remembered(view, 0, 0), learnt(view)
    memory.risked = 5 - 5 / 1.2
    learn_says.handling = handling or learn_says.handling
    run(view, memory, learn_says)
    return memory.threshold
end

-- The reserve of ten agents is 6.364; so many abandoned calls leave `left` of 1000 answers'.
local function leaves(left)
    return { answers = 1000, abandoned = 30 - left }
end

tests["allowance: at the reserve the limit is wanted"] = function(run)
    near(wanted(run, leaves(6.3641)), 0.03)
end

tests["allowance: what is above the reserve is spread over the horizon"] = function(run)
    near(wanted(run, leaves(10.3641)), 0.03 + 4 / 400)
    near(wanted(run, leaves(30)), 0.06) -- twice the limit, however much is left
end

tests["allowance: below the reserve less, in a line, and never nothing"] = function(run)
    local lent = (1.5 + 0.4 * 4.8641) * math.exp(-5)
    near(wanted(run, leaves(4)), 0.03 * (4 + lent - 1.5) / 4.8641)
    near(wanted(run, leaves(1)), 0.002)
    near(wanted(run, leaves(-5)), 0.002)
end

tests["allowance: at the start two fifths of the limit are lent"] = function(run)
    near(wanted(run, { answers = 0, abandoned = 0 }), 0.012)
end

tests["allowance: where the reserve is small the line is one call long"] = function(run)
    local lent = (1.5 + 0.4) * math.exp(-20 / 200)
    local view = team({ limit = 0.004, answers = 20, abandoned = 0 })
    local memory = remembered(view, 0, 5 - 5 / 1.2)
    view.params = { reserve = 0, reserve_agent = 0 }
    run(view, memory, learnt(view))
    near(memory.threshold, 0.004 * (0.08 + lent - 1.5))
end

tests["allowance: a large team has half an hour's answers as its horizon"] = function(run)
    local queue = { logged_in = 100 }
    local horizon = 100 * 1800 / 210
    local reserve = 2.5 + 4 + math.sqrt(0.03 * horizon)
    local live = { answers = 10000, abandoned = 280 }
    near(wanted(run, live, queue), 0.03 + (20 - reserve) / horizon)
    near(wanted(run, live, queue, { 900, 100 }), 0.03 + (20 - 6.5 - math.sqrt(12)) / 400)
end

tests["allowance: machines that AMD may have missed are held back"] = function(run)
    local live = { answers = 1000, abandoned = 10, machines = 600 }
    local reserve = 6.3641 + 2 * math.sqrt(0.03 * 0.05 * 600)
    near(wanted(run, live), 0.03 + (20 - reserve) / 400)
end

-- ---- the correction ----

-- What was measured and predicted after these counts; the threshold must be made of both.
local function measured(run, memory, answers, abandoned)
    local view = team() -- of which 0.010996 is wanted
    local says = learnt(view)
    says.counts = { answers, abandoned }
    run(view, memory, says)
    near(memory.threshold, 0.010996 / ((memory.lost + 5) / (memory.risked + 5 / 1.2)))
    return memory.lost, memory.risked
end

tests["correction: before the first answer a fifth more than predicted"] = function(run)
    local memory = {}
    local lost, risked = measured(run, memory, 0, 0)
    assert(lost == 0 and risked == 0)
    near(memory.threshold, 0.010996 / 1.2)
end

tests["correction: new answers count at the threshold of before"] = function(run)
    local memory = {}
    local lost, risked = measured(run, memory, 100, 2)
    near(lost, 2)
    near(risked, 100 * 0.02) -- nothing was decided yet
    memory = { threshold = 0.05 }
    lost, risked = measured(run, memory, 100, 2)
    near(lost, 2)
    near(risked, 100 * 0.05)
    assert(memory.answers == 100 and memory.abandoned == 2)
end

tests["correction: old answers fade, those of the first minutes soon"] = function(run)
    local memory = { answers = 9900, abandoned = 300, lost = 60, risked = 50, threshold = 0.01 }
    local lost, risked = measured(run, memory, 10000, 303)
    near(lost, 60 * math.exp(-100 / 2000) + 3)
    near(risked, 50 * math.exp(-100 / 2000) + 1)
    memory = { answers = 100, abandoned = 3, lost = 3, risked = 2, threshold = 0.01 }
    near(measured(run, memory, 200, 3), 3 * math.exp(-100 / 200))
    memory = { answers = 900, abandoned = 3, lost = 3, risked = 2, threshold = 0.01 }
    near(measured(run, memory, 1000, 3), 3 * math.exp(-100 / 500))
end

tests["correction: counts that begin again after a restart take nothing away"] = function(run)
    local memory = { answers = 500, abandoned = 12, lost = 9, risked = 12, threshold = 0.01 }
    local lost, risked = measured(run, memory, 3, 1)
    assert(lost == 9 and risked == 12 and memory.answers == 3 and memory.abandoned == 1)
end

-- ---- the decision ----

-- Calls that begin when the risk of the first `many` is small enough.
local function begun(run, view, many, learn_says)
    local risks = {}
    for n = 1, many do
        risks[n] = 0.001
    end
    local says = learnt(view, risks)
    for key, value in pairs(learn_says or {}) do
        says[key] = value
    end
    return run(view, remembered(view, 0, 0), says).calls
end

tests["decision: one call for each free agent, whatever the risk"] = function(run)
    assert(begun(run, team(nil, { spare = 4 }), 0) == 4)
    assert(begun(run, team(nil, { spare = -3 }), 0) == 0)
    assert(begun(run, team(nil, { spare = -3 }), 2) == 2)
end

tests["decision: no more at first, without a limit, without agents"] = function(run)
    assert(begun(run, team(), 9) == 9)
    local view = team()
    assert(run(view, {}, { age = 29, risk = 0 }).ask_in == 1)
    assert(begun(run, view, 9, { age = 29 }) == 1 and begun(run, view, 9, { age = 30 }) == 9)
    assert(begun(run, team({ limit = 0 }), 9) == 1)
    assert(begun(run, team(nil, { logged_in = 0, spare = 0 }), 9) == 0)
    view.params = { patience = 0, ask = 2 }
    assert(run(view, {}, { age = 0 }).ask_in == 2)
end

tests["decision: at most the room, and twenty and one for every two agents"] = function(run)
    assert(begun(run, team(), 900) == 1 + 20 + 5)
    local view = team()
    view.room = 7
    assert(begun(run, view, 900) == 7)
end

tests["decision: until sixty have answered sixty calls are on the way"] = function(run)
    local view = team({ answers = 59, abandoned = 0 }, { coming = 50, spare = 0 })
    assert(begun(run, view, 900) == 60 - 50)
    view.queue.coming = 70
    assert(begun(run, view, 900) == 0)
    view.queue.spare = 3
    assert(begun(run, view, 900) == 3, "one for each free agent all the same")
    view.live.answers = 60
    assert(begun(run, view, 900) == 3 + 20 + 5)
end

tests["decision: a large team that waits begins 1.5 each and more with answers"] = function(run)
    local view = team({ answers = 10, abandoned = 0 },
                      { logged_in = 100, available = 100, coming = 180, spare = -80 })
    assert(begun(run, view, 900) == 200 - 180)
    view.live.answers = 15
    assert(begun(run, view, 900) == 225 - 180)
end

tests["decision: a threshold of 0.3 at most"] = function(run)
    local view = team({ limit = 0.5, answers = 1000, abandoned = 0 })
    local memory = remembered(view, 0, 0)
    run(view, memory, learnt(view))
    assert(memory.threshold == 0.3)
end

return {
    api = 1,
    about = "begins a call when the risk that it finds no agent is small enough",
    params = params,
    dial = dial,
    tests = tests,
}
