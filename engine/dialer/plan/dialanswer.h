/* The answer of a dial hook. Pure. */
#ifndef DIALER_PLAN_DIALANSWER_H
#define DIALER_PLAN_DIALANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The leads to be offered to agents: {previews = n, timeout = s, again = s}. */
struct offer {
    int64_t leads;
    double timeout; /* s that an agent has to decide */
    double again;   /* s before a lead that was not accepted is offered again */
};

/* The number of calls that the hook's result asks for, and ask_in (s; 0 = not). Values out of
 * range are replaced; *odd says so. */
int64_t dialanswer_calls(json_t *out, double *ask_in, bool *odd);
/* The offer in the hook's result; o is unchanged if the result is not a table. *odd becomes
 * true if a value is not a number or out of range. */
void dialanswer_offer(json_t *out, struct offer *o, bool *odd);

#endif
