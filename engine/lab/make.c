/* Plan, list, destination, campaign and leads of a shift. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "lab/shift.h"
#include "dialer/list/agenda.h"

/* ---- making what a campaign needs ---- */

struct made_by {
    struct shift *shift;
    bool done;
    char *uuid; /* where it is to go */
};

static void make_on_made(void *arg, const char *error, const struct row *row) {
    struct made_by *m = arg;
    m->done = true;
    if (error)
        m->shift->error = xstrdup(error);
    else if (m->uuid)
        snprintf(m->uuid, UUID_TEXT, "%s", row_uuid(row));
}

/* The field that a header of the table names, NULL if there is none. */
static const struct field *make_field_of(const struct noun *n, const char *header) {
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        if ((f->flags & FIELD_INPUT) && (strcasecmp(f->header, header) == 0 ||
                                         (f->alias && strcasecmp(f->alias, header) == 0)))
            return f;
    }
    return NULL;
}

/* "name=value", or a list of these. */
static bool make_set_variables(struct change *ch, const struct field *f, const json_t *v) {
    bool good = json_is_array(v) || json_is_string(v);
    if (json_is_string(v))
        return change_assign(ch, f->column, json_string_value(v));
    for (size_t i = 0; good && i < json_array_size(v); i++)
        good = make_set_variables(ch, f, json_array_get(v, i));
    return good;
}

/* A value of a table; false if the field cannot have it. */
static bool make_set(struct change *ch, const struct field *f, const json_t *v) {
    char number[32];
    if (f->type == FIELD_VARS)
        return make_set_variables(ch, f, v);
    if (json_is_string(v)) {
        change_text(ch, f->column, json_string_value(v));
    } else if (json_is_boolean(v)) {
        change_int(ch, f->column, json_is_true(v));
    } else if (json_is_integer(v)) {
        change_int(ch, f->column, json_integer_value(v));
    } else if (json_is_real(v)) {
        snprintf(number, sizeof number, "%.15g", json_real_value(v));
        change_text(ch, f->column, number);
    } else {
        return false;
    }
    return true;
}

/* A table of headers and values. A header that the noun does not have is a slip, not a
 * wish. */
static bool make_set_table(struct shift *s, struct change *ch, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach ((json_t *)(uintptr_t)table, key, v) {
        const struct field *f = make_field_of(ch->noun, key);
        if (s->error == NULL && f == NULL)
            s->error = xasprintf("%s: unknown header", key);
        else if (s->error == NULL && !make_set(ch, f, v))
            s->error = xasprintf("%s: not a value for it", key);
    }
    return s->error == NULL;
}

static void make_begin(struct change *ch, const struct noun *n, const char *name) {
    change_begin(ch, CHANGE_CREATE, n, NULL, "simulate");
    change_text(ch, "name", name);
}

/* Carries out a change, until it is durable. Ends it. */
static bool make_carry_out(struct shift *s, struct change *ch, char *uuid) {
    struct made_by made = {.shift = s, .uuid = uuid};
    const char *words = ch->noun->words;
    if (s->error == NULL)
        noun_change(s->engine, ch, make_on_made, &made);
    while (s->error == NULL && !made.done)
        loop_turn(s->loop, false);
    change_end(ch);
    if (s->error) {
        char *error = xasprintf("%s: %s", words, s->error);
        free(s->error);
        s->error = error;
    }
    return s->error == NULL;
}

/* Where answered calls go: the first queue, unless the world says otherwise. */
static void make_set_destination(struct shift *s, struct change *ch) {
    const json_t *own = json_object_get(s->job->world, "destination");
    json_t *queue = json_object_get(s->job->world, "queue");
    const char *name =
        json_string_value(json_is_array(queue) ? json_array_get(queue, 0) : queue);
    if (own) {
        make_set_table(s, ch, own);
        return;
    }
    change_int(ch, "type", 1);
    change_text(ch, "application", "Queue");
    change_text(ch, "data", name ? name : "sales_1");
}

bool shift_make_plan(struct shift *s) {
    struct change ch;
    make_begin(&ch, &noun_plan, "simulated");
    change_text(&ch, "tech_name", "SIP/");
    change_int(&ch, "dial_timeout", 30000);
    change_int(&ch, "dial_mode", 1);
    change_int(&ch, "retry_delay", 864000);
    change_int(&ch, "max_retry_cnt_1", 1);
    if (make_set_table(s, &ch, json_object_get(s->job->world, "plan")))
        make_set_table(s, &ch, s->job->plan->headers);
    return make_carry_out(s, &ch, s->uuids[MADE_PLAN]);
}

bool shift_make_rest(struct shift *s) {
    struct change ch;
    make_begin(&ch, &noun_dlma, "list");
    if (!make_carry_out(s, &ch, s->uuids[MADE_DLMA]))
        return false;
    make_begin(&ch, &noun_destination, "agents");
    make_set_destination(s, &ch);
    if (!make_carry_out(s, &ch, s->uuids[MADE_DESTINATION]))
        return false;
    make_begin(&ch, &noun_campaign, "shift");
    change_text(&ch, "plan", s->uuids[MADE_PLAN]);
    change_text(&ch, "dlma", s->uuids[MADE_DLMA]);
    change_text(&ch, "dest", s->uuids[MADE_DESTINATION]);
    return make_carry_out(s, &ch, s->uuids[MADE_CAMPAIGN]);
}

bool shift_start(struct shift *s) {
    struct change ch;
    change_begin(&ch, CHANGE_UPDATE, &noun_campaign, s->uuids[MADE_CAMPAIGN], "simulate");
    change_int(&ch, "status", CAMPAIGN_START);
    return make_carry_out(s, &ch, NULL);
}

/* ---- leads ---- */

struct fed {
    struct shift *shift;
    int count;
    struct lead *leads[LEADS_AHEAD];
};

/* They are in the store: they may be called. */
static void make_on_fed(void *arg, enum batch_end end) {
    struct fed *f = arg;
    struct shift *s = f->shift;
    if (end != BATCH_DURABLE && s->error == NULL)
        s->error = xstrdup("the leads cannot be written to the database");
    for (int i = 0; i < f->count; i++) {
        lead_written(f->leads[i]);
        lead_release(f->leads[i]);
    }
    free(f);
    campaigns_kick_dlma(s->engine, s->uuids[MADE_DLMA]);
}

static struct lead *make_new_lead(struct shift *s) {
    char uuid[UUID_TEXT], number[24], now[TIME_TEXT];
    struct row *row = row_new(&noun_lead);
    engine_uuid(s->engine, uuid);
    time_text(now, engine_wall(s->engine));
    snprintf(number, sizeof number, "2%010lld", (long long)++s->leads);
    row_set_text(row, LEAD_UUID, uuid);
    row_set_text(row, LEAD_DLMA_UUID, s->uuids[MADE_DLMA]);
    row_set_text(row, LEAD_NUMBER_1, number);
    row_set_text(row, LEAD_TM_CREATE, now);
    row_set_int(row, LEAD_ID, store_next_id(s->engine->store, ID_LEAD));
    return lead_hold_row(s->engine, row, NULL);
}

/* So many more, in one batch. */
void shift_feed(struct shift *s, int64_t count) {
    while (count > 0) {
        struct fed *f = xcalloc(1, sizeof *f);
        struct batch *b = batch_new();
        f->shift = s;
        for (; f->count < LEADS_AHEAD && count > 0; count--) {
            struct lead *l = f->leads[f->count++] = make_new_lead(s);
            agenda_write(l, b);
        }
        store_submit(s->engine->store, b, make_on_fed, f);
    }
}
