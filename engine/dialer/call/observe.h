/* What happens to calls and agents, told to the learner of the campaign whose it is, and
 * counted for the law. The one place that knows which event means what for either. */
#ifndef DIALER_CALL_OBSERVE_H
#define DIALER_CALL_OBSERVE_H

#include "dialer/call/dialing.h"
#include "dialer/learn/learn.h"
#include "dialer/learn/live.h"
#include "dialer/pbx/queue.h"

#define LEARN_SLOT "learn" /* where it is kept in the store, beside the hooks' memories */

/* A campaign's: made with it, freed with it. */
struct observer {
    struct learn learn;
    struct live live;
    double saved;      /* s on the loop's clock: what was learnt is on the disk up to here */
    int64_t at;        /* and so many answers of it */
    char *plan, *dest; /* what it was learnt with */
};

struct observer *observer_new(struct campaign *c);
void observer_free(struct observer *o);
/* The campaign may have another plan or destination now: then nothing is known any more. Who
 * has answered and who was abandoned still counts. */
void observer_renew(struct campaign *c);
/* What was learnt goes to the disk, if it is long since the last time; at_once: in any
 * case, before the store is closed. */
void observers_save(struct engine *e, bool at_once);
/* Seconds on the loop's clock, as the learner takes them. */
double observe_now(const struct engine *e);

/* ---- calls ---- */
void observe_begun(struct dialing *d);
/* Somebody stands in the queue and needs an agent: a person, as far as is known. */
void observe_joined(struct dialing *d);
/* An agent has taken him. */
void observe_connected(struct dialing *d);
/* He gave up waiting. */
void observe_left_queue(struct dialing *d);
/* Nobody will need an agent any more: hung up, a machine, or gone from the queue. */
void observe_gone(struct dialing *d);
/* It failed on our side: it never was a call. */
void observe_unsent(struct dialing *d);

/* ---- agents ---- */
/* One begins or ends something; m->doing and m->since are still what they were. */
void observe_member(struct queue *q, struct member *m, enum doing next);
/* Counts what all of them do now up to now, for the tables that are made anew. */
void observe_members(struct queue *q);

#endif
