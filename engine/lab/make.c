/* Plan, list, destination, campaign and leads of a shift, as the AMI actions make them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "lab/shift.h"

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

static void make_add_header(struct message *m, const char *name, const char *value) {
    char *line = xasprintf("%s: %s", name, value);
    message_line(m, line, strlen(line));
    free(line);
}

/* A value of a table as headers; a list is a header for each. */
static void make_add_value(struct message *m, const char *name, const json_t *v) {
    char number[32];
    if (json_is_string(v)) {
        make_add_header(m, name, json_string_value(v));
    } else if (json_is_boolean(v)) {
        make_add_header(m, name, json_is_true(v) ? "1" : "0");
    } else if (json_is_number(v)) {
        snprintf(number, sizeof number, "%.15g", json_number_value(v));
        make_add_header(m, name, number);
    }
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
        make_add_value(m, name, json_array_get(v, i));
}

static void make_add_table(struct message *m, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)table, key, v) make_add_value(m, key, v);
}

/* Names a header of the table that the noun does not have: a slip, not a wish. */
static bool make_check_headers(struct shift *s, const struct noun *n, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)table, key, v) {
        bool known = str_has_prefix(key, "MaxRetry");
        for (int i = 0; i < n->count; i++)
            known |= (n->fields[i].flags & FIELD_INPUT) && n->fields[i].header &&
                     strcasecmp(n->fields[i].header, key) == 0;
        if (!known && s->error == NULL)
            s->error = xasprintf("%s: no such header", key);
    }
    return s->error == NULL;
}

/* Carries out a change as AMI does, until it is durable. */
static bool make_ask(struct shift *s, const struct noun *n, struct message *m, char *uuid,
                     void (*fn)(struct engine *, const struct noun *, const struct message *,
                                noun_done *, void *)) {
    struct made_by made = {.shift = s, .uuid = uuid};
    message_done(m);
    fn(s->engine, n, m, make_on_made, &made);
    message_free(m);
    while (!made.done)
        loop_turn(s->loop, false);
    if (s->error) {
        char *error = xasprintf("%s: %s", n->words, s->error);
        free(s->error);
        s->error = error;
    }
    return s->error == NULL;
}

/* Where answered calls go: the first queue, unless the world says otherwise. */
static void make_destination_headers(struct shift *s, struct message *m) {
    const json_t *own = json_object_get(s->job->world, "destination");
    json_t *queue = json_object_get(s->job->world, "queue");
    const char *name =
        json_string_value(json_is_array(queue) ? json_array_get(queue, 0) : queue);
    make_add_header(m, "Name", "agents");
    if (own == NULL) {
        make_add_header(m, "Type", "1");
        make_add_header(m, "Application", "Queue");
        make_add_header(m, "Data", name ? name : "sales_1");
    }
    make_add_table(m, own);
}

bool shift_make_plan(struct shift *s) {
    static const struct {
        const char *name, *value;
    } usual[] = {{"Name", "simulated"}, {"TechName", "SIP/"},     {"DialTimeout", "30000"},
                 {"DialMode", "1"},     {"RetryDelay", "864000"}, {"MaxRetryCnt1", "1"}};
    struct message m = {0};
    json_t *all = json_object();
    const json_t *worlds = json_object_get(s->job->world, "plan");
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        json_object_set_new(all, usual[i].name, json_string(usual[i].value));
    if (worlds)
        json_object_update(all, (json_t *)(uintptr_t)worlds);
    json_object_update(all, s->job->plan->headers);
    make_add_table(&m, all);
    bool ok = make_check_headers(s, &noun_plan, all) &&
              make_ask(s, &noun_plan, &m, s->uuids[MADE_PLAN], noun_create);
    json_decref(all);
    return ok;
}

bool shift_make_rest(struct shift *s) {
    struct message m = {0};
    const json_t *own = json_object_get(s->job->world, "destination");
    make_add_header(&m, "Name", "list");
    if (!make_ask(s, &noun_dlma, &m, s->uuids[MADE_DLMA], noun_create) ||
        !make_check_headers(s, &noun_destination, own))
        return false;
    m = (struct message){0};
    make_destination_headers(s, &m);
    if (!make_ask(s, &noun_destination, &m, s->uuids[MADE_DESTINATION], noun_create))
        return false;
    m = (struct message){0};
    make_add_header(&m, "Name", "shift");
    make_add_header(&m, "Plan", s->uuids[MADE_PLAN]);
    make_add_header(&m, "Dlma", s->uuids[MADE_DLMA]);
    make_add_header(&m, "Dest", s->uuids[MADE_DESTINATION]);
    return make_ask(s, &noun_campaign, &m, s->uuids[MADE_CAMPAIGN], noun_create);
}

bool shift_start(struct shift *s) {
    struct message m = {0};
    make_add_header(&m, "Uuid", s->uuids[MADE_CAMPAIGN]);
    make_add_header(&m, "Status", "1");
    return make_ask(s, &noun_campaign, &m, NULL, noun_update);
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
        s->error = xstrdup("the database does not take the leads");
    for (int i = 0; i < f->count; i++) {
        lead_written(f->leads[i]);
        lead_release(f->leads[i]);
    }
    free(f);
    agenda_forget(s->engine, s->uuids[MADE_DLMA]);
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
    return lead_hold_row(s->engine, row);
}

/* So many more, in one batch. */
void shift_feed(struct shift *s, int64_t count) {
    while (count > 0) {
        struct fed *f = xcalloc(1, sizeof *f);
        struct batch *b = batch_new();
        f->shift = s;
        for (; f->count < LEADS_AHEAD && count > 0; count--) {
            struct lead *l = f->leads[f->count++] = make_new_lead(s);
            lead_write(l, b);
        }
        store_submit(s->engine->store, b, make_on_fed, f);
    }
}
