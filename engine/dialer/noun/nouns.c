#include "dialer/noun/nouns.h"

#include <stdlib.h>
#include <string.h>

#include "dialer/core/event.h"
#include "dialer/decide/decide.h"
#include "dialer/list/agenda.h"
#include "dialer/list/lead.h"
#include "dialer/noun/check.h"
#include "dialer/noun/place.h"
#include "dialer/pace/preview.h"

/* ---- beginning and end ---- */

static struct work *nouns_begin(struct engine *e, const struct change *ch, noun_done *done,
                                void *arg) {
    struct work *w = xcalloc(1, sizeof *w);
    *w = (struct work){.engine = e,
                       .noun = ch->noun,
                       .verb = ch->verb,
                       .by = xstrdup(ch->by),
                       .done = done,
                       .arg = arg};
    return w;
}

/* New leads are logged for debugging only, since they come in thousands. */
static void nouns_log(const struct work *w) {
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): w->why is an array, no error NULL */
    bool many = w->noun == &noun_lead && w->verb == CHANGE_CREATE;
    const struct log *log = w->engine->log;
    const char *name = noun_name(w->noun), *verb = change_verb_name(w->verb);
    if (many)
        log_debug(log, "%s: %s %s %s", w->by, name, verb, row_uuid(w->row));
    else
        log_info(log, "%s: %s %s %s", w->by, name, verb, row_uuid(w->row));
}

static enum event_kind nouns_event(const struct work *w) {
    _Static_assert(EVENT_QUEUE_DELETE == 3 * NOUN_QUEUE + CHANGE_DELETE, "not in order");
    return (enum event_kind)(3 * (int)w->noun->id + (int)w->verb);
}

/* Answers, then sends the event. */
static void nouns_finish(struct work *w, const char *error) {
    if (error == NULL)
        nouns_log(w);
    w->done(w->arg, error, w->row);
    if (error == NULL)
        event_tell(w->engine, nouns_event(w), w->row);
    row_free(w->row);
    row_free(w->before);
    lead_release(w->lead);
    free(w->by);
    free(w);
}

static void nouns_stamp(struct work *w, int field) {
    char now[TIME_TEXT];
    time_text(now, engine_wall(w->engine));
    row_set_text(w->row, field, now);
}

/* The batch has ended. After a change of a lead the campaigns of its list decide again. */
static void nouns_on_changed(void *arg, enum batch_end end) {
    struct work *w = arg;
    if (w->lead) {
        lead_written(w->lead);
        if (end != BATCH_DURABLE)
            agenda_put_anew(w->lead, NULL);
        campaigns_kick_dlma(w->engine, row_text(w->row, LEAD_DLMA_UUID));
    }
    nouns_finish(w, end == BATCH_DURABLE ? NULL : "the database refused the change");
}

/* ---- create ---- */

static void nouns_on_created(void *arg, enum batch_end end) {
    struct work *w = arg;
    if (end == BATCH_DURABLE && w->lead == NULL)
        place_put(w->engine, row_copy(w->row));
    nouns_on_changed(w, end);
}

/* Gives the list a view of its leads in the database. */
static void nouns_make_view(struct work *w, struct batch *b) {
    char view[UUID_TEXT];
    snprintf(view, sizeof view, "%s", row_uuid(w->row));
    for (char *p = view; *p; p++)
        if (*p == '-')
            *p = '_';
    row_set_text(w->row, DLMA_DL_TABLE, view);
    batch_view(b, view, row_uuid(w->row));
}

static void nouns_create(struct work *w, const struct change *ch) {
    struct engine *e = w->engine;
    char uuid[UUID_TEXT];
    engine_uuid(e, uuid);
    w->row = row_new(w->noun);
    row_set_text(w->row, 0, uuid);
    if (!check_values(w, ch) || !check_row(w)) {
        nouns_finish(w, w->why);
        return;
    }
    nouns_stamp(w, w->noun->tm_create);
    struct batch *b = batch_new();
    if (w->noun == &noun_dlma)
        nouns_make_view(w, b);
    if (w->noun == &noun_lead) {
        row_set_int(w->row, LEAD_ID, store_next_id(e->store, ID_LEAD));
        w->lead = lead_hold_row(e, row_copy(w->row), NULL);
        agenda_write(w->lead, b);
    } else {
        batch_row(b, w->row);
    }
    store_submit(e->store, b, nouns_on_created, w);
}

/* ---- update ---- */

