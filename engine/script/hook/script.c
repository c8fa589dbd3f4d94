#include "script/hook/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/hook/inner.h"
#include "script/lua/value.h"

#define SUBJECT_MAX 4096 /* bytes of a text that a pattern is tried on */

static const char *const hook_names[HOOK_COUNT] = {"dial", "retry", "route", "result"};

const char *hook_name(enum hook h) { return hook_names[h]; }

/* ---- life ---- */

/* Adds what strategies have beyond the common libraries. */
static int script_add_ours(lua_State *L) {
    lua_pushglobaltable(L);
    lua_pushliteral(L, "require");
    lua_pushcfunction(L, require_call);
    lua_rawset(L, -3); /* raw, since the globals are closed to assignment */
    return 0;
}

static void script_open_state(struct script *s, const struct script_env *env) {
    char *err;
    sandbox_open(&s->sandbox, env);
    if (sandbox_run(&s->sandbox, "script", script_add_ours, NULL, &err)) {
        log_error(env->log, "%s", err);
        abort(); /* the machine is out of memory */
    }
    s->sandbox.subjects = SUBJECT_MAX;
    s->sandbox.idle_gc = env->memory != 0; /* without a cap nothing bounds the garbage */
    if (s->sandbox.idle_gc)
        lua_gc(s->sandbox.L, LUA_GCSTOP);
}

struct script *script_new(const struct script_env *env) {
    struct script *s = xcalloc(1, sizeof *s);
    script_open_state(s, env);
    return s;
}

void slot_clear(struct slot *slot) {
    source_release(slot->source);
    json_decref(slot->params);
    json_decref(slot->values);
    json_decref(slot->tests);
    free(slot->about);
    *slot = (struct slot){0};
}

void script_free(struct script *s) {
    if (s == NULL)
        return;
    sandbox_close(&s->sandbox);
    for (int h = 0; h < HOOK_COUNT; h++)
        slot_clear(&s->slots[h]);
    free(s);
}

size_t script_memory(const struct script *s) { return s->sandbox.used; }

bool script_was_killed(const struct script *s) { return s->sandbox.killed; }

bool script_is_broken(const struct script *s) { return s->sandbox.full; }

const char *script_hash(const struct script *s, enum hook h) {
    return s->slots[h].source ? s->slots[h].source->hash : NULL;
}

json_t *script_params(const struct script *s, enum hook h) { return s->slots[h].params; }

json_t *script_values(const struct script *s, enum hook h) { return s->slots[h].values; }

const char *script_about(const struct script *s, enum hook h) { return s->slots[h].about; }

/* ---- loading ---- */

/* After a run that was out of memory: makes a new state with the same texts, since nothing of
 * the old one can be relied on. A hook that does not load again is left out. */
static void script_rebuild(struct script *s) {
    const struct script_env *env = s->sandbox.env;
    sandbox_close(&s->sandbox);
    script_open_state(s, env);
    for (int h = 0; h < HOOK_COUNT; h++) {
        struct slot old = s->slots[h];
        char *err;
        s->slots[h] = (struct slot){0};
        if (old.source && slot_load(s, old.source, old.values, &err)) {
            log_error(env->log, "script: %s", err);
            free(err);
        }
        slot_clear(&old);
    }
}

int script_load_source(struct script *s, struct source *source, json_t *values, char **err) {
    if (s->sandbox.full)
        script_rebuild(s);
    return slot_load(s, source, values, err);
}

int script_load(struct script *s, enum hook h, const char *name, char **err) {
    struct source *source = source_read(s->sandbox.env, h, name, err);
    if (source == NULL)
        return -1;
    int rc = script_load_source(s, source, NULL, err);
    source_release(source);
    return rc;
}

/* ---- calling ---- */

struct call {
    struct slot *slot;
    const char *memory; /* key, NULL = none */
    json_t *in, *out;
};

/* Pushes the hook's memory of this key, a live table; nil without a key. */
static void script_push_memory(lua_State *L, const struct call *c) {
    if (c->memory == NULL) {
        lua_pushnil(L);
        return;
    }
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &c->slot->memories) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &c->slot->memories);
    }
    if (lua_getfield(L, -1, c->memory) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, c->memory);
    }
    lua_remove(L, -2);
}

