/* What the engine has learnt, for dial strategies: learn.risk(n) and the like. */
#ifndef DIALER_PACE_LEARNLUA_H
#define DIALER_PACE_LEARNLUA_H

#include "script/hook/script.h"

/* For struct script_env; their argument is the decision's struct dialview. Without one (a
 * strategy's own tests) they answer as for a campaign that has just begun. */
extern const struct script_function learn_functions[];

#endif
