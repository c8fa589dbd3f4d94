#include "script/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "script/sandbox.h"

#define DEPTH_MAX 200
#define CAPTURES 32
#define TAKE 500          /* steps between two charges */
#define STEPS_PER_INSTR 2 /* a step is about half an instruction */
#define OPEN (-1)         /* lengths of captures that have none: not closed yet, */
#define POSITION (-2)     /* a position */

struct matcher {
    lua_State *L;
    const char *begin, *end; /* of the subject */
    const char *pend;        /* of the pattern */
    int depth, steps, count;
    struct {
        const char *at;
        ptrdiff_t len;
    } captures[CAPTURES];
};

static const char *run(struct matcher *m, const char *s, const char *p);

/* Counts one step. Nothing in C is held here: the charge may raise. */
static void step(struct matcher *m) {
    if (++m->steps < TAKE)
        return;
    m->steps = 0;
    sandbox_charge(m->L, TAKE / STEPS_PER_INSTR);
}

/* ---- one character ---- */

/* Behind the item that begins at p: x, %x, [set]. */
static const char *item_end(struct matcher *m, const char *p) {
    const char *first = p++;
    if (*first == '%') {
        if (p == m->pend)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (*first != '[')
        return p;
    p += p < m->pend && *p == '^';
    for (bool any = false;; any = true) { /* a ] that comes first stands for itself */
        if (p >= m->pend)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p == ']' && any)
            return p + 1;
        p += *p == '%' && p + 1 < m->pend ? 2 : 1;
    }
}

/* Is c in the class of that letter? A capital is the complement. */
static bool in_class(int c, int letter) {
    static const struct {
        char letter;
        int (*is)(int c);
    } classes[] = {{'a', isalpha}, {'c', iscntrl}, {'d', isdigit}, {'g', isgraph},
                   {'l', islower}, {'p', ispunct}, {'s', isspace}, {'u', isupper},
                   {'w', isalnum}, {'x', isxdigit}};
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (classes[i].letter == tolower(letter))
            return (classes[i].is(c) != 0) != (isupper(letter) != 0);
    return letter == c;
}

/* Is c in the set between [ and the ] at last? */
static bool in_set(int c, const char *p, const char *last) {
    bool yes = true;
    if (*++p == '^') {
        yes = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%') {
            if (in_class(c, (unsigned char)*++p))
                return yes;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)*p <= c && c <= (unsigned char)p[2])
                return yes;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return yes;
        }
    }
    return !yes;
}

