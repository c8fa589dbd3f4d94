/* Our AMI actions: one table. A new action is a row in it and its function. */
#ifndef CONTROL_TABLE_H
#define CONTROL_TABLE_H

#include "base/str.h"
#include "control/about.h"

/* A user needs one of these classes in `write`. */
#define ACTIONS_NEED (CLASS_COMMAND | CLASS_DIALER)

/* Their arg is the struct engine, their about a struct about. Ended by {0}. */
extern const struct action actions[];

/* Adds a line for each to the answer to ListCommands, in Asterisk's form. */
void actions_print(struct str *b);

#endif
