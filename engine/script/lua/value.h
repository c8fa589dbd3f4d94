/* Converts plain values between JSON trees and Lua. JSON null is json.null, a light userdata.
 * Integers stay integers. Arrays have a metatable as a mark, so that an empty one does not
 * become an object. Functions and the like cannot be converted. */
#ifndef SCRIPT_LUA_VALUE_H
#define SCRIPT_LUA_VALUE_H

#include <jansson.h>
#include <lua.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"

#define VALUE_DEPTH 32            /* levels of nesting */
#define VALUE_COUNT 65536         /* values in one tree */
#define VALUE_BYTES (1024 * 1024) /* bytes of its strings and keys together */
#define VALUE_WHY 128

/* Prepares a state for the functions below. May raise. */
void value_setup(lua_State *L);
/* Pushes v as a Lua value. May raise. */
void value_push(lua_State *L, const json_t *v);
/* The Lua value at idx as JSON (new reference, keys in order), or NULL with the reason. Never
 * raises and never runs Lua code. */
json_t *value_take(lua_State *L, int idx, char why[VALUE_WHY]) MUST_CHECK;
/* Marks the table at idx as an array. May raise. */
void value_mark(lua_State *L, int idx);
/* Is it marked as an array? Needs two free stack slots; never raises. */
bool value_is_marked(lua_State *L, int idx);
/* Adds v as one line of JSON: compact, keys in order. */
void value_encode(const json_t *v, struct str *out);

#endif
