/* string.find, match, gmatch and gsub as in Lua's manual, except that a match charges
 * instructions like a loop, so that one that would take very long is ended. */
#ifndef SCRIPT_LUA_PATTERN_H
#define SCRIPT_LUA_PATTERN_H

#include <lua.h>

int pattern_find(lua_State *L);
int pattern_match(lua_State *L);
int pattern_gmatch(lua_State *L);
int pattern_gsub(lua_State *L);

#endif
