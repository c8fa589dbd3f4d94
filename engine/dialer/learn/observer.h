/* What a campaign has learned of its calls and agents, and the counts of answered and
 * abandoned calls. Both are kept in the store and survive a restart. */
#ifndef DIALER_LEARN_OBSERVER_H
#define DIALER_LEARN_OBSERVER_H

#include "dialer/core/engine.h"
#include "dialer/learn/learn.h"
#include "dialer/learn/live.h"

#define LEARN_SLOT "learn" /* its name in the store, beside the hooks' memories */

/* Of one campaign; made and freed with it. */
struct observer {
    struct engine *engine;
    char campaign[UUID_TEXT];
    struct learn learn;
    struct live live;
    double saved;      /* monotonic seconds of the last save */
    int64_t at;        /* answers at that time */
    char *plan, *dest; /* uuids it was learned with; NULL = the campaign had none */
};

/* What the learned values depend on. */
struct observed {
    const char *plan, *dest; /* uuids; may be NULL */
    double timeout;          /* s that the plan lets a call ring */
};

/* stored: the campaign comes from an earlier run; what the store has of it is read. Waits
 * for the store then: at the start only. */
struct observer *observer_new(struct engine *e, const char *campaign,
                              const struct observed *with, bool stored);
void observer_free(struct observer *o);
/* Learns from the beginning if the plan or the destination has changed. The counts of
 * answered and abandoned calls stay. */
void observer_renew(struct observer *o, const struct observed *with);
/* Saves what was learned if the last save was long ago; at_once: in any case, for the end
 * of the run. */
void observer_save(struct observer *o, bool at_once);

#endif
