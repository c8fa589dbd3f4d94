/* For script/hook only: what a loaded hook consists of. */
#ifndef SCRIPT_HOOK_INNER_H
#define SCRIPT_HOOK_INNER_H

#include "script/lua/sandbox.h"
#include "script/hook/source.h"

/* A loaded hook. In the Lua registry its function is under the slot's address, its memories
 * (key -> table) and its tests under the addresses of the members of these names. */
struct slot {
    struct source *source; /* NULL = nothing is loaded; a broken state is rebuilt from it */
    json_t *params;        /* the parameters it declares (param.h); NULL = none */
    json_t *values;        /* their values in force */
    json_t *tests;         /* the names of its tests, in order */
    char *about;           /* its description of itself; NULL = none */
    char memories, test_table;
};

struct script {
    struct sandbox sandbox;
    struct slot slots[HOOK_COUNT];
    bool tries; /* the strategies' own tests are kept, to be run */
};

/* Loads a source into its slot. 0, or -1 with *err: the slot is unchanged then. */
int slot_load(struct script *s, struct source *source, json_t *values, char **err) MUST_CHECK;
void slot_clear(struct slot *slot);
/* Sets the field `params` of the table on top: the values in force, overridden by `given`. */
void slot_push_params(lua_State *L, const struct slot *slot, json_t *given);

/* The Lua function require(name), while a strategy is loaded. */
int require_call(lua_State *L);
/* Forgets the modules that were required, before and after a load. May raise. */
void require_begin(lua_State *L);

/* The input and output of a load. It is in C memory, so that nothing leaks after an error. */
struct load {
    const char *file, *text;
    enum hook hook;
    struct slot *slot;
    struct source *source; /* collects the modules; NULL = none may be required */
    json_t *params, *tests, *value;
    char *about;
    bool tries;
};

/* Runs the text of the file and leaves the table that it returns on the stack. May raise. */
void load_run_file(lua_State *L, const struct load *l);

#endif
