/* The window of an agenda: the leads that may be called next, read ahead, in their order:
 * fewest tries first, then the one due longest, then the oldest. All in memory, and pure. */
#ifndef DIALER_LIST_WINDOW_H
#define DIALER_LIST_WINDOW_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/map.h"
#include "dialer/list/attempts.h"
#include "store/noun.h"

/* Where a lead stands in the order. */
struct place {
    int64_t tries, at; /* at: due since, ns since 1970 */
    int64_t lead;      /* its id */
};

struct entry {
    TAILQ_ENTRY(entry) link;
    struct place place;
    int number; /* of the lead's, 1 to 8 */
    struct row *row;
    struct attempts attempts;
};

struct window {
    TAILQ_HEAD(entries, entry) entries;
    struct map by_lead;
    int count;
    bool is_whole;     /* no lead that is due is behind it: the list has no more */
    struct place last; /* else it has all of them up to this one */
};

void window_init(struct window *w);
/* Forgets them all, and is whole. */
void window_clear(struct window *w);
/* An entry with that row (taken over) and attempts (copied; NULL: none). Free: entry_free. */
struct entry *entry_new(struct place place, int number, struct row *row,
                        const struct attempts *attempts);
void entry_free(struct entry *x);
/* Puts it where it belongs (taken over), in the place of one of the same lead; frees it when
 * it belongs behind the end of a window that is not whole. True: it is in. */
bool window_put(struct window *w, struct entry *x);
/* The lead is not to be called from here. */
void window_drop(struct window *w, int64_t lead);
/* Takes the entry out, for its owner. */
void window_take(struct window *w, struct entry *x);
/* a before b? */
bool place_before(const struct place *a, const struct place *b);

#endif
