/* The risk of one more call: if it begins now and is answered, how likely is it that no
 * agent is free for it? The agents and calls are added first; then outlook_risk gives the
 * risk of each further call. Pure. An outlook is made for one decision. The method is
 * described in docs/predictive.md, "The risk of one more call", and in README.md. */
#ifndef DIALER_LEARN_OUTLOOK_H
#define DIALER_LEARN_OUTLOOK_H

#include <stdbool.h>

#include "dialer/learn/learn.h"

#define OUTLOOK_EXACT 64 /* with fewer agents and calls the distribution is exact */

/* One moment at which the new call may be answered. */
struct outlook_point {
    double mean, variance; /* of: agents ready by then minus calls answered by then */
    double answer;         /* chance that a new call is answered by then */
    int low, high; /* indexes in use of the exact distribution; index OUTLOOK_EXACT is 0 */
    double chances[2 * OUTLOOK_EXACT + 1];
};

struct outlook {
    const struct learn *learn;
    bool exact;
    int added; /* further calls that outlook_risk has added */
    struct outlook_point points[LEARN_POINTS];
};

/* Begins an outlook for at most so many agents and calls. */
void outlook_begin(struct outlook *o, const struct learn *l, int agents, int calls);
/* Adds n free agents. */
void outlook_free_agents(struct outlook *o, double n);
/* Adds an agent who has talked, or wrapped up, for `age` seconds. */
void outlook_talking(struct outlook *o, double age);
void outlook_wrapping(struct outlook *o, double age);
/* Adds n callers who wait for an agent already. */
void outlook_waiting(struct outlook *o, double n);
/* Adds the ringing calls of this campaign, or of another one for the same agents. */
void outlook_ringing(struct outlook *o, const struct learn *l);
/* The chance that the nth further call (n = 1, 2, ... in this order) finds no agent, at the
 * worst of the moments at which it may be answered. A call that is answered early takes the
 * agent of one that is answered late. (The mean over the moments works as well under steady
 * load, but overdials when many calls began together.) */
double outlook_risk(struct outlook *o, int n);

#endif
