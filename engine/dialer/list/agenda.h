/* An agenda: for one list under one plan, when each lead may be called next. It is stored
 * and indexed, built in bounded pieces, and kept up with every change of a lead. What comes
 * next stands in a window in memory, which is refilled before it runs out: picking a lead
 * never waits for the store. README.md beside this file has the idea. */
#ifndef DIALER_LIST_AGENDA_H
#define DIALER_LIST_AGENDA_H

#include "dialer/list/lead.h"
#include "dialer/list/touched.h"
#include "dialer/list/window.h"
#include "dialer/plan/plan.h"

/* When the first lead of that many tries falls due that was not due at the last look. */
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
    int64_t cursor;
    bool complete, building, stale; /* stale: to be purged */
    struct task build;
    struct touched built; /* since the piece in work was asked for */
    struct window window;
    int size; /* leads that a refill asks for */
    struct level *levels;
    int level_count;
    struct read *reads[2];  /* of a refill under way: the leads, the levels; NULL = none */
    struct touched touched; /* since it was asked for */
    struct entries late;    /* put since then: they belong into the next window too */
    int64_t refilled;       /* monotonic ns of the latest one */
    bool known; /* the window was read, and nothing happened that it does not know */
    bool asked; /* somebody found no lead while it was not known */
};

/* Reads what an earlier run left. Once the campaigns hold theirs, agendas_sweep has
 * the others purged. False: the store cannot be read. */
bool agendas_load(struct engine *e);
void agendas_sweep(struct engine *e);
void agendas_free(struct engine *e);
/* The agenda of that plan (as it is now) and list; begins to build it if it is new. */
struct agenda *agenda_hold(struct plan *p, const char *dlma_uuid);
/* The last one to let go has it purged from the store. NULL is none. */
void agenda_release(struct agenda *a);
/* The next lead that may be called now, held, and which number; it stays the next one until
 * it is written. NULL if there is none: then *next is when one will be due (ns since 1970),
 * DUE_NEVER if never or if that is not known yet (agenda_is_settled). */
struct lead *agenda_next(struct agenda *a, int *number, int64_t *next) MUST_CHECK;
/* The same question without holding one. */
bool agenda_has_next(struct agenda *a, int64_t *next);
/* Is it known that there is no lead but those that agenda_next gives or names a time of? If
 * not, the campaigns of the list are kicked as soon as it is. */
bool agenda_is_settled(const struct agenda *a);
/* A hard limit keeps the lead that agenda_next gave (taken over) from being called before
 * `until`, DUE_NEVER for ever; reason is what people are told. */
void agenda_postpone(struct agenda *a, struct lead *l, int number, int64_t until,
                     const char *reason);
/* Within a batch that writes the lead, behind that: it is not due before `until`. */
void agenda_delay(struct agenda *a, struct batch *b, struct lead *l, int64_t until,
                  const char *reason);
/* Puts the lead's row and its due dates, in all agendas of its list, into the batch, which
 * counts as a write: lead_written when the batch has ended. */
void agenda_write(struct lead *l, struct batch *b);
/* The same, on condition that nobody else has written the lead; else the batch is refused. */
void agenda_write_if(struct lead *l, struct batch *b);
/* What was read ahead is not to be trusted any more: a write was refused, or the limits
 * look at other attempts. NULL: of all lists. */
void agendas_refresh(struct engine *e, const char *dlma_uuid);

#endif
