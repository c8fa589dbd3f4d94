/* What a change must fulfil: each value by itself, then the row as a whole. Inside of
 * nouns.c. */
#ifndef DIALER_NOUN_CHECK_H
#define DIALER_NOUN_CHECK_H

#include "dialer/noun/change.h"
#include "dialer/noun/nouns.h"

struct lead;

/* A change in work: what was asked, and whom to tell once it is durable. */
struct work {
    struct engine *engine;
    const struct noun *noun;
    enum change_verb verb;
    char *by;
    struct row *row, *before; /* as it will be, as it was */
    struct lead *lead;        /* of a lead: held */
    noun_done *done;
    void *arg;
    char why[400];
};

/* Remembers why not; false, so that it can be returned. */
bool work_refuse(struct work *w, const char *fmt, ...) PRINTF(2, 3);
/* The asked values into w->row, each checked by itself. */
bool check_values(struct work *w, const struct change *ch) MUST_CHECK;
/* What must hold for the row as a whole. */
bool check_row(struct work *w) MUST_CHECK;
/* A Status that may be asked for, of a campaign that could dial. */
bool check_status(struct work *w, const struct change *ch) MUST_CHECK;
/* What an Update of this noun may not touch. */
bool check_update(struct work *w) MUST_CHECK;
/* Is nobody in the way of a Delete? */
bool check_delete(struct work *w) MUST_CHECK;

#endif
