/* What every Lua state of one engine shares: its limits, its clock, what is lent to it. */
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

#define SCRIPT_IN_MAX 16 /* numbers that a helper function takes ... */
#define SCRIPT_OUT_MAX 8 /* ... and gives */

/* A helper function of the engine, in Lua learn.NAME: numbers in, numbers out. All in
 * are finite; one that was left out in the middle is NAN. It returns how many it put
 * into out (NAN becomes nil), or -1: "not available here". It holds nothing of Lua. arg
 * is NULL in a strategy's own tests, where there is no engine. */
struct script_function {
    const char *name;
    const char *args, *help; /* for the manual: "(p, n)", one sentence */
    int (*call)(void *arg, const double *in, int n, double *out);
};

/* What every state of one engine shares; must outlive the states. */
struct script_env {
    const struct log *log;
    const struct clock *clock;
    struct chance *chance;
    struct record *record;  /* of the run; NULL = none */
    const char *strategies; /* folder with dial/ retry/ route/ result/ */
    size_t memory;          /* bytes a state may hold; 0 = no cap */
    int64_t instructions;   /* VM instructions per call; 0 = no budget */
    const struct script_function *functions[HOOK_COUNT]; /* each ended by {0}, or NULL */
    const struct view_field *views[HOOK_COUNT];          /* what the hooks see, same */
};

#endif
