/* A state to talk to: one sandboxed Lua state for one person or program at a console.
 * What runs in it are jobs. Each is a coroutine that is begun by name and gone on with
 * slice by slice, so that neither a long loop nor a wait for the engine holds the loop
 * up. What it can do to the engine is what the tables of lent functions say. */
#ifndef SCRIPT_SHELL_SHELL_H
#define SCRIPT_SHELL_SHELL_H

#include "io/loop.h"
#include <jansson.h>

#include "script/lua/env.h"

struct shell;
struct shell_call;

/* A function that the engine lends. Its arguments come as a JSON array; it answers now
 * or later, once. */
struct lent {
    const char *name;
    void (*fn)(void *arg, struct shell_call *c, json_t *args);
    const char *help;
};

/* The answer of a call; value is taken over. */
void shell_answer(struct shell_call *c, json_t *value);
/* Raises the text as an error where the function was called. */
void shell_refuse(struct shell_call *c, const char *text);
/* What the work of this call costs of the job's instructions. */
void shell_charge(struct shell_call *c, int64_t instructions);

/* Lua text of the engine itself: run in this order in a new state, each with the same
 * table as argument. The functions they leave in it are what jobs are made of. */
struct shell_source {
    const char *name, *text;
};

struct shell_config {
    struct script_env env; /* memory of the state, instructions of a job */
    struct loop *loop;
    const struct shell_source *prelude; /* ended by {0} */
    const struct lent *const *lent;     /* tables ended by {0}; the list by NULL */
    void *arg;                          /* of the lent functions and of these: */
    /* What is printed: UTF-8 without control characters but tab and newline. */
    void (*output)(void *arg, const char *text, size_t n);
    /* The state had to be made anew: what it asked to be told later is forgotten. */
    void (*reset)(void *arg);
};

/* The end of a job: its result (borrowed), or the error and NULL. */
typedef void shell_done(void *arg, json_t *result, const char *error);

/* NULL with *err (free it) when the prelude is at fault. */
struct shell *shell_new(const struct shell_config *config, char **err) MUST_CHECK;
/* Jobs under way are forgotten. Not from within a lent function. */
void shell_free(struct shell *s);
/* Begins the prelude's function of that name, at the next turn; args (taken over) is an
 * array. Its id, never given twice, or 0 when too many are under way. done may be NULL:
 * then an error is printed. */
int64_t shell_begin(struct shell *s, const char *name, json_t *args, shell_done *done,
                    void *arg);
/* Ends a job with an error. What it has asked the engine for goes on. */
void shell_stop(struct shell *s, int64_t id);

#endif
