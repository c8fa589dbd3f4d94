/* What a campaign learns of its customers while it runs: how many of them answer, how long
 * it rings until they do, how long until the others end; and of its agents: how long they
 * talk and wrap up. Pure: time is handed in, in seconds on a clock that only rises.
 * Method: docs/predictive.md, "What is learned". */
#ifndef DIALER_LEARN_LEARN_H
#define DIALER_LEARN_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "dialer/learn/hazard.h"

#define LEARN_BIN 0.5  /* seconds */
#define LEARN_BINS 160 /* a call that has rung longer counts as in the last bin */
#define LEARN_POINTS 5 /* moments at which the answer to a new call is looked at */
#define LEARN_AGES 96  /* of talks and wrap-ups, in the tables of who is ready when */

/* Answers per worth of dials: a call that has rung for a while is worth the share of the
 * answers that come by then, so that those that still ring bias nothing. */
struct learn_rate {
    double answers, exposure;
};

struct learn {
    /* calls that rang in each bin of age, that were answered there, that ended there; all
     * fade. Who still rings counts, so a start with nothing but fast answers misleads nobody */
    double rang[LEARN_BINS], answered[LEARN_BINS], ended[LEARN_BINS];
    double by_answer[LEARN_BINS + 1], by_end[LEARN_BINS + 1]; /* shares before each bin */
    struct learn_rate slow, fast, burst;
    double silence;             /* dials since the last answer, as exposure */
    double ringing[LEARN_BINS]; /* calls that ring now, by age; slot of age 0 = turn */
    double dialled[LEARN_BINS]; /* all that began, by age */
    int64_t bin;                /* present bin of time; its slot is bin % LEARN_BINS */
    struct hazard talk, wrapup;
    double timeout;           /* s a call may ring, as the plan says */
    double grace;             /* s that an answered call may wait for an agent */
    int points[LEARN_POINTS]; /* bins from now: when a new call is answered, if it is */
    /* chance that an agent is ready at a point (and its grace), by the root of the age */
    double talk_ready[LEARN_POINTS][LEARN_AGES + 1], wrapup_ready[LEARN_POINTS][LEARN_AGES + 1];
    double since;     /* of the first call (may be before the clock's 0); 0 = none */
    double refreshed; /* when the tables were made */
    int64_t answers;  /* people who answered, since it began to learn */
    int64_t version;  /* changes whenever an answer below may be another */
};

/* timeout: seconds that a call may ring; grace: that it may wait once it is answered. */
void learn_init(struct learn *l, double now, double timeout, double grace);
/* Time has passed: to be called before anything else that takes the time. */
void learn_advance(struct learn *l, double now);
/* A call left at `now`; one that left at `begun` needs an agent, ended without, or never
 * was one (it failed on our side). */
void learn_begun(struct learn *l, double now);
void learn_answered(struct learn *l, double now, double begun);
void learn_ended(struct learn *l, double now, double begun);
void learn_unsent(struct learn *l, double now, double begun);
/* Makes the tables anew, when it is time for it (asked by learn_is_due). */
bool learn_is_due(const struct learn *l, double now);
void learn_refresh(struct learn *l, double now);
/* False before a few people have answered, and when nobody has for so many dials that it can
 * hardly be chance: then nothing can be predicted, one call per free agent is for sure. */
bool learn_knows(const struct learn *l);
/* Chance that a dial is answered, as known now; careful while little is known. */
double learn_answer_rate(const struct learn *l);
/* Calls that ring. */
double learn_ringing(const struct learn *l);
/* Seconds of ringing within which that share of the answers comes. */
double learn_ring_time(const struct learn *l, double share);
/* Calls that have rung for so many bins. */
double learn_at(const struct learn *l, int age);
/* Chance that a call which has rung for `age` bins is answered within h bins more; rate:
 * chance that a dial is answered at all. */
double learn_soon(const struct learn *l, int age, int h, double rate);
/* Chance that an agent who has talked (or wrapped up) for `age` seconds is ready when a
 * new call that is answered at that point must be taken. */
double learn_talk_ready(const struct learn *l, int point, double age);
double learn_wrapup_ready(const struct learn *l, int point, double age);
/* All of it as plain values, and back; what does not fit is ignored. */
json_t *learn_save(const struct learn *l, double now);
void learn_load(struct learn *l, double now, const json_t *saved);

#endif
