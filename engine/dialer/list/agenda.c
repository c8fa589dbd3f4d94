#include "dialer/list/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "dialer/campaign/campaign.h"

#define WINDOW_LEAST 256
#define WINDOW_MOST 512        /* a turn takes all of them in: about 10 us each */
#define REFILL_EACH SECONDS(2) /* a window that does not last this long is doubled */
#define BUILD_PIECE 100        /* leads for which one turn asks the retry hook */
#define PURGE_PIECE 5000
#define FAULT_WAIT_MAX 60 /* s */
#define BUSY_WAIT (10 * NS_PER_MS)
#define FAILED_WAIT (200 * NS_PER_MS) /* what could not be read is asked for again */

/* ---- one lead's place ---- */

/* After local failures a lead waits, twice as long each time. */
static void agenda_add_fault_wait(const struct row *lead, struct due *due) {
    int64_t faults = row_int(lead, LEAD_FAULTS), last = leadrow_last_hangup(lead);
    if (faults == 0 || due->number == 0)
        return;
    int64_t wait = faults > 5 ? FAULT_WAIT_MAX : INT64_C(1) << faults;
    if (due->at < last + wait * NS_PER_S)
        due->at = last + wait * NS_PER_S;
}

static void agenda_due(struct agenda *a, const struct row *lead, struct due *due) {
    plan_retry(a->plan, lead, due);
    agenda_add_fault_wait(lead, due);
}

static void agenda_write_due(struct agenda *a, struct batch *b, const struct row *lead,
                             const struct due *due, const char *reason) {
    batch_statement(b, &write_due,
                    BIND(ARG_INT("agenda", a->id), ARG_INT("lead", row_int(lead, LEAD_ID)),
                         ARG_INT("tries", leadrow_tries(lead)), ARG_INT("due_at", due->at),
                         ARG_INT("number", due->number), ARG_TEXT("reason", reason)));
}

/* ---- the levels ---- */

static void agenda_note_level(struct agenda *a, int64_t tries, int64_t at) {
    for (int i = 0; i < a->level_count; i++)
        if (a->levels[i].tries == tries) {
            a->levels[i].at = at < a->levels[i].at ? at : a->levels[i].at;
            return;
        }
    a->levels = xrealloc(a->levels, ((size_t)a->level_count + 1) * sizeof a->levels[0]);
    a->levels[a->level_count++] = (struct level){tries, at};
}

/* When the next lead falls due; DUE_NEVER if none will. */
static int64_t agenda_next_due(const struct agenda *a) {
    int64_t next = DUE_NEVER;
    for (int i = 0; i < a->level_count; i++)
        next = a->levels[i].at < next ? a->levels[i].at : next;
    return next;
}

/* ---- the window ---- */

/* If the window has grown too large, its end is dropped; it can be read again. */
static void agenda_trim(struct agenda *a) {
    struct window *w = &a->window;
    if (w->count <= 2 * a->size)
        return;
    struct entry *x;
    while (w->count > a->size && (x = TAILQ_LAST(&w->entries, entries))) {
        window_take(w, x);
        entry_free(x);
    }
    x = TAILQ_LAST(&w->entries, entries);
    w->is_whole = false;
    w->last = x->place;
}

/* Leads that have fallen due since it was read stand in the store only, behind those of their
 * level that are here: the window ends before them. */
static void agenda_end_window(struct agenda *a) {
    struct window *w = &a->window;
    int64_t now = engine_wall(a->engine);
    for (int i = 0; i < a->level_count; i++) {
        struct place end = {a->levels[i].tries, a->levels[i].at, 0};
        if (end.at > now || (!w->is_whole && !place_before(&end, &w->last)))
            continue;
        w->is_whole = false;
        w->last = end;
    }
}

static void agenda_put_entry(struct agenda *a, struct entry *x) {
    agenda_end_window(a);
    if (x->place.at > engine_wall(a->engine)) {
        window_drop(&a->window, x->place.lead);
        agenda_note_level(a, x->place.tries, x->place.at);
        entry_free(x);
    } else if (window_put(&a->window, x)) {
        agenda_trim(a);
    }
}

