/* Parameters of a strategy: what it declares, and the values that a plan gives them.
 * Declared is an object name -> {default, help, and maybe min, max, oneof, integer};
 * a parameter's type is that of its default. */
#ifndef SCRIPT_HOOK_PARAM_H
#define SCRIPT_HOOK_PARAM_H

#include <jansson.h>

#include "base/mem.h"

#define PARAM_WHY 160

/* NULL, or why the value does not fit what is declared (written into why). */
const char *param_refuse(const json_t *declared, const json_t *value, char why[PARAM_WHY]);
/* All values: the defaults; over them plan variables of the same name (an object of
 * strings, may be NULL; other names are none of ours); over them text, a JSON object or
 * name=value,name=value (may be NULL; unknown names are wrong). declared may be NULL. A
 * new object, or NULL with *err (free it). */
json_t *param_values(json_t *declared, const json_t *variables, const char *text,
                     char **err) MUST_CHECK;

#endif
