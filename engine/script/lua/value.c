#include "script/lua/value.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its address is the registry key of the metatable of arrays. */
static const char array_key;

void value_setup(lua_State *L) {
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0); /* getmetatable returns false, setmetatable refuses */
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
}

void value_mark(lua_State *L, int idx) {
    idx = lua_absindex(L, idx);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, idx);
}

bool value_is_marked(lua_State *L, int idx) {
    if (!lua_getmetatable(L, idx))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* ---- JSON to Lua ---- */

static void lua_value_push_at(lua_State *L, const json_t *v, int depth);

static void lua_value_push_array(lua_State *L, const json_t *v, int depth) {
    size_t n = json_array_size(v);
    lua_createtable(L, n < VALUE_COUNT ? (int)n : VALUE_COUNT, 0);
    for (size_t i = 0; i < n; i++) {
        lua_value_push_at(L, json_array_get(v, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    value_mark(L, -1);
}

static void lua_value_push_object(lua_State *L, const json_t *v, int depth) {
    size_t n = json_object_size(v);
    lua_createtable(L, 0, n < VALUE_COUNT ? (int)n : VALUE_COUNT);
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
    for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
        lua_pushstring(L, json_object_iter_key(i));
        lua_value_push_at(L, json_object_iter_value(i), depth + 1);
        lua_rawset(L, -3);
    }
}

/* Pushes one level; NULL becomes nil. */
static void lua_value_push_at(lua_State *L, const json_t *v, int depth) {
    if (depth > VALUE_DEPTH)
        luaL_error(L, "a value nested deeper than %d", VALUE_DEPTH);
    luaL_checkstack(L, 4, "a deep value");
    if (v == NULL) {
        lua_pushnil(L);
        return;
    }
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        lua_value_push_object(L, v, depth);
        break;
    case JSON_ARRAY:
        lua_value_push_array(L, v, depth);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(v));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(v));
        break;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    }
}

void value_push(lua_State *L, const json_t *v) { lua_value_push_at(L, v, 1); }

/* ---- Lua to JSON ---- */

/* The state of a conversion: what it may still use, and why it failed. */
struct take {
    lua_State *L;
    int count;
    size_t bytes;
    char *why;
};

static json_t *lua_value_take_at(struct take *t, int depth);

/* Notes the reason, unless there is one already: the innermost comes first. */
static json_t *lua_value_refuse(struct take *t, const char *what) {
    if (*t->why == '\0')
        snprintf(t->why, VALUE_WHY, "%s", what);
    return NULL;
}

/* Puts the innermost key in front of the reason. */
static void lua_value_name_key(struct take *t, const char *key, lua_Integer index) {
    char text[VALUE_WHY];
    if (t->why[0] == '\0' || t->why[0] == '[')
        return;
    snprintf(text, sizeof text, "%s", t->why);
    if (key)
        snprintf(t->why, VALUE_WHY, "['%.40s'] %.70s", key, text);
    else
        snprintf(t->why, VALUE_WHY, "[%lld] %.70s", (long long)index, text);
}

static json_t *lua_value_take_string(struct take *t) {
    size_t n;
    const char *s = lua_tolstring(t->L, -1, &n);
    if (n > t->bytes)
        return lua_value_refuse(t, "more than 1 MiB of text");
    t->bytes -= n;
    json_t *v = json_stringn(s, n);
    return v ? v : lua_value_refuse(t, "a string that is not UTF-8");
}

/* Is the table on top a sequence without holes or other keys? */
static bool lua_value_is_sequence(lua_State *L, lua_Unsigned n) {
    lua_Unsigned seen = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        lua_Integer i = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
        if (i < 1 || (lua_Unsigned)i > n) {
            lua_pop(L, 1);
            return false;
        }
        seen++;
    }
    return seen == n;
}

static json_t *lua_value_take_array(struct take *t, int depth) {
    lua_Unsigned n = lua_rawlen(t->L, -1);
    if (n > (lua_Unsigned)t->count)
        return lua_value_refuse(t, "too many values");
    if (!lua_value_is_sequence(t->L, n))
        return lua_value_refuse(t, "an array with holes or with other keys");
    json_t *a = json_array();
    for (lua_Integer i = 1; i <= (lua_Integer)n; i++) {
        lua_rawgeti(t->L, -1, i);
        json_t *v = lua_value_take_at(t, depth + 1);
        lua_pop(t->L, 1);
        if (v == NULL) {
            lua_value_name_key(t, NULL, i);
            json_decref(a);
            return NULL;
        }
        json_array_append_new(a, v);
    }
    return a;
}

static int lua_value_by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Makes an object of the members of o (freed) in the order of their keys, so that it is walked
 * in the same order in every process; headers of an Originate depend on it. */
static json_t *lua_value_in_order(json_t *o) {
    size_t n = 0;
    const char **keys = xmalloc(json_object_size(o) * sizeof *keys);
    for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i))
        keys[n++] = json_object_iter_key(i);
    qsort(keys, n, sizeof *keys, lua_value_by_text);
    json_t *sorted = json_object();
    for (size_t k = 0; k < n; k++)
        json_object_set(sorted, keys[k], json_object_get(o, keys[k]));
    free(keys);
    json_decref(o);
    return sorted;
}

