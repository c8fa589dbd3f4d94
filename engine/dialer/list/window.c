#include "dialer/list/window.h"

#include <stdio.h>
#include <stdlib.h>

static const char *window_key(int64_t lead, char buf[24]) {
    snprintf(buf, 24, "%lld", (long long)lead);
    return buf;
}

bool place_before(const struct place *a, const struct place *b) {
    if (a->tries != b->tries)
        return a->tries < b->tries;
    return a->at != b->at ? a->at < b->at : a->lead < b->lead;
}

struct entry *entry_new(struct place place, int number, struct row *row,
                        const struct attempts *attempts) {
    struct entry *x = xcalloc(1, sizeof *x);
    x->place = place;
    x->number = number;
    x->row = row;
    if (attempts)
        attempts_copy(&x->attempts, attempts);
    return x;
}

void entry_free(struct entry *x) {
    if (x == NULL)
        return;
    row_free(x->row);
    attempts_free(&x->attempts);
    free(x);
}

void window_init(struct window *w) {
    *w = (struct window){.is_whole = true};
    TAILQ_INIT(&w->entries);
}

void window_clear(struct window *w) {
    struct entry *x;
    while ((x = TAILQ_FIRST(&w->entries))) {
        TAILQ_REMOVE(&w->entries, x, link);
        entry_free(x);
    }
    map_free(&w->by_lead);
    window_init(w);
}

void window_take(struct window *w, struct entry *x) {
    char key[24];
    TAILQ_REMOVE(&w->entries, x, link);
    map_take(&w->by_lead, window_key(x->place.lead, key));
    w->count--;
}

void window_drop(struct window *w, int64_t lead) {
    char key[24];
    struct entry *x = map_get(&w->by_lead, window_key(lead, key));
    if (x == NULL)
        return;
    window_take(w, x);
    entry_free(x);
}

bool window_put(struct window *w, struct entry *x) {
    char key[24];
    window_drop(w, x->place.lead);
    if (!w->is_whole && place_before(&w->last, &x->place)) {
        entry_free(x);
        return false;
    }
    struct entry *before = TAILQ_LAST(&w->entries, entries); /* most come in order */
    while (before && place_before(&x->place, &before->place))
        before = TAILQ_PREV(before, entries, link);
    if (before)
        TAILQ_INSERT_AFTER(&w->entries, before, x, link);
    else
        TAILQ_INSERT_HEAD(&w->entries, x, link);
    map_put(&w->by_lead, window_key(x->place.lead, key), x);
    w->count++;
    return true;
}
