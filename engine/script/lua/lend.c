#include "script/lua/lend.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "script/lua/libs.h"
#include "script/lua/sandbox.h"

#define COST 50 /* instructions that one call is taken for */

static const struct script_function *lend_find(const struct script_function *f,
                                               const char *name) {
    while (f && f->name && strcmp(f->name, name))
        f++;
    return f && f->name ? f : NULL;
}

/* The arguments: finite numbers, nil where one is left out. Returns how many. */
static int lend_read_numbers(lua_State *L, double in[SCRIPT_IN_MAX]) {
    int n = lua_gettop(L);
    while (n > 0 && lua_isnil(L, n))
        n--;
    if (n > SCRIPT_IN_MAX)
        luaL_error(L, "over %d arguments", SCRIPT_IN_MAX);
    for (int i = 0; i < n; i++) {
        in[i] = lua_isnil(L, i + 1) ? NAN : luaL_checknumber(L, i + 1);
        luaL_argcheck(L, lua_isnil(L, i + 1) || isfinite(in[i]), i + 1, "not a finite number");
    }
    return n;
}

/* Upvalue: the name. Only a running hook of the right kind has something behind it. */
static int lend_call(lua_State *L) {
    struct sandbox *sb = sandbox_of(L);
    double in[SCRIPT_IN_MAX], out[SCRIPT_OUT_MAX];
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    const struct script_function *f = lend_find(sb->lent, name);
    int n = lend_read_numbers(L, in);
    sandbox_charge(L, COST);
    n = f ? f->call(sb->lent_arg, in, n, out) : -1;
    if (n < 0 || n > SCRIPT_OUT_MAX)
        return luaL_error(L, "learn.%s: not available here, or not with this number", name);
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

/* An empty table in front of the real one, whose metatable cannot be reached. */
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
