#include "dialer/plan/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "dialer/plan/memory.h"
#include "script/hook/param.h"

/* ---- versions ---- */

/* Notes the first failure of a strategy's own tests. */
static void policy_note_failure(void *arg, const char *name, const char *why) {
    char **err = arg;
    if (why && *err == NULL)
        *err = *name ? xasprintf("%s (test '%s')", why, name) : xstrdup(why);
}

/* A file of a struct reading. */
struct found {
    struct source *source; /* NULL = it cannot be read or does not load */
    json_t *declared;      /* its parameters; NULL = none */
    char *err;             /* why source is NULL */
    bool is_tested;
    char *failure; /* of its own tests; NULL = none failed */
};

/* Loads the file in a state of its own, to learn its parameters and its modules. */
static struct found *policy_find_file(struct engine *e, enum hook h, const char *name) {
    struct found *f = xcalloc(1, sizeof *f);
    f->source = source_read(&e->scripts, h, name, &f->err);
    if (f->source == NULL)
        return f;
    struct script *s = script_new(&e->scripts);
    if (script_load_source(s, f->source, NULL, &f->err)) {
        source_release(f->source);
        f->source = NULL;
    } else {
        f->declared = json_incref(script_params(s, h));
    }
    script_free(s);
    return f;
}

static struct found *policy_reading_find(struct reading *r, enum hook h, const char *name) {
    char *key = xasprintf("%s/%s", hook_name(h), name);
    struct found *f = map_get(&r->files, key);
    if (f == NULL) {
        f = policy_find_file(r->engine, h, name);
        map_put(&r->files, key, f);
    }
    free(key);
    return f;
}

void reading_end(struct reading *r) {
    for (struct map_entry *i = r->files.first; i; i = i->next) {
        struct found *f = i->value;
        source_release(f->source);
        json_decref(f->declared);
        free(f->err);
        free(f->failure);
        free(f);
    }
    map_free(&r->files);
}

bool version_read(struct reading *r, enum hook h, const char *name, const json_t *variables,
                  const char *text, struct version *out, char **err, bool *params) {
    struct found *f = policy_reading_find(r, h, name);
    *params = false;
    if (f->source == NULL) {
        *err = xstrdup(f->err);
        return false;
    }
    char *why = NULL;
    json_t *values = param_values(f->declared, variables, text, &why);
    if (values) {
        *out = (struct version){source_hold(f->source), values};
        return true;
    }
    *err = xasprintf("%s: %s", f->source->file, why);
    *params = true;
    free(why);
    return false;
}

/* What has passed once is not tested again: its tests are part of its hash. */
static const char *policy_passed_key(const struct source *source, char buf[64]) {
    snprintf(buf, 64, "%s/%s", hook_name(source->hook), source->hash);
    return buf;
}

bool version_test(struct reading *r, const struct version *v, char **err) {
    struct found *f = policy_reading_find(r, v->source->hook, v->source->name);
    char buf[64];
    const char *key = policy_passed_key(v->source, buf);
    if (!f->is_tested && map_get(&r->engine->passed, key) == NULL) {
        script_test(&r->engine->scripts, v->source, policy_note_failure, &f->failure);
        if (f->failure == NULL)
            map_put(&r->engine->passed, key, r->engine);
    }
    f->is_tested = true;
    if (f->failure)
        *err = xstrdup(f->failure);
    return f->failure == NULL;
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
