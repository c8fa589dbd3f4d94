#include "dialer/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "dialer/memory.h"
#include "script/param.h"

/* ---- versions ---- */

/* The first failure of a strategy's own tests. */
static void note_failure(void *arg, const char *name, const char *why) {
    char **err = arg;
    if (why && *err == NULL)
        *err = *name ? xasprintf("%s (test '%s')", why, name) : xstrdup(why);
}

/* Loads it in a state of its own for what it declares; then its values, then its tests. */
static bool try_source(struct engine *e, struct source *source, const json_t *variables,
                       const char *text, json_t **values, char **err, bool *params) {
    struct script *s = script_new(&e->scripts);
    if (script_load_source(s, source, NULL, err)) {
        script_free(s);
        return false;
    }
    char *why = NULL;
    *values = param_values(script_params(s, source->hook), variables, text, &why);
    script_free(s);
    if (*values == NULL) {
        *err = xasprintf("%s: %s", source->file, why);
        *params = true;
        free(why);
        return false;
    }
    if (script_test(&e->scripts, source, note_failure, err) == 0)
        return true;
    json_decref(*values);
    return false;
}

bool version_read(struct engine *e, enum hook h, const char *name, const json_t *variables,
                  const char *text, struct version *out, char **err, bool *params) {
    *err = NULL;
    *params = false;
    struct source *source = source_read(&e->scripts, h, name, err);
    if (source == NULL)
        return false;
    if (!try_source(e, source, variables, text, &out->values, err, params)) {
        source_release(source);
        return false;
    }
    out->source = source;
    return true;
}

struct version version_hold(const struct version *v) {
    if (v->source)
        source_hold(v->source);
    return (struct version){v->source, json_incref(v->values)};
}

void version_clear(struct version *v) {
    source_release(v->source);
    json_decref(v->values);
    *v = (struct version){0};
}

bool version_same(const struct version *a, const struct version *b) {
    if (a->source == NULL || b->source == NULL)
        return a->source == b->source;
    return strcmp(a->source->hash, b->source->hash) == 0 &&
           strcmp(a->source->name, b->source->name) == 0 && json_equal(a->values, b->values);
}

const char *version_hash(const struct version *v) { return v->source ? v->source->hash : ""; }

const char *version_name(const struct version *v) {
    return v->source ? v->source->name : "built-in";
}

/* ---- policies ---- */

struct policy *policy_new(struct engine *e, const struct version v[HOOK_COUNT], char **err,
                          enum hook *bad) {
    struct policy *p = xcalloc(1, sizeof *p);
    p->engine = e;
    p->holds = 1;
    p->script = script_new(&e->scripts);
    for (int h = 0; h < HOOK_COUNT; h++)
        if (v[h].source && script_load_source(p->script, v[h].source, v[h].values, err)) {
            *bad = (enum hook)h;
            policy_release(p);
            return NULL;
        }
    return p;
}

struct policy *policy_hold(struct policy *p) {
    p->holds++;
    return p;
}

void policy_release(struct policy *p) {
    if (p == NULL || --p->holds)
        return;
    memories_leave(p->engine, p->script);
    script_free(p->script);
    free(p);
}
