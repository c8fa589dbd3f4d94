/* What a campaign learns while it runs: how many customers answer, how long calls ring
 * before they are answered or end otherwise, and how long agents talk and wrap up. Pure:
 * the time is an argument, in seconds on a clock that only rises. The method is described
 * in docs/predictive.md, "What is learned". */
#ifndef DIALER_LEARN_LEARN_H
#define DIALER_LEARN_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "dialer/learn/hazard.h"

#define LEARN_BIN 0.5  /* seconds */
#define LEARN_BINS 160 /* a call that has rung for longer counts in the last bin */
#define LEARN_POINTS 5 /* moments for which it is computed whether a new call finds an agent */
#define LEARN_AGES 96  /* rows of the tables talk_ready and wrapup_ready */

/* Answers per exposure. A dial that is still ringing adds only the share of the answers that
 * come by its age to the exposure, so that ringing calls do not bias the rate. */
struct learn_rate {
    double answers, exposure;
};

struct learn {
    /* Calls that rang in each bin of age, were answered in it, ended in it; all fade. `rang`
     * counts calls that still ring too, so that a few fast answers at first do not mislead */
    double rang[LEARN_BINS], answered[LEARN_BINS], ended[LEARN_BINS];
    double by_answer[LEARN_BINS + 1], by_end[LEARN_BINS + 1]; /* shares before each bin */
    struct learn_rate slow, fast, burst;
    double silence;             /* exposure since the last answer */
    double ringing[LEARN_BINS]; /* calls that ring now, by age: slots around `bin` */
    double dialed[LEARN_BINS];  /* all calls begun, by age: slots as above */
    int64_t bin;                /* the current bin of time; its slot is bin % LEARN_BINS */
    struct hazard talk, wrapup;
    double timeout;           /* s that the plan lets a call ring */
    double grace;             /* s that an answered call may wait for an agent */
    int points[LEARN_POINTS]; /* bins from now at which an answered new call is answered */
    /* chance that an agent is ready at a point or within its grace; columns are steps of the
     * square root of the agent's age */
    double talk_ready[LEARN_POINTS][LEARN_AGES + 1], wrapup_ready[LEARN_POINTS][LEARN_AGES + 1];
    double since;     /* when the first call left (after a restart even below 0); 0 = none */
    double refreshed; /* when the tables were made */
    int64_t answers;  /* people who have answered since learning began */
    int64_t version;  /* rises whenever an answer of the functions below may change */
};

/* timeout: seconds that a call may ring; grace: seconds that it may wait once answered. */
void learn_init(struct learn *l, double now, double timeout, double grace);
/* Lets time pass up to now. */
void learn_advance(struct learn *l, double now);
/* A call left at `now`. A call that left at `begun` needs an agent; ended without needing
 * one; or failed locally and was never a call. */
void learn_begun(struct learn *l, double now);
void learn_answered(struct learn *l, double now, double begun);
void learn_ended(struct learn *l, double now, double begun);
void learn_unsent(struct learn *l, double now, double begun);
/* Is it time to make the tables again? learn_refresh does so then, else nothing. */
bool learn_is_due(const struct learn *l, double now);
void learn_refresh(struct learn *l, double now);
/* False until a few people have answered, and when nobody has answered so many dials that it
 * can hardly be chance. Nothing can be predicted then; one call per free agent is always
 * allowed. */
bool learn_knows(const struct learn *l);
/* The chance that a dial is answered; too high rather than too low while little is known. */
double learn_answer_rate(const struct learn *l);
/* Calls that ring. */
double learn_ringing(const struct learn *l);
/* Seconds of ringing within which that share of the answers comes. */
double learn_ring_time(const struct learn *l, double share);
/* Calls that have rung for `age` bins. */
double learn_at(const struct learn *l, int age);
/* The chance that a call which has rung for `age` bins is answered within h more bins. rate:
 * the chance that a dial is answered at all. */
double learn_soon(const struct learn *l, int age, int h, double rate);
/* The chance that an agent who has talked (or wrapped up) for `age` seconds is ready for a
 * new call that is answered at that point. */
double learn_talk_ready(const struct learn *l, int point, double age);
double learn_wrapup_ready(const struct learn *l, int point, double age);
/* What was learned, as JSON (new reference); and back. What does not fit is ignored. */
json_t *learn_save(const struct learn *l, double now);
void learn_load(struct learn *l, double now, const json_t *saved);

#endif
