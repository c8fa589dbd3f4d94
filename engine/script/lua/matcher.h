/* One attempt to match a Lua pattern, step by counted step. */
#ifndef SCRIPT_LUA_MATCHER_H
#define SCRIPT_LUA_MATCHER_H

#include <lua.h>
#include <stddef.h>

#define CAPTURES 32
#define CAPTURE_OPEN (-1)  /* lengths of captures that have none: not closed yet, */
#define CAPTURE_PLACE (-2) /* a position */

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

void matcher_begin(struct matcher *m, lua_State *L, const char *s, size_t n, const char *p,
                   size_t pn);
/* Matches the pattern from p on at s: the end of the match, or NULL. May raise: a bad
 * pattern, or no instructions left. */
const char *matcher_try(struct matcher *m, const char *s, const char *p);
/* Counts one step. Nothing in C may be held: it may raise. */
void matcher_step(struct matcher *m);

#endif
