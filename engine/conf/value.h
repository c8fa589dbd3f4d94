/* One value of astout.conf: the types there are, and their reading. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* The C type of a member. */
enum conf_member { CONF_IS_INT64, CONF_IS_DOUBLE, CONF_IS_BOOL, CONF_IS_INT, CONF_IS_STRING };

enum conf_type {
    CONF_INT,     /* int64_t */
    CONF_BYTES,   /* int64_t; k, M and G may follow the number */
    CONF_OCTAL,   /* int64_t; file permissions */
    CONF_DECIMAL, /* double */
    CONF_BOOL,    /* bool */
    CONF_WORD,    /* int, the word's place in `words` */
    CONF_TEXT,    /* char *, min to max characters */
    CONF_ADDRESS, /* char *, an IP address in figures */
    CONF_HOST,    /* char *, a host name or an IP address */
    CONF_SERVER,  /* char *, the NAME of an [asterisk:NAME] section */
    CONF_ZONE,    /* char *, a name of the tz database */
    CONF_PATH,    /* char *, absolute after loading, "" where min is 0 and none is set */
    CONF_FILE,    /* the same, and the file can be read */
    CONF_FOLDER,  /* the same, and the folder is there if the conf file names it */
};

/* One key. */
struct conf_option {
    const char *key;
    size_t offset;           /* of its member, from the start of the section's struct */
    enum conf_member member; /* the C type of that */
    enum conf_type type;
    const char *preset; /* the default as one would write it; NULL: the key is needed */
    int64_t min, max;   /* of a number, or of the length of a text */
    const char *unit;   /* of a number: "seconds"; NULL: it has none */
    const char *words;  /* of a CONF_WORD: "full|normal" */
    bool reloadable;    /* SIGHUP may change it in a running engine */
    const char *help;
};

/* Reads text into the member at slot. NULL, or what is wrong ("must be yes or no"), to
 * be freed; the text itself is not in it, it may be a secret. Relative paths begin at
 * folder. */
char *confvalue_read(const struct conf_option *o, const char *text, const char *folder,
                     void *slot) MUST_CHECK;
/* Is the file or folder there that the member names? NULL, or the path and what is wrong
 * with it, to be freed; always NULL for other types. */
char *confvalue_missing(const struct conf_option *o, const void *slot) MUST_CHECK;
/* Gives back what confvalue_read allocated. */
void confvalue_free(const struct conf_option *o, void *slot);

bool confvalue_is_path(const struct conf_option *o);
/* Do both members hold the same value? */
bool confvalue_is_same(const struct conf_option *o, const void *a, const void *b);
void confvalue_swap(const struct conf_option *o, void *a, void *b);
/* The C type that a member of this type must have. */
enum conf_member confvalue_member(enum conf_type type);
/* What may be written, as in a manual: "whole number of seconds, 1 to 3600"; to be freed. */
char *confvalue_describe(const struct conf_option *o);

#endif
