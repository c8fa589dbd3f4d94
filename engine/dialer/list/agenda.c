#include "dialer/list/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"

#define BUILD_BATCH 500
#define PURGE_BATCH 5000
#define FAULT_WAIT_MAX 60 /* s */
#define BUSY_WAIT (10 * NS_PER_MS)

/* ---- one lead's place ---- */

/* After faults of our own a lead waits a little, longer each time. */
static void agenda_add_fault_wait(const struct row *lead, struct due *due) {
    int64_t faults = row_int(lead, LEAD_FAULTS), last = leadrow_last_hangup(lead);
    if (faults == 0 || due->number == 0)
        return;
    int64_t wait = faults > 5 ? FAULT_WAIT_MAX : INT64_C(1) << faults;
    if (due->at < last + wait * NS_PER_S)
        due->at = last + wait * NS_PER_S;
}

static void agenda_put_lead(struct agenda *a, struct batch *b, const struct row *lead) {
    struct due due;
    plan_retry(a->plan, lead, &due);
    agenda_add_fault_wait(lead, &due);
    batch_write(b, WRITE_DUE, a->id, row_int(lead, LEAD_ID), leadrow_tries(lead), due.at,
                (int64_t)due.number, due.at == DUE_NEVER ? due.reason : NULL);
}

/* Its due dates, in all agendas of its list. */
static void agenda_put(struct engine *e, struct batch *b, const struct row *lead) {
    const char *dlma = row_text(lead, LEAD_DLMA_UUID);
    if (row_int(lead, LEAD_STATUS) != 0 || !row_int(lead, LEAD_IN_USE)) {
        batch_write(b, WRITE_DUE_LEAD_DELETE, row_int(lead, LEAD_ID));
        return;
    }
    for (struct agenda *a = e->agendas; a; a = a->next)
        if (!a->stale && strcmp(a->dlma, dlma) == 0)
            agenda_put_lead(a, b, lead);
}

void agenda_write(struct lead *l, struct batch *b) {
    lead_writing(l);
    batch_row(b, l->row);
    agenda_put(l->engine, b, l->row);
}

void agenda_forget(struct engine *e, const char *dlma_uuid) {
    for (struct agenda *a = e->agendas; a; a = a->next)
        if (strcmp(a->dlma, dlma_uuid) == 0)
            a->ready_count = a->ready_next = 0;
}

/* ---- building and purging, a batch at a time ---- */

/* The next number of tries that any lead of the agenda has; -1 after the last. */
static int64_t agenda_next_level(struct agenda *a, int64_t level) {
    struct query q;
    query_begin(&q, a->engine->store, READ_DUE_LEVEL, a->id, level);
    int64_t found = query_step(&q) ? query_int(&q, 0) : -1;
    query_end(&q);
    return found;
}

static void agenda_unlink(struct agenda *a) {
    struct agenda **p = &a->engine->agendas;
    while (*p != a)
        p = &(*p)->next;
    *p = a->next;
    task_cancel(&a->build);
    plan_release(a->plan);
    free(a->dlma);
    free(a->version);
    free(a);
}

static void agenda_on_built(void *arg, enum batch_end end) {
    struct agenda *a = arg;
    a->building = false;
    if (end != BATCH_DURABLE)
        log_error(a->engine->log, "agenda %lld: a batch failed", (long long)a->id);
    if (a->stale || !a->complete)
        task_queue(&a->build);
    campaigns_kick_dlma(a->engine, a->dlma);
}

static void agenda_build_some(struct agenda *a) {
    struct batch *b = batch_new();
    struct query q;
    int seen = 0;
    query_begin(&q, a->engine->store, READ_LEADS_AFTER, a->dlma, a->cursor,
                (int64_t)BUILD_BATCH);
    while (query_step(&q)) {
        struct row *lead = query_row(&q, 0, &noun_lead);
        a->cursor = row_int(lead, LEAD_ID);
        seen++;
        /* one in work gets its place when that work is done */
        if (!lead_is_busy(a->engine, a->cursor) && row_int(lead, LEAD_STATUS) == 0)
            agenda_put_lead(a, b, lead);
        row_free(lead);
    }
    query_end(&q);
    a->complete = seen < BUILD_BATCH;
    batch_write(b, WRITE_AGENDA_CURSOR, a->id, a->cursor, (int64_t)a->complete);
    a->building = true;
    store_submit(a->engine->store, b, agenda_on_built, a);
}

