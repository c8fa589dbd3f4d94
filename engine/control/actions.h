/* Our AMI actions: one table, and the names of nouns in it. */
#ifndef CONTROL_ACTIONS_H
#define CONTROL_ACTIONS_H

#include "ami/server.h"

/* Who has one of these classes in `write` may use them. */
#define ACTIONS_NEED (CLASS_COMMAND | CLASS_DIALER)

/* Their arg is the struct engine. Ended by {0}. */
extern const struct action actions[];

/* Lines of ListCommands for all of a NULL-ended list of tables, as Asterisk prints its own. */
void actions_print(struct str *b, const struct action *const *tables);

#endif
