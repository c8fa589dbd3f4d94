/* Loading a strategy: its text is run, what it returns is checked, and only then it takes
 * its slot. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/hook/param.h"
#include "script/hook/inner.h"
#include "script/lua/value.h"

#define API 1
#define TESTS_MAX 100

void load_run_file(lua_State *L, const struct load *l) {
    lua_pushfstring(L, "@%s", l->file);
    const char *chunk = lua_tostring(L, -1);
    if (luaL_loadbufferx(L, l->text, strlen(l->text), chunk, "t") != LUA_OK)
        lua_error(L);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: the file returns a %s, not a table", l->file, luaL_typename(L, -1));
}

/* ---- params = {name = {default, "meaning", min = .., ...}} ---- */

/* What may stand beside default and meaning, and what it must be. */
static const struct {
    const char *name;
    int type;
} limits[] = {{"min", LUA_TNUMBER},
              {"max", LUA_TNUMBER},
              {"oneof", LUA_TTABLE},
              {"integer", LUA_TBOOLEAN}};

/* Adds one member (key and value on top) to what is declared of a parameter. */
static void load_limit(lua_State *L, struct load *l, json_t *own, const char *name) {
    char why[VALUE_WHY];
    if (lua_isinteger(L, -2) && (lua_tointeger(L, -2) == 1 || lua_tointeger(L, -2) == 2))
        return;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "a number";
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (strcmp(limits[i].name, key) || lua_type(L, -1) != limits[i].type)
            continue;
        json_t *value = value_take(L, -1, why);
        if (value == NULL)
            luaL_error(L, "%s: params.%s.%s: %s", l->file, name, key, why);
        json_object_set_new(own, key, value);
        return;
    }
    luaL_error(L, "%s: params.%s.%s is not known, or of the wrong type", l->file, name, key);
}

/* Checks one `name = {default, "meaning"}` and notes it; both are on top. */
static void load_param(lua_State *L, struct load *l) {
    char why[PARAM_WHY > VALUE_WHY ? PARAM_WHY : VALUE_WHY];
    bool named = lua_type(L, -2) == LUA_TSTRING;
    const char *name = named ? lua_tostring(L, -2) : luaL_typename(L, -2);
    if (!named || !lua_istable(L, -1) || lua_rawgeti(L, -1, 2) != LUA_TSTRING)
        luaL_error(L, "%s: params.%s is not {default, \"meaning\"}", l->file, name);
    json_t *own = json_object();
    if (json_object_set_new(l->params, name, own)) /* l frees it, whatever comes */
        luaL_error(L, "%s: the name of a parameter is not UTF-8", l->file);
    json_object_set_new(own, "meaning", json_string(lua_tostring(L, -1)));
    lua_rawgeti(L, -2, 1);
    json_t *value = value_take(L, -1, why);
    if (value == NULL)
        luaL_error(L, "%s: params.%s: %s", l->file, name, why);
    json_object_set_new(own, "default", value);
    lua_pop(L, 2);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        load_limit(L, l, own, name);
    if (param_refuse(own, value, why))
        luaL_error(L, "%s: params.%s: its default %s", l->file, name, why);
}

/* What the strategy on the stack at idx declares. */
static void load_params(lua_State *L, int idx, struct load *l) {
    int type = lua_getfield(L, idx, "params");
    if (type == LUA_TTABLE) {
        l->params = json_object();
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            load_param(L, l);
    } else if (type != LUA_TNIL) {
        luaL_error(L, "%s: params is a %s, not a table", l->file, lua_typename(L, type));
    }
    lua_pop(L, 1);
}

void slot_push_params(lua_State *L, const struct slot *slot, json_t *given) {
    const char *name;
    json_t *value;
    lua_newtable(L);
    json_object_foreach(slot->values, name, value) {
        json_t *own = json_object_get(given, name);
        value_push(L, own ? own : value);
        lua_setfield(L, -2, name);
    }
    lua_setfield(L, -2, "params");
}

/* ---- tests = {["what it shows"] = function(run) ... end} ---- */

static int load_by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the table on top, in order. */
static void load_names(lua_State *L, struct load *l) {
    const char *names[TESTS_MAX];
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isfunction(L, -1))
            luaL_error(L, "%s: tests holds other than name = function", l->file);
        if (n == TESTS_MAX)
            luaL_error(L, "%s: over %d tests", l->file, TESTS_MAX);
        names[n++] = lua_tostring(L, -2);
    }
    qsort(names, n, sizeof *names, load_by_text);
    l->tests = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(l->tests, json_string(names[i])))
            luaL_error(L, "%s: the name of a test is not UTF-8", l->file);
}

static void load_tests(lua_State *L, int idx, struct load *l) {
    int type = lua_getfield(L, idx, "tests");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "%s: tests is a %s, not a table", l->file, lua_typename(L, type));
    if (type == LUA_TTABLE)
        load_names(L, l);
    if (type == LUA_TTABLE && l->tries)
        lua_rawsetp(L, LUA_REGISTRYINDEX, &l->slot->test_table);
    else
        lua_pop(L, 1);
}

/* ---- the file ---- */

/* Protected part of slot_load: runs, checks, and puts the function in its slot last,
 * so that a failure leaves the hook as it was. */
static int load_hook(lua_State *L) {
    struct load *l = lua_touserdata(L, 1);
    const char *hook = hook_name(l->hook);
    require_begin(L);
    load_run_file(L, l);
    int table = lua_gettop(L), is_number;
    lua_getfield(L, table, "api");
    lua_Integer api = lua_tointegerx(L, -1, &is_number);
    if (!is_number || api != API)
        luaL_error(L, "%s: needs api = %d", l->file, API);
    int about = lua_getfield(L, table, "about");
    if (about != LUA_TSTRING && about != LUA_TNIL)
        luaL_error(L, "%s: about is no text", l->file);
    load_params(L, table, l);
    load_tests(L, table, l);
    if (lua_getfield(L, table, hook) != LUA_TFUNCTION)
        luaL_error(L, "%s: there is no function '%s' in its table", l->file, hook);
    require_begin(L); /* what was required is kept by who uses it */
    if (about == LUA_TSTRING)
        l->about = xstrdup(lua_tostring(L, table + 2));
    lua_rawsetp(L, LUA_REGISTRYINDEX, l->slot); /* the last that may raise */
    return 0;
}

int slot_load(struct script *s, struct source *source, json_t *values, char **err) {
    struct slot *slot = &s->slots[source->hook];
    struct load l = {.file = source->file,
                     .text = source->text,
                     .hook = source->hook,
                     .slot = slot,
                     .source = source,
                     .tries = s->tries};
    s->sandbox.loading = source;
    int rc = sandbox_run(&s->sandbox, source->file, load_hook, &l, err);
    s->sandbox.loading = NULL;
    values = rc ? NULL : values ? json_incref(values) : param_values(l.params, NULL, NULL, err);
    if (values == NULL) {
        json_decref(l.params);
        json_decref(l.tests);
        free(l.about);
        return -1;
    }
    source_complete(source);
    source_hold(source);
    slot_clear(slot);
    slot->source = source;
    slot->params = l.params;
    slot->values = values;
    slot->tests = l.tests;
    slot->about = l.about;
    return 0;
}
