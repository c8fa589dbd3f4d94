/* The helper functions that the engine lends to hooks, in Lua the table `learn`. */
#ifndef SCRIPT_LUA_LEND_H
#define SCRIPT_LUA_LEND_H

#include <lua.h>

#include "script/lua/env.h"

/* Makes the global `learn` with every function of the env. May raise. */
void lend_open(lua_State *L, const struct script_env *env);
/* For a strategy's own tests: from now on learn.NAME gives what the table at idx says under
 * NAME, a function's results, a number or the numbers of a list; what it does not say stays
 * as it was without it. nil at idx: nothing is said any more. May raise. */
void lend_answers(lua_State *L, int idx);

#endif
