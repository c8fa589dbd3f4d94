/* The helper functions that the engine lends to hooks, in Lua the table `learn`. */
#ifndef SCRIPT_LUA_LEND_H
#define SCRIPT_LUA_LEND_H

#include <lua.h>

#include "script/lua/env.h"

/* Makes the global `learn` with every function of the env. May raise. */
void lend_open(lua_State *L, const struct script_env *env);

#endif
