/* Entries of list answers, and refusals with a reason. */
#ifndef CONTROL_ENTRY_H
#define CONTROL_ENTRY_H

#include "ami/server.h"
#include "store/noun.h"
#include "base/str.h"

/* Begins an entry: Event and the ActionID of the request. */
void entry_begin(struct answer *a, struct str *b, const char *event);
/* Ends it, sends it and frees b. */
void entry_end(struct answer *a, struct str *b);
/* The protocol's Message, and why (NULL = no more to say) in a header of its own. */
void entry_refuse(struct answer *a, const char *text, const char *why);

/* A whole entry of a list: Out...Entry with the row. */
void entry_row(struct answer *a, const struct row *row);

#endif
