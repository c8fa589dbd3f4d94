/* What the answer of a dial hook asks for. Pure. */
#ifndef DIALER_PLAN_DIALANSWER_H
#define DIALER_PLAN_DIALANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a dial hook wants offered to agents: {previews = n, timeout = s, again = s}. */
struct offer {
    int64_t leads;
    double timeout; /* s an agent has to decide */
    double again;   /* s before a lead that was not accepted is offered again */
};

/* What a dial hook's result asks for: calls, and ask_in (s, 0 = not); both put right,
 * *odd when they had to be. */
int64_t dialanswer_calls(json_t *out, double *ask_in, bool *odd);
/* The offer in it; o is as it was where it says nothing, *odd when a number was no number. */
void dialanswer_offer(json_t *out, struct offer *o, bool *odd);

#endif
