/* How many calls begin now: caps, the dial hook, the leads that are due. */
#ifndef DIALER_PACE_PACE_H
#define DIALER_PACE_PACE_H

#include "dialer/campaign/campaign.h"

struct pace {
    enum reason reason; /* why no (further) call begins */
    int64_t begun;      /* calls begun by this decision */
    int64_t ask_at;     /* monotonic ns to decide again at, 0 = when something happens */
};

/* Decides for a started campaign in its window, and begins the calls. */
void pace_decide(struct campaign *c, struct pace *out);

#endif
