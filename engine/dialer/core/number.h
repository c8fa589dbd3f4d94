/* What may stand in a dial string, and how values travel in an Originate. */
#ifndef DIALER_CORE_NUMBER_H
#define DIALER_CORE_NUMBER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"

#define NUMBER_MAX 128    /* bytes of a number or technology */
#define VARIABLE_MAX 900  /* bytes of one variable's value */
#define VARIABLES_MAX 100 /* in a merged set: Asterisk takes 128 lines a message */

/* Letters, digits and + * # . _ - ; whole sip:user@host addresses only with allow_uri.
 * Anything else could change what is dialled. */
bool number_is_dialable(const char *number, bool allow_uri);
/* Technology with its slash: sip/ PJSIP/ Local/ DAHDI/g1/ */
bool number_is_tech(const char *tech);
/* Is it one channel to dial (Tech/resource), and nothing else? */
bool number_is_channel(const char *channel);
/* Adds a variable to vars; NULL, or why it cannot be one (static text). */
const char *variable_add(json_t *vars, const char *name, const char *value);
/* Adds a Variable header whose value arrives unchanged on Asterisk 16 and 22, which
 * split values at commas: , " and \ are escaped. False if the line would be too long. */
bool variable_print(struct str *action, const char *name, const char *value) MUST_CHECK;

#endif
