/* The laboratory behind `astout simulate`: whole shifts of the engine against the
 * simulated Asterisk, in one process and on a virtual clock. */
#ifndef LAB_H
#define LAB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* A plan that is tried. */
struct lab_plan {
    char *title;      /* what it is called in reports */
    json_t *headers;  /* of OutPlanCreate */
    char *strategies; /* the folder its scripts come from */
};

/* A plan and the results of its shifts. */
struct lab_trial {
    struct lab_plan plan;
    json_t *runs;
};

/* One shift to be simulated. All pointers are borrowed. */
struct lab_shift {
    const struct lab_plan *plan;
    const json_t *world; /* sim.h; an object */
    double hours;
    double abandon_limit; /* per cent; below 0: that of any engine */
    uint64_t seed;
    const char *scratch; /* a folder for files that nobody keeps */
    const char *out;     /* where to leave its logs, NULL = nowhere; names end in tag */
    const char *tag;
    bool is_timed; /* also measure what decisions cost, in this machine's time */
};

/* ---- plan.c ---- */

/* Reads what --plan says: a file that returns a table of headers, a strategy file, or
 * the name of a dial strategy of the folder. False with *err. lab_plan_free in any case. */
bool lab_plan_load(struct lab_plan *p, const char *what, const char *strategies,
                   const char *scratch, char **err) MUST_CHECK;
void lab_plan_free(struct lab_plan *p);
/* The table of a world's file, {} without one; from:DATABASE:CAMPAIGN learns it from a
 * ledger, and *learned says from what (NULL otherwise). Its agents are scaled so that it
 * begins with so many (0 = as they are). NULL with *err. */
json_t *lab_world_load(const char *path, int64_t agents, json_t **learned,
                       char **err) MUST_CHECK;

/* ---- learn.c ---- */

/* The world that a campaign's ledger shows; from is DATABASE:CAMPAIGN. *learned says what
 * was learned from how many calls. NULL with *err. */
json_t *lab_world_learn(const char *from, json_t **learned, char **err) MUST_CHECK;

/* ---- run.c ---- */

/* Runs it to the end and gives what happened (simulate.md names the keys); depends on
 * the shift alone. progress(arg, share) comes now and then. NULL with *err. */
json_t *lab_run(const struct lab_shift *job, void (*progress)(void *arg, double share),
                void *arg, char **err) MUST_CHECK;

/* ---- work.c ---- */

/* Runs them all, several at a time in processes of their own: results[i] is that of
 * shifts[i]. False with *err when one fails; then there are no results. */
bool lab_work(const struct lab_shift *shifts, size_t count, json_t **results,
              char **err) MUST_CHECK;

/* ---- scratch.c ---- */

/* A new folder for files that nobody keeps; NULL with *err. */
char *lab_scratch_new(char **err) MUST_CHECK;
/* Removes it with all that is in it, and frees the name. */
void lab_scratch_free(char *path);

#endif
