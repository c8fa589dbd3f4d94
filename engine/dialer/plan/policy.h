/* A policy: the versions of a plan's four hooks in one Lua state. Policies are counted: a call
 * ends under the policy with which it began, even if the plan has a newer one by then. */
#ifndef DIALER_PLAN_POLICY_H
#define DIALER_PLAN_POLICY_H

#include "dialer/core/engine.h"
#include "script/hook/source.h"

/* A version of a hook: a text and the values of its parameters. */
struct version {
    struct source *source; /* NULL = the built-in */
    json_t *values;
};

struct policy {
    unsigned holds;
    struct engine *engine;
    struct script *script;
    bool out[HOOK_COUNT]; /* taken out of service: this hook is not called any more */
};

/* The strategies' files as one pass over the plans sees them: each is read, loaded and tested
 * at most once, however many plans name it. It begins as {engine} and ends with reading_end,
 * within one turn of the loop. */
struct reading {
    struct engine *engine;
    struct map files; /* hook/name -> struct found */
};
void reading_end(struct reading *r);

/* Makes a version from strategies/HOOK/NAME.lua and parameters: the plan's variables (may be
 * NULL) and the text of DialParams or its siblings. False with *err (file:line: text) if the
 * file does not load or a parameter does not fit; *params tells which. */
bool version_read(struct reading *r, enum hook h, const char *name, const json_t *variables,
                  const char *text, struct version *out, char **err, bool *params) MUST_CHECK;
/* Does a version that was read pass its own tests? False with *err. A version that is in
 * charge need not be tested again, since the tests are part of its text. */
bool version_test(struct reading *r, const struct version *v, char **err) MUST_CHECK;
struct version version_hold(const struct version *v);
void version_clear(struct version *v);
/* Have both the same text, name and values? */
bool version_same(const struct version *a, const struct version *b);
/* Content hash and name; "" and "built-in" for the built-in. */
const char *version_hash(const struct version *v);
const char *version_name(const struct version *v);

/* Loads these versions into a new state. NULL with *err and *bad, the hook at fault. */
struct policy *policy_new(struct engine *e, const struct version v[HOOK_COUNT], char **err,
                          enum hook *bad) MUST_CHECK;
struct policy *policy_hold(struct policy *p);
void policy_release(struct policy *p);

#endif
