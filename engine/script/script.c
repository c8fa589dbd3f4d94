#include "script/script.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/sandbox.h"
#include "script/value.h"

#define API 1
#define NAME_MAX_LEN 64
#define FILE_MAX_LEN (1024 * 1024)

static const char *const hook_names[HOOK_COUNT] = {"dial", "retry", "route", "result"};

/* A loaded hook. Its function lies in the state's registry under the slot's address. */
struct slot {
    char *file;     /* dial/available.lua; NULL = nothing loaded */
    char *text;     /* the source, from which a broken state is rebuilt */
    json_t *params; /* name -> default, or NULL */
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
    free(slot->file);
    free(slot->text);
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

/* ---- files ---- */

/* Letters, digits, _ and -: nothing that could lead out of the hook's folder. */
static bool is_name(const char *name) {
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return n > 0 && n <= NAME_MAX_LEN;
}

static char *strategy_path(const struct script_env *env, enum hook h,
                           const char *name) {
    return xasprintf("%s/%s/%s.lua", env->strategies, hook_names[h], name);
}

/* The whole file, or NULL with errno. */
static char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    char *text = xmalloc(FILE_MAX_LEN + 1);
    size_t n = fread(text, 1, FILE_MAX_LEN + 1, f);
    int why = ferror(f)            ? errno
              : n > FILE_MAX_LEN   ? EFBIG
              : memchr(text, 0, n) ? EILSEQ
                                   : 0;
    fclose(f);
    if (why) { /* a zero byte: a binary chunk or no text at all */
        free(text);
        errno = why;
        return NULL;
    }
    text[n] = '\0';
    return xrealloc(text, n + 1);
}

bool script_exists(const struct script_env *env, enum hook h, const char *name) {
    if (!is_name(name))
        return false;
    char *path = strategy_path(env, h, name);
    FILE *f = fopen(path, "rb");
    int c = f ? fgetc(f) : EOF; /* a folder opens too, but does not read */
    if (f)
        fclose(f);
    free(path);
    return c != EOF;
}

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

/* Loads a text into a slot of the present state. Takes file and text. */
static int load_text(struct script *s, enum hook h, char *file, char *text,
                     char **err) {
    struct slot *slot = &s->slots[h];
    struct load l = {.file = file, .text = text, .hook = h, .slot = slot};
    if (sandbox_run(&s->sandbox, file, load_hook, &l, err)) {
        json_decref(l.params);
        free(file);
        free(text);
        return -1;
    }
    slot_clear(slot);
    *slot = (struct slot){.file = file, .text = text, .params = l.params};
    return 0;
}

/* After a run out of memory: a new state with the same texts, since what the old one
 * holds is neither known nor free. A hook that does not load again is gone. */
static void rebuild(struct script *s) {
    const struct script_env *env = s->sandbox.env;
    sandbox_close(&s->sandbox);
    sandbox_open(&s->sandbox, env);
    for (int h = 0; h < HOOK_COUNT; h++) {
        struct slot old = s->slots[h];
        char *err;
        s->slots[h] = (struct slot){0};
        json_decref(old.params);
        if (old.file && load_text(s, (enum hook)h, old.file, old.text, &err)) {
            log_error(env->log, "script: %s", err);
            free(err);
        }
    }
}

int script_load(struct script *s, enum hook h, const char *name, char **err) {
    const struct script_env *env = s->sandbox.env;
    char *file = xasprintf("%s/%.80s.lua", hook_names[h], name);
    if (!is_name(name)) {
        *err = xasprintf("%s: not the name of a strategy", file);
        free(file);
        return -1;
    }
    char *path = strategy_path(env, h, name), *text = read_file(path);
    free(path);
    if (text == NULL) {
        *err = xasprintf("%s: %s", file, strerror(errno));
        free(file);
        return -1;
    }
    if (s->sandbox.full)
        rebuild(s);
    return load_text(s, h, file, text, err);
}

/* ---- calling ---- */

struct call {
    const struct slot *slot;
    json_t *in, *out;
};

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
    lua_call(L, 1, 1);
    c->out = value_take(L, -1, why); /* from here on nothing raises but this */
    if (c->out == NULL)
        luaL_error(L, "the result: %s", why);
    return 0;
}

int script_call(struct script *s, enum hook h, json_t *in, json_t **out, char **err) {
    struct slot *slot = &s->slots[h];
    if (s->sandbox.full)
        rebuild(s);
    if (slot->file == NULL) {
        *err = xasprintf("no %s script is loaded", hook_names[h]);
        return -1;
    }
    struct call c = {.slot = slot, .in = in};
    if (sandbox_run(&s->sandbox, slot->file, call_hook, &c, err)) {
        json_decref(c.out);
        return -1;
    }
    *out = c.out;
    return 0;
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
    char *text = read_file(path);
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
