/* What a dial string may contain, and how variables are written into an Originate. */
#ifndef DIALER_CORE_NUMBER_H
#define DIALER_CORE_NUMBER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/str.h"

#define NUMBER_MAX 128    /* bytes of a number or technology */
#define VARIABLE_MAX 900  /* bytes of one variable's value */
#define VARIABLES_MAX 100 /* of one call: Asterisk takes 128 lines in a message */

/* Letters, digits and + * # . _ - are allowed; whole sip:user@host addresses only with
 * allow_uri. Anything else could change what is dialed. */
bool number_is_dialable(const char *number, bool allow_uri);
/* Is it a channel technology followed by a slash: sip/ PJSIP/ Local/ DAHDI/g1/? */
bool number_is_tech(const char *tech);
/* Is it exactly one channel to dial, Tech/resource? */
bool number_is_channel(const char *channel);
/* Adds a variable to vars. NULL, or why it is refused: a static text that continues the
 * variable's name. */
const char *variable_add(json_t *vars, const char *name, const char *value);
/* Adds a Variable header. Asterisk 16 and 22 split values at commas; , " and \ are escaped
 * so that the value arrives unchanged. False if the line would be too long. */
bool variable_print(struct str *action, const char *name, const char *value) MUST_CHECK;

#endif
