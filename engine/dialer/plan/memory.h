/* The memory of a hook for a campaign. One Lua state at a time, the one that was called last,
 * has it as a live table. It moves to another state as a checkpoint (plain values), so that
 * nothing is lost by a swap, by a fallback or by a restart. */
#ifndef DIALER_PLAN_MEMORY_H
#define DIALER_PLAN_MEMORY_H

#include "dialer/core/engine.h"

/* Reads the memories that an earlier run has saved. False if the store cannot be read. */
bool memories_load(struct engine *e);
/* Saves what has changed. */
void memories_save(struct engine *e);
void memories_free(struct engine *e);
/* Moves the memory of the hook for the campaign into this state, before the hook is called. */
void memory_hand(struct engine *e, struct script *s, enum hook h, const char *campaign);
/* Takes all memories out of a state that is about to be freed or rebuilt. */
void memories_leave(struct engine *e, struct script *s);
/* A copy as an object (new reference), for a shadow. */
json_t *memory_copy(struct engine *e, enum hook h, const char *campaign) MUST_CHECK;
/* The campaign is deleted. */
void memory_forget(struct engine *e, const char *campaign);

#endif
