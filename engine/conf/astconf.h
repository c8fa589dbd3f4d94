/* The reader of configuration files: sections, keys and values, each with its file and
 * line. What they mean is for others. */
#ifndef CONF_ASTCONF_H
#define CONF_ASTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum astconf_syntax {
    /* As Asterisk reads its own files: sections with templates, (+) and inheritance, `=`,
     * `=>` and `+=`, #include and #tryinclude, comments from `;` to the end of the line
     * and from `;--` to `--;`, and `\;` for a plain semicolon. */
    ASTCONF_FULL,
    /* As astout.conf has always been: sections, and `=`, `=>` or `:` between key and
     * value; no templates and no #include. `;` begins a comment only at the start of a
     * line or after a blank, so that a secret may contain one; a comment may be longer
     * than a line. */
    ASTCONF_PLAIN
};

struct astconf_value {
    char *key, *text;
    const char *file; /* where it stands */
    int line;
};

struct astconf_section {
    char *name;
    bool is_template;
    const char *file;
    int line;
    struct astconf_value *values; /* those of its templates first, as in Asterisk */
    size_t count;
};

struct astconf {
    struct astconf_section *sections; /* a name may come more than once */
    size_t count;
    char **files; /* the texts behind the `file` members */
    size_t file_count;
};

/* Reads a file and what it includes. NULL and "FILE:LINE: …" in *err (the caller frees
 * it) when it cannot be read; *err is NULL otherwise. */
struct astconf *astconf_load(const char *path, enum astconf_syntax syntax,
                             char **err) MUST_CHECK;
void astconf_free(struct astconf *a);

#endif
