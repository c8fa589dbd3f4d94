#include "dialer/noun/nouns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/noun/change.h"
#include "dialer/list/lead.h"
#include "dialer/plan/memory.h"
#include "dialer/pace/preview.h"

const struct map *noun_map(const struct engine *e, const struct noun *n) {
    return n == &noun_campaign ? &e->campaigns
           : n == &noun_plan   ? &e->plans
           : n == &noun_dlma   ? &e->dlmas
           : n == &noun_queue  ? &e->queues
                               : &e->destinations;
}

const struct row *noun_row(const struct noun *n, void *value) {
    if (value == NULL)
        return NULL;
    return n == &noun_campaign ? ((struct campaign *)value)->item.row
           : n == &noun_plan   ? ((struct plan *)value)->item.row
                               : ((struct item *)value)->row;
}

const struct row *noun_find(struct engine *e, const struct noun *n, const char *uuid) {
    return noun_row(n, map_get(noun_map(e, n), uuid));
}

/* ---- in memory ---- */

static void nouns_drop_frozen(struct item *item) {
    json_decref(item->frozen);
    item->frozen = NULL;
}

static struct item *nouns_item_of(struct engine *e, const struct noun *n, const char *uuid) {
    void *v = map_get(noun_map(e, n), uuid);
    return v == NULL             ? NULL
           : n == &noun_campaign ? &((struct campaign *)v)->item
           : n == &noun_plan     ? &((struct plan *)v)->item
                                 : v;
}

/* Whoever reads it is told. */
static void nouns_changed(struct engine *e, const struct noun *n, const char *uuid) {
    void *v = map_get(noun_map(e, n), uuid);
    if (v == NULL)
        return;
    if (n == &noun_plan) {
        plan_changed(v);
        campaigns_kick_plan(e, v);
    } else if (n == &noun_campaign) {
        campaign_changed(v);
    } else {
        campaigns_kick(e);
    }
}

static void nouns_put(struct engine *e, const struct noun *n, struct row *row) {
    if (n == &noun_campaign) {
        map_put(&e->campaigns, row_uuid(row), campaign_new(e, row));
    } else if (n == &noun_plan) {
        map_put(&e->plans, row_uuid(row), plan_new(e, row));
    } else {
        struct item *item = xcalloc(1, sizeof *item);
        item->row = row;
        map_put((struct map *)(uintptr_t)noun_map(e, n), row_uuid(row), item);
    }
}

static void nouns_take(struct engine *e, const struct noun *n, const char *uuid) {
    void *v = map_take((struct map *)(uintptr_t)noun_map(e, n), uuid);
    if (v == NULL)
        return;
    if (n == &noun_campaign) {
        campaign_free(v);
        memory_forget(e, uuid);
    } else if (n == &noun_plan) {
        plan_release(v);
    } else {
        nouns_drop_frozen(v);
        row_free(((struct item *)v)->row);
        free(v);
    }
}

/* ---- the way to the disk and back ---- */

static struct change *nouns_begin(struct engine *e, const struct noun *n, noun_done *done,
                                  void *arg) {
    struct change *ch = xcalloc(1, sizeof *ch);
    *ch = (struct change){.engine = e, .noun = n, .done = done, .arg = arg};
    return ch;
}

static void nouns_finish(struct change *ch, const char *error) {
    ch->done(ch->arg, error, ch->row);
    if (error == NULL)
        engine_event_end(ch->engine, &ch->event);
    str_free(&ch->event);
    row_free(ch->row);
    row_free(ch->before);
    lead_release(ch->lead);
    free(ch);
}

/* The event as it will be told, made now: later changes have events of their own. */
static void nouns_make_event(struct change *ch, const char *verb) {
    char name[48];
    snprintf(name, sizeof name, "Out%s%s", ch->noun->event, verb);
    engine_event_begin(&ch->event, name);
    row_print(ch->row, &ch->event);
}

static void nouns_stamp(struct change *ch, int field) {
    char now[TIME_TEXT];
    time_text(now, engine_wall(ch->engine));
    row_set_text(ch->row, field, now);
}

