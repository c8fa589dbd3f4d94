/* Files written as Asterisk writes them: sections with templates, (+) and inheritance,
 * `=`, `=>` and `+=`, #include and #tryinclude, `;` and `;-- … --;` comments. What the
 * sections mean is for others. (astout.conf itself is plainer, and read with inih.) */
#ifndef CONF_ASTCONF_H
#define CONF_ASTCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

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
struct astconf *astconf_load(const char *path, char **err) MUST_CHECK;
void astconf_free(struct astconf *a);

#endif
