/* What a campaign does next: by the status that was asked for, its schedule, and what the
 * pace lets begin. All that led to it within one turn of the loop is one decision. */
#ifndef DIALER_DECIDE_DECIDE_H
#define DIALER_DECIDE_DECIDE_H

#include "dialer/campaign/campaign.h"
#include "dialer/plan/plan.h"

/* The campaign was read from the store or created; it is about to be freed. */
void decide_begin(struct campaign *c);
void decide_end(struct campaign *c);
/* Whatever is due next by its status; at the end of a turn in which it was kicked. */
void decide_turn(struct campaign *c);
/* The reservation of that call is durable: may its Originate leave? Everything that may have
 * changed since is asked again. NULL, or why not. */
const char *decide_may_leave(const struct dialing *d);
/* Is it a Status that may be asked for? */
bool decide_knows(int64_t asked);
/* Carries out an asked Status (0, 1, 2, 10, 11, 12, 30); false for any other. The
 * first step is put into the batch, the others follow by themselves. */
bool decide_ask(struct campaign *c, int64_t asked, struct batch *b) MUST_CHECK;
/* Its row or what it refers to changed. */
void decide_changed(struct campaign *c);
/* The same for all campaigns of a plan. */
void decide_plan_changed(struct plan *p);

#endif
