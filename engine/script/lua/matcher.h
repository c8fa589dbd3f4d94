/* Matches a Lua pattern and counts the steps. */
#ifndef SCRIPT_LUA_MATCHER_H
#define SCRIPT_LUA_MATCHER_H

#include <lua.h>
#include <stddef.h>

#define CAPTURES 32
/* In the place of a length: */
#define CAPTURE_OPEN (-1)  /* the capture is not closed yet */
#define CAPTURE_PLACE (-2) /* the capture is a position */

struct matcher {
    lua_State *L;
    const char *begin, *end; /* of the subject */
    const char *pend;        /* end of the pattern */
    int depth, steps, count;
    struct {
        const char *at;
        ptrdiff_t len;
    } captures[CAPTURES];
};

void matcher_begin(struct matcher *m, lua_State *L, const char *s, size_t n, const char *p,
                   size_t pn);
/* Matches the pattern that begins at p against the subject at s. Returns the end of the match,
 * or NULL. May raise: a bad pattern, or no instructions left. */
const char *matcher_try(struct matcher *m, const char *s, const char *p);
/* Counts one step. May raise, so the caller must not hold C memory. */
void matcher_step(struct matcher *m);

#endif
