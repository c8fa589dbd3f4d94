/* Creating, changing and deleting the nouns of the store: the checks, the row, the batch,
 * the event. Whoever asks (AMI, console, dialplan, laboratory) comes through here. */
#ifndef DIALER_NOUN_NOUNS_H
#define DIALER_NOUN_NOUNS_H

#include "dialer/core/engine.h"
#include "dialer/noun/change.h"
#include "dialer/noun/place.h"

/* The answer: error NULL and the row when it is durable, else why not. From the loop,
 * or from within when nothing had to be written. */
typedef void noun_done(void *arg, const char *error, const struct row *row);

/* Carries a change out; it need not outlive the call. done is called once. */
void noun_change(struct engine *e, const struct change *ch, noun_done *done, void *arg);

#endif
