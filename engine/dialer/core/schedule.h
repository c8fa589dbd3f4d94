/* When a campaign may run by its schedule (docs/ami.md, "Schedule"). Pure. */
#ifndef DIALER_CORE_SCHEDULE_H
#define DIALER_CORE_SCHEDULE_H

#include <time.h>

#include "store/noun.h"

/* NULL if all Sc* fields can be read, else the name of the header that cannot, and *form
 * is what it must look like. */
const char *schedule_check(const struct row *campaign, const char **form);
/* Is the schedule open at that local time? A window that crosses midnight belongs to
 * the day it began on; an excepted day is closed from midnight to midnight all the same. Without ScMode 1 it always is. */
bool schedule_is_open(const struct row *campaign, const struct tm *local);
/* Seconds until its answer may change: a window's edge or midnight. */
int schedule_next(const struct row *campaign, const struct tm *local);

#endif
