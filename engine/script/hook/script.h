/* The one door into Lua. A script holds one Lua state: the four hooks of one plan,
 * or the state that reads a data file. Values cross as JSON trees, pointers do not. */
#ifndef SCRIPT_HOOK_SCRIPT_H
#define SCRIPT_HOOK_SCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script/lua/env.h"

/* For whom a hook is called. */
struct script_use {
    const char *memory; /* whose memory is handed over (a campaign's uuid), NULL = none */
    void *arg;          /* handed to the helper functions */
};

#define SCRIPT_HASH 17 /* a content hash as text: 16 hex digits */

struct script;

/* The hook's word (also its folder): dial, retry, route, result. */
const char *hook_name(enum hook h);
/* A state without hooks yet. Free with script_free. */
struct script *script_new(const struct script_env *env);
void script_free(struct script *s);
/* Loads strategies/<hook>/<name>.lua. 0, or -1 with *err (file:line: text; free it). */
int script_load(struct script *s, enum hook h, const char *name, char **err) MUST_CHECK;
/* True when something of that name, but no folder, stands in the hook's folder (a name has
 * no path parts); whether it can be read is not looked at. */
bool script_exists(const struct script_env *env, enum hook h, const char *name);
/* Calls a loaded hook as hook(in, memory); in is borrowed, use may be NULL. 0 with *out
 * (new reference, json_null() for nil), or -1 with *err (file:line: text; free it).
 * Never raises, never leaks. */
int script_call(struct script *s, enum hook h, const struct script_use *use, json_t *in,
                json_t **out, char **err) MUST_CHECK;
/* Was the last call ended by a limit (instructions, memory), not by an error? */
bool script_was_killed(const struct script *s);
/* It ran out of memory: the next call builds it anew, without its memories. */
bool script_is_broken(const struct script *s);
/* The content hash of what is loaded, NULL if nothing is. */
const char *script_hash(const struct script *s, enum hook h);

/* ---- sources: texts that are read once and loaded as often as needed ---- */
struct source;
/* Loads it (held) with values of its parameters (an object, held; NULL: the defaults).
 * As script_load. */
int script_load_source(struct script *s, struct source *source, json_t *values,
                       char **err) MUST_CHECK;
/* What the loaded hook declares (param.h; borrowed, NULL = nothing), the values in force,
 * what it says of itself (NULL = nothing). */
json_t *script_params(const struct script *s, enum hook h);
json_t *script_values(const struct script *s, enum hook h);
const char *script_about(const struct script *s, enum hook h);
/* Runs the strategy's own tests, each in a state of its own; told (may be NULL) hears of
 * each, why = NULL: it passed. Returns how many failed; one that cannot be loaded fails
 * once, with an empty name. Together they may take ten calls' instructions. */
int script_test(const struct script_env *env, struct source *source,
                void (*told)(void *arg, const char *name, const char *why), void *arg);

/* ---- memory: one live table for each hook and key ---- */
#define SCRIPT_MEMORY (64 * 1024) /* bytes as JSON that are kept */
/* What is remembered, as an object (a new reference, empty if nothing is). NULL with
 * *err if it holds other than plain values or is too large. */
json_t *script_recall(struct script *s, enum hook h, const char *key, char **err) MUST_CHECK;
/* Puts it in the place of what is remembered. 0 or -1 with *err. */
int script_remember(struct script *s, enum hook h, const char *key, json_t *value,
                    char **err) MUST_CHECK;
/* Nothing is remembered for the key any more. */
void script_forget(struct script *s, enum hook h, const char *key);
/* Bytes that the state holds now. */
size_t script_memory(const struct script *s);
/* Runs a Lua file that returns a table of plain values (a world, say) and gives it as
 * JSON (new reference), or NULL with *err. */
json_t *script_data(const struct script_env *env, const char *path, char **err) MUST_CHECK;

#endif
