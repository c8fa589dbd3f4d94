/* Answers as the action's about says: lists of entries, success, and refusals with a
 * reason. */
#ifndef CONTROL_ENTRY_H
#define CONTROL_ENTRY_H

#include "control/about.h"

/* The head of the action's list. */
void entries_begin(struct answer *a);
/* One entry, a row of the store or a subject with attributes; returns its bytes. */
size_t entry_send(struct answer *a, const void *subject);
/* The closing event, and the end of the answer. */
void entries_end(struct answer *a, unsigned long items);
/* The action's Message for a failure, and why (NULL = no more to say) in a header of its
 * own; the end of the answer. */
void entry_refuse(struct answer *a, const char *why);

#endif
