/* The fields of things that live in memory and are not rows of the store: calls, agents,
 * queues ... Each has one table (dialing_attrs and so on), ended by {0}, with the names of
 * its fields, their meaning, and where their values are. AMI prints from these tables, the
 * console shows them, and the reference pages are generated from them. */
#ifndef DIALER_CORE_ATTR_H
#define DIALER_CORE_ATTR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum attr_type {
    ATTR_TEXT,
    ATTR_INT,
    ATTR_BOOL,
    ATTR_REAL,
    ATTR_VARS, /* variables by name */
    ATTR_LIST  /* lines of text, one header for each */
};

enum attr_flags {
    ATTR_ONCE = 1,      /* absent until it has a value */
    ATTR_SOMETIMES = 2, /* its getter may say that it is absent */
};

/* A value, in the member for the attribute's type. */
struct attr_value {
    bool absent;      /* to be left out */
    const char *text; /* NULL = null */
    int64_t num;
    double real;
    bool yes;
    const json_t *vars; /* an object of texts, NULL = none */
    struct str made;    /* holds a text made for this value, or the lines of an ATTR_LIST */
};

struct attr {
    const char *name;   /* in the console; NULL = not shown there */
    const char *header; /* in AMI; NULL = not printed there */
    enum attr_type type;
    unsigned flags;
    const char *help;
    void (*get)(const void *subject, const struct attr *a, struct attr_value *v);
    size_t at; /* for getters that read a member: its offset */
};

/* Reads the attribute's value into v. v is {0} at first, may be reused for the next
 * attribute, and is freed with attr_value_free. Its texts are valid until v is reused or
 * freed, and no longer than the subject. */
void attr_read(const struct attr *a, const void *subject, struct attr_value *v);
void attr_value_free(struct attr_value *v);
/* Sets v to a time (ns since 1970) as text; 0 becomes null. */
void attr_set_time(struct attr_value *v, int64_t wall);
/* Sets v to a formatted text. */
void attr_set_made(struct attr_value *v, const char *fmt, ...) PRINTF(2, 3);

/* ---- getters of members ---- */
void attr_get_text(const void *subject, const struct attr *a,
                   struct attr_value *v); /* char * */
void attr_get_array(const void *subject, const struct attr *a,
                    struct attr_value *v); /* char [] */
void attr_get_int(const void *subject, const struct attr *a, struct attr_value *v); /* int */
void attr_get_int64(const void *subject, const struct attr *a, struct attr_value *v);
void attr_get_bool(const void *subject, const struct attr *a, struct attr_value *v);
void attr_get_time(const void *subject, const struct attr *a,
                   struct attr_value *v); /* wall ns */

#endif
