#include "dialer/list/lead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/core/event.h"
#include "dialer/list/touched.h"

static const char *lead_id_key(int64_t id, char buf[24]) {
    snprintf(buf, 24, "%lld", (long long)id);
    return buf;
}

/* ---- those in work ---- */

struct lead *lead_in_work(struct engine *e, const char *uuid) {
    struct lead *l = map_get(&e->leads, uuid);
    if (l == NULL || !row_int(l->row, LEAD_IN_USE))
        return NULL;
    l->holds++;
    return l;
}

struct lead *lead_hold_row(struct engine *e, struct row *row, const struct attempts *attempts) {
    char key[24];
    struct lead *l = map_get(&e->leads, row_uuid(row));
    if (l) {
        row_free(row);
        l->holds++;
        return l;
    }
    l = xcalloc(1, sizeof *l);
    *l = (struct lead){.engine = e, .row = row, .holds = 1};
    if (attempts)
        attempts_copy(&l->attempts, attempts);
    map_put(&e->leads, row_uuid(row), l);
    map_put(&e->lead_ids, lead_id_key(row_int(row, LEAD_ID), key), l);
    return l;
}

/* Nobody finds it any more. */
static void lead_unlist(struct lead *l) {
    char key[24];
    if (map_get(&l->engine->leads, row_uuid(l->row)) != l)
        return;
    map_take(&l->engine->leads, row_uuid(l->row));
    map_take(&l->engine->lead_ids, lead_id_key(row_int(l->row, LEAD_ID), key));
}

void lead_release(struct lead *l) {
    if (l == NULL || --l->holds)
        return;
    lead_unlist(l);
    row_free(l->row);
    attempts_free(&l->attempts);
    free(l);
}

bool lead_is_busy(struct engine *e, int64_t id) {
    char key[24];
    struct lead *l = map_get(&e->lead_ids, lead_id_key(id, key));
    return l && (l->writes || row_int(l->row, LEAD_STATUS) != 0);
}

static bool lead_is_called_by(const struct lead *l, const char *campaign_uuid) {
    const char *by = row_text(l->row, LEAD_DIALING_CAMP_UUID);
    return by && strcmp(by, campaign_uuid) == 0;
}

struct lead_work leads_at_work(const struct engine *e, const char *dlma_uuid,
                               const char *campaign_uuid) {
    struct lead_work work = {0};
    for (struct map_entry *i = e->leads.first; i && !work.reserved; i = i->next) {
        const struct lead *l = i->value;
        int64_t status = row_int(l->row, LEAD_STATUS);
        if (strcmp(row_text(l->row, LEAD_DLMA_UUID), dlma_uuid))
            continue;
        work.reserved |= status == 2;
        work.called |= status == 1 && !lead_is_called_by(l, campaign_uuid);
        work.written |= l->is_doubtful || (status != 1 && l->writes > 0);
    }
    return work;
}

void lead_set_busy(struct lead *l) {
    l->holds++;
    l->writes++;
}

void lead_writing(struct lead *l) {
    lead_set_busy(l);
    touched_note(l->engine, row_int(l->row, LEAD_ID));
}

void lead_written(struct lead *l) {
    l->writes--;
    lead_release(l);
}

/* ---- reading one ---- */

/* Whoever wants the same lead waits for the same answer. */
struct fetch {
    struct engine *engine;
    char *uuid, *key; /* key: in the engine's map */
    bool to_show;
    struct touched touched;
    struct waiter {
        lead_found *found;
        void *arg;
    } * waiters;
    size_t count;
};

static void lead_begin_fetch(struct fetch *f);

/* What is in work is newer than what was read; what was written and let go of since then is
 * read again. False: it is not known yet. */
static bool lead_settle(struct fetch *f, const struct rows *rows, struct lead **l) {
    *l = lead_in_work(f->engine, f->uuid);
    if (*l || map_get(&f->engine->leads, f->uuid) || rows_count(rows) == 0)
        return true;
    if (touched_has(&f->touched, rows_int(rows, 0, "id")))
        return false;
    struct attempts attempts = {0};
    struct row *row = rows_row(rows, 0);
    attempts_read(&attempts, rows_text(rows, 0, "attempts"));
    if (row_int(row, LEAD_IN_USE))
        *l = lead_hold_row(f->engine, row, &attempts);
    else
        row_free(row);
    attempts_free(&attempts);
    return true;
}

static void lead_on_read(void *arg, enum read_end end, const struct rows *rows) {
    struct fetch *f = arg;
    struct lead *l = NULL;
    bool known = end == READ_FAILED || lead_settle(f, rows, &l);
    touched_end(&f->touched);
    if (!known) {
        lead_begin_fetch(f);
        return;
    }
    map_take(&f->engine->fetches, f->key);
    for (size_t i = 0; i < f->count; i++) {
        bool is_there = l && row_int(l->row, LEAD_IN_USE); /* not if one of them deleted it */
        if (is_there)
            l->holds++;
        f->waiters[i].found(f->waiters[i].arg, is_there ? l : NULL,
                            end == READ_FAILED ? read_error(rows) : NULL);
    }
    lead_release(l);
    free(f->waiters);
    free(f->uuid);
    free(f->key);
    free(f);
}

