/* A lead in work: in the cache while it is being called or written. All changes go
 * through here, so that nobody reads a row that is older than the last change. */
#ifndef DIALER_LIST_LEAD_H
#define DIALER_LIST_LEAD_H

#include "dialer/core/engine.h"
#include "dialer/core/leadrow.h"
#include "dialer/list/attempts.h"

struct lead {
    struct engine *engine;
    struct row *row;
    struct attempts attempts; /* as far back as the limits look */
    unsigned holds;
    unsigned writes;  /* not durable yet: not to be picked */
    bool is_doubtful; /* a write was refused: how the store has it is being read */
};

/* The lead of that uuid, held: give it back with lead_release. From within if it is in work,
 * else from the loop when the store has answered. l NULL: there is none in use, or *error*
 * says why that cannot be known (NULL otherwise). to_show: while the store fails it is what is
 * durable, which is not for decisions. */
typedef void lead_found(void *arg, struct lead *l, const char *error);
void lead_fetch(struct engine *e, const char *uuid, bool to_show, lead_found *found, void *arg);
/* The lead of that uuid, held; NULL if there is none. Waits for the store: at start only. */
struct lead *lead_load(struct engine *e, const char *uuid) MUST_CHECK;
/* As lead_fetch, held, if it is in work; NULL says nothing of leads that are not. */
struct lead *lead_in_work(struct engine *e, const char *uuid) MUST_CHECK;
/* For a row that was just read or made (taken over), and its attempts (copied; NULL: none).
 * What is in work already is newer. */
struct lead *lead_hold_row(struct engine *e, struct row *row, const struct attempts *attempts);
void lead_release(struct lead *l);
/* Is it being called, or is a change of it still on its way to the disk? */
bool lead_is_busy(struct engine *e, int64_t id);
/* What is at work in a list beyond what can be picked from it. */
struct lead_work {
    bool reserved; /* a lead waits for an agent's decision */
    bool called;   /* one is being called by another campaign: it may come back */
    bool written;  /* an idle lead is on its way to the disk */
};
struct lead_work leads_at_work(const struct engine *e, const char *dlma_uuid,
                               const char *campaign_uuid);
/* A change of it is on its way to the disk; is durable. In between it is not picked. */
void lead_writing(struct lead *l);
void lead_written(struct lead *l);
/* As lead_writing, for what changes nothing in its row. */
void lead_set_busy(struct lead *l);
/* A change of it was refused: what is in memory is not what the store has. It is read again,
 * for all who hold it, and not picked until then; afterwards done is called (the lead held,
 * and not in use if it is gone). error: it could not be read, and nobody finds it any more. */
typedef void lead_read_again(void *arg, struct lead *l, const char *error);
void lead_read_anew(struct lead *l, lead_read_again *done, void *arg);
/* How far back attempts are read: the text of a time, NULL if no limit asks for them. */
const char *leads_since(const struct engine *e, char buf[TIME_TEXT]);
/* Sends OutDlListCreate, -Update or -Delete. */
void lead_tell(const struct lead *l);

#endif