/* An idle lead has a new due date. */
static void agenda_note(struct agenda *a, const struct row *lead,
                        const struct attempts *attempts, const struct due *due) {
    struct place place = {leadrow_tries(lead), due->at, row_int(lead, LEAD_ID)};
    if (due->number == 0 || due->at == DUE_NEVER) {
        window_drop(&a->window, place.lead);
        return;
    }
    if (a->reads[0]) {
        struct entry *late = entry_new(place, due->number, row_copy(lead), attempts);
        TAILQ_INSERT_TAIL(&a->late, late, link);
    }
    agenda_put_entry(a, entry_new(place, due->number, row_copy(lead), attempts));
}

static void agenda_drop_late(struct agenda *a, int64_t lead) {
    struct entry *x, *next;
    for (x = TAILQ_FIRST(&a->late); x; x = next) {
        next = TAILQ_NEXT(x, link);
        if (x->place.lead == lead) {
            TAILQ_REMOVE(&a->late, x, link);
            entry_free(x);
        }
    }
}

/* The lead is not to be called now. */
static void agenda_drop(struct agenda *a, int64_t lead) {
    window_drop(&a->window, lead);
    agenda_drop_late(a, lead);
}

/* ---- refilling the window ---- */

static void agenda_end_refill(struct agenda *a) {
    for (size_t i = 0; i < ARRAY_LEN(a->reads); i++)
        read_cancel(a->reads[i]);
    if (a->reads[0] || a->reads[1])
        touched_end(&a->touched);
    a->reads[0] = a->reads[1] = NULL;
    struct entry *x;
    while ((x = TAILQ_FIRST(&a->late))) {
        TAILQ_REMOVE(&a->late, x, link);
        entry_free(x);
    }
}

/* Takes one row of the answer. Leads that were written after the read was submitted are left
 * out: agenda_note has put them. */
static void agenda_take_row(struct agenda *a, const struct rows *rows, int i) {
    int64_t lead = rows_int(rows, i, "id"), number = rows_int(rows, i, "number");
    struct place place = {rows_int(rows, i, "tries"), rows_int(rows, i, "due_at"), lead};
    bool is_sound = number >= 1 && number <= LEAD_NUMBERS;
    if (!is_sound || touched_has(&a->touched, lead))
        return;
    struct attempts attempts = {0};
    attempts_read(&attempts, rows_text(rows, i, "attempts"));
    window_put(&a->window, entry_new(place, (int)number, rows_row(rows, i), &attempts));
    attempts_free(&attempts);
}

static void agenda_take_rows(struct agenda *a, const struct rows *rows) {
    int n = rows_count(rows);
    window_clear(&a->window);
    for (int i = 0; i < n; i++)
        agenda_take_row(a, rows, i);
    a->was_full = n >= a->size;
    a->window.is_whole = !a->was_full;
    if (!a->window.is_whole)
        a->window.last =
            (struct place){rows_int(rows, n - 1, "tries"), rows_int(rows, n - 1, "due_at"),
                           rows_int(rows, n - 1, "id")};
}

static void agenda_tell_asked(struct agenda *a) {
    if (!a->asked)
        return;
    a->asked = false;
    campaigns_kick_dlma(a->engine, a->dlma);
}

/* The store is asked again after a moment, or at once for fewer leads if the answer would
 * have been too large. */
static void agenda_on_failed(struct agenda *a, const char *why) {
    log_error(a->engine->log, "the next leads of list %s cannot be read: %s", a->dlma, why);
    a->known = false;
    if (!store_is_failing(a->engine->store) && a->size > WINDOW_LEAST)
        a->most = a->size /= 2;
    else
        timer_set(&a->again, FAILED_WAIT);
}

static void agenda_on_again(void *arg) {
    struct agenda *a = arg;
    task_queue(&a->build);
    agenda_tell_asked(a);
}

/* The leads have come. The answer about the levels, which comes after it, ends the refill. */
static void agenda_on_window(void *arg, enum read_end end, const struct rows *rows) {
    struct agenda *a = arg;
    a->reads[0] = NULL;
    if (end == READ_ROWS) {
        agenda_take_rows(a, rows);
        a->level_count = 0;
        struct entry *x;
        while ((x = TAILQ_FIRST(&a->late))) {
            TAILQ_REMOVE(&a->late, x, link);
            agenda_put_entry(a, x);
        }
        a->known = true;
    } else {
        agenda_on_failed(a, read_error(rows));
    }
}

