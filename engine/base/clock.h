/* Time. The core asks only here, so that a virtual clock can be put under it.
 * Both readings are cached: one "now" per turn of the loop. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t mono; /* ns, for timers and durations */
    int64_t wall; /* ns since 1970 UTC, for records and schedules */
    bool is_virtual;
};

/* The machine's clocks. */
void clock_real(struct clock *c);
/* A clock that stands still until clock_advance moves it; wall_ns is where it begins. */
void clock_virtual(struct clock *c, int64_t wall_ns);
/* Processor time of the thread that asks, ns: for measuring, never for deciding. */
int64_t clock_thread(void);
/* Takes a new reading (of a real clock; a virtual one is left alone). */
void clock_read(struct clock *c);
/* Moves a virtual clock forward to the monotonic time given; never back. */
void clock_advance(struct clock *c, int64_t mono_ns);

#endif
