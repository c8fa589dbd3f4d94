-- The first part of dial/predictive.lua: the share of answers that may be abandoned from now
-- on, so that the allowance of the law is spent evenly and never overdrawn.
--
-- What is left of the allowance is a number of calls: limit * answers - abandoned. A reserve
-- of them is held back, because calls in flight and chance may still cost some.
--   left >= reserve  the limit, plus what is above the reserve, spread over a horizon of
--                    coming answers
--   left < reserve   a part of the limit: the whole limit at the reserve, and from there in a
--                    straight line down to almost nothing at LAST calls. So the engine's own
--                    cap, which would stop all dialing ahead, is seldom met.
-- Where AMD (answering machine detection) runs, it takes some machines for people. The engine
-- cannot tell them apart and counts them as answers. By chance, the abandoned calls among the
-- answers of real people may then be more than the counts show; the reserve covers that.
-- Source: docs/predictive.md.

local allowance = {}

allowance.params = {
    -- With 400 answers one abandoned call moves the wanted share by a quarter of a per cent;
    -- with fewer answers the threshold would jump.
    horizon = { default = 400, min = 20,
                help = "answers over which a surplus is spent, if half an hour brings fewer" },
    -- These two are for the calls in flight, of which a larger team has more; chance is in the
    -- square roots below. A smaller reserve gains half a per cent of utilisation, and then
    -- some shifts end above the limit.
    reserve = { default = 2.5, min = 0, help = "abandoned calls that are held back" },
    reserve_agent = { default = 0.04, min = 0,
                      help = "abandoned calls that are held back for each agent" },
    -- The error of the AMD that tests/worlds/machines.lua assumes. If yours is known, set it.
    amd_error = { default = 0.05, min = 0, max = 1,
                  help = "machines that AMD takes for people, as a share of those it detects" },
}

local HALF_AN_HOUR = 1800 -- seconds: short enough to spend a surplus before the shift ends
local AMD_SIGMAS = 2 -- standard deviations: by chance more are missed in one shift of 44
local MOST = 2 -- times the limit: with a higher share, calls would be abandoned in bursts
local LEAST = 15 -- divides the limit: with a share of 0, no call would begin ahead any more

-- Calls in flight may still cost as many, though no more calls begin: the line ends here.
local LAST = 1.5
local SPAN = 1 -- calls, at least, that the line is long: a small reserve must not make it steep
-- At the start nothing is left, because nobody has answered. A loan moves the line up to
-- this share of the limit. It fades to 1/e within LOAN answers, which have earned an
-- allowance of their own (six calls at 3 %, about a reserve).
local START, LOAN = 0.4, 200

-- Answers over which a surplus is spent.
local function horizon(agents, params)
    local talk, wrapup = learn.handling()
    return math.max(params.horizon, agents * HALF_AN_HOUR / (talk + wrapup))
end

-- Abandoned calls that are held back. The number that chance brings within the horizon has
-- the standard deviation sqrt(limit * horizon); likewise for the machines that AMD missed.
local function reserve(agents, live, params, answers)
    return params.reserve + params.reserve_agent * agents
           + math.sqrt(live.limit * answers)
           + AMD_SIGMAS * math.sqrt(live.limit * params.amd_error * live.machines)
end

-- The share of the limit, 0 to 1, when less than the reserve is left.
local function share_left(left, held, answers)
    local span = math.max(SPAN, held - LAST)
    local lent = (LAST + START * span) * math.exp(-answers / LOAN)
    return math.min(1, (left + lent - LAST) / span)
end

-- The share of answers, 0 to 1, that may be abandoned from now on.
function allowance.wanted(view, params)
    local agents, live = view.queue.logged_in, view.live
    local spread = horizon(agents, params)
    local held = reserve(agents, live, params, spread)
    local left = live.limit * live.answers - live.abandoned
    if left >= held then
        return math.min(MOST * live.limit, live.limit + (left - held) / spread)
    end
    return math.max(live.limit / LEAST, live.limit * share_left(left, held, live.answers))
end

return allowance
