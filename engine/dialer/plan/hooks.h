/* The strategies that a plan's row names: a file and its parameters for each hook. */
#ifndef DIALER_PLAN_HOOKS_H
#define DIALER_PLAN_HOOKS_H

#include "script/hook/script.h"
#include "store/noun.h"

/* The name of the strategy that a row names for a hook, and the fields with the names of
 * script and parameters. */
const char *hooks_file(const struct row *row, enum hook h);
int hooks_script_field(enum hook h);
int hooks_params_field(enum hook h);

#endif
