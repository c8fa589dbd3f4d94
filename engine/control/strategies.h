/* The AMI actions about strategies. Each takes the struct engine. */
#ifndef CONTROL_STRATEGIES_H
#define CONTROL_STRATEGIES_H

#include "ami/server.h"

/* What runs in each hook of the plans; what their shadows would have done. */
void strategy_action_show(void *arg, struct answer *a, const struct message *m);
void strategy_action_shadows(void *arg, struct answer *a, const struct message *m);
/* Reads their files again. */
void strategy_action_reload(void *arg, struct answer *a, const struct message *m);

#endif
