/* The result of a call: its fields, the frozen rows, and the line that the result hook makes
 * of them. */
#ifndef DIALER_CALL_RESULT_H
#define DIALER_CALL_RESULT_H

#include "dialer/call/dialing.h"

/* The info_* rows as they are now (new reference). Begins the history if it is to be kept. */
json_t *result_freeze(struct dialing *d);
/* Adds an AMI event to the call's history. */
void result_remember(struct dialing *d, const struct message *m);
/* Calls the result hook and puts its line into the batch. */
void result_write(struct dialing *d, struct batch *b);

#endif
