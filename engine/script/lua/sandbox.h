/* The sandbox of one Lua state: it limits memory and instructions, and is the only way to run
 * code in it. Threat model: the operators' scripts may be wrong, but they are not hostile.
 * Functions that work for long in C (patterns, sorting, moving) charge instructions for it. */
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
    size_t used, cap; /* bytes allocated; bytes allowed, 0 = no limit */
    bool refused;     /* an allocation was refused during this run */
    char place[80];   /* "file:line: " of it, since a memory error has none */
    bool full;        /* a run was out of memory: the state has to be rebuilt */
    int64_t budget;   /* instructions that a run may take; 0 = no limit */
    int64_t left;     /* how many of them this run has left */
    /* a run of a coroutine pauses from time to time, so that the loop can turn */
    lua_State *strand; /* the coroutine that runs; NULL = none */
    int64_t slice;     /* instructions between two pauses */
    int64_t next;      /* it pauses when `left` is down to this, */
    int64_t pause_at;  /* or at this time (monotonic ns), since C functions count little */
    bool paused;       /* it has paused */
    bool killed;       /* the run is being ended, even if the script catches errors */
    char why[200];     /* the reason */
    int lines;         /* lines written to the log in this run */
    const struct script_function *lent; /* the helper functions of the running hook */
    void *lent_arg;
    void *loading;   /* the source that is being loaded, to which require adds */
    size_t subjects; /* bytes of a text that patterns work on; 0 = no limit */
    bool idle_gc;    /* garbage is collected between runs only, by sandbox_rest */
    size_t grown;    /* bytes allocated since the last sandbox_rest */
    /* C memory in use across calls that may raise; freed at its next use */
    struct str text;
    json_t *tree;
};

/* Makes the state with its libraries. sb must not move until sandbox_close. */
void sandbox_open(struct sandbox *sb, const struct script_env *env);
void sandbox_close(struct sandbox *sb);
/* The sandbox of a running function. */
struct sandbox *sandbox_of(lua_State *L);
/* Calls fn, with ctx as a light userdata, under all limits. 0, or -1 with *err (free it), which
 * begins with `what` (the file) if the error does not name a place itself. */
int sandbox_run(struct sandbox *sb, const char *what, lua_CFunction fn, void *ctx,
                char **err) MUST_CHECK;
/* Collects garbage between runs, about as much as was made since the last time. Does nothing
 * without idle_gc. It is bounded, so that it never takes long. */
void sandbox_rest(struct sandbox *sb);
/* Begins or continues a coroutine of this sandbox, from within sandbox_run. The n values on
 * top of L are its function, if it is new, and the arguments. Returns as lua_resume; if
 * sb->paused is set afterwards, the coroutine only let the loop turn. */
int sandbox_resume(lua_State *L, lua_State *co, int n, int *results);
/* Charges n instructions for work in C, which the count hook does not see. Raises if none are
 * left. */
void sandbox_charge(lua_State *L, int64_t n);
/* pcall for scripts. It catches errors, but not the end of a killed run. */
int sandbox_pcall(lua_State *L);

#endif
