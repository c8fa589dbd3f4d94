/* Hard limits of a server, trunk or campaign: calls up at once, calls per second, and the
 * rest that congestion asks for. Enforced after every script, whatever it says. */
#ifndef DIALER_CORE_CAP_H
#define DIALER_CORE_CAP_H

#include "conf/conf.h"
#include "io/loop.h"

struct cap {
    int64_t channels; /* 0 = no cap */
    double cps;       /* 0 = no cap */
    int64_t up;       /* calls now */
    int64_t next;     /* monotonic ns of the next call that cps allows */
    double congested; /* share of the latest calls that ended in congestion, 0..1 */
    int64_t rest;     /* monotonic ns up to which none begins for that */
};

/* How many calls may begin now; INT64_MAX without caps. cps spaces them evenly, so it
 * never allows more than one. */
int64_t cap_room(const struct cap *c, int64_t now);
/* When cps and rest allow the next one (monotonic ns), 0 if they do now. */
int64_t cap_wait(const struct cap *c, int64_t now);
/* A call begins, a call has ended. */
void cap_take(struct cap *c, int64_t now);
void cap_give(struct cap *c);
/* How it ended. Where most calls end in congestion the far side is full, and dialing on
 * would only use up leads: after each of them none begins for up to a second. One in
 * twenty, which a list may well have, costs next to nothing. */
void cap_ended(struct cap *c, int64_t now, bool in_congestion);

/* [trunk:NAME] */
struct trunk {
    const struct conf_trunk *conf;
    struct cap cap;
};

#endif
