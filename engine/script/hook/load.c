/* Loads a strategy: runs its text, checks what it returns, and only then fills its slot. */
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

/* ---- params = {name = {default = .., help = "..", min = .., ...}} ---- */

#define LOAD_PARAM_FORM "{ default = ..., help = \"...\" }"

/* The fields of a parameter. In an older form, {default, "help"}, two of them have a place
 * instead of a name. */
static const struct load_field {
    const char *name;
    int type;  /* LUA_TNONE = any plain value */
    int place; /* 0 = it has none */
} load_fields[] = {{"default", LUA_TNONE, 1}, {"help", LUA_TSTRING, 2},
                   {"min", LUA_TNUMBER, 0},   {"max", LUA_TNUMBER, 0},
                   {"oneof", LUA_TTABLE, 0},  {"integer", LUA_TBOOLEAN, 0}};

/* The field of the key at idx; NULL if there is no such field. */
static const struct load_field *load_find_field(lua_State *L, int idx) {
    bool is_place = lua_isinteger(L, idx), is_name = lua_type(L, idx) == LUA_TSTRING;
    for (size_t i = 0; i < ARRAY_LEN(load_fields); i++) {
        const struct load_field *f = &load_fields[i];
        if ((is_place && f->place && lua_tointeger(L, idx) == f->place) ||
            (is_name && strcmp(lua_tostring(L, idx), f->name) == 0))
            return f;
    }
    return NULL;
}

/* The key at idx as text, for an error message. It may leave a copy on the stack. */
static const char *load_key(lua_State *L, int idx) {
    int type = lua_type(L, idx);
    return type == LUA_TNUMBER || type == LUA_TSTRING ? luaL_tolstring(L, idx, NULL)
                                                      : lua_typename(L, type);
}

/* Reads one field (key and value on top) of a parameter's declaration. */
static void load_param_field(lua_State *L, struct load *l, json_t *own, const char *name) {
    char why[VALUE_WHY];
    const struct load_field *f = load_find_field(L, -2);
    if (f == NULL)
        luaL_error(
            L,
            "%s: params.%s.%s is not known; a parameter may have default, help, min, max, "
            "oneof and integer",
            l->file, name, load_key(L, -2));
    if (f->type != LUA_TNONE && lua_type(L, -1) != f->type)
        luaL_error(L, "%s: params.%s.%s must be a %s, not a %s", l->file, name, f->name,
                   lua_typename(L, f->type), luaL_typename(L, -1));
    if (json_object_get(own, f->name))
        luaL_error(L, "%s: params.%s has its %s twice, with the name and without", l->file,
                   name, f->name);
    json_t *value = value_take(L, -1, why);
    if (value == NULL)
        luaL_error(L, "%s: params.%s.%s: %s", l->file, name, f->name, why);
    json_object_set_new(own, f->name, value);
}

/* Reads and checks the declaration of one parameter (name and declaration on top). */
static void load_param(lua_State *L, struct load *l) {
    char why[PARAM_WHY];
    bool named = lua_type(L, -2) == LUA_TSTRING;
    const char *name = named ? lua_tostring(L, -2) : luaL_typename(L, -2);
    if (!named)
        luaL_error(L, "%s: params: the name of a parameter must be a string, not a %s", l->file,
                   name);
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: params.%s must be " LOAD_PARAM_FORM ", not a %s", l->file, name,
                   luaL_typename(L, -1));
    json_t *own = json_object();
    if (json_object_set_new(l->params, name, own)) /* freed with l */
        luaL_error(L, "%s: the name of a parameter must be UTF-8", l->file);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        load_param_field(L, l, own, name);
    const json_t *value = json_object_get(own, "default");
    if (value == NULL || json_object_get(own, "help") == NULL)
        luaL_error(L, "%s: params.%s must be " LOAD_PARAM_FORM ": it has no %s", l->file, name,
                   value ? "help" : "default");
    if (param_refuse(own, value, why))
        luaL_error(L, "%s: params.%s: its default %s", l->file, name, why);
}

/* Reads the parameters that the strategy at idx declares. */
static void load_params(lua_State *L, int idx, struct load *l) {
    int type = lua_getfield(L, idx, "params");
    if (type == LUA_TTABLE) {
        l->params = json_object();
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            load_param(L, l);
    } else if (type != LUA_TNIL) {
        luaL_error(L, "%s: params must be a table, not a %s", l->file, lua_typename(L, type));
    }
    lua_pop(L, 1);
}

void slot_push_params(lua_State *L, const struct slot *slot, json_t *given) {
    const char *name;
    json_t *value;
    lua_newtable(L);
    json_object_foreach (slot->values, name, value) {
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

/* Reads the names of the tests in the table on top, in order. */
static void load_names(lua_State *L, struct load *l) {
    const char *names[TESTS_MAX];
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_isfunction(L, -1))
            luaL_error(L, "%s: tests must consist of name = function", l->file);
        if (n == TESTS_MAX)
            luaL_error(L, "%s: more than %d tests", l->file, TESTS_MAX);
        names[n++] = lua_tostring(L, -2);
    }
    qsort(names, n, sizeof *names, load_by_text);
    l->tests = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(l->tests, json_string(names[i])))
            luaL_error(L, "%s: the name of a test must be UTF-8", l->file);
}

static void load_tests(lua_State *L, int idx, struct load *l) {
    int type = lua_getfield(L, idx, "tests");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "%s: tests must be a table, not a %s", l->file, lua_typename(L, type));
    if (type == LUA_TTABLE)
        load_names(L, l);
    if (type == LUA_TTABLE && l->tries)
        lua_rawsetp(L, LUA_REGISTRYINDEX, &l->slot->test_table);
    else
        lua_pop(L, 1);
}

/* ---- the file ---- */

/* Protected part of slot_load. The function is put into its slot last, so that a failure
 * leaves the hook unchanged. */
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
        luaL_error(L, "%s: about must be a string", l->file);
    load_params(L, table, l);
    load_tests(L, table, l);
    if (lua_getfield(L, table, hook) != LUA_TFUNCTION)
        luaL_error(L, "%s: " SCRIPT_NO_HOOK "%s'", l->file, hook);
    require_begin(L); /* whoever uses a module has it in a local */
    if (about == LUA_TSTRING)
        l->about = xstrdup(lua_tostring(L, table + 2));
    lua_rawsetp(L, LUA_REGISTRYINDEX, l->slot); /* nothing raises after this */
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
    json_t *in_force = NULL;
    if (rc == 0)
        in_force = values ? json_incref(values) : param_values(l.params, NULL, NULL, err);
    if (in_force == NULL) {
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
    slot->values = in_force;
    slot->tests = l.tests;
    slot->about = l.about;
    return 0;
}
