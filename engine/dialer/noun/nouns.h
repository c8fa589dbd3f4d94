/* Creating, changing and deleting the five nouns: the checks, the row, the batch, the
 * event. Whoever asks (AMI, console, dialplan) comes through here. */
#ifndef DIALER_NOUN_NOUNS_H
#define DIALER_NOUN_NOUNS_H

#include "ami/message.h"
#include "dialer/core/engine.h"

/* The answer: error NULL and the row when it is durable, else why not. From the loop,
 * or from within when nothing had to be written. */
typedef void noun_done(void *arg, const char *error, const struct row *row);

/* Headers not in the noun's table are ignored. done is called once. */
void noun_create(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg);
void noun_update(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg);
void noun_delete(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg);
/* The row of that uuid as it is now (borrowed), NULL if there is none. Not for leads. */
const struct row *noun_find(struct engine *e, const struct noun *n, const char *uuid);
/* The map of that noun's resources. Not for leads. */
const struct map *noun_map(const struct engine *e, const struct noun *n);
/* The row of a value of that map. */
const struct row *noun_row(const struct noun *n, void *value);

#endif
