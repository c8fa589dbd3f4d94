/* The functions that a script can use: a list of those of Lua's libraries, some of them
 * replaced by ours, and those of the engine (time, random numbers, log, json). */
#ifndef SCRIPT_LUA_LIBS_H
#define SCRIPT_LUA_LIBS_H

#include <lauxlib.h>

/* Makes the globals of a new state and closes them to assignment. May raise. */
void libs_open(lua_State *L);

/* Our functions, a list for each library. A function that replaces one of Lua's has the
 * original as upvalue 1. */
extern const luaL_Reg libs_base[], libs_string[], libs_table[];
extern const luaL_Reg libs_utf8[], libs_math[], libs_os[], libs_json[];

/* Pushes the table `log`. May raise. */
void libs_push_log(lua_State *L);
/* Adds null to the table `json`, which is on top. May raise. */
void libs_add_null(lua_State *L);
/* Pushes the value at idx as a text that is the same in every process, without addresses. */
const char *libs_text(lua_State *L, int idx);

#endif
