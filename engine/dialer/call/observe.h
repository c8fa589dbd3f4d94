/* What happens to calls, told to the learner of the campaign whose they are, and counted for
 * the law. The one place that knows which event of a call means what for either. */
#ifndef DIALER_CALL_OBSERVE_H
#define DIALER_CALL_OBSERVE_H

#include "dialer/call/dialing.h"

void observe_begun(struct dialing *d);
/* Somebody stands in the queue and needs an agent: a person, as far as is known. */
void observe_joined(struct dialing *d);
/* An agent has taken him. */
void observe_connected(struct dialing *d);
/* He gave up waiting. */
void observe_left_queue(struct dialing *d);
/* Nobody will need an agent any more: hung up, a machine, or gone from the queue. */
void observe_gone(struct dialing *d);
/* It failed on our side: it never was a call. */
void observe_unsent(struct dialing *d);

#endif
