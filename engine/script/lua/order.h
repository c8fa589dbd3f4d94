/* Tables in key order: numbers ascending, then strings by bytes, then false, true.
 * Lua's own order follows a hash seed that differs from process to process, and a
 * replayed run must decide the same. */
#ifndef SCRIPT_LUA_ORDER_H
#define SCRIPT_LUA_ORDER_H

#include <lua.h>

/* pairs(t): keys as they stand at the call; those removed meanwhile are left out. */
int order_pairs(lua_State *L);
/* next(t [, key]): looks through the whole table each time, so loops use pairs. */
int order_next(lua_State *L);

#endif