static void agenda_on_purged(void *arg, enum batch_end end) {
    (void)end;
    struct agenda *a = arg;
    a->building = false;
    if (agenda_next_level(a, -1) >= 0) {
        task_queue(&a->build);
        return;
    }
    struct batch *b = batch_new();
    batch_write(b, WRITE_AGENDA_DELETE, a->id);
    store_submit(a->engine->store, b, NULL, NULL);
    agenda_unlink(a);
}

static void agenda_purge_some(struct agenda *a) {
    struct batch *b = batch_new();
    batch_write(b, WRITE_DUE_PURGE, a->id, (int64_t)PURGE_BATCH);
    a->building = true;
    store_submit(a->engine->store, b, agenda_on_purged, a);
}

static void agenda_on_build(void *arg) {
    struct agenda *a = arg;
    if (a->building || a->engine->leaving)
        return;
    if (a->stale)
        agenda_purge_some(a);
    else if (!a->complete)
        agenda_build_some(a);
}

/* ---- life ---- */

static struct agenda *agenda_add(struct engine *e, int64_t id, struct plan *p, const char *dlma,
                                 const char *version) {
    struct agenda *a = xcalloc(1, sizeof *a);
    a->engine = e;
    a->id = id;
    a->plan = p ? plan_hold(p) : NULL;
    a->dlma = xstrdup(dlma);
    a->version = xstrdup(version);
    a->next = e->agendas;
    e->agendas = a;
    task_init(&a->build, e->loop, agenda_on_build, a);
    return a;
}

bool agendas_load(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, READ_AGENDAS);
    while (query_step(&q)) {
        struct plan *p = map_get(&e->plans, query_text(&q, 1));
        struct agenda *a =
            agenda_add(e, query_int(&q, 0), p, query_text(&q, 2), query_text(&q, 3));
        a->cursor = query_int(&q, 4);
        a->complete = query_int(&q, 5) != 0;
        a->stale = p == NULL || strcmp(p->version, a->version);
    }
    return query_end(&q);
}

void agendas_sweep(struct engine *e) {
    for (struct agenda *a = e->agendas; a; a = a->next) {
        a->stale |= a->holds == 0;
        if (a->stale)
            task_queue(&a->build);
    }
}

void agendas_free(struct engine *e) {
    while (e->agendas)
        agenda_unlink(e->agendas); /* NOLINT(clang-analyzer-unix.Malloc): off the list */
}

struct agenda *agenda_hold(struct plan *p, const char *dlma_uuid) {
    struct engine *e = p->engine;
    struct agenda *a = e->agendas;
    while (a && (a->stale || a->plan != p || strcmp(a->dlma, dlma_uuid) ||
                 strcmp(a->version, p->version)))
        a = a->next;
    if (a == NULL) {
        a = agenda_add(e, store_next_id(e->store, ID_AGENDA), p, dlma_uuid, p->version);
        struct batch *b = batch_new();
        batch_write(b, WRITE_AGENDA, a->id, row_uuid(p->item.row), dlma_uuid, a->version);
        a->building = true; /* leads written before it existed are on the disk by then */
        store_submit(e->store, b, agenda_on_built, a);
    }
    a->holds++;
    if (!a->complete)
        task_queue(&a->build);
    return a;
}

void agenda_release(struct agenda *a) {
    if (a == NULL || --a->holds)
        return;
    a->stale = true;
    task_queue(&a->build);
}

/* ---- picking ---- */

/* Reads ahead what is due on one level. What is on its way to the disk is looked at
 * again in a moment: *next says so, or the list would seem to be at its end. */
static void agenda_read_level(struct agenda *a, int64_t level, int64_t *next) {
    struct query q;
    query_begin(&q, a->engine->store, READ_DUE, a->id, level, engine_wall(a->engine));
    while (a->ready_count < AGENDA_READY && query_step(&q)) {
        if (lead_is_busy(a->engine, query_int(&q, 0))) {
            *next = engine_wall(a->engine) + BUSY_WAIT;
            continue;
        }
        a->ready[a->ready_count].lead = query_int(&q, 0);
        a->ready[a->ready_count++].number = (int)query_int(&q, 1);
    }
    query_end(&q);
}

