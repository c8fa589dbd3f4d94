/* What a hook sees, as a table: each row fills one place of the view and says in words
 * what stands there, so that the manual is made from what is handed over. */
#ifndef SCRIPT_HOOK_VIEW_H
#define SCRIPT_HOOK_VIEW_H

#include <jansson.h>

#include "base/mem.h"

struct view_field {
    const char *path;    /* queue.available: objects on the way are made as needed */
    const char *unit;    /* s, calls, members ...; "" for a text */
    const char *meaning; /* one sentence, and when it is absent */
    const char *example; /* JSON; NULL: not in the example view */
    json_t *(*get)(const void *from); /* a new reference, NULL = absent */
};

/* The view that the rows (ended by {0}) make of from. A new reference. */
json_t *view_make(const struct view_field *fields, const void *from) MUST_CHECK;
/* The view of the rows' examples. A new reference. */
json_t *view_example(const struct view_field *fields) MUST_CHECK;
/* Lays the members of over upon base, object by object; null takes away what is there,
 * anything else takes its place. */
void view_lay(json_t *base, json_t *over);

/* A text, or NULL where there is none: what most rows want. */
json_t *view_text(const char *text);

#endif
