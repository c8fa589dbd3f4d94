/* A strategy's own tests. Each runs in a new state, with the budget of a call. */
#include <lauxlib.h>
#include <stdlib.h>

#include "script/hook/inner.h"
#include "script/lua/lend.h"
#include "script/lua/value.h"
#include "script/hook/view.h"

#define TOGETHER 10 /* budgets that the tests of one file may use together */

/* assert that adds the place to its message. */
static int test_placed_assert(lua_State *L) {
    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    return luaL_error(L, "%s", luaL_optstring(L, 2, "assertion failed"));
}

/* Pushes the example view, with the test's own values laid over it and with the parameters. */
static void test_push_view(lua_State *L, struct script *s, enum hook h) {
    char why[VALUE_WHY];
    json_t *own = lua_isnoneornil(L, 1) ? json_object() : value_take(L, 1, why);
    struct sandbox *sb = &s->sandbox;
    if (own == NULL || !json_is_object(own)) {
        json_decref(own);
        luaL_error(L, "run: the view: %s", own ? "must be a table with names" : why);
    }
    json_decref(sb->tree);
    sb->tree = view_example(sb->env->views[h]);
    view_lay(sb->tree, own);
    json_decref(own);
    value_push(L, sb->tree);
    slot_push_params(L, &s->slots[h], json_object_get(sb->tree, "params"));
}

/* run(view [, memory [, learn]]): the result of the hook. Upvalues: the script, the hook. */
static int test_run_hook(lua_State *L) {
    struct script *s = lua_touserdata(L, lua_upvalueindex(1));
    enum hook h = (enum hook)lua_tointeger(L, lua_upvalueindex(2));
    char why[VALUE_WHY];
    lua_settop(L, 3);
    if (!lua_isnil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    lend_answers(L, 3); /* also ends those of a run before, which may have failed */
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &s->slots[h]);
    test_push_view(L, s, h);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    json_t *plain = value_take(L, -1, why);
    json_decref(plain);
    if (plain == NULL)
        luaL_error(L, "the result: %s", why);
    return 1;
}

struct trial {
    struct script *script;
    enum hook hook;
    const char *name;
};

/* Protected part of one test. */
static int test_run(lua_State *L) {
    struct trial *t = lua_touserdata(L, 1);
    lua_pushglobaltable(L);
    lua_pushliteral(L, "assert");
    lua_pushcfunction(L, test_placed_assert);
    lua_rawset(L, -3);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &t->script->slots[t->hook].test_table);
    lua_getfield(L, -1, t->name);
    lua_pushlightuserdata(L, t->script);
    lua_pushinteger(L, t->hook);
    lua_pushcclosure(L, test_run_hook, 2);
    lua_call(L, 1, 0);
    return 0;
}

/* A state for one test; NULL with *err. */
static struct script *test_open_trial(const struct script_env *env, struct source *source,
                                      char **err) {
    struct script *s = script_new(env);
    s->tries = true;
    if (script_load_source(s, source, NULL, err) == 0)
        return s;
    script_free(s);
    return NULL;
}

/* Runs one test and adds the instructions that it took to *used. NULL, or why it failed. */
static char *test_try_one(const struct script_env *env, struct source *source, const char *name,
                          int64_t *used) {
    char *err = NULL;
    struct script *s = test_open_trial(env, source, &err);
    if (s == NULL)
        return err;
    struct trial t = {s, source->hook, name};
    s->sandbox.lent = env->functions[source->hook]; /* with arg NULL: there is no engine */
    if (sandbox_run(&s->sandbox, source->file, test_run, &t, &err) == 0)
        err = NULL;
    *used += s->sandbox.budget - s->sandbox.left;
    script_free(s);
    return err;
}

int script_test(const struct script_env *env, struct source *source,
                void (*told)(void *arg, const char *name, const char *why), void *arg) {
    char *why = NULL;
    struct script *s = test_open_trial(env, source, &why);
    int failed = s == NULL;
    if (s == NULL && told)
        told(arg, "", why);
    json_t *names = s ? json_incref(s->slots[source->hook].tests) : NULL, *name;
    script_free(s);
    free(why);
    size_t i;
    int64_t used = 0;
    json_array_foreach (names, i, name) {
        bool over = env->instructions && used > TOGETHER * env->instructions;
        why = over ? xasprintf("%s: not run: the tests before it took too many instructions",
                               source->file)
                   : test_try_one(env, source, json_string_value(name), &used);
        if (told)
            told(arg, json_string_value(name), why);
        failed += why != NULL;
        free(why);
    }
    json_decref(names);
    return failed;
}
