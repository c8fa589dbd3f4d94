/* Which strategies a plan's row names: one file and its parameters for each hook. */
#ifndef DIALER_PLAN_HOOKS_H
#define DIALER_PLAN_HOOKS_H

#include "script/hook/script.h"
#include "store/noun.h"

/* The name of the file a row wants for a hook, and the fields it names script and
 * parameters in. */
const char *hooks_file(const struct row *row, enum hook h);
int hooks_script_field(enum hook h);
int hooks_params_field(enum hook h);

#endif
