/* What is written of a call: the fields of the result, the frozen rows beside it, and
 * the line that the result hook makes of them. */
#ifndef DIALER_CALL_RESULT_H
#define DIALER_CALL_RESULT_H

#include "dialer/call/dialing.h"

/* The info_* rows as they are now; begins the history if it is kept. New reference. */
json_t *result_freeze(struct dialing *d);
/* Adds an AMI event to the call's history. */
void result_remember(struct dialing *d, const struct message *m);
/* Renders the line and puts it into the batch. */
void result_write(struct dialing *d, struct batch *b);

#endif
