-- The second part of dial/predictive.lua: how many people are abandoned for each one that was
-- predicted (measured / predicted).
--
-- If calls began at a risk equal to the threshold, threshold * answers people would be
-- abandoned. In fact most calls begin at a smaller risk, and what the engine has learnt of
-- ring and talk times is never quite right. So both are added up, the predicted and the
-- measured, while old answers fade; the threshold is then divided by their ratio.
-- Source: docs/predictive.md.

local correction = {}

correction.params = {
    -- Long enough for some sixty abandoned calls at 3 %: their number is then known to within
    -- an eighth. Halving or doubling it changes utilisation by less than 0.1 %.
    memory = { default = 2000, min = 10,
               help = "answers after which an old one counts 1/e (37 %)" },
}

-- The first minutes, when little is known, say little about later: until the memory is full,
-- an old answer fades after half of all answers so far, but not before so many have come.
local EARLY = 200
-- Before anything is measured: as if five people had been abandoned where 5 / 1.2 were
-- predicted. Real abandonment is thought to be a fifth higher than predicted, to be careful;
-- five is little enough to be outweighed soon, and keeps a single call from deciding.
local BELIEF, CAREFUL = 5, 1.2

-- measured / predicted. threshold is the one in force since the last call of this function.
-- Kept in memory: answers and abandoned, the engine's counts at that time; lost and risked,
-- the measured and the predicted.
function correction.bias(params, memory, threshold)
    local answers, abandoned = learn.counts()
    local new = math.max(0, answers - (memory.answers or 0)) -- a restart may begin at 0 again
    local lost = math.max(0, abandoned - (memory.abandoned or 0))
    local keep = math.exp(-new / math.min(params.memory, math.max(EARLY, answers / 2)))
    memory.answers, memory.abandoned = answers, abandoned
    memory.lost = (memory.lost or 0) * keep + lost
    memory.risked = (memory.risked or 0) * keep + new * threshold
    return (memory.lost + BELIEF) / (memory.risked + BELIEF / CAREFUL)
end

return correction
