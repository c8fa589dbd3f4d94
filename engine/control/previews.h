/* The AMI actions by which agents decide on the leads they are offered (preview dialing).
 * Each takes the struct engine. */
#ifndef CONTROL_PREVIEWS_H
#define CONTROL_PREVIEWS_H

#include "ami/server.h"

void preview_action_accept(void *arg, struct answer *a, const struct message *m);
void preview_action_skip(void *arg, struct answer *a, const struct message *m);
/* The open offers. */
void preview_action_show(void *arg, struct answer *a, const struct message *m);

#endif
