#include "script/lua/order.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "script/lua/sandbox.h"

#define SORT_COST 16 /* instructions charged for sorting one key */

/* A key in a form that can be compared without Lua. text is valid as long as the key. */
struct key {
    int rank;           /* 0 number, 1 string, 2 boolean */
    int slot;           /* its place in the list of keys */
    long double number; /* holds every integer and every float exactly */
    const char *text;
    size_t len;
};

/* The state of a pairs loop. It is a userdata, so that Lua counts its memory and frees it. */
struct walk {
    int count, at;
    struct key keys[];
};

/* Reads the key at idx. Raises if its type has no order. */
static struct key lua_order_read_key(lua_State *L, int idx) {
    struct key k = {.rank = 0};
    switch (lua_type(L, idx)) {
    case LUA_TNUMBER:
        k.number = lua_isinteger(L, idx) ? (long double)lua_tointeger(L, idx)
                                         : (long double)lua_tonumber(L, idx);
        break;
    case LUA_TSTRING:
        k.rank = 1;
        k.text = lua_tolstring(L, idx, &k.len);
        break;
    case LUA_TBOOLEAN:
        k.rank = 2;
        k.number = lua_toboolean(L, idx);
        break;
    default:
        luaL_error(L, "a key must be a number, a string or a boolean, not a %s",
                   luaL_typename(L, idx));
    }
    return k;
}

static int lua_order_compare(const struct key *a, const struct key *b) {
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->rank != 1)
        return (a->number > b->number) - (a->number < b->number);
    size_t n = a->len < b->len ? a->len : b->len;
    int c = n ? memcmp(a->text, b->text, n) : 0;
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

static int lua_order_compare_any(const void *a, const void *b) {
    return lua_order_compare(a, b);
}

/* Counts the keys of the table at 1. *ordered: Lua's order is the one we want, as in
 * sequences, so that nothing need be sorted. */
static int lua_order_survey(lua_State *L, bool *ordered) {
    struct key last = {0};
    int n = 0;
    *ordered = true;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        struct key k = lua_order_read_key(L, -1);
        if (n++ && lua_order_compare(&last, &k) >= 0)
            *ordered = false;
        last = k;
    }
    return n;
}

/* Lua's own next, for tables that need no sorting. */
static int lua_order_plain_next(lua_State *L) {
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

/* Returns the next key that still has a value. Upvalues: list of keys, walk. */
static int lua_order_walk_next(lua_State *L) {
    struct walk *w = lua_touserdata(L, lua_upvalueindex(2));
    lua_settop(L, 1);
    while (w->at < w->count) {
        lua_rawgeti(L, lua_upvalueindex(1), w->keys[w->at++].slot);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL)
            return 2;
        lua_settop(L, 1);
    }
    return 0;
}

/* Pushes the iterator over the n keys of the table at 1. */
static void lua_order_push_walk(lua_State *L, int n) {
    lua_createtable(L, n, 0);
    size_t size = sizeof(struct walk) + (size_t)n * sizeof(struct key);
    struct walk *w = lua_newuserdatauv(L, size, 0);
    int keys = lua_gettop(L) - 1;
    w->count = w->at = 0;
    lua_pushnil(L);
    while (w->count < n && lua_next(L, 1)) {
        lua_pop(L, 1);
        struct key k = lua_order_read_key(L, -1);
        k.slot = w->count + 1;
        w->keys[w->count++] = k;
        lua_pushvalue(L, -1);
        lua_rawseti(L, keys, k.slot);
    }
    lua_settop(L, keys + 1);
    qsort(w->keys, (size_t)w->count, sizeof *w->keys, lua_order_compare_any);
    lua_pushcclosure(L, lua_order_walk_next, 2);
}

int order_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    bool ordered;
    int n = lua_order_survey(L, &ordered);
    sandbox_charge(L, ordered ? n : (int64_t)n * SORT_COST);
    if (ordered)
        lua_pushcfunction(L, lua_order_plain_next);
    else
        lua_order_push_walk(L, n);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

int order_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    bool first = lua_isnil(L, 2), found = false;
    struct key from = {0}, best = {0};
    int n = 0;
    if (!first)
        from = lua_order_read_key(L, 2);
    lua_pushnil(L); /* 3: the best key so far */
    lua_pushnil(L);
    for (; lua_next(L, 1); n++) {
        lua_pop(L, 1);
        struct key k = lua_order_read_key(L, -1);
        if ((!first && lua_order_compare(&k, &from) <= 0) ||
            (found && lua_order_compare(&k, &best) >= 0))
            continue;
        found = true;
        best = k;
        lua_pushvalue(L, -1);
        lua_replace(L, 3);
    }
    sandbox_charge(L, n);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}
