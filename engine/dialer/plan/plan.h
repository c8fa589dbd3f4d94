/* A plan: its row, the policy with its four hooks, and the built-in behaviour that
 * stands in when a hook fails. Counted: calls in flight hold it, and their policy. */
#ifndef DIALER_PLAN_PLAN_H
#define DIALER_PLAN_PLAN_H

#include "dialer/plan/dialanswer.h"
#include "dialer/plan/hooks.h"
#include "dialer/plan/strategy.h"

struct plan {
    struct engine *engine;
    struct item item;
    struct policy *policy; /* the hooks in charge */
    struct strategy strategies[HOOK_COUNT];
    struct shadow *shadow; /* NULL: none */
    struct task reschedule;
    char *version; /* changes with whatever decides what is due next */
    unsigned holds;
};

/* What the retry hook said: which number next, and when. */
struct due {
    int number;      /* 1..8; 0 = none any more */
    int64_t at;      /* ns since 1970, DUE_NEVER */
    char reason[64]; /* why never */
};
#define DUE_NEVER INT64_MAX

/* DialModes that are looked at; the others are names of strategies only. */
enum dial_mode { MODE_NONE = 0, MODE_PREVIEW = 2 };

/* Takes the row. Loads the hooks; one that cannot be loaded is logged and replaced by
 * the built-in. */
struct plan *plan_new(struct engine *e, struct row *row);
struct plan *plan_hold(struct plan *p);
void plan_release(struct plan *p);
/* The row was changed: hooks that are another version now are swapped. */
void plan_changed(struct plan *p);
/* The strategies' files may have changed: every plan, or one, looks again (force: also at
 * what was taken out of service). Returns how many hooks were swapped; *refused counts
 * those that could not be, and go on as they were. */
int plans_reload(struct engine *e, struct plan *only, bool force, int *refused);

/* The campaign is deleted: so is what its hooks and their shadows have learnt. */
void plans_forget(struct engine *e, const char *campaign);

/* The name of the file that a hook runs, and the content hash of its text (16 hex digits,
 * the same on every machine); "built-in" and "" when it runs none. */
const char *plan_script(const struct plan *p, enum hook h);
const char *plan_hash(const struct plan *p, enum hook h);

/* The four hooks; each falls back to the built-in and logs the script's error. campaign
 * is the uuid whose memory the hook has. */
/* Calls to begin now; ask_in (s, 0 = not) when to ask again; offer: leads for agents to
 * decide on. arg goes to the helper functions (struct script_env: functions). */
int64_t plan_dial(struct plan *p, const char *campaign, void *arg, json_t *view, double *ask_in,
                  struct offer *offer);
/* When and which number next, for an idle lead. It has no memory: it is pure. */
void plan_retry(struct plan *p, const struct row *lead, struct due *due);
/* What differs from the default; a new object, never NULL. */
json_t *plan_route(struct plan *p, const char *campaign, json_t *view);
/* The line of a result (free it), or NULL for none; under the policy it began with.
 * *file is the name of the file it goes to (free it), NULL = the configured one. */
char *plan_result(struct plan *p, struct policy *under, const char *campaign, json_t *view,
                  char **file);

#endif
