-- The world in which pacing methods are compared: a campaign that three customers in
-- ten answer, talk of three minutes, half a minute of wrap-up. All of it is also what
-- the simulator does when it is told nothing.
return {
    agents = 50,
    answer_rate = 0.30,
    ring = { mean = 11, cv = 0.45, cut = 30 },
    fail_early = 0.25,
    talk = { mean = 180, cv = 1.0 },
    wrapup = { mean = 30, cv = 0.6 },
    patience = 2,
}
