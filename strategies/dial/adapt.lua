-- For comparison only: ViciDial's adaptive ratio (ADAPT_TAPERED), rewritten from its
-- published rule. Every 2.5 seconds it wants `level` calls for each agent who is ready or in
-- conversation. Calls in conversation count as calls; agents in wrap-up are paused and do not
-- count. Each second it samples ready agents less callers who wait, and every 15 seconds it
-- multiplies the level by 1 + mean sample / agents. While the day's drops exceed the limit,
-- each step instead multiplies the level by the hours left of the shift / 10. The level is
-- halved when more than half of the last minute's answers were dropped. Answer rate, ring
-- times and talk times are not used: the level swings, and the day ends at the limit or above.
-- Use dial/predictive.lua for real campaigns. This script behaves as described only with the
-- engine's own limit off (abandon_limit = 0). For a destination other than a queue: as many
-- calls as the caps allow.
-- Parameters: see below. Source: AST_VDauto_dial.pl and AST_VDadapt.pl, published by
-- ViciDial; none of their text is here.

local SAMPLE, DIAL, STEP, MINUTE = 1, 2.5, 15, 60 -- seconds between two of each
local ENOUGH = 50 -- answers: with fewer, the share that was dropped means little

-- Agents who are ready or talk; those in wrap-up are neither.
local function working(view)
    local queue = view.queue
    local talking = math.max(0, view.in_flight - view.ringing - queue.waiting)
    return queue.available + queue.offered + talking
end

local function begin(m, view)
    m.start, m.level = view.now, 1
    m.sum, m.samples, m.dropping = 0, 0, false
    m.sampled, m.dialled, m.stepped, m.minute = view.now, 0, view.now, view.now
    m.answers, m.abandoned = view.live.answers, view.live.abandoned
end

-- Once a minute: were over half of the last minute's answers dropped?
local function count(m, view)
    local answers = view.live.answers - m.answers
    local drops = view.live.abandoned - m.abandoned
    m.dropping = answers > 0 and drops > answers / 2
    m.answers, m.abandoned = view.live.answers, view.live.abandoned
    m.minute = view.now
end

local function step(m, view)
    local live, params, agents = view.live, view.params, working(view)
    if live.answers > ENOUGH and live.abandoned > params.limit * live.answers then
        local left = math.max(0, params.hours - (view.now - m.start) / 3600)
        m.level = m.level * math.min(1, left / 10)
    elseif m.samples > 0 and agents > 0 then
        local spare = m.sum / m.samples + params.target
        m.level = m.level * (1 + params.intensity * spare / agents)
    end
    if m.dropping then
        m.level = m.level / 2
    end
    m.level = math.max(1, math.min(params.most, m.level))
    m.sum, m.samples, m.stepped, m.dropping = 0, 0, view.now, false
end

local function dial(view, m)
    local queue, now = view.queue, view.now
    if not queue then
        return view.room
    end
    if not m.start then
        begin(m, view)
    end
    if now - m.sampled >= SAMPLE then
        m.sum = m.sum + queue.available + queue.offered - queue.waiting
        m.samples, m.sampled = m.samples + 1, now
    end
    if now - m.minute >= MINUTE then
        count(m, view)
    end
    if now - m.stepped >= STEP then
        step(m, view)
    end
    if now - m.dialled < DIAL then
        return { calls = 0, ask_in = math.min(SAMPLE, m.dialled + DIAL - now) }
    end
    m.dialled = now
    local wanted = math.floor(m.level * working(view)) + view.plan.service_level
    return { calls = math.max(0, wanted - view.in_flight), ask_in = SAMPLE }
end

local tests = {}

-- Ten agents: five are free, four talk, one is in wrap-up.
local function at(now, more)
    local view = { now = now, in_flight = 6, ringing = 2, live = { answers = 0, abandoned = 0 },
                   queue = { logged_in = 10, available = 5, offered = 0, waiting = 0 } }
    for key, value in pairs(more or {}) do
        view[key] = value
    end
    return view
end

tests["level times agents minus the calls in flight, every 2.5 seconds"] = function(run)
    local m = {}
    assert(run(at(100), m).calls == 3)
    local between = run(at(101), m)
    assert(between.calls == 0 and between.ask_in == 1)
    assert(run(at(102.5, { in_flight = 8, ringing = 4 }), m).calls == 1)
end

tests["idle agents raise the level every 15 seconds, to the maximum"] = function(run)
    local m = {}
    for now = 100, 115 do
        run(at(now), m)
    end
    assert(math.abs(m.level - (1 + 5 / 9)) < 1e-9)
    for now = 116, 400 do
        run(at(now), m)
    end
    assert(m.level == 3)
end

tests["callers who wait lower the level, to one at least"] = function(run)
    local m = {}
    run(at(100), m)
    m.level = 2
    for now = 101, 115 do
        run(at(now, { in_flight = 14, ringing = 0, queue = { available = 0, offered = 0,
                                                             waiting = 4 } }), m)
    end
    assert(math.abs(m.level - 1.2) < 1e-9)
end

tests["above the limit each step lowers the level"] = function(run)
    local m = {}
    run(at(100), m)
    m.level = 3
    run(at(115, { live = { answers = 100, abandoned = 4 } }), m)
    assert(m.level > 2.39 and m.level < 2.41)
    run(at(130, { live = { answers = 40, abandoned = 4 } }), m)
    assert(m.level > 2.4, "under fifty answers the level is not lowered")
end

tests["over half of a minute's answers dropped: half the level"] = function(run)
    local m = {}
    run(at(100), m)
    m.level = 3
    for now = 145, 160, 15 do
        run(at(now, { live = { answers = 10, abandoned = 6 } }), m)
        if now == 145 then
            m.level = 2.4
        end
    end
    assert(m.level > 1 and m.level < 2)
end

return {
    api = 1,
    about = "for comparison: ViciDial's tapered adaptive ratio",
    params = {
        most = { default = 3, min = 1, max = 20, help = "lines for each agent at most" },
        limit = { default = 0.03, min = 0, max = 1,
                  help = "share of the answers that may be dropped" },
        hours = { default = 8, min = 0.1, max = 24, help = "length of the shift in hours" },
        intensity = { default = 1, min = 0, max = 10, help = "weight of each step" },
        target = { default = 0,
                   help = "added to the mean of ready agents minus callers who wait" },
    },
    dial = dial,
    tests = tests,
}
