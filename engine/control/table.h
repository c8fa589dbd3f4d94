/* Our AMI actions: one table. A new action is a row in it and its function. */
#ifndef CONTROL_TABLE_H
#define CONTROL_TABLE_H

#include "base/str.h"
#include "control/about.h"

/* Who has one of these classes in `write` may use them. */
#define ACTIONS_NEED (CLASS_COMMAND | CLASS_DIALER)

/* Their arg is the struct engine, their about a struct about. Ended by {0}. */
extern const struct action actions[];

/* Their lines of ListCommands, as Asterisk prints its own. */
void actions_print(struct str *b);

#endif
