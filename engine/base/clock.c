#include "base/clock.h"

#include <time.h>

#include "base/str.h"

static int64_t clock_reading(clockid_t id) {
    struct timespec ts;
    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void clock_real(struct clock *c) {
    c->is_virtual = false;
    clock_read(c);
}

void clock_virtual(struct clock *c, int64_t wall_ns) {
    *c = (struct clock){.mono = 0, .wall = wall_ns, .is_virtual = true};
}

int64_t clock_thread(void) { return clock_reading(CLOCK_THREAD_CPUTIME_ID); }

void clock_read(struct clock *c) {
    if (c->is_virtual)
        return;
    c->mono = clock_reading(CLOCK_MONOTONIC);
    c->wall = clock_reading(CLOCK_REALTIME);
}

void clock_advance(struct clock *c, int64_t mono_ns) {
    if (!c->is_virtual || mono_ns <= c->mono)
        return;
    c->wall += mono_ns - c->mono;
    c->mono = mono_ns;
}
