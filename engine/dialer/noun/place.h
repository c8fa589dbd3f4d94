/* Where the resources of each noun live in memory, and what follows when one comes, changes
 * or goes. Leads are not here: list/lead.h keeps those that are in work. */
#ifndef DIALER_NOUN_PLACE_H
#define DIALER_NOUN_PLACE_H

#include "dialer/core/engine.h"

/* What people call it: campaign, plan, dlma, dl, destination, queue. */
const char *noun_name(const struct noun *n);
/* The row of that uuid as it is now (borrowed), NULL if there is none. Not for leads. */
const struct row *noun_find(const struct engine *e, const struct noun *n, const char *uuid);
/* The map of that noun's resources; NULL for leads. */
const struct map *noun_map(const struct engine *e, const struct noun *n);
/* The row of a value of that map. */
const struct row *noun_row(const struct noun *n, const void *value);

/* ---- inside of nouns.c ---- */
/* A new one; takes the row. */
void place_put(struct engine *e, struct row *row);
/* The resource of that uuid is now as the row (copied); nobody has been told yet.
 * Its row. */
struct row *place_change(struct engine *e, const struct row *row);
/* Whoever reads it is told. */
void place_changed(struct engine *e, const struct noun *n, const char *uuid);
void place_take(struct engine *e, const struct noun *n, const char *uuid);

#endif
