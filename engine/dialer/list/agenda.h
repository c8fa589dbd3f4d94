/* An agenda: when each lead of one list may be called next, under one plan. It is a table of
 * the store, built in bounded pieces and kept up to date with every change of a lead. The
 * leads that come next are in a window in memory, which is refilled before it runs out, so
 * that picking a lead never waits for the store. README.md describes how. */
#ifndef DIALER_LIST_AGENDA_H
#define DIALER_LIST_AGENDA_H

#include "dialer/list/lead.h"
#include "dialer/list/touched.h"
#include "dialer/list/window.h"
#include "dialer/plan/plan.h"

/* The first due date, later than the last refill, of the leads with that many attempts. */
struct level {
    int64_t tries, at;
};

struct agenda {
    LIST_ENTRY(agenda) link;
    struct engine *engine;
    int64_t id;
    struct plan *plan;
    char *dlma, *version;
    unsigned holds;
    int64_t cursor;                 /* id of the last lead that has a place in it */
    bool complete, building, stale; /* stale: nobody holds it; it is being purged */
    struct task build;
    struct touched built; /* leads written since the current piece was asked for */
    struct window window;
    int size, most;       /* leads that a refill asks for; may ask for */
    bool was_full;        /* the latest refill brought that many */
    struct level *levels; /* the due dates of waiting leads */
    int level_count;
    struct read *reads[2];  /* of the refill in progress: leads, levels; NULL = answered */
    struct touched touched; /* leads written since the refill was asked for */
    struct entries late;    /* their new entries, which the new window gets too */
    int64_t refilled;       /* monotonic ns of the latest refill */
    struct timer again;     /* set after a read that failed: the next one has to wait */
    bool known;             /* the window has been read and is still valid */
    bool asked; /* a campaign found no lead while it was not known, and waits for a kick */
};

/* Reads the agendas of an earlier run. False if the store cannot be read. Waits for the
 * store: at the start only. */
bool agendas_load(struct engine *e);
/* Has those purged that no campaign has taken. */
void agendas_sweep(struct engine *e);
void agendas_free(struct engine *e);
/* The agenda of the list under the plan as it is now; begins to build it if it is new. */
struct agenda *agenda_hold(struct plan *p, const char *dlma_uuid);
/* The last release has the agenda purged from the store. a may be NULL. */
void agenda_release(struct agenda *a);
/* The next lead that may be called now, held, and which of its numbers; the same lead again
 * until it is written. NULL if there is none: *next is when the next one falls due (ns since
 * 1970), DUE_NEVER if none will or that is not known yet (agenda_is_settled). */
struct lead *agenda_next(struct agenda *a, int *number, int64_t *next) MUST_CHECK;
/* Is there one? As agenda_next, without holding it. */
bool agenda_has_next(struct agenda *a, int64_t *next);
/* Is everything about the list known? Only then the list has ended if agenda_next returns
 * NULL and DUE_NEVER. If not, the campaigns of the list are kicked as soon as it is. */
bool agenda_is_settled(const struct agenda *a);
/* A hard limit forbids to call the lead that agenda_next returned (its hold is taken over)
 * before `until`; DUE_NEVER = for ever. People are told the reason. */
void agenda_postpone(struct agenda *a, struct lead *l, int number, int64_t until,
                     const char *reason);
/* After agenda_write in the same batch: the lead is not due before `until`. */
void agenda_delay(struct agenda *a, struct batch *b, struct lead *l, int64_t until,
                  const char *reason);
/* Puts the lead's row, and its due dates in all agendas of its list, into the batch. Calls
 * lead_writing; the caller calls lead_written when the batch has ended. */
void agenda_write(struct lead *l, struct batch *b);
/* The same on condition that the store's lead is unchanged; else the batch is refused. */
void agenda_write_if(struct lead *l, struct batch *b);
/* The windows of the list (NULL: of all lists) are no longer valid. They are read again before
 * another lead is taken from them. */
void agendas_refresh(struct engine *e, const char *dlma_uuid);
/* A write of the lead was refused. It is read again, and placed in all agendas of its list.
 * agent: a reservation for them, if the store still has it, is over (NULL = nobody). */
void agenda_put_anew(struct lead *l, const char *agent);
/* The limits need other attempts than before: they are read again, of the leads in work and of
 * those in the windows. */
void agendas_count_anew(struct engine *e);

#endif
