-- The world of `make demo`: a few agents, and customers with short calls, so that a list of
-- forty leads is finished in well under a minute. Keys that are left out have the defaults of
-- engine/sim/sim.h. A number may also be a list of values that change with time, in seconds
-- since the start:
--   answer_rate = { { from = 0, value = 0.5 }, { from = 3600, value = 0.2 } }
return {
    -- Customers: the share that answers, and after how many seconds of ringing.
    answer_rate = 0.5,
    ring = { mean = 2, cv = 0.4, cut = 6 },

    -- The others: busy at once, no circuit free, no such number, refused after 1 to 8
    -- seconds. The rest rings until the plan's DialTimeout.
    busy = 0.40,
    congestion = 0.10,
    unknown = 0.10,
    fail_early = 0.20,

    -- Agents of every queue; without the key `queue`, every queue that is asked for exists.
    -- Seconds of talk, of wrap-up (paused with the reason `wrapup`), and until they pick up.
    agents = 6,
    talk = { mean = 4, cv = 0.5 },
    wrapup = { mean = 1, cv = 0.5 },
    pickup = 0.3,

    -- Seconds that callers wait in the queue before they hang up.
    patience = 8,

    -- One answer in ten is a machine. AMD, if the dialplan calls it, takes 1 to 2 seconds and
    -- is wrong once in twenty.
    machines = 0.10,
    amd = { min = 1, max = 2, error = 0.05 },

    -- Channels of the trunk; further calls end in congestion. 0 = no limit.
    trunk = 20,
}
