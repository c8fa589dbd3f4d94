-- The world of `make demo`: a few agents and customers in a hurry, so that a list of
-- forty is through in well under a minute. A key left out has the default of sim/sim.h.
-- Each number may also be a list that changes with time, in seconds since the start:
--   answer_rate = { { from = 0, value = 0.5 }, { from = 3600, value = 0.2 } }
return {
    -- Customers: the chance that one answers, and after how many seconds of ringing.
    answer_rate = 0.5,
    ring = { mean = 2, cv = 0.4, cut = 6 },

    -- What becomes of the others: busy at once, no circuit free, no such number,
    -- refused after 1 to 8 seconds; the rest rings until the plan's DialTimeout.
    busy = 0.40,
    congestion = 0.10,
    unknown = 0.10,
    fail_early = 0.20,

    -- Agents of every queue (without `queue`, any queue that is named exists): seconds
    -- of talk, of wrap-up (paused with the reason `wrapup`), and until one picks up.
    agents = 6,
    talk = { mean = 4, cv = 0.5 },
    wrapup = { mean = 1, cv = 0.5 },
    pickup = 0.3,

    -- Seconds for which a caller waits in the queue before he hangs up.
    patience = 8,

    -- One answer in ten is a machine; AMD, if the dialplan asks for it, takes 1 to 2
    -- seconds and errs once in twenty.
    machines = 0.10,
    amd = { min = 1, max = 2, error = 0.05 },

    -- Channels of the trunk; a call more is refused as congestion. 0: no limit.
    trunk = 20,
}
