#include "script/lua/matcher.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "script/lua/sandbox.h"

#define DEPTH_MAX 200
#define TAKE 500          /* steps between two charges */
#define STEPS_PER_INSTR 2 /* a step is about half an instruction */

static const char *matcher_run(struct matcher *m, const char *s, const char *p);

void matcher_step(struct matcher *m) {
    if (++m->steps < TAKE)
        return;
    m->steps = 0;
    sandbox_charge(m->L, TAKE / STEPS_PER_INSTR);
}

/* ---- one character ---- */

/* The end of the item that begins at p: x, %x or [set]. */
static const char *matcher_item_end(struct matcher *m, const char *p) {
    const char *first = p++;
    if (*first == '%') {
        if (p == m->pend)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (*first != '[')
        return p;
    p += p < m->pend && *p == '^';
    for (bool any = false;; any = true) { /* a ] in the first place is a member of the set */
        if (p >= m->pend)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p == ']' && any)
            return p + 1;
        p += *p == '%' && p + 1 < m->pend ? 2 : 1;
    }
}

/* Is c in the class of that letter? A capital letter is the complement of its class. */
static bool matcher_in_class(int c, int letter) {
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

/* Is c in the set? p is at its [, last at its ]. */
static bool matcher_in_set(int c, const char *p, const char *last) {
    bool yes = true;
    if (*++p == '^') {
        yes = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%') {
            if (matcher_in_class(c, (unsigned char)*++p))
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

static bool matcher_fits(struct matcher *m, const char *s, const char *p, const char *behind) {
    if (s >= m->end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return matcher_in_class(c, (unsigned char)p[1]);
    case '[':
        return matcher_in_set(c, p, behind - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- items that repeat ---- */

static const char *matcher_greedy(struct matcher *m, const char *s, const char *p,
                                  const char *behind) {
    const char *far = s;
    for (; matcher_fits(m, far, p, behind); far++)
        matcher_step(m);
    for (;; far--) {
        const char *to = matcher_run(m, far, behind + 1);
        if (to || far == s)
            return to;
    }
}

static const char *matcher_lazy(struct matcher *m, const char *s, const char *p,
                                const char *behind) {
    for (;; s++) {
        const char *to = matcher_run(m, s, behind + 1);
        if (to)
            return to;
        if (!matcher_fits(m, s, p, behind))
            return NULL;
        matcher_step(m);
    }
}

/* ---- captures ---- */

static const char *matcher_open_capture(struct matcher *m, const char *s, const char *p,
                                        ptrdiff_t len) {
    if (m->count >= CAPTURES)
        luaL_error(m->L, "too many captures");
    m->captures[m->count].at = s;
    m->captures[m->count].len = len;
    m->count++;
    const char *to = matcher_run(m, s, p);
    m->count -= to == NULL;
    return to;
}

static const char *matcher_close_capture(struct matcher *m, const char *s, const char *p) {
    int i = m->count - 1;
    while (i >= 0 && m->captures[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].at;
    const char *to = matcher_run(m, s, p);
    if (to == NULL)
        m->captures[i].len = CAPTURE_OPEN;
    return to;
}

/* %1: the text of a capture again. */
static const char *matcher_again(struct matcher *m, const char *s, int digit) {
    int i = digit - '1';
    if (i < 0 || i >= m->count || m->captures[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    ptrdiff_t len = m->captures[i].len;
    if (len < 0 || m->end - s < len || memcmp(m->captures[i].at, s, (size_t)len))
        return NULL;
    return s + len;
}

/* %bxy: from x to the y that closes it. */
static const char *matcher_balance(struct matcher *m, const char *s, const char *p) {
    if (m->pend - p < 2)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->end || *s != p[0])
        return NULL;
    for (int deep = 1; ++s < m->end;) {
        matcher_step(m);
        if (*s == p[1]) {
            if (--deep == 0)
                return s + 1;
        } else if (*s == p[0]) {
            deep++;
        }
    }
    return NULL;
}

/* %f[set]: the place between a character outside the set and one in it. */
static bool matcher_frontier(struct matcher *m, const char *s, const char *p,
                             const char *behind) {
    int before = s == m->begin ? 0 : (unsigned char)s[-1];
    int after = s < m->end ? (unsigned char)*s : 0;
    return !matcher_in_set(before, p, behind - 1) && matcher_in_set(after, p, behind - 1);
}

/* ---- the pattern ---- */

/* Handles %b, %f and %1 to %9, and returns where the match continues; *handled is false for
 * anything else. */
static const char *matcher_special(struct matcher *m, const char *s, const char **p,
                                   bool *handled) {
    char c = '\0';
    if (m->pend - *p > 1)
        c = (*p)[1];
    *handled = true;
    if (c == 'b') {
        s = matcher_balance(m, s, *p + 2);
        *p += 4;
    } else if (c == 'f') {
        const char *set = *p + 2;
        if (set >= m->pend || *set != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        *p = matcher_item_end(m, set);
        s = matcher_frontier(m, s, set, *p) ? s : NULL;
    } else if (isdigit((unsigned char)c)) {
        s = matcher_again(m, s, c);
        *p += 2;
    } else {
        *handled = false;
    }
    return s;
}

/* Matches one item with its repetition. True if *s and *p have moved on; else *s is the end of
 * the whole match, or NULL. */
static bool matcher_one_item(struct matcher *m, const char **s, const char **p) {
    const char *behind = matcher_item_end(m, *p);
    char repeat = '\0';
    if (behind < m->pend)
        repeat = *behind;
    bool one = matcher_fits(m, *s, *p, behind);
    if (repeat == '*' || (repeat == '+' && one)) {
        *s = matcher_greedy(m, *s + (repeat == '+'), *p, behind);
        return false;
    }
    if (repeat == '-') {
        *s = matcher_lazy(m, *s, *p, behind);
        return false;
    }
    if (repeat == '?') {
        const char *to = one ? matcher_run(m, *s + 1, behind + 1) : NULL;
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

static const char *matcher_loop(struct matcher *m, const char *s, const char *p) {
    while (p != m->pend) {
        bool handled = false;
        matcher_step(m);
        if (*p == '(')
            return p + 1 < m->pend && p[1] == ')'
                       ? matcher_open_capture(m, s, p + 2, CAPTURE_PLACE)
                       : matcher_open_capture(m, s, p + 1, CAPTURE_OPEN);
        if (*p == ')')
            return matcher_close_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pend)
            return s == m->end ? s : NULL;
        if (*p == '%')
            s = matcher_special(m, s, &p, &handled);
        if (s == NULL)
            return NULL;
        if (!handled && !matcher_one_item(m, &s, &p))
            return s;
    }
    return s;
}

/* Matches the rest of the pattern at s: the end of the match, or NULL. */
static const char *matcher_run(struct matcher *m, const char *s, const char *p) {
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    s = matcher_loop(m, s, p);
    m->depth--;
    return s;
}

void matcher_begin(struct matcher *m, lua_State *L, const char *s, size_t n, const char *p,
                   size_t pn) {
    size_t most = sandbox_of(L)->subjects;
    if (most && n > most)
        luaL_error(L, "the text has %d bytes; patterns work on %d at most", (int)n, (int)most);
    *m = (struct matcher){.L = L, .begin = s, .end = s + n, .pend = p + pn};
}

const char *matcher_try(struct matcher *m, const char *s, const char *p) {
    m->count = 0;
    m->depth = 0;
    return matcher_run(m, s, p);
}
