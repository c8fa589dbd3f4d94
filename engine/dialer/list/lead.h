/* A lead in work: in the cache while it is being called or written. All changes go
 * through here, so that nobody reads a row that is older than the last change. */
#ifndef DIALER_LIST_LEAD_H
#define DIALER_LIST_LEAD_H

#include "dialer/core/engine.h"
#include "dialer/core/leadrow.h"

struct lead {
    struct engine *engine;
    struct row *row;
    unsigned holds;
    unsigned writes; /* not durable yet: not to be picked */
};

/* The lead, held: give it back with lead_release. NULL if there is none in use. */
struct lead *lead_hold(struct engine *e, const char *uuid) MUST_CHECK;
/* The same for a row that was just read (taken over) or made. */
struct lead *lead_hold_row(struct engine *e, struct row *row);
void lead_release(struct lead *l);
/* Is it being called, or is a change of it still on its way to the disk? */
bool lead_is_busy(struct engine *e, int64_t id);
/* What is at work in a list beyond what can be picked from it. */
struct lead_work {
    bool reserved; /* a lead waits for an agent's decision */
    bool written;  /* an idle lead is on its way to the disk */
};
struct lead_work leads_at_work(const struct engine *e, const char *dlma_uuid);
/* A change of it is on its way to the disk; is durable. In between it is not picked. */
void lead_writing(struct lead *l);
void lead_written(struct lead *l);
/* Sends OutDlListCreate, -Update or -Delete. */
void lead_tell(const struct lead *l);

#endif
