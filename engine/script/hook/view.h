/* The view of a hook as a table. Each row has the value and the description of one field, so
 * that the reference page is generated from the same table as the view. */
#ifndef SCRIPT_HOOK_VIEW_H
#define SCRIPT_HOOK_VIEW_H

#include <jansson.h>

#include "base/mem.h"

struct view_field {
    const char *path;    /* such as queue.available; objects on the path are made as needed */
    const char *unit;    /* s, calls, agents ...; "" for a text */
    const char *meaning; /* one sentence; also says when the field is absent */
    const char *example; /* JSON; NULL = the field is not in the example view */
    json_t *(*get)(const void *from); /* a new reference; NULL = absent */
};

/* Makes the view of `from` by the rows, which end with {0}. A new reference. */
json_t *view_make(const struct view_field *fields, const void *from) MUST_CHECK;
/* Makes the view of the rows' examples. A new reference. */
json_t *view_example(const struct view_field *fields) MUST_CHECK;
/* Replaces the members of base by those of over, object by object; null removes a member. */
void view_lay(json_t *base, json_t *over);

/* A JSON text; NULL for NULL. */
json_t *view_text(const char *text);

#endif
