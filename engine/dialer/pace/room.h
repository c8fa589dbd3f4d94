/* How many calls the hard limits let begin, before any strategy is asked. */
#ifndef DIALER_PACE_ROOM_H
#define DIALER_PACE_ROOM_H

#include "dialer/campaign/campaign.h"
#include "dialer/pbx/asterisk.h"

struct room {
    enum reason reason; /* why no call, or not more */
    int64_t ask_at;     /* monotonic ns to look again at, 0 = when something happens */
};

/* For calls of the campaign on that Asterisk (NULL: none), through that trunk (NULL: none). */
int64_t room_find(const struct campaign *c, struct asterisk *a, struct trunk *t,
                  struct room *out);
/* When the slowest of the rates lets the next call through (monotonic ns), 0 = now. */
int64_t room_rate_wait(const struct campaign *c, struct asterisk *a, struct trunk *t);
/* Why no call of it may begin now, whatever its strategy wants; REASON_NONE if one may. */
enum reason room_obstacle(const struct campaign *c);

#endif
