/* People who answered a campaign's calls, and those of them who found no agent in time:
 * the two numbers that the law asks for, in the window it asks for. From the ledger at the
 * start, from the calls after that.
 * Rules: 47 CFR 64.1200(a)(7) and 16 CFR 310.4(b)(4): 3 % of the calls that a person
 * answered, per campaign over 30 days, connected within 2 s (docs/predictive.md). */
#ifndef DIALER_LEARN_LIVE_H
#define DIALER_LEARN_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define LIVE_HOURS 721 /* the longest window, 30 days, and the hour that is running */

struct live {
    const struct conf *conf;
    int64_t hour; /* since 1970, the latest counted */
    /* by hour % LIVE_HOURS */
    int32_t answers[LIVE_HOURS], abandoned[LIVE_HOURS], machines[LIVE_HOURS];
    int64_t in_window, lost_in_window, machines_in_window;
    int64_t all, lost; /* since the start; only rise */
};

/* now: ns since 1970 here and below. */
void live_init(struct live *l, const struct conf *conf, int64_t now);
/* So many people answered at `at`; so many of such found no agent in time. */
void live_add(struct live *l, int64_t at, int answers, int abandoned);
/* AMD took one more for a machine; of those before the start nothing is known. */
void live_add_machine(struct live *l, int64_t at);
/* Hours that have left the window no longer count. */
void live_advance(struct live *l, int64_t now);
/* Would one more abandoned call break the limit? Then no call may begin beyond one for
 * each free agent. Not before the first so-and-so-many answers of the window. */
bool live_is_full(const struct live *l);
/* Share of the answers that may be abandoned, 0..1; 0 = no limit is set. */
double live_limit(const struct live *l);

#endif
