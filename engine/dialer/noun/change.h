/* A request to create, change or delete a resource, while it is in work: its headers
 * read into a row, and what must hold for that row. Inside of nouns.c. */
#ifndef DIALER_NOUN_CHANGE_H
#define DIALER_NOUN_CHANGE_H

#include "dialer/noun/nouns.h"

struct lead;

/* A request in work: what was asked, and what to say when it is durable. */
struct change {
    struct engine *engine;
    const struct noun *noun;
    struct row *row, *before; /* as it will be, as it was */
    struct str event;
    struct lead *lead;
    noun_done *done;
    void *arg;
    char why[400];
};

/* Remembers why not; false, so that it can be returned. */
bool change_fail(struct change *ch, const char *header, const char *why);
/* Headers into ch->row, each checked by itself. */
bool change_read(struct change *ch, const struct message *m) MUST_CHECK;
/* What must hold for the row as a whole. */
bool change_check(struct change *ch) MUST_CHECK;

#endif