/* Finds the resource and copies its row into w->row and w->before. */
static bool nouns_find(struct work *w, const char *uuid) {
    const struct row *now = NULL;
    if (uuid == NULL)
        return work_refuse(w, "Uuid is missing");
    if (w->noun == &noun_lead) { /* nouns_on_lead has fetched it */
        now = w->lead ? w->lead->row : NULL;
    } else {
        now = noun_find(w->engine, w->noun, uuid);
    }
    if (now == NULL)
        return work_refuse(w, "Uuid does not exist");
    w->row = row_copy(now);
    w->before = row_copy(now);
    return true;
}

/* Puts the new row in its place, where everybody sees it, and into the batch. */
static void nouns_apply(struct work *w, struct batch *b) {
    if (w->lead) {
        row_free(w->lead->row);
        w->lead->row = row_copy(w->row);
        agenda_write(w->lead, b);
        return;
    }
    batch_row(b, place_change(w->engine, w->row));
    place_changed(w->engine, w->noun, row_uuid(w->row));
}

/* Starts, pauses or stops the campaign, as check_status has allowed. */
static void nouns_ask_status(struct work *w, const struct change *ch, struct batch *b) {
    struct campaign *c = map_get(&w->engine->campaigns, row_uuid(w->row));
    if (!decide_ask(c, ch->status, b))
        log_error(w->engine->log, "campaign %s: Status %lld was accepted but is not known",
                  row_uuid(w->row), (long long)ch->status);
}

static void nouns_update(struct work *w, const struct change *ch) {
    if (!nouns_find(w, ch->uuid) || !check_values(w, ch) || !check_row(w) ||
        !check_status(w, ch) || !check_update(w)) {
        nouns_finish(w, w->why);
        return;
    }
    nouns_stamp(w, w->noun->tm_update);
    struct batch *b = batch_new();
    nouns_apply(w, b);
    if (ch->asks)
        nouns_ask_status(w, ch, b);
    if (w->lead == NULL) { /* nouns_apply and a Status may have changed more of it */
        row_free(w->row);
        w->row = row_copy(noun_find(w->engine, w->noun, row_uuid(w->before)));
    }
    store_submit(w->engine->store, b, nouns_on_changed, w);
}

/* ---- delete ---- */

static void nouns_delete(struct work *w, const struct change *ch) {
    struct engine *e = w->engine;
    if (!nouns_find(w, ch->uuid) || !check_delete(w)) {
        nouns_finish(w, w->why);
        return;
    }
    row_set_int(w->row, w->noun->in_use, 0);
    nouns_stamp(w, w->noun->tm_delete);
    if (w->lead) { /* it may be offered to an agent */
        row_set_int(w->row, LEAD_STATUS, 0);
        row_set_text(w->row, LEAD_RESV_TARGET, NULL);
    }
    struct batch *b = batch_new();
    if (w->lead) {
        nouns_apply(w, b);
    } else {
        batch_row(b, w->row);
        place_take(e, w->noun, row_uuid(w->row));
    }
    store_submit(e->store, b, nouns_on_changed, w);
    if (w->lead)
        previews_forget(e, w->lead);
}

/* ---- all three ---- */

static void nouns_carry_out(struct work *w, const struct change *ch) {
    static void (*const verbs[])(struct work * w, const struct change *ch) = {
        [CHANGE_CREATE] = nouns_create,
        [CHANGE_UPDATE] = nouns_update,
        [CHANGE_DELETE] = nouns_delete,
    };
    verbs[ch->verb](w, ch);
}

/* A change of a lead that has to be read first. */
struct waiting {
    struct work *work;
    struct change change;
};

static void nouns_on_lead(void *arg, struct lead *l, const char *error) {
    struct waiting *wait = arg;
    wait->work->lead = l;
    if (error) {
        work_refuse(wait->work, "the lead cannot be read: %s", error);
        nouns_finish(wait->work, wait->work->why);
    } else {
        nouns_carry_out(wait->work, &wait->change);
    }
    free((char *)(uintptr_t)wait->change.by);
    change_end(&wait->change);
    free(wait);
}

void noun_change(struct engine *e, const struct change *ch, noun_done *done, void *arg) {
    struct work *w = nouns_begin(e, ch, done, arg);
    if (ch->noun != &noun_lead || ch->verb == CHANGE_CREATE || ch->uuid == NULL) {
        nouns_carry_out(w, ch);
        return;
    }
    struct waiting *wait = xcalloc(1, sizeof *wait);
    wait->work = w;
    change_copy(&wait->change, ch);
    lead_fetch(e, ch->uuid, false, nouns_on_lead, wait);
}
