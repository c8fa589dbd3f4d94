/* A plan: its row, the policy with its four hooks, and the built-in behavior that takes over
 * when a hook fails. Plans are counted: calls in flight hold the plan and their policy. */
#ifndef DIALER_PLAN_PLAN_H
#define DIALER_PLAN_PLAN_H

#include "dialer/plan/dialanswer.h"
#include "dialer/plan/hooks.h"
#include "dialer/plan/strategy.h"

struct plan {
    struct engine *engine;
    struct item item;
    struct policy *policy; /* in charge */
    struct strategy strategies[HOOK_COUNT];
    struct shadow *shadow; /* NULL = none */
    struct task reschedule;
    char *version; /* changes with everything that due dates depend on */
    unsigned holds;
};

/* A lead's due date. */
struct due {
    int number;      /* which of its numbers, 1 to 8; 0 = it is not called again */
    int64_t at;      /* ns since 1970, or DUE_NEVER */
    char reason[64]; /* why never */
};
#define DUE_NEVER INT64_MAX

/* The DialModes that C knows; all others are names of strategies only. */
enum dial_mode { MODE_NONE = 0, MODE_PREVIEW = 2 };

/* Takes the row and loads the hooks. If one cannot be loaded, the error is logged and the
 * built-in takes over. */
struct plan *plan_new(struct engine *e, struct row *row);
struct plan *plan_hold(struct plan *p);
/* p may be NULL. */
void plan_release(struct plan *p);
/* The row has changed: hooks for which it names another version are swapped. */
void plan_changed(struct plan *p);
/* The strategies' files may have changed: reads them again for all plans, or for one, and
 * swaps. force: also versions that were taken out of service. Returns how many hooks were
 * swapped; *refused counts those that could not be and go on as they were. */
int plans_reload(struct engine *e, struct plan *only, bool force, int *refused);

/* The campaign is deleted, and with it the memories of its hooks and shadow. */
void plans_forget(struct engine *e, const char *campaign);

/* The name of the strategy that a hook runs, and its content hash; "built-in" and "" if it
 * runs none. */
const char *plan_script(const struct plan *p, enum hook h);
const char *plan_hash(const struct plan *p, enum hook h);

/* ---- the four hooks; if a script fails, its error is logged and the built-in answers.
 * campaign is the uuid of the campaign whose memory the hook gets. ---- */

/* The number of calls to begin now. *ask_in: seconds after which to ask again (0 = not).
 * *offer: leads to offer to agents. arg is passed to the helper functions (script_env). */
int64_t plan_dial(struct plan *p, const char *campaign, void *arg, json_t *view, double *ask_in,
                  struct offer *offer);
/* The due date of an idle lead. This hook has no memory: it is pure. */
void plan_retry(struct plan *p, const struct row *lead, struct due *due);
/* What is to differ from the default; a new object, never NULL. */
json_t *plan_route(struct plan *p, const char *campaign, json_t *view);
/* The line of a result (free it), under the policy with which the call began; NULL = none.
 * *file is the name of the file that it goes to (free it); NULL = the configured one. */
char *plan_result(struct plan *p, struct policy *under, const char *campaign, json_t *view,
                  char **file);

#endif
