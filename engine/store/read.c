#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

struct read *read_new(const struct statement *st, const struct arg *args) {
    int count = statement_count(st->args);
    size_t bytes = 0, head = sizeof(struct read) + (size_t)count * sizeof args[0];
    for (int i = 0; i < count; i++)
        bytes += args[i].text ? strlen(args[i].text) + 1 : 0;
    struct read *r = xmalloc(head + bytes);
    memset(r, 0, sizeof *r);
    r->job.is_read = true;
    r->statement = st;
    r->count = count;
    char *to = (char *)r + head;
    for (int i = 0; i < count; i++) {
        r->args[i] = args[i];
        if (args[i].text) {
            size_t n = strlen(args[i].text) + 1;
            r->args[i].text = memcpy(to, args[i].text, n);
            to += n;
        }
    }
    return r;
}

void read_free(struct read *r) {
    if (r == NULL)
        return;
    rows_free(r->rows);
    free(r);
}

struct read *store_read(struct store *s, unsigned lane, const struct statement *st,
                        const struct bind *args, read_done *done, void *arg) {
    struct arg out[STATEMENT_NAMES];
    statement_bind(st, args, out);
    struct read *r = read_new(st, out);
    r->store = s;
    r->number = ++s->reads;
    r->after = s->batches;
    r->lane = lane & LANE_SCAN ? LANE_SCAN : LANE_READ;
    r->durable = lane & READ_DURABLE;
    r->done = done;
    r->arg = arg;
    s->executor->submit(s, &r->job);
    return r;
}

void read_cancel(struct read *r) {
    if (r == NULL)
        return;
    __atomic_store_n(&r->cancelled, true, __ATOMIC_RELEASE);
    if (r->store->executor->cancel(r->store, r))
        read_free(r);
}
