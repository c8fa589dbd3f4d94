/* The question behind predictive dialing: if one more call begins now and is answered, how
 * likely is it that no agent is free for it? Agents and calls are put in, then the risk of
 * each further call is asked for. Pure; made anew for each decision.
 * Method: docs/predictive.md, "The risk of one more call". */
#ifndef DIALER_LEARN_OUTLOOK_H
#define DIALER_LEARN_OUTLOOK_H

#include <stdbool.h>

#include "dialer/learn/learn.h"

#define OUTLOOK_EXACT 64 /* agents and calls up to which chances are added exactly */

/* One moment at which the new call may be answered. */
struct outlook_point {
    double mean, variance; /* of agents ready by then less answers by then */
    double answer;         /* chance that a new call is answered by then */
    int low, high; /* the exact distribution: places in use, value 0 is at OUTLOOK_EXACT */
    double chances[2 * OUTLOOK_EXACT + 1];
};

struct outlook {
    const struct learn *learn;
    bool exact;
    int added; /* further calls already put in by outlook_risk */
    struct outlook_point points[LEARN_POINTS];
};

/* Begins one for so many agents and calls in all. */
void outlook_begin(struct outlook *o, const struct learn *l, int agents, int calls);
void outlook_free_agents(struct outlook *o, double n);
/* One that talks or wraps up, since so many seconds. */
void outlook_talking(struct outlook *o, double age);
void outlook_wrapping(struct outlook *o, double age);
/* Callers who wait for an agent already. */
void outlook_waiting(struct outlook *o, double n);
/* The calls that ring, of this campaign or of another for the same agents. */
void outlook_ringing(struct outlook *o, const struct learn *l);
/* Chance that the nth further call (1, 2, ...; ask in this order) finds no agent, at the
 * worst of the moments at which it may be answered: a call that is answered early takes the
 * agent of one that is answered late. (The mean over the moments does as well in steady work
 * and overdials when many calls began together.) */
double outlook_risk(struct outlook *o, int n);

#endif
