#include "script/lua/lend.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "script/lua/libs.h"
#include "script/lua/sandbox.h"

#define COST 50 /* instructions that a call charges */

static const struct script_function *lend_find(const struct script_function *f,
                                               const char *name) {
    while (f && f->name && strcmp(f->name, name))
        f++;
    return f && f->name ? f : NULL;
}

/* Reads the arguments, which are finite numbers or nil. Returns how many there are. */
static int lend_read_numbers(lua_State *L, double in[SCRIPT_IN_MAX]) {
    int n = lua_gettop(L);
    while (n > 0 && lua_isnil(L, n))
        n--;
    if (n > SCRIPT_IN_MAX)
        luaL_error(L, "more than %d arguments", SCRIPT_IN_MAX);
    for (int i = 0; i < n; i++) {
        in[i] = lua_isnil(L, i + 1) ? NAN : luaL_checknumber(L, i + 1);
        luaL_argcheck(L, lua_isnil(L, i + 1) || isfinite(in[i]), i + 1, "not a finite number");
    }
    return n;
}

/* ---- a test's own answers ---- */

static const char lend_answers_key; /* in the registry: a table, name -> the test's answer */

/* Pushes the results that the value on top means: the members of a list, or the value. */
static int lend_spread(lua_State *L) {
    if (!lua_istable(L, -1))
        return 1;
    int list = lua_gettop(L), n = 0;
    while (n <= SCRIPT_OUT_MAX && lua_rawgeti(L, list, n + 1) != LUA_TNIL)
        n++;
    lua_settop(L, list + n);
    return n;
}

/* If a test answers for the function: pushes its answer to the n arguments and returns the
 * number of results. Else -1. */
static int lend_answer(lua_State *L, const char *name, int n) {
    int base = lua_gettop(L);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &lend_answers_key) != LUA_TTABLE ||
        lua_getfield(L, -1, name) == LUA_TNIL) {
        lua_settop(L, base);
        return -1;
    }
    if (lua_isfunction(L, -1)) {
        luaL_checkstack(L, n, "too many arguments");
        for (int i = 1; i <= n; i++)
            lua_pushvalue(L, i);
        lua_call(L, n, LUA_MULTRET);
        n = lua_gettop(L) - base - 1;
    } else {
        n = lend_spread(L);
    }
    for (int i = -n; i < 0; i++)
        if (lua_type(L, i) != LUA_TNUMBER && !lua_isnil(L, i))
            luaL_error(L, "the test's learn.%s must return a number, not a %s", name,
                       luaL_typename(L, i));
    return n;
}

/* Checks one entry (name and answer on top) of the table that a test passes to run. */
static void lend_check_answer(lua_State *L) {
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L,
                   "run: the keys of its third argument must be names of functions, not a %s",
                   luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    if (lend_find(sandbox_of(L)->lent, name) == NULL)
        luaL_error(L, "run: there is no function learn.%s", name);
    if (!lua_isfunction(L, -1) && !lua_istable(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
        luaL_error(L,
                   "run: learn.%s must be a function, a number or a list of numbers, not a %s",
                   name, luaL_typename(L, -1));
}

void lend_answers(lua_State *L, int idx) {
    idx = lua_absindex(L, idx);
    if (lua_istable(L, idx))
        for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1))
            lend_check_answer(L);
    lua_pushvalue(L, idx);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lend_answers_key);
}

/* ---- the engine's ---- */

/* Calls learn.NAME. Upvalue: the name. The function exists only while its hook runs. */
static int lend_call(lua_State *L) {
    struct sandbox *sb = sandbox_of(L);
    double in[SCRIPT_IN_MAX], out[SCRIPT_OUT_MAX];
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    const struct script_function *f = lend_find(sb->lent, name);
    int n = lend_read_numbers(L, in), answered = lend_answer(L, name, n);
    sandbox_charge(L, COST);
    if (answered >= 0)
        return answered;
    n = f ? f->call(sb->lent_arg, in, n, out) : -1;
    if (n < 0 || n > SCRIPT_OUT_MAX)
        return luaL_error(L, "learn.%s: not available here, or not for these arguments", name);
    for (int i = 0; i < n; i++)
        if (isnan(out[i]))
            lua_pushnil(L);
        else
            lua_pushnumber(L, out[i]);
    return n;
}

static int lend_on_unknown(lua_State *L) {
    return luaL_error(L, "there is no function learn.%s", libs_text(L, 2));
}

static int lend_on_assign(lua_State *L) { return luaL_error(L, "learn cannot be changed"); }

/* `learn` is an empty table; its metatable, which scripts cannot reach, has the functions. */
void lend_open(lua_State *L, const struct script_env *env) {
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_newtable(L);
    for (int h = 0; h < HOOK_COUNT; h++)
        for (const struct script_function *f = env->functions[h]; f && f->name; f++) {
            lua_pushstring(L, f->name);
            lua_pushcclosure(L, lend_call, 1);
            lua_setfield(L, -2, f->name);
        }
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, lend_on_unknown);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, lend_on_assign);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setglobal(L, "learn");
}
