/* The hard limits of a server, trunk or campaign: calls at once, calls per second, and a
 * pause after congestion. They are enforced after every script, whatever it returns. */
#ifndef DIALER_CORE_CAP_H
#define DIALER_CORE_CAP_H

#include "conf/conf.h"
#include "io/loop.h"

struct cap {
    int64_t channels; /* 0 = no cap */
    double cps;       /* 0 = no cap */
    int64_t up;       /* calls in progress */
    int64_t next;     /* monotonic ns from which cps allows the next call */
    double congested; /* share of the latest calls that ended in congestion, 0 to 1 */
    int64_t rest;     /* monotonic ns until which no call begins because of congestion */
};

/* Sets the limits; what is in progress still counts. */
void cap_set(struct cap *c, int64_t channels, double cps);
/* How many calls may begin now; INT64_MAX without caps. cps spaces calls evenly, so it
 * never allows more than one at a time. */
int64_t cap_room(const struct cap *c, int64_t now);
/* When cps and the pause after congestion allow the next call (monotonic ns); 0 = now. */
int64_t cap_wait(const struct cap *c, int64_t now);
/* A call begins; a call has ended. */
void cap_take(struct cap *c, int64_t now);
void cap_give(struct cap *c);
/* Notes how a call ended. If most calls end in congestion, the far side is full, and more
 * calls would only use up leads. After each call that ends in congestion no call begins
 * for up to a second, depending on the share of such calls. One in twenty, which is normal
 * for a list, costs almost nothing. */
void cap_ended(struct cap *c, int64_t now, bool in_congestion);

/* [trunk:NAME] */
struct trunk {
    const struct conf_trunk *conf;
    struct cap cap;
};

#endif
