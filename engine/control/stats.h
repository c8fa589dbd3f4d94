/* OutCampaignStatShow: how far campaigns have come with their lists. */
#ifndef CONTROL_STATS_H
#define CONTROL_STATS_H

#include "control/about.h"

/* arg is the engine. */
void action_show_stats(void *arg, struct answer *a, const struct message *m);

/* Of its entries. */
extern const struct attr stat_attrs[];

#endif
