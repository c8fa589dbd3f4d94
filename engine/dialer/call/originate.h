/* The Originate of a dialing. Its values come from the route hook, else from the plan, lead
 * and destination; they are checked and sent. */
#ifndef DIALER_CALL_ORIGINATE_H
#define DIALER_CALL_ORIGINATE_H

#include "dialer/call/dialing.h"

/* Fills d->call and d->variables. NULL, or why the call cannot be sent (static text). */
const char *originate_plan(struct dialing *d);
/* Sends the Originate. False if nothing was sent, because Asterisk is disconnected or a
 * variable is too long. refused is called if Asterisk refuses the action itself; servers: for
 * a reason of its own. */
bool originate_send(struct dialing *d,
                    void (*refused)(struct dialing *d, bool servers)) MUST_CHECK;

#endif
