/* What an action is, beside its function: its texts, the headers it takes and answers, and
 * what its list consists of. The function reads it (about_of), the manual and the tests are
 * made of it. */
#ifndef CONTROL_ABOUT_H
#define CONTROL_ABOUT_H

#include "ami/server.h"
#include "dialer/core/attr.h"
#include "dialer/noun/change.h"

/* A header of a request or a response. */
struct about_header {
    const char *name, *help;
    bool needed;
};

/* A list answer. */
struct about_list {
    const char *message;       /* "Plan List will follow" */
    const char *entry;         /* the event of each entry, */
    const char *complete;      /* and the one that closes the list */
    const struct noun *stored; /* an entry is a row of this noun, or */
    const struct attr *attrs;  /* has these */
};

struct about {
    const char *success;                /* Message; NULL: answers with a list */
    const char *failure;                /* Message; NULL: cannot fail */
    const struct noun *noun;            /* of a change: takes its fields too; else NULL */
    enum change_verb verb;              /* of that change */
    const struct about_header *takes;   /* further headers, ended by {0}; NULL = none */
    const struct about_header *answers; /* of the response, ended by {0}; NULL = none */
    const struct about_list *list;      /* NULL: no list */
};

/* Of the action that a answers. */
static inline const struct about *about_of(const struct answer *a) {
    return answer_action(a)->about;
}

#endif
