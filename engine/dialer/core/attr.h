/* The fields of what lives in memory and is no row of the store: a call, an agent, a queue
 * ... One table each (dialing_attrs and so on), ended by {0}, says what they are called,
 * what they mean and where their values are; AMI prints it, the console shows it, the
 * manual is made of it. */
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
    ATTR_VARS, /* variables, by name */
    ATTR_LIST  /* texts: a header each */
};

enum attr_flags {
    ATTR_ONCE = 1,      /* left out until it has a value */
    ATTR_SOMETIMES = 2, /* its getter leaves it out at times */
};

/* A value; the member of the attribute's type counts. */
struct attr_value {
    bool absent;      /* left out */
    const char *text; /* NULL = null */
    int64_t num;
    double real;
    bool yes;
    const json_t *vars; /* an object of texts, NULL = none */
    struct str made;    /* memory of a text that was made, or the lines of ATTR_LIST */
};

struct attr {
    const char *name;   /* as the console has it; NULL = it has not */
    const char *header; /* as AMI has it; NULL = it has not */
    enum attr_type type;
    unsigned flags;
    const char *help;
    void (*get)(const void *subject, const struct attr *a, struct attr_value *v);
    size_t at; /* for getters that read a member: its offset */
};

/* The attribute's value. v begins as {0}, may be used again for the next one, and is freed
 * with attr_value_free; the texts hold until then, and as long as the subject. */
void attr_read(const struct attr *a, const void *subject, struct attr_value *v);
void attr_value_free(struct attr_value *v);
/* A time as text, null for 0. */
void attr_set_time(struct attr_value *v, int64_t wall);
/* A text that is made here. */
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
