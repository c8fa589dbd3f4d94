/* What the campaign's observer is told of a call. This is the only place that knows what each
 * event of a call means for learning and for the counts of answered and abandoned calls. */
#ifndef DIALER_CALL_OBSERVE_H
#define DIALER_CALL_OBSERVE_H

#include "dialer/call/dialing.h"

/* The call is reserved. */
void observe_begun(struct dialing *d);
/* The customer, a person as far as is known, is in the queue and needs an agent. */
void observe_joined(struct dialing *d);
/* An agent has taken the call. */
void observe_connected(struct dialing *d);
/* The customer has left the queue before an agent took the call. */
void observe_left_queue(struct dialing *d);
/* The call needs no agent any more: it was hung up, or it is a machine's. */
void observe_gone(struct dialing *d);
/* The call failed locally, or was never sent. */
void observe_unsent(struct dialing *d);

#endif
