/* What a campaign does next, according to the status that was asked for, its schedule and
 * the pace. All kicks of one turn of the loop lead to one decision. */
#ifndef DIALER_DECIDE_DECIDE_H
#define DIALER_DECIDE_DECIDE_H

#include "dialer/campaign/campaign.h"
#include "dialer/plan/plan.h"

/* A campaign has been created or read from the store. */
void decide_begin(struct campaign *c);
/* A campaign is about to be freed. */
void decide_end(struct campaign *c);
/* Takes the step that its status calls for; for a started campaign, a decision. Called at
 * the end of a turn in which the campaign was kicked. */
void decide_turn(struct campaign *c);
/* The second look: the reservation of a call is durable; may its Originate leave? Checks
 * again whatever may have changed since the decision. NULL, or why not (static text). */
const char *decide_may_leave(const struct dialing *d);
/* May this Status be asked for? */
bool decide_knows(int64_t asked);
/* Carries out a Status that is asked for (0, 1, 2, 10, 11, 12, 30); false for any other. The
 * first step is put into the batch; the others follow by themselves. */
bool decide_ask(struct campaign *c, int64_t asked, struct batch *b) MUST_CHECK;
/* Its row, or a resource that it refers to, has changed. */
void decide_changed(struct campaign *c);
/* The same for all campaigns of a plan. */
void decide_plan_changed(struct plan *p);

#endif