static void agenda_on_levels(void *arg, enum read_end end, const struct rows *rows) {
    struct agenda *a = arg;
    a->reads[1] = NULL;
    touched_end(&a->touched);
    if (end != READ_ROWS && a->known)
        agenda_on_failed(a, read_error(rows));
    for (int i = 0; end == READ_ROWS && i < rows_count(rows); i++)
        if (!rows_is_null(rows, i, "due_at")) /* null: no lead of this level is waiting */
            agenda_note_level(a, rows_int(rows, i, "tries"), rows_int(rows, i, "due_at"));
    if (!timer_is_set(&a->again))
        agenda_tell_asked(a);
}

/* The window is sized in seconds of dialing: if it was used up soon, it is made larger. */
static void agenda_resize(struct agenda *a) {
    int64_t now = engine_now(a->engine);
    bool is_used = a->known && a->was_full && a->window.count < a->size / 2;
    if (is_used && now - a->refilled < REFILL_EACH && a->size < a->most)
        a->size *= 2;
    a->refilled = now;
}

static void agenda_refill(struct agenda *a) {
    struct engine *e = a->engine;
    char since[TIME_TEXT];
    int64_t now = engine_wall(e);
    if (a->reads[0] || a->reads[1] || e->leaving || a->stale || timer_is_set(&a->again))
        return;
    agenda_resize(a);
    touched_begin(e, &a->touched);
    a->reads[0] =
        store_read(e->store, LANE_READ, &read_window,
                   BIND(ARG_INT("agenda", a->id), ARG_INT("now", now),
                        ARG_TEXT("since", leads_since(e, since)), ARG_INT("limit", a->size)),
                   agenda_on_window, a);
    a->reads[1] =
        store_read(e->store, LANE_READ, &read_levels,
                   BIND(ARG_INT("agenda", a->id), ARG_INT("now", now)), agenda_on_levels, a);
}

/* Has a lead fallen due that would be the first of the window? */
static bool agenda_misses_better(const struct agenda *a) {
    const struct entry *first = TAILQ_FIRST(&a->window.entries);
    int64_t now = engine_wall(a->engine);
    for (int i = 0; i < a->level_count; i++)
        if (a->levels[i].at <= now && (!first || a->levels[i].tries < first->place.tries))
            return true;
    return false;
}

/* Is a refill needed? */
static bool agenda_is_low(const struct agenda *a) {
    return !a->known || agenda_misses_better(a) ||
           (!a->window.is_whole && a->window.count < a->size / 2);
}

void agendas_refresh(struct engine *e, const char *dlma_uuid) {
    struct agenda *a;
    LIST_FOREACH (a, &e->agendas, link) {
        if (dlma_uuid && strcmp(a->dlma, dlma_uuid))
            continue;
        agenda_end_refill(a);
        a->known = false;
        agenda_tell_asked(a); /* the answer that was to come does not */
    }
}

/* ---- writing ---- */

static void agenda_put_lead(struct agenda *a, struct batch *b, const struct row *lead,
                            const struct attempts *attempts) {
    struct due due;
    agenda_due(a, lead, &due);
    agenda_write_due(a, b, lead, &due, due.at == DUE_NEVER ? due.reason : NULL);
    agenda_drop_late(a, row_int(lead, LEAD_ID));
    agenda_note(a, lead, attempts, &due);
}

/* Writes the lead's due dates in all agendas of its list. */
static void agenda_put(struct lead *l, struct batch *b) {
    const char *dlma = row_text(l->row, LEAD_DLMA_UUID);
    bool is_idle = row_int(l->row, LEAD_STATUS) == 0 && row_int(l->row, LEAD_IN_USE);
    struct agenda *a;
    if (!is_idle)
        batch_statement(b, &write_due_lead_delete,
                        BIND(ARG_INT("lead", row_int(l->row, LEAD_ID))));
    LIST_FOREACH (a, &l->engine->agendas, link) {
        if (a->stale || strcmp(a->dlma, dlma))
            continue;
        if (is_idle)
            agenda_put_lead(a, b, l->row, &l->attempts);
        else
            agenda_drop(a, row_int(l->row, LEAD_ID));
    }
}

void agenda_write(struct lead *l, struct batch *b) {
    lead_writing(l);
    batch_row(b, l->row);
    agenda_put(l, b);
}

