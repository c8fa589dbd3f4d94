#include "lab/time.h"

#include <time.h>

#include "base/str.h"

static int64_t time_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void time_on_asking(void *arg, bool begins) {
    struct labtime *t = arg;
    if (begins) {
        t->begun = time_now();
        return;
    }
    int64_t took = time_now() - t->begun;
    t->count++;
    t->sum += took;
    if (took > t->worst)
        t->worst = took;
}

void labtime_begin(struct labtime *t, struct engine *e) {
    e->probe.asking = time_on_asking;
    e->probe.arg = t;
}

json_t *labtime_json(const struct labtime *t) {
    double mean = t->count ? (double)t->sum / (double)t->count / 1000 : 0;
    return json_pack("{s:I, s:f, s:f}", "decisions", (json_int_t)t->count, "mean_us", mean,
                     "worst_us", (double)t->worst / 1000);
}
