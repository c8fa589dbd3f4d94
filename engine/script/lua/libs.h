/* What a script can reach: an allow-list of Lua's libraries, a few functions of them
 * replaced by ours, and what the engine lends (time, chance, log, json). */
#ifndef SCRIPT_LUA_LIBS_H
#define SCRIPT_LUA_LIBS_H

#include <lauxlib.h>

/* Fills the globals of a new state and closes them to assignment. May raise. */
void libs_open(lua_State *L);

/* Ours, one list a library. A function that replaces one of Lua's has the original
 * as upvalue 1. */
extern const luaL_Reg libs_base[], libs_string[], libs_table[];
extern const luaL_Reg libs_utf8[], libs_math[], libs_os[], libs_json[];

/* Pushes the log table. May raise. */
void libs_push_log(lua_State *L);
/* Adds json.null. The table is on top. May raise. */
void libs_add_null(lua_State *L);
/* Pushes the value at idx as text that is the same in every process: no addresses. */
const char *libs_text(lua_State *L, int idx);

#endif
