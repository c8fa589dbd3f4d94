#include "dialer/plan/dialanswer.h"

#define CALLS_MAX 1000000000
#define ASK_MAX 86400 /* s */
#define ASK_LEAST 0.01
#define OFFER_TIME 30 /* default of struct offer's timeout, s */
#define OFFER_TIME_MAX 3600
#define OFFER_AGAIN 60 /* default of struct offer's again, s */

/* ask_in as it is used: at least ASK_LEAST; 0 = not, also instead of what is too long. */
static double dialanswer_ask_in(double ask) {
    if (!(ask > 0 && ask < ASK_MAX))
        return 0;
    return ask < ASK_LEAST ? ASK_LEAST : ask;
}

int64_t dialanswer_calls(json_t *out, double *ask_in, bool *odd) {
    json_t *calls = json_is_object(out) ? json_object_get(out, "calls") : out;
    double n = json_number_value(calls);
    double ask = json_is_object(out) ? json_number_value(json_object_get(out, "ask_in")) : 0;
    bool none = json_is_null(calls) || (calls == NULL && json_object_get(out, "previews"));
    *odd = (!json_is_number(calls) && !none) || n < 0 || n > CALLS_MAX || ask < 0;
    *ask_in = dialanswer_ask_in(ask);
    if (n > CALLS_MAX)
        return CALLS_MAX;
    return n < 1 ? 0 : (int64_t)n;
}

/* A number of the hook's table; the default if it is missing or (then *odd) out of range. */
static double dialanswer_between(json_t *v, double least, double most, double otherwise,
                                 bool *odd) {
    double n = json_number_value(v);
    if (json_is_number(v) && n >= least && n <= most)
        return n;
    *odd |= v && !json_is_null(v);
    return otherwise;
}

void dialanswer_offer(json_t *out, struct offer *o, bool *odd) {
    if (!json_is_object(out))
        return;
    o->leads =
        (int64_t)dialanswer_between(json_object_get(out, "previews"), 0, CALLS_MAX, 0, odd);
    o->timeout =
        dialanswer_between(json_object_get(out, "timeout"), 1, OFFER_TIME_MAX, OFFER_TIME, odd);
    o->again = dialanswer_between(json_object_get(out, "again"), 0, ASK_MAX, OFFER_AGAIN, odd);
}
