-- Half of those who answer are machines, and quick ones; AMD takes 2 to 5 s and is
-- wrong one time in twenty. Persons go to the agents once AMD has heard them.
return {
    agents = 50,
    answer_rate = 0.40,
    machines = 0.5,
    machine_ring = { mean = 5, cv = 0.3 },
    amd = { min = 2, max = 5, error = 0.05 },
    dialplan = { ["s@amd"] = { "AMD", "machine:Hangup", "Queue(sales_1)" } },
    -- Application and Data say which queue the extension leads to
    destination = {
        Type = 0, Exten = "s", Context = "amd", Priority = 1,
        Application = "Queue", Data = "sales_1",
    },
}
