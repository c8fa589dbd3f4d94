/* What a campaign has learnt of its calls and agents, and the two counts that the law asks
 * for: kept in the store, so that a restart forgets neither. */
#ifndef DIALER_LEARN_OBSERVER_H
#define DIALER_LEARN_OBSERVER_H

#include "dialer/core/engine.h"
#include "dialer/learn/learn.h"
#include "dialer/learn/live.h"

#define LEARN_SLOT "learn" /* where it is kept in the store, beside the hooks' memories */

/* A campaign's: made with it, freed with it. */
struct observer {
    struct engine *engine;
    char campaign[UUID_TEXT];
    struct learn learn;
    struct live live;
    double saved;      /* s on the loop's clock: what was learnt is on the disk up to here */
    int64_t at;        /* and so many answers of it */
    char *plan, *dest; /* the uuids it was learnt with, NULL = it had none */
};

/* What calls are made with: another plan or destination, and nothing is known any more. */
struct observed {
    const char *plan, *dest; /* uuids, may be NULL */
    double timeout;          /* s that the plan lets a call ring */
};

/* stored: the campaign is of an earlier run, what the store has of it is read. */
struct observer *observer_new(struct engine *e, const char *campaign,
                              const struct observed *with, bool stored);
void observer_free(struct observer *o);
/* Begins anew if that is another plan or destination. Who has answered and who was
 * abandoned still counts. */
void observer_renew(struct observer *o, const struct observed *with);
/* What was learnt goes to the disk, if it is long since the last time; at_once: in any
 * case, before the store is closed. */
void observer_save(struct observer *o, bool at_once);

#endif
