/* Plain values: JSON trees to Lua values and back. JSON null is json.null (a light
 * userdata), integers stay integers, an array carries a mark so that an empty one
 * does not turn into an object. Functions and other live things do not cross. */
#ifndef SCRIPT_LUA_VALUE_H
#define SCRIPT_LUA_VALUE_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"

#define VALUE_DEPTH 32            /* levels of nesting */
#define VALUE_COUNT 65536         /* values in one tree */
#define VALUE_BYTES (1024 * 1024) /* bytes of all its strings and keys */
#define VALUE_WHY 128

/* Prepares the state for the others. May raise. */
void value_setup(lua_State *L);
/* Pushes the Lua form of v. May raise: only inside a protected call. */
void value_push(lua_State *L, const json_t *v);
/* The JSON form of the Lua value at idx (new reference; keys in order), or NULL with
 * the reason. Never raises and never runs Lua code. */
json_t *value_take(lua_State *L, int idx, char why[VALUE_WHY]) MUST_CHECK;
/* Marks the table at idx as an array. May raise. */
void value_mark(lua_State *L, int idx);
/* Needs two free stack slots; never raises. */
bool value_is_marked(lua_State *L, int idx);
/* Adds v as one line of JSON: compact, keys in order. */
void value_encode(const json_t *v, struct str *out);

#endif
