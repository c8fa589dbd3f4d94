/* The parameters of a strategy: their declarations, and the values that a plan gives them.
 * `declared` is an object: name -> {default, help, and perhaps min, max, oneof, integer}. The
 * type of a parameter is that of its default. */
#ifndef SCRIPT_HOOK_PARAM_H
#define SCRIPT_HOOK_PARAM_H

#include <jansson.h>

#include "base/mem.h"

#define PARAM_WHY 160

/* NULL, or why the value does not fit the declaration of one parameter (written into why). */
const char *param_refuse(const json_t *declared, const json_t *value, char why[PARAM_WHY]);
/* The values of all parameters: the defaults, overridden by plan variables of the same names
 * (an object of strings; may be NULL; other names are ignored), overridden by text, which is a
 * JSON object or name=value,name=value (may be NULL; unknown names are errors). declared may
 * be NULL. A new object, or NULL with *err (free it). */
json_t *param_values(json_t *declared, const json_t *variables, const char *text,
                     char **err) MUST_CHECK;

#endif
