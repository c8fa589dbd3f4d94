-- Short calls: a minute of talk, a quarter of wrap-up; 0.50 of the customers answer.
return {
    agents = 50,
    answer_rate = 0.50,
    talk = { mean = 60, cv = 1.0 },
    wrapup = { mean = 15, cv = 0.6 },
}
