/* Inside of script.h: what a loaded hook is. */
#ifndef SCRIPT_HOOK_INNER_H
#define SCRIPT_HOOK_INNER_H

#include "script/lua/sandbox.h"
#include "script/hook/source.h"

/* A loaded hook. Its function lies in the state's registry under the slot's address,
 * its memories (key -> table) and its tests under those of the members. */
struct slot {
    struct source *source; /* NULL = nothing loaded; a broken state is rebuilt from it */
    json_t *params;        /* what it declares (param.h), NULL = nothing */
    json_t *values;        /* of each of them, in force */
    json_t *tests;         /* their names in order */
    char *about;
    char memories, test_table; /* their addresses are keys */
};

struct script {
    struct sandbox sandbox;
    struct slot slots[HOOK_COUNT];
    bool tries; /* its strategies' own tests are kept, to be run */
};

/* Loads the slot's source into the present state. 0, or -1 with *err: then the slot is
 * as it was. */
int slot_load(struct script *s, struct source *source, json_t *values, char **err) MUST_CHECK;
void slot_clear(struct slot *slot);
/* Sets field params of the table on top: the values in force, each replaced by given's. */
void slot_push_params(lua_State *L, const struct slot *slot, json_t *given);

/* require(name), for the time a strategy is loaded. */
int require_call(lua_State *L);
/* Forgets what was required, before and after a load. May raise. */
void require_begin(lua_State *L);

/* What a load takes and gives; lives in C, so that an error leaves nothing behind. */
struct load {
    const char *file, *text;
    enum hook hook;
    struct slot *slot;
    struct source *source; /* gathers the modules, NULL: none may be required */
    json_t *params, *tests, *value;
    char *about;
    bool tries;
};

/* Runs the text of the file and leaves its result (a table) on the stack. May raise. */
void load_run_file(lua_State *L, const struct load *l);

#endif
