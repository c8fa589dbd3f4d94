/* The helper functions that the engine lends to hooks: the table `learn` of Lua. */
#ifndef SCRIPT_LUA_LEND_H
#define SCRIPT_LUA_LEND_H

#include <lua.h>

#include "script/lua/env.h"

/* Makes the global `learn` with all functions of the env. May raise. */
void lend_open(lua_State *L, const struct script_env *env);
/* For a strategy's own tests: from now on learn.NAME returns what the table at idx has under
 * NAME: the results of a function, a number, or the numbers of a list. Other functions are not
 * affected. nil at idx ends this. May raise. */
void lend_answers(lua_State *L, int idx);

#endif
