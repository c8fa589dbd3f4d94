-- Talk time doubles in mid-shift.
return {
    agents = 50,
    talk = { { 0, { mean = 180, cv = 1.0 } }, { 14400, { mean = 360, cv = 1.0 } } },
}
