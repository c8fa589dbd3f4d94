/* Strategies in Lua. A struct script has one Lua state for the four hooks of a plan. Values
 * pass between C and Lua as JSON trees; pointers never do. */
#ifndef SCRIPT_HOOK_SCRIPT_H
#define SCRIPT_HOOK_SCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script/lua/env.h"

/* On whose behalf a hook is called. */
struct script_use {
    const char *memory; /* the key of the memory (a campaign's uuid); NULL = no memory */
    void *arg;          /* passed to the helper functions */
};

#define SCRIPT_HASH 17 /* a content hash as text: 16 hex digits */

struct script;

/* The name of the hook, and of its folder: dial, retry, route, result. */
const char *hook_name(enum hook h);
/* A state without any hook. Free with script_free. */
struct script *script_new(const struct script_env *env);
void script_free(struct script *s);
/* Part of the error for a file that is a strategy, but of another hook. */
#define SCRIPT_NO_HOOK "the table that it returns has no function '"
/* Loads strategies/HOOK/NAME.lua. 0, or -1 with *err (file:line: text; free it). */
int script_load(struct script *s, enum hook h, const char *name, char **err) MUST_CHECK;
/* Is there a file of that name in the hook's folder? It need not be readable. */
bool script_exists(const struct script_env *env, enum hook h, const char *name);
/* Calls a loaded hook as hook(in, memory); in is borrowed, use may be NULL. 0 with *out
 * (new reference, json_null() for nil), or -1 with *err (file:line: text; free it).
 * Never raises, never leaks. */
int script_call(struct script *s, enum hook h, const struct script_use *use, json_t *in,
                json_t **out, char **err) MUST_CHECK;
/* Was the last call ended by a limit (of instructions or memory), not by an error? */
bool script_was_killed(const struct script *s);
/* Has it run out of memory? The next call rebuilds the state, without its memories. */
bool script_is_broken(const struct script *s);
/* The content hash of what is loaded; NULL if nothing is. */
const char *script_hash(const struct script *s, enum hook h);

/* ---- sources: texts that are read once and loaded as often as needed ---- */
struct source;
/* As script_load, from a source (held) with values of its parameters (an object, held; NULL =
 * the defaults). */
int script_load_source(struct script *s, struct source *source, json_t *values,
                       char **err) MUST_CHECK;
/* The loaded hook's parameters (param.h), their values in force, and its description of
 * itself. Borrowed; NULL = none. */
json_t *script_params(const struct script *s, enum hook h);
json_t *script_values(const struct script *s, enum hook h);
const char *script_about(const struct script *s, enum hook h);
/* Runs the strategy's own tests, each in a state of its own. told (may be NULL) is called for
 * each; why is NULL if the test passed. Returns how many failed; a strategy that cannot be
 * loaded fails once, with an empty name. The tests together may take ten times the
 * instructions of a call. */
int script_test(const struct script_env *env, struct source *source,
                void (*told)(void *arg, const char *name, const char *why), void *arg);

/* ---- memory: one live table for each hook and key ---- */
#define SCRIPT_MEMORY (64 * 1024) /* bytes that it may have as JSON */
/* A copy of the memory as an object (new reference; empty if there is none). NULL with *err if
 * it has other than plain values or is too large. */
json_t *script_recall(struct script *s, enum hook h, const char *key, char **err) MUST_CHECK;
/* Replaces the memory. 0, or -1 with *err. */
int script_remember(struct script *s, enum hook h, const char *key, json_t *value,
                    char **err) MUST_CHECK;
/* Removes the memory. */
void script_forget(struct script *s, enum hook h, const char *key);

/* Bytes that the Lua state has allocated. */
size_t script_memory(const struct script *s);
/* Runs a Lua file that returns a table of plain values, such as a world, and returns the table
 * as JSON (new reference), or NULL with *err. */
json_t *script_data(const struct script_env *env, const char *path, char **err) MUST_CHECK;

#endif
