/* Leads that were written since a read of leads was asked for: what its answer says of them is
 * older than what the engine has. Whoever asks begins one, and ends it with the answer. */
#ifndef DIALER_LIST_TOUCHED_H
#define DIALER_LIST_TOUCHED_H

#include <sys/queue.h>

#include "dialer/core/engine.h"

struct touched {
    LIST_ENTRY(touched) link;
    struct map ids;
};

/* From here on leads that are written are noted, until touched_end. t stays where it is. */
void touched_begin(struct engine *e, struct touched *t);
void touched_end(struct touched *t);
/* That lead is not to be taken from the answer, whoever else may take it from theirs. */
void touched_add(struct touched *t, int64_t lead);
/* Was that lead written in between? */
bool touched_has(const struct touched *t, int64_t lead);
/* A lead is written: every read that is under way hears of it. */
void touched_note(struct engine *e, int64_t lead);

#endif
