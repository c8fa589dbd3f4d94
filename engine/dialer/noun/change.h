/* What somebody asks for: to create, change or delete a resource. AMI, console, dialplan
 * and laboratory each make this value from their own form and hand it to noun_change
 * (nouns.h), which checks it: nothing is checked here but the names of fields. */
#ifndef DIALER_NOUN_CHANGE_H
#define DIALER_NOUN_CHANGE_H

#include "store/noun.h"

enum change_verb { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };

/* One field's new value: a text, a number or variables, by the one that was set. */
struct change_value {
    int field;      /* of the noun's table */
    bool is_number; /* num counts, else text or vars */
    char *text;     /* "" sets it to null */
    json_t *vars;   /* an object of texts, which may be no UTF-8; empty sets it to null */
    int64_t num;
};

struct change {
    enum change_verb verb;
    const struct noun *noun;
    const char *by; /* who asks, for the log: "console: uid 0"; borrowed */
    char *uuid;     /* of the one to be changed; NULL: the asker named none */
    struct change_value *values;
    unsigned count;
    bool asks;      /* an Update asks for a Status of the campaign: */
    int64_t status; /* -1 = something that is no number */
};

/* The field of that name (its column) which a change may set or ask for; -1: none. */
int change_field(const struct noun *n, const char *name);
/* The verb as a word of the log: "create". */
const char *change_verb_name(enum change_verb verb);

/* Begins one; free it with change_end. uuid (copied) may be NULL. */
void change_begin(struct change *ch, enum change_verb verb, const struct noun *n,
                  const char *uuid, const char *by);
void change_end(struct change *ch);
/* A copy that outlives the asker's, `by` included; end it with change_end and free by. */
void change_copy(struct change *to, const struct change *from);
/* Each sets the field of that name; set twice, the later value holds. Names must be ones
 * that change_field knows. */
void change_text(struct change *ch, const char *name, const char *text);
void change_int(struct change *ch, const char *name, int64_t num);
/* Adds one variable, and without a variable (NULL) makes it clear that there is none. */
void change_variable(struct change *ch, const char *name, const char *variable,
                     const char *value);
/* The same from "variable=value"; false if the text is not of that form. */
bool change_assign(struct change *ch, const char *name, const char *text) MUST_CHECK;

#endif
