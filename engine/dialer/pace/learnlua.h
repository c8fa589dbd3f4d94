/* What the engine has learned, for dial strategies: learn.risk(n) and so on. */
#ifndef DIALER_PACE_LEARNLUA_H
#define DIALER_PACE_LEARNLUA_H

#include "script/hook/script.h"

/* For struct script_env. Their argument is the decision's struct dialview; without one, as in
 * a strategy's own tests, they answer as for a campaign that has just begun. */
extern const struct script_function learn_functions[];

#endif
