-- A list that three in a hundred answer.
return { agents = 50, answer_rate = 0.03 }
