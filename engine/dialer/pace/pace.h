/* How many calls begin now: the caps, the dial hook and the leads that are due decide. */
#ifndef DIALER_PACE_PACE_H
#define DIALER_PACE_PACE_H

#include "dialer/campaign/campaign.h"

struct pace {
    enum reason reason; /* why no (further) call begins */
    int64_t begun;      /* calls begun by this decision */
    int64_t ask_at;     /* monotonic ns of the next decision; 0 = at the next event */
    int64_t agents;     /* logged in to the campaign's queue, if the dial hook was asked */
    int64_t due_at;     /* for REASON_WAITING: ns since 1970 of the first attempt */
};

/* Decides for a campaign that is started and within its schedule, and begins the calls. */
void pace_decide(struct campaign *c, struct pace *out);

#endif