/* When the first of those that wait on a level will be due. */
static int64_t agenda_level_due(struct agenda *a, int64_t level) {
    struct query q;
    query_begin(&q, a->engine->store, READ_DUE_NEXT, a->id, level, engine_wall(a->engine));
    int64_t at = query_step(&q) ? query_int(&q, 0) : DUE_NEVER;
    query_end(&q);
    return at;
}

/* One level only at a time is read ahead: fewest tries first. */
static void agenda_refill(struct agenda *a, int64_t *next) {
    a->ready_count = a->ready_next = 0;
    *next = DUE_NEVER;
    for (int64_t level = agenda_next_level(a, -1); level >= 0;
         level = agenda_next_level(a, level)) {
        agenda_read_level(a, level, next);
        if (a->ready_count)
            return;
        int64_t at = agenda_level_due(a, level);
        *next = at < *next ? at : *next;
    }
}

static struct lead *agenda_take(struct agenda *a, int64_t id, int number) {
    struct query q;
    struct row *row = NULL;
    query_begin(&q, a->engine->store, READ_LEAD_BY_ID, id);
    if (query_step(&q))
        row = query_row(&q, 0, &noun_lead);
    query_end(&q);
    if (row == NULL)
        return NULL;
    struct lead *l = lead_hold_row(a->engine, row);
    if (row_int(l->row, LEAD_STATUS) == 0 && row_int(l->row, LEAD_IN_USE) && l->writes == 0 &&
        row_text(l->row, LEAD_NUMBER_1 + number - 1))
        return l;
    lead_release(l);
    return NULL;
}

struct lead *agenda_next(struct agenda *a, int *number, int64_t *next) {
    *next = DUE_NEVER;
    for (int refills = 0; refills < 3;) { /* more would mean that nothing read is true */
        if (a->ready_next == a->ready_count) {
            agenda_refill(a, next);
            refills++;
        }
        if (a->ready_count == 0)
            break;
        int i = a->ready_next++;
        *number = a->ready[i].number;
        struct lead *l = lead_is_busy(a->engine, a->ready[i].lead)
                             ? NULL
                             : agenda_take(a, a->ready[i].lead, *number);
        if (l)
            return l;
    }
    if (a->ready_count) /* there are some, only not to be had in this turn */
        *next = engine_wall(a->engine) + BUSY_WAIT;
    return NULL;
}

static void agenda_on_postponed(void *arg, enum batch_end end) {
    (void)end;
    struct lead *l = arg;
    campaigns_kick_dlma(l->engine, row_text(l->row, LEAD_DLMA_UUID));
    lead_written(l);
}

void agenda_delay(struct agenda *a, struct batch *b, const struct row *lead, int64_t until,
                  const char *reason) {
    struct due due;
    plan_retry(a->plan, lead, &due);
    if (due.at < until) /* never is later */
        batch_write(b, WRITE_DUE, a->id, row_int(lead, LEAD_ID), leadrow_tries(lead), until,
                    (int64_t)due.number, reason);
}

void agenda_postpone(struct agenda *a, struct lead *l, int number, int64_t until,
                     const char *reason) {
    struct batch *b = batch_new();
    l->writes++; /* not to be picked until this is durable */
    batch_write(b, WRITE_DUE, a->id, row_int(l->row, LEAD_ID), leadrow_tries(l->row), until,
                (int64_t)number, reason);
    store_submit(a->engine->store, b, agenda_on_postponed, l);
}

void agenda_keep(struct agenda *a) {
    if (a->ready_next)
        a->ready_next--;
}

bool agenda_has_next(struct agenda *a, int64_t *next) {
    int number;
    /* one that was read ahead and is not in work: that will do, it is looked at again when
     * it is taken */
    if (a->ready_next < a->ready_count &&
        !lead_is_busy(a->engine, a->ready[a->ready_next].lead))
        return true;
    struct lead *l = agenda_next(a, &number, next);
    if (l == NULL)
        return false;
    agenda_keep(a);
    lead_release(l);
    return true;
}
