/* How many calls the hard limits allow, before any strategy is asked. */
#ifndef DIALER_PACE_ROOM_H
#define DIALER_PACE_ROOM_H

#include "dialer/campaign/campaign.h"
#include "dialer/pbx/asterisk.h"

struct room {
    enum reason reason; /* why no call, or no more calls, may begin */
    int64_t ask_at;     /* monotonic ns at which that may change; 0 = at the next event */
};

/* How many calls of the campaign may begin on that Asterisk through that trunk. a and t may
 * be NULL. *out says why not more. */
int64_t room_find(const struct campaign *c, struct asterisk *a, struct trunk *t,
                  struct room *out);
/* When the slowest of the rates allows the next call (monotonic ns); 0 = now. */
int64_t room_rate_wait(const struct campaign *c, struct asterisk *a, struct trunk *t);
/* Why no call of the campaign may begin now, whatever its strategy wants; REASON_NONE if one
 * may. */
enum reason room_obstacle(const struct campaign *c);

#endif
