/* Hard limits that hold whatever a strategy says: hours of quiet, numbers that must not be
 * called, attempts within a window. Each has a reason of its own. */
#ifndef DIALER_PACE_LIMITS_H
#define DIALER_PACE_LIMITS_H

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"

/* Reads what that configuration says into the engine. False with *err (free it). Again at a
 * reload: what was in force stays when the new one is wrong. */
bool limits_open(struct engine *e, const struct conf *from, char **err) MUST_CHECK;
void limits_close(struct engine *e);
/* ns until the quiet hours end, 0 = it is not quiet. */
int64_t limits_quiet(const struct engine *e);
/* May that number of the lead be called now? NULL, or the reason; *until is then when it
 * may (ns since 1970), DUE_NEVER if never. */
const char *limits_lead(struct engine *e, const struct lead *l, int number, int64_t *until);
/* Only what has nothing to do with earlier attempts: the do-not-call list. */
const char *limits_number(struct engine *e, const struct lead *l, int number, int64_t *until);

#endif
