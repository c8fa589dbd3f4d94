/* The walls around one Lua state: what it may hold, how long it may run, and the one
 * way in. Threat model: operators' scripts are fallible, not hostile; what works in C for
 * long (patterns, sorting, moving) charges for it. */
#ifndef SCRIPT_LUA_SANDBOX_H
#define SCRIPT_LUA_SANDBOX_H

#include <jansson.h>
#include <lua.h>

#include "base/str.h"
#include "script/lua/env.h"

#if LUA_VERSION_NUM != 504
#error "astout is written for Lua 5.4"
#endif

struct sandbox {
    lua_State *L;
    const struct script_env *env;
    size_t used, cap; /* bytes held now; bytes allowed, 0 = any number */
    bool refused;     /* the allocator said no during this run */
    char place[80];   /* file:line: of that, since a memory error has none */
    bool full;        /* a run ended for want of memory: the state is to be rebuilt */
    int64_t budget;   /* instructions a run may take; 0 = any number */
    int64_t left;     /* of them, in this run */
    /* a run that is a coroutine's pauses now and then, so that the loop turns */
    lua_State *strand; /* that coroutine, NULL otherwise */
    int64_t slice;     /* instructions between two pauses */
    int64_t next;      /* pauses when so many are left, */
    int64_t pause_at;  /* or when it is so late: C does not count as instructions do */
    bool paused;       /* it has */
    bool killed;       /* this run is over, whatever the script catches */
    char why[200];     /* and the reason */
    int lines;         /* written to the log in this run */
    const struct script_function *lent; /* the helper functions of the running hook */
    void *lent_arg;
    void *loading;   /* the source that require adds to, while one is loaded */
    size_t subjects; /* bytes that a pattern may be tried on; 0 = any number */
    bool idle_gc;    /* garbage is collected between runs only: see sandbox_rest */
    size_t grown;    /* bytes taken since the last rest */
    /* C memory in use across calls that may raise: freed at its next use */
    struct str text;
    json_t *tree;
};

/* Makes the state with its libraries. sb must stay where it is until sandbox_close. */
void sandbox_open(struct sandbox *sb, const struct script_env *env);
void sandbox_close(struct sandbox *sb);
/* The sandbox that a running function is in. */
struct sandbox *sandbox_of(lua_State *L);
/* The one door: calls fn(ctx as light userdata) under all limits. 0, or -1 with *err,
 * which begins with what (the file) if the error itself names no place. */
int sandbox_run(struct sandbox *sb, const char *what, lua_CFunction fn, void *ctx,
                char **err) MUST_CHECK;
/* Collects garbage, about as much as was made since: to be called between runs, if
 * idle_gc is set. Bounded: it never takes long. */
void sandbox_rest(struct sandbox *sb);
/* Begins or goes on with a coroutine that was made in this sandbox, from within
 * sandbox_run; n values are on top of L: its function if it is new, and the arguments. As
 * lua_resume; when sb->paused is set afterwards, it
 * only made way for the loop. */
int sandbox_resume(lua_State *L, lua_State *co, int n, int *results);
/* Takes n instructions for work done in C, where the count hook does not see it.
 * Raises when they are used up. */
void sandbox_charge(lua_State *L, int64_t n);
/* pcall for scripts: catches errors, but not the end of the run. */
int sandbox_pcall(lua_State *L);

#endif
