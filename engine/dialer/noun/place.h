/* Where the resources of each noun are in memory, and what follows when one is created,
 * changed or deleted. Leads are not here: list/lead.h has those that are in work. */
#ifndef DIALER_NOUN_PLACE_H
#define DIALER_NOUN_PLACE_H

#include "dialer/core/engine.h"

/* Its name: campaign, plan, dlma, dl, destination, queue. */
const char *noun_name(const struct noun *n);
/* The row of the resource of that uuid (borrowed); NULL if there is none. Not for leads. */
const struct row *noun_find(const struct engine *e, const struct noun *n, const char *uuid);
/* The map of the noun's resources; NULL for leads. */
const struct map *noun_map(const struct engine *e, const struct noun *n);
/* The row of a value of that map. */
const struct row *noun_row(const struct noun *n, const void *value);

/* ---- for nouns.c only ---- */
/* Adds a resource; takes the row. */
void place_put(struct engine *e, struct row *row);
/* Replaces the row of a resource (copied) and returns the new one. Nobody is told yet. */
struct row *place_change(struct engine *e, const struct row *row);
/* Tells those who depend on the resource that it has changed. */
void place_changed(struct engine *e, const struct noun *n, const char *uuid);
/* Removes and frees a resource. */
void place_take(struct engine *e, const struct noun *n, const char *uuid);

#endif