/* Durable: whoever picks leads of its list looks again, whoever asked is told. */
static void nouns_on_changed(void *arg, enum batch_end end) {
    struct change *ch = arg;
    if (ch->lead) {
        lead_written(ch->lead);
        agenda_forget(ch->engine, row_text(ch->row, LEAD_DLMA_UUID));
        campaigns_kick_dlma(ch->engine, row_text(ch->row, LEAD_DLMA_UUID));
    }
    nouns_finish(ch, end == BATCH_DURABLE ? NULL : "the store refused it");
}

/* ---- create ---- */

static void nouns_on_created(void *arg, enum batch_end end) {
    struct change *ch = arg;
    if (end == BATCH_DURABLE && ch->lead == NULL)
        nouns_put(ch->engine, ch->noun, row_copy(ch->row));
    nouns_on_changed(ch, end);
}

void noun_create(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg) {
    struct change *ch = nouns_begin(e, n, done, arg);
    char uuid[UUID_TEXT];
    engine_uuid(e, uuid);
    ch->row = row_new(n);
    row_set_text(ch->row, 0, uuid);
    if (!change_read(ch, m) || !change_check(ch)) {
        nouns_finish(ch, ch->why);
        return;
    }
    nouns_stamp(ch, n->tm_create);
    struct batch *b = batch_new();
    if (n == &noun_dlma) {
        for (char *p = uuid; *p; p++)
            *p = *p == '-' ? '_' : *p;
        row_set_text(ch->row, DLMA_DL_TABLE, uuid);
        batch_view(b, uuid, row_uuid(ch->row));
    }
    if (n == &noun_lead) {
        row_set_int(ch->row, LEAD_ID, store_next_id(e->store, ID_LEAD));
        ch->lead = lead_hold_row(e, row_copy(ch->row));
        lead_write(ch->lead, b);
    } else {
        batch_row(b, ch->row);
    }
    nouns_make_event(ch, "Create");
    store_submit(e->store, b, nouns_on_created, ch);
}

/* ---- update ---- */

/* A lead's list decides where it belongs in every index: it keeps it. */
static bool nouns_check_lead_update(struct change *ch) {
    return strcmp(row_text(ch->row, LEAD_DLMA_UUID), row_text(ch->before, LEAD_DLMA_UUID)) ==
               0 ||
           change_fail(ch, "DlmaUuid", "cannot be changed");
}

/* Plan, list and destination of a campaign with calls are read by them. */
static bool nouns_check_campaign_update(struct change *ch) {
    struct campaign *c = map_get(&ch->engine->campaigns, row_uuid(ch->row));
    for (int f = CAMPAIGN_PLAN; f <= CAMPAIGN_DEST; f++)
        if (c->open && strcmp(row_text(ch->row, f), row_text(ch->before, f)))
            return change_fail(ch, ch->noun->fields[f].header,
                               "cannot change while calls are up");
    return true;
}

static bool nouns_ask_status(struct change *ch, const struct message *m, struct batch *b) {
    const char *text = message_get(m, "Status");
    int64_t asked;
    if (text == NULL || ch->noun != &noun_campaign)
        return true;
    struct campaign *c = map_get(&ch->engine->campaigns, row_uuid(ch->row));
    return (str_int(text, 0, 30, &asked) && campaign_ask(c, asked, b)) ||
           change_fail(ch, "Status", "is no status");
}

static bool nouns_status_is_known(struct change *ch, const struct message *m) {
    const char *text = message_get(m, "Status");
    int64_t asked;
    if (text == NULL || ch->noun != &noun_campaign)
        return true;
    return (str_int(text, 0, 99, &asked) && campaign_knows(asked)) ||
           change_fail(ch, "Status", "is no status");
}

/* Nothing that could never dial is started. */
static bool nouns_may_start(struct change *ch, const struct message *m) {
    const char *text = message_get(m, "Status");
    if (text == NULL || ch->noun != &noun_campaign || (strcmp(text, "1") && strcmp(text, "11")))
        return true;
    const char *fault = campaign_fault(map_get(&ch->engine->campaigns, row_uuid(ch->row)));
    return fault == NULL || change_fail(ch, "Status", fault);
}

