/* A shell: a sandboxed Lua state for one person or program at a console. It runs jobs. A job
 * is a coroutine that runs in slices, so that neither a long loop nor waiting for the engine
 * holds up the event loop. It can use the engine through lent functions only. */
#ifndef SCRIPT_SHELL_SHELL_H
#define SCRIPT_SHELL_SHELL_H

#include "io/loop.h"
#include <jansson.h>

#include "script/lua/env.h"

struct shell;
struct shell_call;

/* A function that the engine lends. Its arguments are a JSON array. It answers once, at once
 * or later. */
struct lent {
    const char *name;
    void (*fn)(void *arg, struct shell_call *c, json_t *args);
    const char *help;
};

/* Answers a call; value is taken over. */
void shell_answer(struct shell_call *c, json_t *value);
/* Raises the text as an error where the function was called. */
void shell_refuse(struct shell_call *c, const char *text);
/* Charges the job instructions for the work of this call. */
void shell_charge(struct shell_call *c, int64_t instructions);

/* The prelude: Lua texts of the engine, which run in this order in a new state, each with the
 * same table as argument. Jobs call the functions that they put into it. */
struct shell_source {
    const char *name, *text;
};

struct shell_config {
    struct script_env env; /* its limits: memory of the state, instructions of a job */
    struct loop *loop;
    const struct shell_source *prelude; /* ended by {0} */
    const struct lent *const *lent;     /* tables ended by {0}; the list by NULL */
    void *arg;                          /* of the lent functions and of output and reset */
    /* Prints: UTF-8, without control characters except tab and newline. */
    void (*output)(void *arg, const char *text, size_t n);
    /* The state had to be rebuilt: timers and the like that it asked for are void. */
    void (*reset)(void *arg);
};

/* The end of a job. result is borrowed; error is NULL unless the job failed. */
typedef void shell_done(void *arg, json_t *result, const char *error);

/* NULL with *err (free it) if the prelude fails. */
struct shell *shell_new(const struct shell_config *config, char **err) MUST_CHECK;
/* Frees it and its jobs, without telling their end. Not to be called from a lent function. */
void shell_free(struct shell *s);
/* Begins a job at the next turn: the prelude's function of that name with args, an array
 * (taken over). Returns its id, which is never given twice, or 0 if there are too many jobs.
 * done may be NULL: an error is printed then. */
int64_t shell_begin(struct shell *s, const char *name, json_t *args, shell_done *done,
                    void *arg);
/* Ends a job with an error. What it has asked of the engine is carried out nevertheless. */
void shell_stop(struct shell *s, int64_t id);

#endif
