/* The Originate of a dialing: what the route hook says over what plan, lead and
 * destination say, checked, and sent. */
#ifndef DIALER_CALL_ORIGINATE_H
#define DIALER_CALL_ORIGINATE_H

#include "dialer/call/dialing.h"

/* Fills d->call and d->variables from the frozen rows and the route hook. NULL, or why
 * it cannot be dialled (static text). */
const char *originate_plan(struct dialing *d);
/* Sends it. False when the connection is away, or a value cannot be sent: nothing was sent.
 * refused(d, servers): Asterisk has refused the action itself, servers = for a reason of its
 * own. */
bool originate_send(struct dialing *d,
                    void (*refused)(struct dialing *d, bool servers)) MUST_CHECK;

#endif
