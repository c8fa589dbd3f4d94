/* A plan's four hooks as one Lua state. Counted: calls in flight end under the policy
 * they began with, while the plan may have a newer one. */
#ifndef DIALER_PLAN_POLICY_H
#define DIALER_PLAN_POLICY_H

#include "dialer/core/engine.h"
#include "script/hook/source.h"

/* What one hook is made of: a text and the values of its parameters. */
struct version {
    struct source *source; /* NULL = the built-in */
    json_t *values;
};

struct policy {
    unsigned holds;
    struct engine *engine;
    struct script *script;
    bool out[HOOK_COUNT]; /* taken out of service: nobody calls this one any more */
};

/* The strategies' files as one pass over the plans sees them: each is read, loaded and
 * tested once at most, however many plans name it. Begins as {engine}, ends with
 * reading_end; within one turn of the loop. */
struct reading {
    struct engine *engine;
    struct map files; /* hook/name -> what was found */
};
void reading_end(struct reading *r);

/* What strategies/<hook>/<name>.lua and these parameters make: it loads, and they fit.
 * Plan variables may be NULL, text is that of DialParams and the like. False with *err
 * (file:line: text), and *params when the parameters are to blame. */
bool version_read(struct reading *r, enum hook h, const char *name, const json_t *variables,
                  const char *text, struct version *out, char **err, bool *params) MUST_CHECK;
/* Does one that was read pass its own tests? False with *err. It need not be asked of a
 * version that is in charge: the tests are part of the content. */
bool version_test(struct reading *r, const struct version *v, char **err) MUST_CHECK;
struct version version_hold(const struct version *v);
void version_clear(struct version *v);
/* Same text, same name, same values? */
bool version_same(const struct version *a, const struct version *b);
/* The hash, "" of the built-in; the name, "built-in". */
const char *version_hash(const struct version *v);
const char *version_name(const struct version *v);

/* A state with these. NULL with *err and *bad, the hook that did not load. */
struct policy *policy_new(struct engine *e, const struct version v[HOOK_COUNT], char **err,
                          enum hook *bad) MUST_CHECK;
struct policy *policy_hold(struct policy *p);
void policy_release(struct policy *p);

#endif
