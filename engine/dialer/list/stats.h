/* How far a campaign has come with its list. The store keeps the counts with every write, so
 * asking costs the same for ten leads and for ten million; only a campaign that has no
 * complete agenda (it is stopped, or has just begun) is counted, off the loop. */
#ifndef DIALER_LIST_STATS_H
#define DIALER_LIST_STATS_H

#include "dialer/campaign/campaign.h"

struct stats {
    int64_t total, finished; /* leads; those that need no further call */
    int64_t dialing;         /* leads that are being called, by any campaign */
    int64_t tries;           /* calls so far */
};

/* Asks for them; done comes from the loop. s NULL: error says why they cannot be read. The
 * campaign has a plan and a list. */
typedef void stats_done(void *arg, const struct stats *s, const char *error);
void stats_read(const struct campaign *c, stats_done *done, void *arg);

#endif
