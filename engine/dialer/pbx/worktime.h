/* How long agents talk and wrap up, for the observer of the campaign whose call it was. */
#ifndef DIALER_PBX_WORKTIME_H
#define DIALER_PBX_WORKTIME_H

#include "dialer/pbx/queue.h"

/* The member begins to do something else: sets m->doing and m->since. */
void worktime_change(struct queue *q, struct member *m, enum doing next);
/* Counts what all members are doing up to now, before the learned tables are made again. */
void worktime_count(struct queue *q);

#endif