/* The key of the pair on top as the key of an object, or NULL. */
static const char *lua_value_take_key(struct take *t) {
    if (lua_type(t->L, -2) != LUA_TSTRING) { /* lua_tolstring would convert a number */
        lua_value_refuse(t, "a key that is neither text nor part of a sequence");
        return NULL;
    }
    size_t n;
    const char *key = lua_tolstring(t->L, -2, &n);
    if (strlen(key) != n) {
        lua_value_refuse(t, "a key with a zero byte");
        return NULL;
    }
    if (n > t->bytes) {
        lua_value_refuse(t, "more than 1 MiB of text");
        return NULL;
    }
    t->bytes -= n;
    return key;
}

static json_t *lua_value_take_object(struct take *t, int depth) {
    json_t *o = json_object();
    const char *last = NULL;
    bool sorted = true;
    lua_pushnil(t->L);
    while (lua_next(t->L, -2)) {
        const char *key = lua_value_take_key(t);
        json_t *v = key ? lua_value_take_at(t, depth + 1) : NULL;
        if (v && json_object_set_new(o, key, v))
            v = lua_value_refuse(t, "a key that is not UTF-8");
        if (v == NULL) {
            if (key)
                lua_value_name_key(t, key, 0);
            lua_pop(t->L, 2);
            json_decref(o);
            return NULL;
        }
        sorted = sorted && (last == NULL || strcmp(last, key) < 0);
        last = key;
        lua_pop(t->L, 1);
    }
    return sorted ? o : lua_value_in_order(o);
}

/* A table is an array if it is marked or has a first element; an empty one is an object. */
static json_t *lua_value_take_table(struct take *t, int depth) {
    bool array = value_is_marked(t->L, -1) || lua_rawlen(t->L, -1);
    return array ? lua_value_take_array(t, depth) : lua_value_take_object(t, depth);
}

/* Takes the value on top, which stays there. */
static json_t *lua_value_take_at(struct take *t, int depth) {
    if (depth > VALUE_DEPTH || !lua_checkstack(t->L, 6))
        return lua_value_refuse(t, "nested deeper than 32 (a table that contains itself?)");
    if (--t->count < 0)
        return lua_value_refuse(t, "too many values");
    switch (lua_type(t->L, -1)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(t->L, -1));
    case LUA_TNUMBER:
        if (lua_isinteger(t->L, -1))
            return json_integer(lua_tointeger(t->L, -1));
        if (isfinite(lua_tonumber(t->L, -1)))
            return json_real(lua_tonumber(t->L, -1));
        return lua_value_refuse(t, "a number that is not finite (nan or inf)");
    case LUA_TSTRING:
        return lua_value_take_string(t);
    case LUA_TTABLE:
        return lua_value_take_table(t, depth);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(t->L, -1) == NULL)
            return json_null();
        break;
    }
    char text[64];
    snprintf(text, sizeof text, "a %s is not a plain value", luaL_typename(t->L, -1));
    return lua_value_refuse(t, text);
}

json_t *value_take(lua_State *L, int idx, char why[VALUE_WHY]) {
    struct take t = {.L = L, .count = VALUE_COUNT, .bytes = VALUE_BYTES, .why = why};
    why[0] = '\0';
    if (!lua_checkstack(L, 1))
        return lua_value_refuse(&t, "no room on the stack");
    lua_pushvalue(L, idx);
    json_t *v = lua_value_take_at(&t, 1);
    lua_pop(L, 1);
    return v;
}

/* ---- text ---- */

/* The precision at which no number of the tree changes: 15 digits if they suffice, so that 0.3
 * prints as 0.3, else 17. jansson prints all numbers with one precision. */
static int lua_value_digits(const json_t *v) {
    int most = 15;
    json_t *o = (json_t *)(uintptr_t)v;
    if (json_is_real(v)) {
        char text[40];
        snprintf(text, sizeof text, "%.15g", json_real_value(v));
        return strtod(text, NULL) < json_real_value(v) ||
                       strtod(text, NULL) > json_real_value(v)
                   ? 17
                   : 15;
    }
    for (size_t i = 0; most == 15 && json_is_array(v) && i < json_array_size(v); i++)
        most = lua_value_digits(json_array_get(v, i));
    for (void *i = json_object_iter(o); most == 15 && i; i = json_object_iter_next(o, i))
        most = lua_value_digits(json_object_iter_value(i));
    return most;
}

static int lua_value_add_bytes(const char *bytes, size_t n, void *arg) {
    str_addn(arg, bytes, n);
    return 0;
}

void value_encode(const json_t *v, struct str *out) {
    size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
    json_dump_callback(v, lua_value_add_bytes, out,
                       flags | JSON_REAL_PRECISION(lua_value_digits(v)));
}
