/* The strategies of a plan while they run: calling, measuring, judging, and the swap
 * from one version to the next. */
#ifndef DIALER_PLAN_STRATEGY_H
#define DIALER_PLAN_STRATEGY_H

#include "dialer/core/attr.h"
#include "dialer/plan/policy.h"

/* One hook of a plan. */
struct strategy {
    struct version now;  /* what is in charge */
    struct version good; /* what was before it, without an error */
    struct version bad;  /* what was taken out of service; it stays out until it changes */
    char *why;           /* why what the plan names is not in charge; NULL = it is */
    int64_t since;       /* wall ns; the counts are of this version */
    int64_t calls, errors, time, worst; /* ns of all calls and of the longest */
    int errors_row, overruns_row;
    int64_t told;   /* monotonic ns of the last OutStrategyError, */
    int64_t untold; /* and errors since */
    bool odd;       /* a strange result of it was logged */
};

/* Loads what the row names, by a reading of the files; a hook whose file is wrong has its
 * built-in. */
void strategies_open(struct plan *p, struct reading *files);
void strategies_close(struct plan *p);
/* Looks at row and files again: each hook that differs, loads, fits its parameters and
 * passes its tests takes over; for the others everything stays, and an OutStrategyError
 * says why. force: also those that were taken out of service get another chance. Returns
 * how many were swapped; adds to *refused those that could not be. */
int strategies_update(struct plan *p, struct reading *files, bool force, int *refused);
/* What a row asks for, before it is in force: NULL, or the header to blame with *why
 * (free it). before: what is in force, NULL for a new plan; what did not change is not
 * looked at. */
const char *strategies_check(struct engine *e, const struct row *row, const struct row *before,
                             char **why);
/* Calls a hook under a policy (NULL: the plan's present one). NULL after an error, or
 * when the built-in is in charge. The error is counted, told, and judged. */
json_t *strategy_call(struct plan *p, struct policy *under, enum hook h, const char *campaign,
                      void *arg, json_t *view);
/* True the first time it is asked for this version: something odd is logged once. */
bool strategy_is_odd(struct plan *p, enum hook h);
/* Tells an error of a plan's hook: an event, and a line of the log. */
void strategy_tell(struct engine *e, const char *plan, enum hook h, const char *name,
                   const char *hash, const char *err, int64_t repeated, bool in_service);
/* What a call of a hook takes of the machine, ns; nothing on a virtual clock. */
struct cost {
    int64_t wall, cpu;
};
struct cost strategy_cost_begin(const struct engine *e);
void strategy_cost_end(const struct engine *e, struct cost *c);
/* Counts in *row the calls in a row that took too much of the processor's time (not of the
 * wall's: a busy machine is no fault). Why it is too slow to go on (free it), or NULL. */
char *strategy_overrun(const struct engine *e, const struct cost *c, int *row) MUST_CHECK;
/* ---- what is shown ---- */
/* One hook of a plan. */
struct hook_of {
    struct plan *plan;
    enum hook hook;
};
extern const struct attr strategy_attrs[]; /* of a struct hook_of */

/* What is told of an error, and of a new version in charge. */
struct strategy_error {
    const char *plan, *hook, *script, *hash, *message, *place, *in_service;
    int64_t repeated;
};
struct strategy_swap {
    const char *plan, *hook, *script, *hash, *old_hash;
};
extern const struct attr strategy_error_attrs[], strategy_swap_attrs[];

#endif