/* Finds what is to change: ch->before borrowed state is copied into ch->row. */
static bool nouns_find(struct change *ch, const struct message *m) {
    const char *uuid = message_get(m, "Uuid");
    const struct row *now = NULL;
    if (uuid == NULL)
        return change_fail(ch, "Uuid", "is missing");
    if (ch->noun == &noun_lead) {
        ch->lead = lead_hold(ch->engine, uuid);
        now = ch->lead ? ch->lead->row : NULL;
    } else {
        now = noun_find(ch->engine, ch->noun, uuid);
    }
    if (now == NULL)
        return change_fail(ch, "Uuid", "does not exist");
    ch->row = row_copy(now);
    ch->before = row_copy(now);
    return true;
}

/* From here on everybody sees the new values; the disk follows. */
static void nouns_apply(struct change *ch, struct batch *b) {
    if (ch->lead) {
        row_free(ch->lead->row);
        ch->lead->row = row_copy(ch->row);
        lead_write(ch->lead, b);
        return;
    }
    struct item *item = nouns_item_of(ch->engine, ch->noun, row_uuid(ch->row));
    row_free(item->row);
    item->row = row_copy(ch->row);
    nouns_drop_frozen(item);
    batch_row(b, item->row);
    nouns_changed(ch->engine, ch->noun, row_uuid(ch->row));
}

void noun_update(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg) {
    struct change *ch = nouns_begin(e, n, done, arg);
    if (!nouns_find(ch, m) || !change_read(ch, m) || !change_check(ch) ||
        !nouns_status_is_known(ch, m) || !nouns_may_start(ch, m) ||
        (n == &noun_lead && !nouns_check_lead_update(ch)) ||
        (n == &noun_campaign && !nouns_check_campaign_update(ch))) {
        nouns_finish(ch, ch->why);
        return;
    }
    nouns_stamp(ch, n->tm_update);
    struct batch *b = batch_new();
    nouns_apply(ch, b);
    if (!nouns_ask_status(ch, m, b)) {
        log_error(e->log, "%s", ch->why); /* status_is_known has seen to it */
    } else if (n != &noun_lead) {
        row_free(ch->row);
        ch->row = row_copy(noun_find(e, n, row_uuid(ch->before)));
    }
    nouns_make_event(ch, "Update");
    store_submit(e->store, b, nouns_on_changed, ch);
}

/* ---- delete ---- */

static const int references[] = {CAMPAIGN_PLAN, CAMPAIGN_DLMA, CAMPAIGN_DEST};

/* Does a campaign that is not stopped stand in the way? */
static bool nouns_in_use(struct change *ch, const char *uuid) {
    for (struct map_entry *i = ch->engine->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        if (campaign_status(c) == CAMPAIGN_STOP && c->open == 0 && c->steps == 0)
            continue;
        if (strcmp(row_uuid(c->item.row), uuid) == 0)
            return true;
        for (size_t f = 0; f < ARRAY_LEN(references); f++) {
            const char *used = row_text(c->item.row, references[f]);
            if (used && strcmp(used, uuid) == 0)
                return true;
        }
    }
    return false;
}

void noun_delete(struct engine *e, const struct noun *n, const struct message *m,
                 noun_done *done, void *arg) {
    struct change *ch = nouns_begin(e, n, done, arg);
    bool ok = nouns_find(ch, m);
    if (ok && n != &noun_lead && nouns_in_use(ch, row_uuid(ch->row)))
        ok = change_fail(ch, "Uuid", "is used by a campaign that is not stopped");
    if (ok && n == &noun_lead && row_int(ch->row, LEAD_STATUS) == 1)
        ok = change_fail(ch, "Uuid", "is being called");
    if (!ok) {
        nouns_finish(ch, ch->why);
        return;
    }
    row_set_int(ch->row, n->in_use, 0);
    nouns_stamp(ch, n->tm_delete);
    if (ch->lead) { /* an agent may have it before him */
        row_set_int(ch->row, LEAD_STATUS, 0);
        row_set_text(ch->row, LEAD_RESV_TARGET, NULL);
    }
    struct batch *b = batch_new();
    nouns_make_event(ch, "Delete");
    if (ch->lead) {
        nouns_apply(ch, b);
    } else {
        batch_row(b, ch->row);
        nouns_take(e, n, row_uuid(ch->row));
    }
    store_submit(e->store, b, nouns_on_changed, ch);
    if (ch->lead)
        previews_forget(e, ch->lead);
}
