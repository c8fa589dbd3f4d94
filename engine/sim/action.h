/* The actions that the simulated Asterisk knows, apart from those of every AMI server.
 */
#ifndef SIM_ACTION_H
#define SIM_ACTION_H

#include "sim/inner.h"

/* Tables for the server, ended by a NULL. arg of every action is the struct sim. */
extern const struct action *const simaction_tables[];
extern const struct action simaction_queue_table[];

void simaction_originate(void *arg, struct answer *a, const struct message *m);

#endif
