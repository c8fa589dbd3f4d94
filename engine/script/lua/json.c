/* The table `json` of scripts. Trees and texts are in C memory while Lua may raise. They are
 * therefore kept in the sandbox, which frees them at their next use at the latest. */
#include <lauxlib.h>

#include "script/lua/libs.h"
#include "script/lua/sandbox.h"
#include "script/lua/value.h"

#define BYTES_PER_INSTR 8 /* that encoding or decoding charges */
#define KEEP_BYTES 65536  /* a larger buffer is freed after the call */

/* Frees the tree of the last use and keeps v (taken over) instead. */
static json_t *json_hold(struct sandbox *sb, json_t *v) {
    json_decref(sb->tree);
    sb->tree = v;
    return v;
}

/* json.encode(value): compact, with keys in order. Raises if it is not a plain value. */
static int json_lib_encode(lua_State *L) {
    struct sandbox *sb = sandbox_of(L);
    char why[VALUE_WHY];
    luaL_checkany(L, 1);
    str_reset(&sb->text);
    if (json_hold(sb, value_take(L, 1, why)) == NULL)
        return luaL_error(L, "json.encode: %s", why);
    value_encode(sb->tree, &sb->text);
    json_hold(sb, NULL);
    sandbox_charge(L, (int64_t)sb->text.len / BYTES_PER_INSTR);
    lua_pushlstring(L, str_get(&sb->text), sb->text.len);
    if (sb->text.cap > KEEP_BYTES)
        str_free(&sb->text);
    return 1;
}

/* json.decode(text): the value; or nil and what is wrong with the text. */
static int json_lib_decode(lua_State *L) {
    struct sandbox *sb = sandbox_of(L);
    json_error_t e;
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    luaL_argcheck(L, n <= VALUE_BYTES, 1, "more than 1 MiB");
    sandbox_charge(L, (int64_t)n / BYTES_PER_INSTR);
    if (json_hold(sb, json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e)) == NULL) {
        lua_pushnil(L);
        lua_pushfstring(L, "line %d, column %d: %s", e.line, e.column, e.text);
        return 2;
    }
    value_push(L, sb->tree);
    json_hold(sb, NULL);
    return 1;
}

/* json.array(t): marks t (or a new table) as an array, even if it is empty. */
static int json_lib_array(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (value_is_marked(L, 1))
        return 1;
    if (lua_getmetatable(L, 1))
        return luaL_argerror(L, 1, "it already has a metatable");
    value_mark(L, 1);
    return 1;
}

const luaL_Reg libs_json[] = {{"encode", json_lib_encode},
                              {"decode", json_lib_decode},
                              {"array", json_lib_array},
                              {NULL, NULL}};

void libs_add_null(lua_State *L) {
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
}
