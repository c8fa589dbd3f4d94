/* What the Lua states of one engine share: limits, clock, helper functions. */
#ifndef SCRIPT_LUA_ENV_H
#define SCRIPT_LUA_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chance.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum hook { HOOK_DIAL, HOOK_RETRY, HOOK_ROUTE, HOOK_RESULT, HOOK_COUNT };

struct view_field;

#define SCRIPT_IN_MAX 16 /* arguments of a helper function */
#define SCRIPT_OUT_MAX 8 /* its results */

/* A helper function of the engine, called in Lua as learn.NAME: numbers in, numbers out. All
 * arguments are finite; one that was left out before others is NAN. It returns the number of
 * results in out (NAN becomes nil), or -1 for "not available here". It does not use Lua. arg
 * is NULL in a strategy's own tests, where there is no engine. */
struct script_function {
    const char *name;
    const char *args, *help; /* for the reference page: "(p, n)", one sentence */
    int (*call)(void *arg, const double *in, int n, double *out);
};

/* Must outlive the states. */
struct script_env {
    const struct log *log;
    const struct clock *clock;
    struct chance *chance;
    struct record *record;  /* the recording of the run; NULL = none */
    const char *strategies; /* the folder with dial/ retry/ route/ result/ */
    size_t memory;          /* bytes that a state may allocate; 0 = no limit */
    int64_t instructions;   /* of Lua that a call may take; 0 = no limit */
    const struct script_function *functions[HOOK_COUNT]; /* each ended by {0}; or NULL */
    const struct view_field *views[HOOK_COUNT];          /* each ended by {0}; or NULL */
};

#endif
