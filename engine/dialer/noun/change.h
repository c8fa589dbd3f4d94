/* A request to create, change or delete a resource. AMI, console, dialplan and simulations
 * each make this value from their own form and pass it to noun_change (nouns.h), which checks
 * it. Nothing but the names of fields is checked here. */
#ifndef DIALER_NOUN_CHANGE_H
#define DIALER_NOUN_CHANGE_H

#include "store/noun.h"

enum change_verb { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };

/* The new value of one field: a number, variables or a text. */
struct change_value {
    int field;      /* of the noun's table */
    bool is_number; /* the value is num, else text or vars */
    char *text;     /* "" = null */
    json_t *vars;   /* an object of texts, which need not be UTF-8; empty = null */
    int64_t num;
};

struct change {
    enum change_verb verb;
    const struct noun *noun;
    const char *by; /* who asks, for the log: "console: uid 0"; borrowed */
    char *uuid;     /* of the resource; NULL = none was given */
    struct change_value *values;
    unsigned count;
    bool asks;      /* the Update asks for a Status of the campaign, which is */
    int64_t status; /* -1 if what was given is not a number */
};

/* The field with that column name, if a change may set it or ask for it; -1 if not. */
int change_field(const struct noun *n, const char *name);
/* The verb as a word for the log: "create". */
const char *change_verb_name(enum change_verb verb);

/* Begins a change; end it with change_end. uuid (copied) may be NULL. */
void change_begin(struct change *ch, enum change_verb verb, const struct noun *n,
                  const char *uuid, const char *by);
void change_end(struct change *ch);
/* Makes a copy that is independent of the original, `by` included: end it with change_end and
 * free `by`. */
void change_copy(struct change *to, const struct change *from);
/* Set the field of that name, which change_field must know. The last value counts. */
void change_text(struct change *ch, const char *name, const char *text);
void change_int(struct change *ch, const char *name, int64_t num);
/* Adds a variable; variable NULL: sets the field to no variables, if none is added. */
void change_variable(struct change *ch, const char *name, const char *variable,
                     const char *value);
/* Adds a variable from "variable=value"; false if the text is not of that form. */
bool change_assign(struct change *ch, const char *name, const char *text) MUST_CHECK;

#endif
