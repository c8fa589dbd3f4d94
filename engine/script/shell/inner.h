/* For script/shell only: jobs, and the calls that they wait for. */
#ifndef SCRIPT_SHELL_INNER_H
#define SCRIPT_SHELL_INNER_H

#include "script/lua/sandbox.h"
#include "script/shell/shell.h"

struct shell {
    struct sandbox sandbox; /* the first member, so that sandbox_of returns the shell */
    struct shell_config config;
    struct job *jobs, *running;
    int64_t ids;
    int count;
};

struct job {
    struct job *next;
    struct shell *shell;
    int64_t id;
    char *name;
    json_t *args;
    lua_State *co; /* in the registry under the job's address */
    int64_t left;  /* instructions left */
    size_t printed;
    struct shell_call *call; /* the call that it waits for, or whose answer has come */
    json_t *result;
    struct timer timer; /* for its next slice */
    shell_done *done;
    void *arg;
};

struct shell_call {
    struct job *job; /* NULL = nobody waits for it */
    json_t *value;
    char *error;
    int64_t cost;
    bool inside, answered;
};

/* Puts the lent functions into the table on top. May raise. */
void shell_lend(lua_State *L, const struct lent *const *tables);
/* Adds write(text), compile(text, name) and globals to the table on top. Compiled text has its
 * own copy of the globals, so that it cannot change those of the prelude. May raise. */
void shell_add_tools(lua_State *L);
/* Pushes whether the call succeeded, and its answer or error; frees the call. May raise. */
void shell_push_answer(lua_State *L, struct shell_call *c);
/* Nobody waits for it any more. */
void shell_forget(struct shell_call *c);
/* The job continues at the next turn. */
void shell_wake(struct job *j);

#endif
