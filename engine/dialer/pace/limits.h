/* Hard limits that hold whatever a strategy says: quiet hours, the do-not-call list, attempts
 * within a number of hours. Each has a reason of its own. */
#ifndef DIALER_PACE_LIMITS_H
#define DIALER_PACE_LIMITS_H

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"

/* Reads the [limits] of the configuration into the engine, at the start and at each reload.
 * False with *err (free it); the limits in force stay then. */
bool limits_open(struct engine *e, const struct conf *from, char **err) MUST_CHECK;
void limits_close(struct engine *e);
/* ns until the quiet hours end; 0 = there are none now. */
int64_t limits_quiet(const struct engine *e);
/* Why that number of the lead may not be called now (static text), and *until is when it may
 * (ns since 1970; DUE_NEVER = never). NULL if it may. */
const char *limits_lead(struct engine *e, const struct lead *l, int number, int64_t *until);
/* The same for limits that do not depend on earlier attempts: the do-not-call list. */
const char *limits_number(struct engine *e, const struct lead *l, int number, int64_t *until);

#endif
