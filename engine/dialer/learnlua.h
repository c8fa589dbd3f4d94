/* What the engine has learnt, for dial strategies: learn.risk(n) and the like. */
#ifndef DIALER_LEARNLUA_H
#define DIALER_LEARNLUA_H

#include "script/script.h"

/* For struct script_env; their argument is the decision's struct dialview. Without one (a
 * strategy's own tests) they answer as for a campaign that has just begun. */
extern const struct script_function learn_functions[];

#endif
