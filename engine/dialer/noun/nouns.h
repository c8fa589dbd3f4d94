/* Creates, changes and deletes resources: checks, row, batch, event. Every change that AMI,
 * console, dialplan or a simulation asks for comes through here. */
#ifndef DIALER_NOUN_NOUNS_H
#define DIALER_NOUN_NOUNS_H

#include "dialer/core/engine.h"
#include "dialer/noun/change.h"
#include "dialer/noun/place.h"

/* The answer. error is NULL once the change is durable, and row is the row; else error says
 * why it was refused. Called from the loop, or from within noun_change if nothing had to be
 * written. */
typedef void noun_done(void *arg, const char *error, const struct row *row);

/* Carries out a change, which need not outlive the call. done is called once. */
void noun_change(struct engine *e, const struct change *ch, noun_done *done, void *arg);

#endif
