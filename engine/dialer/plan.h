/* A plan: its row, the Lua state with its four hooks, and the built-in behaviour that
 * stands in when a hook fails. Counted, so that a call ends under what it began with. */
#ifndef DIALER_PLAN_H
#define DIALER_PLAN_H

#include "dialer/engine.h"

struct plan {
    struct engine *engine;
    struct item item;
    struct script *script;
    char *hooks[HOOK_COUNT]; /* names of the files loaded, NULL = built-in */
    char *version;           /* changes with whatever decides what is due next */
    unsigned holds;
};

/* What the retry hook said: which number next, and when. */
struct due {
    int number;         /* 1..8; 0 = none any more */
    int64_t at;         /* ns since 1970, DUE_NEVER */
    char reason[64];    /* why never */
};
#define DUE_NEVER INT64_MAX

/* Takes the row. Loads the hooks; one that cannot be loaded is logged and replaced by
 * the built-in. */
struct plan *plan_new(struct engine *e, struct row *row);
struct plan *plan_hold(struct plan *p);
void plan_release(struct plan *p);
/* The row was changed: hooks that have another name now are loaded anew. */
void plan_changed(struct plan *p);
/* NULL, or the header whose script does not exist. */
const char *plan_check(struct engine *e, const struct row *row);

/* The name of the file that a hook runs, and the content hash of its text (16 hex digits,
 * the same on every machine); "built-in" and "" when it runs none. */
const char *plan_script(const struct plan *p, enum hook h);
const char *plan_hash(const struct plan *p, enum hook h);

/* The four hooks; each falls back to the built-in and logs the script's error. campaign
 * is the uuid whose memory the hook has. */
/* Calls to begin now; ask_in (s, 0 = not) when to ask again. arg goes to the helper
 * functions (struct script_env: functions). */
int64_t plan_dial(struct plan *p, const char *campaign, void *arg, json_t *view,
                  double *ask_in);
/* When and which number next, for an idle lead. It has no memory: it is pure. */
void plan_retry(struct plan *p, const struct row *lead, struct due *due);
/* What differs from the default; a new object, never NULL. */
json_t *plan_route(struct plan *p, const char *campaign, json_t *view);
/* The line of a result (free it), or NULL for none. */
char *plan_result(struct plan *p, const char *campaign, json_t *view);

#endif