static void lead_begin_fetch(struct fetch *f) {
    char since[TIME_TEXT];
    touched_begin(f->engine, &f->touched);
    store_read(f->engine->store, LANE_READ | (f->to_show ? READ_DURABLE : 0),
               &read_lead_by_uuid,
               BIND(ARG_TEXT("uuid", f->uuid),
                    ARG_TEXT("since", leads_since(f->engine, since))),
               lead_on_read, f);
}

void lead_fetch(struct engine *e, const char *uuid, bool to_show, lead_found *found,
                void *arg) {
    char *key = xasprintf("%s%s", to_show ? "show " : "", uuid);
    struct fetch *f = map_get(&e->fetches, key);
    struct lead *l = f ? NULL : lead_in_work(e, uuid); /* who asked first is answered first */
    if (l) {
        free(key);
        found(arg, l, NULL);
        return;
    }
    bool is_new = f == NULL;
    if (is_new) {
        f = xcalloc(1, sizeof *f);
        *f = (struct fetch){.engine = e, .uuid = xstrdup(uuid), .key = key, .to_show = to_show};
        map_put(&e->fetches, key, f);
    } else {
        free(key);
    }
    f->waiters = xrealloc(f->waiters, (f->count + 1) * sizeof f->waiters[0]);
    f->waiters[f->count++] = (struct waiter){found, arg};
    if (is_new)
        lead_begin_fetch(f);
}

/* ---- reading one anew ---- */

struct lead_doubt {
    struct lead *lead;
    struct touched touched;
    lead_read_again *done;
    void *arg;
};

static void lead_begin_doubt(struct lead_doubt *doubt);

/* Everybody who holds it sees it as it is. */
static void lead_take_row(struct lead *l, const struct rows *rows) {
    if (rows_count(rows) == 0) {
        row_load(l->row, LEAD_IN_USE, NULL, 0, false);
        return;
    }
    row_free(l->row);
    attempts_free(&l->attempts);
    l->row = rows_row(rows, 0);
    attempts_read(&l->attempts, rows_text(rows, 0, "attempts"));
}

static void lead_on_read_anew(void *arg, enum read_end end, const struct rows *rows) {
    struct lead_doubt *doubt = arg;
    struct lead *l = doubt->lead;
    bool is_old = touched_has(&doubt->touched, row_int(l->row, LEAD_ID));
    touched_end(&doubt->touched);
    if (end == READ_ROWS && is_old) {
        lead_begin_doubt(doubt);
        return;
    }
    l->is_doubtful = false;
    if (end == READ_ROWS)
        lead_take_row(l, rows);
    else
        lead_unlist(l);
    doubt->done(doubt->arg, l, end == READ_ROWS ? NULL : read_error(rows));
    lead_written(l);
    free(doubt);
}

static void lead_begin_doubt(struct lead_doubt *doubt) {
    struct engine *e = doubt->lead->engine;
    char since[TIME_TEXT];
    touched_begin(e, &doubt->touched);
    store_read(e->store, LANE_READ, &read_lead_by_uuid,
               BIND(ARG_TEXT("uuid", row_uuid(doubt->lead->row)),
                    ARG_TEXT("since", leads_since(e, since))),
               lead_on_read_anew, doubt);
}

void lead_read_anew(struct lead *l, lead_read_again *done, void *arg) {
    struct lead_doubt *doubt = xcalloc(1, sizeof *doubt);
    *doubt = (struct lead_doubt){.lead = l, .done = done, .arg = arg};
    l->is_doubtful = true;
    lead_set_busy(l);
    lead_begin_doubt(doubt);
}

struct lead *lead_load(struct engine *e, const char *uuid) {
    struct lead *l = lead_in_work(e, uuid);
    char since[TIME_TEXT];
    struct query q;
    if (l)
        return l;
    query_begin(&q, e->store, &read_lead_by_uuid, uuid, leads_since(e, since));
    struct row *row = query_step(&q) ? query_row(&q, 0, &noun_lead) : NULL;
    struct attempts attempts = {0};
    if (row)
        attempts_read(&attempts, query_text(&q, noun_lead.count));
    query_end(&q);
    if (row && row_int(row, LEAD_IN_USE))
        l = lead_hold_row(e, row, &attempts);
    else
        row_free(row);
    attempts_free(&attempts);
    return l;
}

const char *leads_since(const struct engine *e, char buf[TIME_TEXT]) {
    if (e->conf->limits.attempts_lead == 0 && e->conf->limits.attempts_number == 0)
        return NULL;
    time_text(buf, engine_wall(e) - e->conf->limits.attempts_hours * 3600 * NS_PER_S);
    return buf;
}

/* ---- telling ---- */

void lead_tell(const struct lead *l) { event_tell(l->engine, EVENT_LEAD_UPDATE, l->row); }
