/* pairs and next in the order of the keys: numbers ascending, then strings by bytes, then
 * false, true. Lua's own order depends on a seed that differs from process to process, but a
 * replayed run must decide the same. */
#ifndef SCRIPT_LUA_ORDER_H
#define SCRIPT_LUA_ORDER_H

#include <lua.h>

/* pairs(t): the keys at the time of the call, without those removed since. */
int order_pairs(lua_State *L);
/* next(t [, key]): searches the whole table each time, so loops should use pairs. */
int order_next(lua_State *L);

#endif