void agenda_write_if(struct lead *l, struct batch *b) {
    lead_writing(l);
    batch_row_if(b, l->row, row_int(l->row, LEAD_VERSION));
    agenda_put(l, b);
}

/* ---- what was not written, or not read ---- */

static void agenda_on_put_anew(void *arg, enum batch_end end) {
    struct lead *l = arg;
    if (end != BATCH_DURABLE)
        agendas_refresh(l->engine, row_text(l->row, LEAD_DLMA_UUID));
    campaigns_kick_dlma(l->engine, row_text(l->row, LEAD_DLMA_UUID));
    lead_written(l);
}

/* The lead is as the store has it. */
static void agenda_on_read_anew(void *arg, struct lead *l, const char *error) {
    char *agent = arg;
    const char *dlma = row_text(l->row, LEAD_DLMA_UUID);
    const char *target = row_text(l->row, LEAD_RESV_TARGET);
    struct batch *b = batch_new();
    if (error) {
        log_error(l->engine->log, "lead %s cannot be read: %s", row_uuid(l->row), error);
        agendas_refresh(l->engine, dlma);
        campaigns_kick_dlma(l->engine, dlma);
        batch_free(b);
        free(agent);
        return;
    }
    if (agent && row_int(l->row, LEAD_STATUS) == 2 && target && strcmp(target, agent) == 0) {
        row_set_int(l->row, LEAD_STATUS, 0);
        row_set_text(l->row, LEAD_RESV_TARGET, NULL);
    }
    agenda_write(l, b); /* of the row nothing, if nothing in it has changed */
    store_submit(l->engine->store, b, agenda_on_put_anew, l);
    free(agent);
}

void agenda_put_anew(struct lead *l, const char *agent) {
    struct agenda *a;
    LIST_FOREACH (a, &l->engine->agendas, link)
        agenda_drop(a, row_int(l->row, LEAD_ID));
    lead_read_anew(l, agenda_on_read_anew, xstrdup(agent));
}

/* What was counted in between is behind what was read. */
static void agenda_add_newer(struct attempts *all, const struct attempts *of_memory) {
    int known = all->count;
    for (int i = 0; i < of_memory->count; i++) {
        bool is_there = false;
        for (int k = 0; k < known && !is_there; k++)
            is_there = all->list[k].at == of_memory->list[i].at;
        if (!is_there)
            attempts_add(all, of_memory->list[i].number, of_memory->list[i].at);
    }
}

static void agenda_set_attempts(struct entry *x, const struct lead *l) {
    if (x->place.lead != row_int(l->row, LEAD_ID))
        return;
    attempts_free(&x->attempts);
    attempts_copy(&x->attempts, &l->attempts);
}

static void agenda_on_attempts(void *arg, enum read_end end, const struct rows *rows) {
    struct lead *l = arg;
    struct attempts all = {0};
    struct agenda *a;
    struct entry *x;
    if (end == READ_FAILED)
        log_error(l->engine->log, "attempts on lead %s cannot be read: %s", row_uuid(l->row),
                  read_error(rows));
    for (int i = 0; end == READ_ROWS && i < rows_count(rows); i++)
        attempts_add(&all, (int)rows_int(rows, i, "dial_index"),
                     time_read(rows_text(rows, i, "tm_dialing")));
    agenda_add_newer(&all, &l->attempts);
    attempts_free(&l->attempts);
    l->attempts = all;
    LIST_FOREACH (a, &l->engine->agendas, link)
        TAILQ_FOREACH (x, &a->late, link)
            agenda_set_attempts(x, l);
    lead_release(l);
}

/* The windows are asked for behind them. */
void agendas_count_anew(struct engine *e) {
    char since[TIME_TEXT];
    const char *from = leads_since(e, since);
    for (struct map_entry *i = e->leads.first; i && from; i = i->next) {
        struct lead *l = i->value;
        l->holds++;
        store_read(e->store, LANE_READ, &read_attempts,
                   BIND(ARG_TEXT("lead", row_uuid(l->row)), ARG_TEXT("since", from)),
                   agenda_on_attempts, l);
    }
    agendas_refresh(e, NULL);
}

/* ---- put off ---- */

static void agenda_on_postponed(void *arg, enum batch_end end) {
    struct lead *l = arg;
    if (end != BATCH_DURABLE)
        agendas_refresh(l->engine, row_text(l->row, LEAD_DLMA_UUID));
    campaigns_kick_dlma(l->engine, row_text(l->row, LEAD_DLMA_UUID));
    lead_written(l);
    lead_release(l);
}

