#include "script/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/sandbox.h"
#include "script/source.h"
#include "script/value.h"

#define API 1

static const char *const hook_names[HOOK_COUNT] = {"dial", "retry", "route", "result"};

/* A loaded hook. Its function lies in the state's registry under the slot's address,
 * its memories (key -> table) under that of the member. */
struct slot {
    struct source *source; /* NULL = nothing loaded; a broken state is rebuilt from it */
    json_t *params;        /* name -> default, or NULL */
    char memories;
};

struct script {
    struct sandbox sandbox;
    struct slot slots[HOOK_COUNT];
};

const char *hook_name(enum hook h) { return hook_names[h]; }

struct script *script_new(const struct script_env *env) {
    struct script *s = xcalloc(1, sizeof *s);
    sandbox_open(&s->sandbox, env);
    return s;
}

static void slot_clear(struct slot *slot) {
    source_release(slot->source);
    json_decref(slot->params);
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

/* ---- loading ---- */

/* What a load takes and gives; lives in C, so that an error leaves nothing behind. */
struct load {
    const char *file, *text;
    enum hook hook;
    struct slot *slot;
    json_t *params, *value;
};

/* Runs the text of the file and leaves its result on the stack. */
static void run_file(lua_State *L, const struct load *l) {
    lua_pushfstring(L, "@%s", l->file);
    const char *chunk = lua_tostring(L, -1);
    if (luaL_loadbufferx(L, l->text, strlen(l->text), chunk, "t") != LUA_OK)
        lua_error(L);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: the file returns a %s, not a table", l->file,
                   luaL_typename(L, -1));
}

/* Checks one `name = {default, "meaning"}` and notes the default; both are on top. */
static void load_param(lua_State *L, struct load *l) {
    char why[VALUE_WHY];
    bool named = lua_type(L, -2) == LUA_TSTRING;
    const char *name = named ? lua_tostring(L, -2) : luaL_typename(L, -2);
    if (!named || !lua_istable(L, -1) || lua_rawgeti(L, -1, 2) != LUA_TSTRING)
        luaL_error(L, "%s: params.%s is not {default, \"meaning\"}", l->file, name);
    lua_rawgeti(L, -2, 1);
    json_t *value = value_take(L, -1, why);
    if (value == NULL)
        luaL_error(L, "%s: params.%s: %s", l->file, name, why);
    json_object_set_new(l->params, name, value);
    lua_pop(L, 2);
}

/* The defaults of the strategy on the stack at idx. */
static void load_params(lua_State *L, int idx, struct load *l) {
    int type = lua_getfield(L, idx, "params");
    if (type == LUA_TTABLE) {
        l->params = json_object();
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            load_param(L, l);
    } else if (type != LUA_TNIL) {
        luaL_error(L, "%s: params is a %s, not a table", l->file,
                   lua_typename(L, type));
    }
    lua_pop(L, 1);
}

/* Protected part of script_load: runs, checks, and puts the function in its slot last,
 * so that a failure leaves the hook as it was. */
static int load_hook(lua_State *L) {
    struct load *l = lua_touserdata(L, 1);
    const char *hook = hook_names[l->hook];
    run_file(L, l);
    int table = lua_gettop(L), is_number;
    lua_getfield(L, table, "api");
    lua_Integer api = lua_tointegerx(L, -1, &is_number);
    if (!is_number || api != API)
        luaL_error(L, "%s: needs api = %d", l->file, API);
    if (lua_getfield(L, table, "about") != LUA_TSTRING && !lua_isnil(L, -1))
        luaL_error(L, "%s: about is no text", l->file);
    load_params(L, table, l);
    if (lua_getfield(L, table, hook) != LUA_TFUNCTION)
        luaL_error(L, "%s: there is no function '%s' in its table", l->file, hook);
    lua_rawsetp(L, LUA_REGISTRYINDEX, l->slot);
    return 0;
}

/* Loads a source (taken over) into a slot of the present state. */
static int load_source(struct script *s, struct source *source, char **err) {
    struct slot *slot = &s->slots[source->hook];
    struct load l = {
        .file = source->file, .text = source->text, .hook = source->hook, .slot = slot};
    if (sandbox_run(&s->sandbox, source->file, load_hook, &l, err)) {
        json_decref(l.params);
        source_release(source);
        return -1;
    }
    slot_clear(slot);
    slot->source = source;
    slot->params = l.params;
    return 0;
}

