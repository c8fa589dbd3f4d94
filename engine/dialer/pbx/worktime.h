/* How long agents talk and wrap up, told to the learner of the campaign whose call it was. */
#ifndef DIALER_PBX_WORKTIME_H
#define DIALER_PBX_WORKTIME_H

#include "dialer/pbx/queue.h"

/* The member begins or ends something; m->doing and m->since are still what they were. */
void worktime_change(struct queue *q, struct member *m, enum doing next);
/* Counts what all of them do now up to now, for the tables that are made anew. */
void worktime_count(struct queue *q);

#endif
