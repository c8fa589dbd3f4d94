/* OutCampaignStatShow: how far campaigns have come with their lists. */
#ifndef CONTROL_STATS_H
#define CONTROL_STATS_H

#include "ami/server.h"

/* arg is the engine. */
void stats_run_show(void *arg, struct answer *a, const struct message *m);

#endif
