/* The checks of a change: each value by itself, then the row as a whole. For nouns.c only. */
#ifndef DIALER_NOUN_CHECK_H
#define DIALER_NOUN_CHECK_H

#include "dialer/noun/change.h"
#include "dialer/noun/nouns.h"

struct lead;

/* A change in progress, and whom to tell once it is durable. */
struct work {
    struct engine *engine;
    const struct noun *noun;
    enum change_verb verb;
    char *by;
    struct row *row, *before; /* as it will be; as it was (NULL for a Create) */
    struct lead *lead;        /* if the noun is a lead: the lead, held */
    noun_done *done;
    void *arg;
    char why[400];
};

/* Sets w->why; returns false, so that the caller can return it. */
bool work_refuse(struct work *w, const char *fmt, ...) PRINTF(2, 3);
/* All checks return false with w->why if they refuse the change. */
/* Sets the values in w->row and checks each by itself. */
bool check_values(struct work *w, const struct change *ch) MUST_CHECK;
/* Checks the row as a whole. */
bool check_row(struct work *w) MUST_CHECK;
/* May the Status be asked for, and could the campaign dial? */
bool check_status(struct work *w, const struct change *ch) MUST_CHECK;
/* Does the Update leave alone what it may not change? */
bool check_update(struct work *w) MUST_CHECK;
/* May the resource be deleted now? */
bool check_delete(struct work *w) MUST_CHECK;

#endif
