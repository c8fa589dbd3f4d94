/* Inside of the shell: its jobs, and the calls they wait for. */
#ifndef SCRIPT_SHELL_INNER_H
#define SCRIPT_SHELL_INNER_H

#include "script/lua/sandbox.h"
#include "script/shell/shell.h"

struct shell {
    struct sandbox sandbox; /* first: sandbox_of is the shell */
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
    lua_State *co; /* kept alive by the registry, under this job's address */
    int64_t left;  /* instructions */
    size_t printed;
    struct shell_call *call; /* the one it waits for, or whose answer is here */
    json_t *result;
    struct timer timer; /* its next slice */
    shell_done *done;
    void *arg;
};

struct shell_call {
    struct job *job; /* NULL once nobody waits any more */
    json_t *value;
    char *error;
    int64_t cost;
    bool inside, answered;
};

/* Puts the lent functions into the table on top. May raise. */
void shell_lend(lua_State *L, const struct lent *const *tables);
/* Adds write(text), compile(text, name) and globals to the table on top: what is compiled
 * has globals of its own, copies, so that nothing it does to them is felt by the prelude.
 * May raise. */
void shell_add_tools(lua_State *L);
/* Pushes whether the call was carried out, and the answer or the error; frees the call.
 * May raise. */
void shell_push_answer(lua_State *L, struct shell_call *c);
/* Nobody waits for it any more. */
void shell_forget(struct shell_call *c);
/* A call was answered: go on at the next turn. */
void shell_wake(struct job *j);

#endif