/* Changes the lead's due date in one agenda. */
static void agenda_put_off(struct agenda *a, struct batch *b, struct lead *l, int number,
                           int64_t until, const char *reason) {
    struct due due = {.number = number, .at = until};
    agenda_write_due(a, b, l->row, &due, reason);
    agenda_drop_late(a, row_int(l->row, LEAD_ID));
    agenda_note(a, l->row, &l->attempts, &due);
}

void agenda_delay(struct agenda *a, struct batch *b, struct lead *l, int64_t until,
                  const char *reason) {
    struct due due;
    agenda_due(a, l->row, &due);
    if (due.at < until) /* (DUE_NEVER is later than any) */
        agenda_put_off(a, b, l, due.number, until, reason);
}

void agenda_postpone(struct agenda *a, struct lead *l, int number, int64_t until,
                     const char *reason) {
    struct batch *b = batch_new();
    lead_set_busy(l); /* no other campaign gets it before this is durable */
    if (a->reads[0])  /* other agendas may take it from their answers */
        touched_add(&a->touched, row_int(l->row, LEAD_ID));
    agenda_put_off(a, b, l, number, until, reason);
    store_submit(a->engine->store, b, agenda_on_postponed, l);
}

/* ---- building and purging in pieces ---- */

static void agenda_unlink(struct agenda *a) {
    LIST_REMOVE(a, link);
    task_cancel(&a->build);
    timer_stop(&a->again);
    agenda_end_refill(a);
    window_clear(&a->window);
    plan_release(a->plan);
    free(a->levels);
    free(a->dlma);
    free(a->version);
    free(a);
}

static void agenda_on_built(void *arg, enum batch_end end) {
    struct agenda *a = arg;
    a->building = false;
    if (end != BATCH_DURABLE)
        log_error(a->engine->log, "agenda %lld: the database refused a piece of it",
                  (long long)a->id);
    if (a->stale || !a->complete)
        task_queue(&a->build);
    campaigns_kick_dlma(a->engine, a->dlma);
}

/* What is to be built, or purged, cannot be read: once more in a moment. */
static void agenda_wait(struct agenda *a, const char *why) {
    log_error(a->engine->log, "list %s cannot be read: %s", a->dlma, why);
    a->building = false;
    timer_set(&a->again, FAILED_WAIT);
}

/* Asks the retry hook about each lead of the piece. */
static void agenda_on_piece(void *arg, enum read_end end, const struct rows *rows) {
    struct agenda *a = arg;
    if (end == READ_FAILED) {
        touched_end(&a->built);
        agenda_wait(a, read_error(rows));
        return;
    }
    struct batch *b = batch_new();
    int n = rows_count(rows);
    for (int i = 0; i < n; i++) {
        a->cursor = rows_int(rows, i, "id");
        /* a lead in work, or written meanwhile, is placed by whoever writes it */
        if (rows_int(rows, i, "status") || touched_has(&a->built, a->cursor))
            continue;
        struct attempts attempts = {0};
        struct row *lead = rows_row(rows, i);
        attempts_read(&attempts, rows_text(rows, i, "attempts"));
        agenda_put_lead(a, b, lead, &attempts);
        attempts_free(&attempts);
        row_free(lead);
    }
    touched_end(&a->built);
    a->complete = n < BUILD_PIECE;
    batch_statement(b, &write_agenda_cursor,
                    BIND(ARG_INT("agenda", a->id), ARG_INT("cursor", a->cursor),
                         ARG_INT("complete", a->complete)));
    store_submit(a->engine->store, b, agenda_on_built, a);
}

static void agenda_build_some(struct agenda *a) {
    char since[TIME_TEXT];
    a->building = true;
    touched_begin(a->engine, &a->built);
    store_read(a->engine->store, LANE_READ, &read_leads_to_place,
               BIND(ARG_TEXT("dlma", a->dlma), ARG_INT("after", a->cursor),
                    ARG_TEXT("since", leads_since(a->engine, since)),
                    ARG_INT("limit", BUILD_PIECE)),
               agenda_on_piece, a);
}

