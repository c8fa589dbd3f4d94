/* The strategies of a plan in operation: they are called, measured, taken out of service if
 * they fail, and swapped. */
#ifndef DIALER_PLAN_STRATEGY_H
#define DIALER_PLAN_STRATEGY_H

#include "dialer/core/attr.h"
#include "dialer/plan/policy.h"

/* One hook of a plan. */
struct strategy {
    struct version now;  /* in charge */
    struct version good; /* in charge before, and without an error; to fall back to */
    struct version bad;  /* taken out of service; it stays so until it changes */
    char *why;     /* why the version that the plan names is not in charge; NULL = it is */
    int64_t since; /* ns since 1970; the counts below begin then */
    int64_t calls, errors, time, worst; /* ns of all calls together, of the longest call */
    int errors_row, overruns_row;
    int64_t told;   /* monotonic ns of the last OutStrategyError */
    int64_t untold; /* errors since then */
    bool odd;       /* an invalid result of this version has been logged */
};

/* Loads the versions that the row names. A hook whose version cannot be used has the
 * built-in. */
void strategies_open(struct plan *p, struct reading *files);
void strategies_close(struct plan *p);
/* Looks at the row and the files again. For each hook, a version that has changed, loads, fits
 * its parameters and passes its tests is put in charge. If it does not, the present one stays
 * and an OutStrategyError says why. force: also versions that were taken out of service.
 * Returns how many were swapped; adds those that could not be to *refused. */
int strategies_update(struct plan *p, struct reading *files, bool force, int *refused);
/* Checks the strategies of a row before it takes effect. NULL, or the header at fault and
 * *why (free it). before: the row in effect, NULL for a new plan; what did not change is not
 * checked. */
const char *strategies_check(struct engine *e, const struct row *row, const struct row *before,
                             char **why);
/* Calls a hook under a policy (NULL: the plan's present one). NULL after an error, which is
 * counted, told and may put another version in charge; and NULL for the built-in. */
json_t *strategy_call(struct plan *p, struct policy *under, enum hook h, const char *campaign,
                      void *arg, json_t *view);
/* True the first time it is called for a version, so that an invalid result is logged once. */
bool strategy_is_odd(struct plan *p, enum hook h);
/* Reports an error of a hook by an event and a line in the log. */
void strategy_tell(struct engine *e, const char *plan, enum hook h, const char *name,
                   const char *hash, const char *err, int64_t repeated, bool in_service);
/* The time that a call of a hook takes, in ns; 0 on a virtual clock. */
struct cost {
    int64_t wall, cpu;
};
struct cost strategy_cost_begin(const struct engine *e);
void strategy_cost_end(const struct engine *e, struct cost *c);
/* Counts in *row the calls in a row that took too much processor time (elapsed time would
 * punish a strategy for a busy machine). NULL, or (free it) why there were too many. */
char *strategy_overrun(const struct engine *e, const struct cost *c, int *row) MUST_CHECK;

/* ---- fields ---- */
/* One hook of a plan. */
struct hook_of {
    struct plan *plan;
    enum hook hook;
};
extern const struct attr strategy_attrs[]; /* of a struct hook_of */

/* The subjects of the events EVENT_STRATEGY_ERROR and EVENT_STRATEGY_SWAP. */
struct strategy_error {
    const char *plan, *hook, *script, *hash, *message, *place, *in_service;
    int64_t repeated;
};
struct strategy_swap {
    const char *plan, *hook, *script, *hash, *old_hash;
};
extern const struct attr strategy_error_attrs[], strategy_swap_attrs[];

#endif