static bool fits(struct matcher *m, const char *s, const char *p, const char *behind) {
    if (s >= m->end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(c, p, behind - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- items that repeat ---- */

static const char *greedy(struct matcher *m, const char *s, const char *p, const char *behind) {
    const char *far = s;
    for (; fits(m, far, p, behind); far++)
        step(m);
    for (;; far--) {
        const char *to = run(m, far, behind + 1);
        if (to || far == s)
            return to;
    }
}

static const char *lazy(struct matcher *m, const char *s, const char *p, const char *behind) {
    for (;; s++) {
        const char *to = run(m, s, behind + 1);
        if (to)
            return to;
        if (!fits(m, s, p, behind))
            return NULL;
        step(m);
    }
}

/* ---- captures ---- */

static const char *open_capture(struct matcher *m, const char *s, const char *p, ptrdiff_t len) {
    if (m->count >= CAPTURES)
        luaL_error(m->L, "too many captures");
    m->captures[m->count].at = s;
    m->captures[m->count].len = len;
    m->count++;
    const char *to = run(m, s, p);
    m->count -= to == NULL;
    return to;
}

static const char *close_capture(struct matcher *m, const char *s, const char *p) {
    int i = m->count - 1;
    while (i >= 0 && m->captures[i].len != OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].at;
    const char *to = run(m, s, p);
    if (to == NULL)
        m->captures[i].len = OPEN;
    return to;
}

/* %1: what a capture has matched, again. */
static const char *again(struct matcher *m, const char *s, int digit) {
    int i = digit - '1';
    if (i < 0 || i >= m->count || m->captures[i].len == OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    ptrdiff_t len = m->captures[i].len;
    if (len < 0 || m->end - s < len || memcmp(m->captures[i].at, s, (size_t)len))
        return NULL;
    return s + len;
}

/* %bxy: from x to the y that closes it. */
static const char *balance(struct matcher *m, const char *s, const char *p) {
    if (m->pend - p < 2)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->end || *s != p[0])
        return NULL;
    for (int deep = 1; ++s < m->end;) {
        step(m);
        if (*s == p[1]) {
            if (--deep == 0)
                return s + 1;
        } else if (*s == p[0]) {
            deep++;
        }
    }
    return NULL;
}

/* %f[set]: between a character outside of the set and one in it. */
static bool frontier(struct matcher *m, const char *s, const char *p, const char *behind) {
    int before = s == m->begin ? 0 : (unsigned char)s[-1];
    int after = s < m->end ? (unsigned char)*s : 0;
    return !in_set(before, p, behind - 1) && in_set(after, p, behind - 1);
}

/* ---- the pattern ---- */

/* %b, %f and %1 to %9; *handled is false for anything else. Gives where to go on. */
static const char *special(struct matcher *m, const char *s, const char **p, bool *handled) {
    char c = m->pend - *p > 1 ? (*p)[1] : '\0';
    *handled = true;
    if (c == 'b') {
        s = balance(m, s, *p + 2);
        *p += 4;
    } else if (c == 'f') {
        const char *set = *p + 2;
        if (set >= m->pend || *set != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        *p = item_end(m, set);
        s = frontier(m, s, set, *p) ? s : NULL;
    } else if (isdigit((unsigned char)c)) {
        s = again(m, s, c);
        *p += 2;
    } else {
        *handled = false;
    }
    return s;
}

/* One item with what repeats it. Returns true when *s and *p have moved on, else *s is
 * the end of the whole match, or NULL. */
static bool one_item(struct matcher *m, const char **s, const char **p) {
    const char *behind = item_end(m, *p);
    char repeat = behind < m->pend ? *behind : '\0';
    bool one = fits(m, *s, *p, behind);
    if (repeat == '*' || (repeat == '+' && one)) {
        *s = greedy(m, *s + (repeat == '+'), *p, behind);
        return false;
    }
    if (repeat == '-') {
        *s = lazy(m, *s, *p, behind);
        return false;
    }
    if (repeat == '?') {
        const char *to = one ? run(m, *s + 1, behind + 1) : NULL;
        if (to) {
            *s = to;
            return false;
        }
        *p = behind + 1;
        return true;
    }
    *s = one ? *s + 1 : NULL;
    *p = behind;
    return *s != NULL;
}

static const char *loop(struct matcher *m, const char *s, const char *p) {
    while (p != m->pend) {
        bool handled = false;
        step(m);
        if (*p == '(')
            return p + 1 < m->pend && p[1] == ')' ? open_capture(m, s, p + 2, POSITION)
                                                  : open_capture(m, s, p + 1, OPEN);
        if (*p == ')')
            return close_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pend)
            return s == m->end ? s : NULL;
        if (*p == '%')
            s = special(m, s, &p, &handled);
        if (s == NULL)
            return NULL;
        if (!handled && !one_item(m, &s, &p))
            return s;
    }
    return s;
}

/* Matches the rest of the pattern at s: the end of the match, or NULL. */
static const char *run(struct matcher *m, const char *s, const char *p) {
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    s = loop(m, s, p);
    m->depth--;
    return s;
}

/* ---- results ---- */

static void push_capture(struct matcher *m, int i, const char *s, const char *e) {
    if (i >= m->count) {
        if (i > 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, s, (size_t)(e - s)); /* the whole match */
    } else if (m->captures[i].len == POSITION) {
        lua_pushinteger(m->L, m->captures[i].at - m->begin + 1);
    } else if (m->captures[i].len == OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, m->captures[i].at, (size_t)m->captures[i].len);
    }
}

/* All captures; the whole match when there are none and whole is set. */
static int push_captures(struct matcher *m, const char *s, const char *e, bool whole) {
    int n = m->count == 0 && whole ? 1 : m->count;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(m, i, s, e);
    return n;
}

/* Where a search begins, from 0; a negative place counts from the end. */
static size_t start_at(lua_State *L, int arg, size_t len) {
    lua_Integer at = luaL_optinteger(L, arg, 1);
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len)
        return 0;
    return len + (size_t)at;
}

static void begin(struct matcher *m, lua_State *L, const char *s, size_t n, const char *p,
                  size_t pn) {
    *m = (struct matcher){.L = L, .begin = s, .end = s + n, .pend = p + pn};
}

static const char *attempt(struct matcher *m, const char *s, const char *p) {
    m->count = 0;
    m->depth = 0;
    return run(m, s, p);
}

/* ---- find and match ---- */

static int find_plain(lua_State *L, const char *s, size_t n, const char *p, size_t pn,
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

static int search(lua_State *L, bool find) {
    size_t n, pn;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pn);
    size_t at = start_at(L, 3, n);
    if (at > n) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || strcspn(p, "^$*+?.([%-") == pn))
        return find_plain(L, s, n, p, pn, at);
    bool anchored = *p == '^';
    struct matcher m;
    begin(&m, L, s, n, p, pn);
    for (const char *from = s + at; from <= m.end; from++) {
        const char *e = attempt(&m, from, p + anchored);
        if (e && find) {
            lua_pushinteger(L, from - s + 1);
            lua_pushinteger(L, e - s);
            return push_captures(&m, NULL, NULL, false) + 2;
        }
        if (e)
            return push_captures(&m, from, e, true);
        if (anchored)
            break;
        step(&m);
    }
    lua_pushnil(L);
    return 1;
}

