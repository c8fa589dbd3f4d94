-- Every time is exponential and nobody waits for an agent: the world whose limit can
-- be computed exactly. Whoever does not answer stops ringing in the same way.
return {
    agents = 10,
    answer_rate = 0.30,
    ring = { mean = 11, shape = "exponential", cut = 3600 },
    fail_early = 1,
    fail = { mean = 11, shape = "exponential" },
    talk = { mean = 210, shape = "exponential" },
    wrapup = { mean = 0 },
    patience = 0,
    plan = { DialTimeout = 300000 },
}
