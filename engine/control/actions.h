/* What our AMI actions do; control/table.h lists them. Each takes the struct engine. */
#ifndef CONTROL_ACTIONS_H
#define CONTROL_ACTIONS_H

#include "control/about.h"

/* Creates, changes or deletes a resource, as the action's about says. */
void action_change(void *arg, struct answer *a, const struct message *m);
/* Lists the resources of a noun; leads have a way of their own. */
void action_show(void *arg, struct answer *a, const struct message *m);
/* Calls in flight; how many there are. */
void action_show_dialings(void *arg, struct answer *a, const struct message *m);
void action_count_dialings(void *arg, struct answer *a, const struct message *m);

/* Of their entries. */
extern const struct attr summary_attrs[];

#endif
