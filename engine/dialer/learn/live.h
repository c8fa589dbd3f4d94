/* How many people answered a campaign's calls and how many of these calls were abandoned,
 * within the window that the law defines. The counts come from the ledger at the start and
 * from the calls afterwards. Rules: 47 CFR 64.1200(a)(7) and 16 CFR 310.4(b)(4): at most 3 %
 * of the calls that a person answered, per campaign over 30 days, may not be connected
 * within 2 s (docs/predictive.md). */
#ifndef DIALER_LEARN_LIVE_H
#define DIALER_LEARN_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define LIVE_HOURS 721 /* the longest window, 30 days, and the current hour */

struct live {
    const struct conf *conf;
    int64_t hour; /* the current one, in hours since 1970 */
    /* index: hour % LIVE_HOURS */
    int32_t answers[LIVE_HOURS], abandoned[LIVE_HOURS], machines[LIVE_HOURS];
    int64_t in_window, lost_in_window, machines_in_window;
    int64_t all, lost; /* answers and abandoned calls since the start; they only rise */
};

/* All times are in ns since 1970. */
void live_init(struct live *l, const struct conf *conf, int64_t now);
/* Adds people who answered at `at`, and calls that were abandoned. */
void live_add(struct live *l, int64_t at, int answers, int abandoned);
/* Adds a call that AMD took for a machine; such calls before the start are not known. */
void live_add_machine(struct live *l, int64_t at);
/* Lets time pass: hours that have left the window no longer count. */
void live_advance(struct live *l, int64_t now);
/* Would one more abandoned call exceed the limit? Then only one call per free agent may
 * begin. Always false before the window has [limits] abandon_after answers. */
bool live_is_full(const struct live *l);
/* The share of the answered calls that may be abandoned, 0 to 1; 0 = no limit. */
double live_limit(const struct live *l);

#endif
