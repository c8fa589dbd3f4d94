#include "dialer/list/touched.h"

#include <stdio.h>

static const char *touched_key(int64_t lead, char buf[24]) {
    snprintf(buf, 24, "%lld", (long long)lead);
    return buf;
}

void touched_begin(struct engine *e, struct touched *t) {
    t->ids = (struct map){0};
    LIST_INSERT_HEAD(&e->reads, t, link);
}

void touched_end(struct touched *t) {
    LIST_REMOVE(t, link);
    map_free(&t->ids);
}

bool touched_has(const struct touched *t, int64_t lead) {
    char key[24];
    return t->ids.count && map_get(&t->ids, touched_key(lead, key));
}

void touched_add(struct touched *t, int64_t lead) {
    char key[24];
    map_put(&t->ids, touched_key(lead, key), t);
}

void touched_note(struct engine *e, int64_t lead) {
    struct touched *t;
    LIST_FOREACH (t, &e->reads, link)
        touched_add(t, lead);
}
