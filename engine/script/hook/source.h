/* The text of a strategy as it was read, from which states are built. */
#ifndef SCRIPT_HOOK_SOURCE_H
#define SCRIPT_HOOK_SOURCE_H

#include "script/hook/script.h"

struct source {
    unsigned holds;
    enum hook hook;
    char *name; /* such as available */
    char *file; /* such as dial/available.lua */
    char *text;
    json_t *modules;        /* the files that it requires: a/b -> text */
    bool is_whole;          /* it has been loaded, so all modules are known */
    char hash[SCRIPT_HASH]; /* content hash of all these texts */
};

/* Reads strategies/<hook>/<name>.lua. NULL with *err ("file: why", free it). */
struct source *source_read(const struct script_env *env, enum hook h, const char *name,
                           char **err) MUST_CHECK;
/* The same from any path, which is also the name that messages use. */
struct source *source_open(enum hook h, const char *path, char **err) MUST_CHECK;
struct source *source_hold(struct source *s);
void source_release(struct source *s);
/* It has been loaded, so all its modules are known: they are part of the hash from now on. */
void source_complete(struct source *s);
/* Reads a text file of at most 1 MiB (free it). NULL with errno for source_why; EILSEQ means a
 * zero byte, so it is not a text. Only regular files are read, so that this never waits. */
char *source_file(const char *path) MUST_CHECK;
/* That errno in words. */
const char *source_why(int why);
/* Does the name have only letters, digits, _ and -? It cannot lead out of a folder then. */
bool source_is_name(const char *name);

#endif