static void agenda_on_rest(void *arg, enum read_end end, const struct rows *rows) {
    struct agenda *a = arg;
    a->building = false;
    if (end == READ_FAILED) {
        agenda_wait(a, read_error(rows));
        return;
    }
    if (rows_count(rows)) {
        task_queue(&a->build);
        return;
    }
    struct batch *b = batch_new();
    batch_statement(b, &write_agenda_delete, BIND(ARG_INT("agenda", a->id)));
    store_submit(a->engine->store, b, NULL, NULL);
    agenda_unlink(a);
}

static void agenda_on_purged(void *arg, enum batch_end end) {
    (void)end;
    struct agenda *a = arg;
    store_read(a->engine->store, LANE_READ, &read_due_any, BIND(ARG_INT("agenda", a->id)),
               agenda_on_rest, a);
}

static void agenda_purge_some(struct agenda *a) {
    struct batch *b = batch_new();
    batch_statement(b, &write_due_purge,
                    BIND(ARG_INT("agenda", a->id), ARG_INT("limit", PURGE_PIECE)));
    a->building = true;
    store_submit(a->engine->store, b, agenda_on_purged, a);
}

static void agenda_on_build(void *arg) {
    struct agenda *a = arg;
    if (a->building || a->engine->leaving || timer_is_set(&a->again))
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
    a->size = WINDOW_LEAST;
    a->most = WINDOW_MOST;
    window_init(&a->window);
    TAILQ_INIT(&a->late);
    LIST_INSERT_HEAD(&e->agendas, a, link);
    task_init(&a->build, e->loop, agenda_on_build, a);
    timer_init(&a->again, e->loop, agenda_on_again, a);
    return a;
}

bool agendas_load(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_agendas);
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
    struct agenda *a;
    LIST_FOREACH (a, &e->agendas, link) {
        a->stale |= a->holds == 0;
        if (a->stale)
            task_queue(&a->build);
    }
}

void agendas_free(struct engine *e) {
    while (!LIST_EMPTY(&e->agendas))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each takes itself off the list */
        agenda_unlink(LIST_FIRST(&e->agendas));
}

struct agenda *agenda_hold(struct plan *p, const char *dlma_uuid) {
    struct engine *e = p->engine;
    struct agenda *a;
    LIST_FOREACH (a, &e->agendas, link)
        if (!a->stale && a->plan == p && strcmp(a->dlma, dlma_uuid) == 0 &&
            strcmp(a->version, p->version) == 0)
            break;
    if (a == NULL) {
        a = agenda_add(e, store_next_id(e->store, ID_AGENDA), p, dlma_uuid, p->version);
        struct batch *b = batch_new();
        batch_statement(b, &write_agenda,
                        BIND(ARG_INT("agenda", a->id), ARG_TEXT("plan", row_uuid(p->item.row)),
                             ARG_TEXT("dlma", dlma_uuid), ARG_TEXT("version", a->version)));
        a->building = true; /* until then: the first piece sees all leads written before */
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

bool agenda_is_settled(const struct agenda *a) {
    return a->known && a->reads[0] == NULL && a->reads[1] == NULL && a->window.is_whole &&
           a->complete && !a->building;
}

/* The first lead of the window that is not busy. NULL if there is none; *next says when to ask
 * again. */
static struct entry *agenda_first(struct agenda *a, int64_t *next) {
    struct entry *x;
    *next = DUE_NEVER;
    agenda_end_window(a);
    if (agenda_is_low(a))
        agenda_refill(a);
    if (!a->known) { /* what is there may be older than what somebody has decided since */
        a->asked = true;
        return NULL;
    }
    TAILQ_FOREACH (x, &a->window.entries, link) {
        if (!lead_is_busy(a->engine, x->place.lead))
            return x;
        *next = engine_wall(a->engine) + BUSY_WAIT;
    }
    if (agenda_is_settled(a) && *next == DUE_NEVER)
        *next = agenda_next_due(a);
    else
        a->asked = true;
    return NULL;
}

struct lead *agenda_next(struct agenda *a, int *number, int64_t *next) {
    struct entry *x = agenda_first(a, next);
    if (x == NULL)
        return NULL;
    *number = x->number;
    return lead_hold_row(a->engine, row_copy(x->row), &x->attempts);
}

bool agenda_has_next(struct agenda *a, int64_t *next) { return agenda_first(a, next) != NULL; }
