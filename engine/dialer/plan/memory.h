/* What strategies learn, per campaign and hook. One Lua state at a time has it as a live
 * table, the one that was called last; it moves from state to state by a checkpoint, so
 * that swap, fallback and restart forget nothing. */
#ifndef DIALER_PLAN_MEMORY_H
#define DIALER_PLAN_MEMORY_H

#include "dialer/core/engine.h"

/* Reads what an earlier run has kept. */
/* False: the store cannot be read. */
bool memories_load(struct engine *e);
/* Writes what changed since; before the store is closed. */
void memories_save(struct engine *e);
void memories_free(struct engine *e);
/* Before a call of that hook for that campaign: its memory is in this state. */
void memory_hand(struct engine *e, struct script *s, enum hook h, const char *campaign);
/* The state is about to go, or to be built anew: what it has is taken out of it. */
void memories_leave(struct engine *e, struct script *s);
/* A copy as an object (a new reference), for a shadow. */
json_t *memory_copy(struct engine *e, enum hook h, const char *campaign) MUST_CHECK;
/* The campaign is deleted. */
void memory_forget(struct engine *e, const char *campaign);

#endif
