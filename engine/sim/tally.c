#include "sim/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void tally_start(struct tally *t, const struct clock *clock) {
    *t = (struct tally){.clock = clock, .start = clock->mono, .last = clock->mono};
}

void tally_free(struct tally *t) {
    free(t->bins);
    t->bins = NULL;
    t->bin_count = 0;
}

/* The bin of a time, made if there is none yet. */
static struct tally_bin *tally_bin_at(struct tally *t, int64_t mono) {
    size_t i = (size_t)((mono - t->start) / SECONDS(TALLY_BIN));
    if (i >= t->bin_count) {
        t->bins = xrealloc(t->bins, (i + 1) * sizeof *t->bins);
        memset(t->bins + t->bin_count, 0, (i + 1 - t->bin_count) * sizeof *t->bins);
        t->bin_count = i + 1;
    }
    return &t->bins[i];
}

void tally_settle(struct tally *t) {
    while (t->last < t->clock->mono) { /* a stretch may lie in several bins */
        struct tally_bin *b = tally_bin_at(t, t->last);
        int64_t end = t->start + (b - t->bins + 1) * SECONDS(TALLY_BIN);
        if (end > t->clock->mono)
            end = t->clock->mono;
        double s = (double)(end - t->last) / (double)NS_PER_S;
        for (int l = 0; l < LEVEL_COUNT; l++) {
            b->level[l] += s * (double)t->level[l];
            t->total.level[l] += s * (double)t->level[l];
        }
        t->last = end;
    }
}

void tally_level(struct tally *t, enum tally_level level, int change) {
    tally_settle(t);
    t->level[level] += change;
}

void tally_event(struct tally *t, enum tally_event event) {
    tally_bin_at(t, t->clock->mono)->event[event]++;
    t->total.event[event]++;
}

void tally_wait(struct tally *t, double s) {
    size_t i = s < TALLY_WAITS - 1 ? (size_t)s : TALLY_WAITS - 1;
    t->waits[i]++;
    t->wait_sum += s;
    t->wait_count++;
}