int pattern_find(lua_State *L) { return search(L, true); }
int pattern_match(lua_State *L) { return search(L, false); }

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, where to go on, end of the last match (-1 = none). */
static int next_match(lua_State *L) {
    size_t n, pn;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &n);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &pn);
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct matcher m;
    begin(&m, L, s, n, p, pn);
    for (const char *from = s + lua_tointeger(L, lua_upvalueindex(3)); from <= m.end; from++) {
        const char *e = attempt(&m, from, p);
        step(&m);
        if (e == NULL || e - s == last)
            continue;
        lua_pushinteger(L, e - s);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&m, from, e, true);
    }
    return 0;
}

int pattern_gmatch(lua_State *L) {
    size_t n;
    luaL_checklstring(L, 1, &n);
    luaL_checkstring(L, 2);
    size_t at = start_at(L, 3, n);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(at > n ? n + 1 : at));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* Adds the replacement text with its %0 to %9 filled in. */
static void add_text(struct matcher *m, luaL_Buffer *b, const char *s, const char *e) {
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
            push_capture(m, r[i] - '1', s, e);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        }
    }
}

/* Adds what takes the place of one match; true if that is not the match itself. */
static bool add_match(struct matcher *m, luaL_Buffer *b, const char *s, const char *e) {
    lua_State *L = m->L;
    int type = lua_type(L, 3);
    if (type != LUA_TFUNCTION && type != LUA_TTABLE) {
        add_text(m, b, s, e);
        return true;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, s, e, true), 1);
    } else {
        push_capture(m, 0, s, e);
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
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                            type == LUA_TTABLE, 3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)n + 1), count = 0;
    bool anchored = *p == '^', changed = false;
    const char *last = NULL; /* end of the last match */
    struct matcher m;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    begin(&m, L, s, n, p, pn);
    while (count < most) {
        const char *e = attempt(&m, s, p + anchored);
        step(&m);
        if (e && e != last) {
            count++;
            changed = add_match(&m, &b, s, e) || changed;
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
