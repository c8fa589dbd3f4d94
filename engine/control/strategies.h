/* The AMI actions about strategies: what runs where, and the swap. */
#ifndef CONTROL_STRATEGIES_H
#define CONTROL_STRATEGIES_H

#include "ami/server.h"

/* Their arg is the struct engine. Ended by {0}. */
extern const struct action strategy_actions[];

#endif
