/* AMI actions by which agents decide on the leads they are offered (preview dialing). */
#ifndef CONTROL_PREVIEWS_H
#define CONTROL_PREVIEWS_H

#include "ami/server.h"

/* Their arg is the struct engine. Ended by {0}. */
extern const struct action preview_actions[];

#endif
