/* An agenda: for one list under one plan, when each lead may be called next. It is
 * stored and indexed, so picking the next lead is a look-up whatever the list's size;
 * it is built in bounded batches, and kept up with every change of a lead. */
#ifndef DIALER_LIST_AGENDA_H
#define DIALER_LIST_AGENDA_H

#include "dialer/plan/plan.h"

struct lead;

#define AGENDA_READY 64 /* leads read ahead */

struct agenda {
    struct agenda *next;
    struct engine *engine;
    int64_t id;
    struct plan *plan;
    char *dlma, *version;
    unsigned holds;
    int64_t cursor;
    bool complete, building, stale; /* stale: to be purged */
    struct task build;
    struct {
        int64_t lead;
        int number;
    } ready[AGENDA_READY];
    int ready_count, ready_next;
};

/* Reads what an earlier run left. Once the campaigns hold theirs, agendas_sweep has
 * the others purged. False: the store cannot be read. */
bool agendas_load(struct engine *e);
void agendas_sweep(struct engine *e);
void agendas_free(struct engine *e);
/* The agenda of that plan (as it is now) and list; begins to build it if it is new. */
struct agenda *agenda_hold(struct plan *p, const char *dlma_uuid);
/* The last one to let go has it purged from the store. */
void agenda_release(struct agenda *a);
/* The next lead that may be called now, held, and which number. NULL if there is none;
 * *next is then when one will be due (ns since 1970), DUE_NEVER if never. */
struct lead *agenda_next(struct agenda *a, int *number, int64_t *next) MUST_CHECK;
/* The lead that was just taken stays the next one. */
void agenda_keep(struct agenda *a);
/* The same question without taking one. */
bool agenda_has_next(struct agenda *a, int64_t *next);
/* A hard limit keeps the lead that agenda_next gave (taken over) from being called before
 * `until`, DUE_NEVER for ever; reason is what people are told. */
void agenda_postpone(struct agenda *a, struct lead *l, int number, int64_t until,
                     const char *reason);
/* Within a batch that writes the lead, behind that: it is not due before `until`. */
void agenda_delay(struct agenda *a, struct batch *b, const struct row *lead, int64_t until,
                  const char *reason);
/* Puts the lead's row and its due dates, in all agendas of its list, into the batch, which
 * counts as a write: lead_written when the batch is durable. */
void agenda_write(struct lead *l, struct batch *b);
/* A lead came or changed: what was read ahead may be in the wrong order. */
void agenda_forget(struct engine *e, const char *dlma_uuid);

#endif
