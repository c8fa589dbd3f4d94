#include "script/lua/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "script/lua/matcher.h"
#include "script/lua/sandbox.h"

/* ---- results ---- */

static void pattern_push_capture(struct matcher *m, int i, const char *s, const char *e) {
    if (i >= m->count) {
        if (i > 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, s, (size_t)(e - s)); /* the whole match */
    } else if (m->captures[i].len == CAPTURE_PLACE) {
        lua_pushinteger(m->L, m->captures[i].at - m->begin + 1);
    } else if (m->captures[i].len == CAPTURE_OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, m->captures[i].at, (size_t)m->captures[i].len);
    }
}

/* Pushes all captures; the whole match if there are none and `whole` is set. */
static int pattern_push_captures(struct matcher *m, const char *s, const char *e, bool whole) {
    int n = m->count == 0 && whole ? 1 : m->count;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        pattern_push_capture(m, i, s, e);
    return n;
}

/* Where the search begins, counted from 0; a negative argument counts from the end. */
static size_t pattern_start_at(lua_State *L, int arg, size_t len) {
    lua_Integer at = luaL_optinteger(L, arg, 1);
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len)
        return 0;
    return len + (size_t)at;
}

/* ---- find and match ---- */

static int pattern_find_plain(lua_State *L, const char *s, size_t n, const char *p, size_t pn,
                              size_t at) {
    sandbox_charge(L, (int64_t)((n - at) / 16));
    const char *hit = memmem(s + at, n - at, p, pn);
    if (hit == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, hit - s + 1);
    lua_pushinteger(L, hit - s + (lua_Integer)pn);
    return 2;
}

static int pattern_search(lua_State *L, bool find) {
    size_t n, pn;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pn);
    size_t at = pattern_start_at(L, 3, n);
    if (at > n) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || strcspn(p, "^$*+?.([%-") == pn))
        return pattern_find_plain(L, s, n, p, pn, at);
    bool anchored = *p == '^';
    struct matcher m;
    matcher_begin(&m, L, s, n, p, pn);
    for (const char *from = s + at; from <= m.end; from++) {
        const char *e = matcher_try(&m, from, p + anchored);
        if (e && find) {
            lua_pushinteger(L, from - s + 1);
            lua_pushinteger(L, e - s);
            return pattern_push_captures(&m, NULL, NULL, false) + 2;
        }
        if (e)
            return pattern_push_captures(&m, from, e, true);
        if (anchored)
            break;
        matcher_step(&m);
    }
    lua_pushnil(L);
    return 1;
}

int pattern_find(lua_State *L) { return pattern_search(L, true); }
int pattern_match(lua_State *L) { return pattern_search(L, false); }

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, where to continue, end of the last match (-1 = none). */
static int pattern_next_match(lua_State *L) {
    size_t n, pn;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &n);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &pn);
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct matcher m;
    matcher_begin(&m, L, s, n, p, pn);
    for (const char *from = s + lua_tointeger(L, lua_upvalueindex(3)); from <= m.end; from++) {
        const char *e = matcher_try(&m, from, p);
        matcher_step(&m);
        if (e == NULL || e - s == last)
            continue;
        lua_pushinteger(L, e - s);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return pattern_push_captures(&m, from, e, true);
    }
    return 0;
}

int pattern_gmatch(lua_State *L) {
    size_t n;
    luaL_checklstring(L, 1, &n);
    luaL_checkstring(L, 2);
    size_t at = pattern_start_at(L, 3, n);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(at > n ? n + 1 : at));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, pattern_next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* Adds the replacement text with %0 to %9 replaced. */
static void pattern_add_text(struct matcher *m, luaL_Buffer *b, const char *s, const char *e) {
    size_t n;
    const char *r = lua_tolstring(m->L, 3, &n);
    for (size_t i = 0; i < n; i++) {
        if (r[i] != '%') {
            luaL_addchar(b, r[i]);
        } else if (++i < n && r[i] == '%') {
            luaL_addchar(b, '%');
        } else if (i >= n || !isdigit((unsigned char)r[i])) {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        } else if (r[i] == '0') {
            luaL_addlstring(b, s, (size_t)(e - s));
        } else {
            pattern_push_capture(m, r[i] - '1', s, e);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        }
    }
}

/* Adds the replacement of one match; false if that is the match itself. */
static bool pattern_add_match(struct matcher *m, luaL_Buffer *b, const char *s, const char *e) {
    lua_State *L = m->L;
    int type = lua_type(L, 3);
    if (type != LUA_TFUNCTION && type != LUA_TTABLE) {
        pattern_add_text(m, b, s, e);
        return true;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, pattern_push_captures(m, s, e, true), 1);
    } else {
        pattern_push_capture(m, 0, s, e);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, s, (size_t)(e - s));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

int pattern_gsub(lua_State *L) {
    size_t n, pn;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pn);
    int type = lua_type(L, 3);
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)n + 1), count = 0;
    bool anchored = *p == '^', changed = false;
    const char *last = NULL; /* end of the last match */
    struct matcher m;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    matcher_begin(&m, L, s, n, p, pn);
    while (count < most) {
        const char *e = matcher_try(&m, s, p + anchored);
        matcher_step(&m);
        if (e && e != last) {
            count++;
            changed = pattern_add_match(&m, &b, s, e) || changed;
            s = last = e;
        } else if (s < m.end) {
            luaL_addchar(&b, *s++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    if (changed) {
        luaL_addlstring(&b, s, (size_t)(m.end - s));
        luaL_pushresult(&b);
    } else {
        lua_pushvalue(L, 1); /* the same text */
    }
    lua_pushinteger(L, count);
    return 2;
}
