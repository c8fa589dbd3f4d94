/* The Originate of a dialing: what the route hook says over what plan, lead and
 * destination say, checked, and printed as AMI headers. */
#ifndef DIALER_CALL_ORIGINATE_H
#define DIALER_CALL_ORIGINATE_H

#include "dialer/call/dialing.h"

/* Fills d->call and d->variables from the frozen rows and the route hook. NULL, or why
 * it cannot be dialled (static text). */
const char *originate_plan(struct dialing *d);
/* Is it one channel to dial (Tech/resource), and nothing else? */
bool originate_can_dial(const char *channel);
/* The action's headers, without ActionID. False if a value cannot be sent. */
bool originate_print(const struct dialing *d, struct str *action) MUST_CHECK;

#endif
