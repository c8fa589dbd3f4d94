/* Hard limits of a server or trunk: calls up at once, calls per second. Enforced after
 * every script, whatever it says. */
#ifndef DIALER_CAP_H
#define DIALER_CAP_H

#include "base/conf.h"
#include "base/loop.h"

struct cap {
    int64_t channels; /* 0 = no cap */
    double cps;       /* 0 = no cap */
    int64_t up;       /* calls now */
    int64_t next;     /* monotonic ns of the next call that cps allows */
};

/* How many calls may begin now; INT64_MAX without caps. cps spaces them evenly, so it
 * never allows more than one. */
int64_t cap_room(const struct cap *c, int64_t now);
/* When cps allows the next one (monotonic ns), 0 if it does now. */
int64_t cap_wait(const struct cap *c, int64_t now);
/* A call begins, a call has ended. */
void cap_take(struct cap *c, int64_t now);
void cap_give(struct cap *c);

/* [trunk:NAME] */
struct trunk {
    const struct conf_trunk *conf;
    struct cap cap;
};

#endif
