/* What really happened in the simulated Asterisk: how many agents talked for how long,
 * who was answered and who was left without an agent. A dialer can only guess at it from
 * the events it hears; the laboratory judges it by this. */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define TALLY_BIN 60    /* s of one bin */
#define TALLY_WAITS 121 /* waits by whole seconds; the last one: longer */
#define TALLY_GRACE 2.0 /* s from the greeting to an agent; beyond it: abandoned */

/* What there is at a time. */
enum tally_level {
    LEVEL_AGENTS,  /* logged in */
    LEVEL_TALKING, /* of them */
    LEVEL_WRAPUP,  /* of them */
    LEVEL_RINGING, /* calls that were dialled and not answered */
    LEVEL_UP,      /* calls that were answered */
    LEVEL_COUNT
};

/* What happens. A live answer is a person's, counted when the greeting is over: at the
 * answer, or where AMD runs at its verdict, unless that is MACHINE. */
enum tally_event {
    EVENT_DIAL,
    EVENT_ANSWER,   /* live */
    EVENT_ABANDON,  /* a live answer that met no agent within TALLY_GRACE */
    EVENT_CONNECT,  /* anybody who met an agent */
    EVENT_MACHINE,  /* a machine answered */
    EVENT_MISTAKEN, /* a person whom AMD took for a machine */
    EVENT_COUNT
};

struct tally_bin {
    double level[LEVEL_COUNT]; /* s times how many */
    unsigned event[EVENT_COUNT];
};

struct tally {
    const struct clock *clock;
    int64_t start, last;
    long level[LEVEL_COUNT]; /* now */
    struct tally_bin total, *bins;
    size_t bin_count;
    unsigned waits[TALLY_WAITS]; /* of agents, from being free to the next call */
    double wait_sum;
    unsigned wait_count;
};

/* Begins to count now. */
void tally_start(struct tally *t, const struct clock *clock);
void tally_free(struct tally *t);
/* So many more (or fewer) from now on. */
void tally_level(struct tally *t, enum tally_level level, int change);
void tally_event(struct tally *t, enum tally_event event);
/* An agent has waited for so many seconds. */
void tally_wait(struct tally *t, double s);
/* Brings the levels up to now. */
void tally_settle(struct tally *t);

#endif