/* After a run out of memory: a new state with the same texts, since what the old one
 * holds is neither known nor free. A hook that does not load again is gone. */
static void rebuild(struct script *s) {
    const struct script_env *env = s->sandbox.env;
    sandbox_close(&s->sandbox);
    sandbox_open(&s->sandbox, env);
    for (int h = 0; h < HOOK_COUNT; h++) {
        struct source *source = s->slots[h].source;
        char *err;
        json_decref(s->slots[h].params);
        s->slots[h] = (struct slot){0};
        if (source && load_source(s, source, &err)) {
            log_error(env->log, "script: %s", err);
            free(err);
        }
    }
}

int script_load(struct script *s, enum hook h, const char *name, char **err) {
    struct source *source = source_read(s->sandbox.env, h, name, err);
    if (source == NULL)
        return -1;
    if (s->sandbox.full)
        rebuild(s);
    return load_source(s, source, err);
}

const char *script_hash(const struct script *s, enum hook h) {
    return s->slots[h].source ? s->slots[h].source->hash : NULL;
}

/* ---- calling ---- */

struct call {
    struct slot *slot;
    const char *memory; /* key, NULL = none */
    json_t *in, *out;
};

/* What the hook has remembered for this key: a live table, nil without a key. */
static void push_memory(lua_State *L, const struct call *c) {
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

/* view.params: the defaults, each replaced by the caller's value if there is one. */
static void push_params(lua_State *L, const struct call *c) {
    json_t *given = json_object_get(c->in, "params");
    lua_newtable(L);
    json_t *all = c->slot->params;
    for (void *i = json_object_iter(all); i; i = json_object_iter_next(all, i)) {
        const char *name = json_object_iter_key(i);
        json_t *own = json_object_get(given, name);
        value_push(L, own ? own : json_object_iter_value(i));
        lua_setfield(L, -2, name);
    }
    lua_setfield(L, -2, "params");
}

/* Protected part of script_call. */
static int call_hook(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    lua_rawgetp(L, LUA_REGISTRYINDEX, c->slot);
    value_push(L, c->in);
    if (c->slot->params && lua_istable(L, -1))
        push_params(L, c);
    push_memory(L, c);
    lua_call(L, 2, 1);
    c->out = value_take(L, -1, why); /* from here on nothing raises but this */
    if (c->out == NULL)
        luaL_error(L, "the result: %s", why);
    return 0;
}

int script_call(struct script *s, enum hook h, const struct script_use *use, json_t *in,
                json_t **out, char **err) {
    struct slot *slot = &s->slots[h];
    if (s->sandbox.full)
        rebuild(s);
    if (slot->source == NULL) {
        *err = xasprintf("no %s script is loaded", hook_names[h]);
        return -1;
    }
    struct call c = {.slot = slot, .memory = use ? use->memory : NULL, .in = in};
    s->sandbox.lent = s->sandbox.env->functions[h];
    s->sandbox.lent_arg = use ? use->arg : NULL;
    int rc = sandbox_run(&s->sandbox, slot->source->file, call_hook, &c, err);
    s->sandbox.lent = NULL;
    s->sandbox.lent_arg = NULL;
    if (rc)
        json_decref(c.out);
    else
        *out = c.out;
    return rc;
}

/* ---- data files ---- */

/* Protected part of script_data. */
static int load_data(lua_State *L) {
    struct load *l = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    run_file(L, l);
    l->value = value_take(L, -1, why);
    if (l->value == NULL)
        luaL_error(L, "%s: %s", l->file, why);
    return 0;
}

json_t *script_data(const struct script_env *env, const char *path, char **err) {
    char *text = source_file(path);
    if (text == NULL) {
        *err = xasprintf("%s: %s", path, strerror(errno));
        return NULL;
    }
    struct sandbox sb;
    struct load l = {.file = path, .text = text};
    sandbox_open(&sb, env);
    if (sandbox_run(&sb, path, load_data, &l, err)) {
        json_decref(l.value);
        l.value = NULL;
    }
    sandbox_close(&sb);
    free(text);
    return l.value;
}
