/* The text of a strategy as it was read: what a state is built from, once or again. */
#ifndef SCRIPT_HOOK_SOURCE_H
#define SCRIPT_HOOK_SOURCE_H

#include "script/hook/script.h"

struct source {
    unsigned holds;
    enum hook hook;
    char *name; /* available */
    char *file; /* dial/available.lua */
    char *text;
    json_t *modules;        /* what it requires: a/b -> text */
    bool is_whole;          /* it was loaded once, so they are all there */
    char hash[SCRIPT_HASH]; /* of all these texts; the same on every machine */
};

/* Reads strategies/<hook>/<name>.lua. NULL with *err ("file: why", free it). */
struct source *source_read(const struct script_env *env, enum hook h, const char *name,
                           char **err) MUST_CHECK;
/* The same from any file, which is named in messages as it is here. */
struct source *source_open(enum hook h, const char *path, char **err) MUST_CHECK;
struct source *source_hold(struct source *s);
void source_release(struct source *s);
/* It was loaded: its modules are known from here on, and its hash counts them. */
void source_complete(struct source *s);
/* A whole text file of 1 MiB at most, to be freed; NULL with errno for source_why (EILSEQ:
 * a zero byte, so a binary chunk or no text at all). What is no regular file is not read:
 * it never waits. */
char *source_file(const char *path) MUST_CHECK;
/* That errno in words. */
const char *source_why(int why);
/* Letters, digits, _ and -: nothing that could lead out of a folder. */
bool source_is_name(const char *name);

#endif
