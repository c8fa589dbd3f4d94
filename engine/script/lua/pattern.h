/* Lua's patterns, counted: string.find, match, gmatch and gsub as the manual has them,
 * but a match that goes back and forth without end takes instructions like any loop and
 * ends when there are none left. */
#ifndef SCRIPT_LUA_PATTERN_H
#define SCRIPT_LUA_PATTERN_H

#include <lua.h>

int pattern_find(lua_State *L);
int pattern_match(lua_State *L);
int pattern_gmatch(lua_State *L);
int pattern_gsub(lua_State *L);

#endif
