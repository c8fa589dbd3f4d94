/* When a campaign may run according to its schedule (docs/ami.md, "Schedule"). Pure. */
#ifndef DIALER_CORE_SCHEDULE_H
#define DIALER_CORE_SCHEDULE_H

#include <time.h>

#include "store/noun.h"

/* NULL if all Sc* fields can be read. Else the header that cannot, and *form says what it
 * must be. */
const char *schedule_check(const struct row *campaign, const char **form);
/* Is the schedule open at that local time? Without ScMode 1 it always is. Hours that cross
 * midnight belong to the day on which they begin; a day of ScDateListExcept is closed from
 * midnight to midnight nevertheless. */
bool schedule_is_open(const struct row *campaign, const struct tm *local);
/* Seconds until that may change: the beginning or end of its hours, or midnight. */
int schedule_next(const struct row *campaign, const struct tm *local);

#endif