/* Protected part of script_call. */
static int script_call_hook(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    lua_rawgetp(L, LUA_REGISTRYINDEX, c->slot);
    value_push(L, c->in);
    if (c->slot->params && lua_istable(L, -1))
        slot_push_params(L, c->slot, json_object_get(c->in, "params"));
    script_push_memory(L, c);
    lua_call(L, 2, 1);
    c->out = value_take(L, -1, why); /* after this, only the error below is raised */
    if (c->out == NULL)
        luaL_error(L, "the result: %s", why);
    return 0;
}

int script_call(struct script *s, enum hook h, const struct script_use *use, json_t *in,
                json_t **out, char **err) {
    struct slot *slot = &s->slots[h];
    if (s->sandbox.full)
        script_rebuild(s);
    if (slot->source == NULL) {
        *err = xasprintf("no %s script is loaded", hook_names[h]);
        return -1;
    }
    struct call c = {.slot = slot, .memory = use ? use->memory : NULL, .in = in};
    s->sandbox.lent = s->sandbox.env->functions[h];
    s->sandbox.lent_arg = use ? use->arg : NULL;
    int rc = sandbox_run(&s->sandbox, slot->source->file, script_call_hook, &c, err);
    s->sandbox.lent = NULL;
    s->sandbox.lent_arg = NULL;
    sandbox_rest(&s->sandbox);
    if (rc)
        json_decref(c.out);
    else
        *out = c.out;
    return rc;
}

/* ---- memory ---- */

/* Protected part of script_recall: c->out becomes the memory of the key. */
static int script_run_recall(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    script_push_memory(L, c);
    c->out = value_take(L, -1, why);
    if (c->out == NULL)
        luaL_error(L, "memory: %s", why);
    return 0;
}

json_t *script_recall(struct script *s, enum hook h, const char *key, char **err) {
    struct call c = {.slot = &s->slots[h], .memory = key};
    if (sandbox_run(&s->sandbox, hook_names[h], script_run_recall, &c, err)) {
        json_decref(c.out);
        return NULL;
    }
    if (json_dumpb(c.out, NULL, 0, JSON_COMPACT) > SCRIPT_MEMORY || !json_is_object(c.out)) {
        *err = json_is_object(c.out)
                   ? xasprintf("%s: memory: more than %d bytes", hook_names[h], SCRIPT_MEMORY)
                   : xasprintf("%s: memory: must be a table with names, not a list",
                               hook_names[h]);
        json_decref(c.out);
        return NULL;
    }
    return c.out;
}

/* Protected part of script_remember. */
static int script_run_remember(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    script_push_memory(L, c); /* makes the table of memories if there is none */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &c->slot->memories);
    value_push(L, c->in);
    lua_setfield(L, -2, c->memory);
    return 0;
}

int script_remember(struct script *s, enum hook h, const char *key, json_t *value, char **err) {
    struct call c = {.slot = &s->slots[h], .memory = key, .in = value};
    return sandbox_run(&s->sandbox, hook_names[h], script_run_remember, &c, err);
}

/* Protected part of script_forget. */
static int script_run_forget(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &c->slot->memories) == LUA_TTABLE) {
        lua_pushnil(L);
        lua_setfield(L, -2, c->memory);
    }
    return 0;
}

void script_forget(struct script *s, enum hook h, const char *key) {
    struct call c = {.slot = &s->slots[h], .memory = key};
    char *err = NULL;
    if (s->sandbox.full) /* the next call rebuilds the state, without memories */
        return;
    if (sandbox_run(&s->sandbox, hook_names[h], script_run_forget, &c, &err)) {
        log_error(s->sandbox.env->log, "%s", err); /* out of memory for the key */
        free(err);
    }
    sandbox_rest(&s->sandbox);
}

/* ---- data files ---- */

/* Protected part of script_data. */
static int script_load_data(lua_State *L) {
    struct load *l = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    load_run_file(L, l);
    l->value = value_take(L, -1, why);
    if (l->value == NULL)
        luaL_error(L, "%s: %s", l->file, why);
    return 0;
}

json_t *script_data(const struct script_env *env, const char *path, char **err) {
    char *text = source_file(path);
    if (text == NULL) {
        *err = xasprintf("%s: %s", path, source_why(errno));
        return NULL;
    }
    struct sandbox sb;
    struct load l = {.file = path, .text = text};
    sandbox_open(&sb, env);
    if (sandbox_run(&sb, path, script_load_data, &l, err)) {
        json_decref(l.value);
        l.value = NULL;
    }
    sandbox_close(&sb);
    free(text);
    return l.value;
}
