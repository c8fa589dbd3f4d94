/* Why not? The one deciding reason of a campaign, a lead or a trunk, and the counts by
 * reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/pbx/asterisk.h"
#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"
#include "dialer/plan/plan.h"
#include "console/inner.h"
#include "dialer/list/agenda.h"

#define PIECE 2000   /* leads that one call of why_counts examines */
#define LEAD_COST 20 /* instructions that each of them is charged as */

static struct campaign *why_find_campaign(struct peer *p, const char *uuid) {
    return map_get(&p->console->engine->campaigns, uuid);
}

/* Why a lead has no place in the campaign's agenda. */
static const char *why_no_place(const struct campaign *c) {
    if (c->agenda == NULL)
        return "the campaign is not started";
    return c->agenda->complete ? "its last change is being written" : "the list is being read";
}

/* ---- a campaign ---- */

/* Its decisions so far, by reason. */
static json_t *why_decisions(const struct campaign *c) {
    json_t *o = json_object();
    for (int r = 0; r < REASON_COUNT; r++)
        if (c->reasons[r])
            json_object_set_new(o, reason_text((enum reason)r), json_integer(c->reasons[r]));
    return o;
}

/* why_campaign(uuid) */
static void why_lent_campaign(void *arg, struct shell_call *call, json_t *args) {
    struct campaign *c = why_find_campaign(arg, arg_text(args, 0));
    if (c == NULL) {
        shell_answer(call, json_false());
        return;
    }
    char why[REASON_TEXT];
    shell_answer(call,
                 json_pack("{s:s, s:i, s:I, s:I, s:o}", "reason", campaign_why(c, why), "code",
                           (int)c->reason, "status", (json_int_t)campaign_status(c),
                           "in_flight", (json_int_t)c->live, "decisions", why_decisions(c)));
}

struct counting {
    struct shell_call *call;
    int64_t after;
};

static void why_on_counts(void *arg, enum read_end end, const struct rows *rows) {
    struct counting *n = arg;
    if (end == READ_FAILED) {
        shell_refuse(n->call, read_error(rows));
        free(n);
        return;
    }
    json_t *counts = json_object();
    int64_t last = n->after, seen = 0;
    for (int i = 0; i < rows_count(rows); i++) {
        const char *why = rows_text(rows, i, "why");
        int64_t count = rows_int(rows, i, "count"), at = rows_int(rows, i, "last");
        json_object_set_new(counts, why ? why : "no reason given", json_integer(count));
        seen += count;
        last = at > last ? at : last;
    }
    shell_charge(n->call, seen * LEAD_COST);
    json_t *answer = json_pack("{s:o}", "counts", counts);
    if (seen == PIECE)
        json_object_set_new(answer, "next", json_integer(last));
    shell_answer(n->call, answer);
    free(n);
}

/* why_counts(uuid, after): a piece of the campaign's list, each lead under one reason. */
static void why_lent_counts(void *arg, struct shell_call *call, json_t *args) {
    struct peer *p = arg;
    struct engine *e = p->console->engine;
    struct campaign *c = why_find_campaign(p, arg_text(args, 0));
    struct item *dlma = c ? campaign_dlma(c) : NULL;
    if (dlma == NULL) {
        shell_answer(call, json_pack("{s:{}}", "counts"));
        return;
    }
    struct counting *n = xmalloc(sizeof *n);
    *n = (struct counting){call, arg_int(args, 1, 0)};
    store_read(e->store, LANE_SCAN | READ_DURABLE, &read_lead_whys,
               BIND(ARG_TEXT("dlma", row_uuid(dlma->row)), ARG_INT("after", n->after),
                    ARG_INT("limit", PIECE), ARG_INT("agenda", c->agenda ? c->agenda->id : 0),
                    ARG_INT("now", engine_wall(e)), ARG_TEXT("unknown", why_no_place(c))),
               why_on_counts, n);
}

/* ---- a lead ---- */

/* The question about one lead: the campaigns of its list are asked one after the other. */
struct question {
    struct engine *engine;
    struct shell_call *call;
    struct lead *lead;
    json_t *campaigns;
    char uuid[UUID_TEXT]; /* of the campaign that is asked */
};

static void why_next_campaign(struct question *q, const char *behind);

/* A lead that is due: what keeps the campaign from calling it? */
static const char *why_ready(const struct campaign *c, char buf[REASON_TEXT]) {
    return c->reason == REASON_NONE
               ? "its turn comes: other leads are due longer or have fewer attempts"
               : campaign_why(c, buf);
}

/* Borrowed text, or text in buf. */
static const char *why_lead_reason(const struct lead *l, json_t *campaigns, char buf[320]) {
    int64_t status = row_int(l->row, LEAD_STATUS);
    const char *agent = row_text(l->row, LEAD_RESV_TARGET);
    if (status == 1)
        return "being called";
    if (status) {
        snprintf(buf, 320, "reserved for %s", agent ? agent : "nobody");
        return buf;
    }
    const char *reason = "no campaign uses its list";
    size_t i;
    json_t *c;
    json_array_foreach (campaigns, i, c) { /* a started campaign has precedence */
        bool stopped = json_integer_value(json_object_get(c, "status")) == CAMPAIGN_STOP;
        if (i == 0 || !stopped)
            reason = json_string_value(json_object_get(c, "reason"));
        if (!stopped)
            break;
    }
    return reason;
}

static void why_end_question(struct question *q, const char *error) {
    char buf[320];
    if (error)
        shell_refuse(q->call, error);
    else
        shell_answer(q->call, json_pack("{s:s, s:O}", "reason",
                                        why_lead_reason(q->lead, q->campaigns, buf),
                                        "campaigns", q->campaigns));
    lead_release(q->lead);
    json_decref(q->campaigns);
    free(q);
}

/* One campaign's answer; at: when the lead is due, ns since 1970, 0 = nothing to say. */
static void why_add(struct question *q, const struct campaign *c, const char *reason,
                    int64_t at) {
    json_t *o = json_pack("{s:s, s:s*, s:I, s:s}", "uuid", row_uuid(c->item.row), "name",
                          row_text(c->item.row, CAMPAIGN_NAME), "status",
                          (json_int_t)campaign_status(c), "reason", reason);
    if (at > 0) {
        char text[TIME_TEXT];
        time_text(text, at);
        json_object_set_new(o, "due", json_string(text));
    }
    json_array_append_new(q->campaigns, o);
}

/* What the agenda says of the lead; rows has one, or none. */
static void why_place(struct question *q, const struct campaign *c, const struct rows *rows) {
    if (rows_count(rows) == 0) {
        why_add(q, c, why_no_place(c), 0);
        return;
    }
    char text[REASON_TEXT];
    int64_t due = rows_int(rows, 0, "due_at");
    const char *reason = rows_text(rows, 0, "reason");
    if (due == DUE_NEVER)
        why_add(q, c, reason ? reason : "no reason given", 0);
    else if (due > engine_wall(q->engine))
        why_add(q, c, reason ? reason : "waiting for its next attempt", due);
    else
        why_add(q, c, why_ready(c, text), due);
}

static void why_on_place(void *arg, enum read_end end, const struct rows *rows) {
    struct question *q = arg;
    const struct campaign *c = map_get(&q->engine->campaigns, q->uuid);
    if (end == READ_FAILED) {
        why_end_question(q, read_error(rows));
        return;
    }
    if (c) /* it may have been deleted meanwhile */
        why_place(q, c, rows);
    why_next_campaign(q, q->uuid);
}

static void why_ask(struct question *q, const struct campaign *c) {
    snprintf(q->uuid, sizeof q->uuid, "%s", row_uuid(c->item.row));
    store_read(q->engine->store, LANE_READ | READ_DURABLE, &read_due_of_lead,
               BIND(ARG_INT("agenda", c->agenda->id),
                    ARG_INT("lead", row_int(q->lead->row, LEAD_ID))),
               why_on_place, q);
}

/* The next one of the lead's list; behind: the one that was asked last, NULL = none. */
static void why_next_campaign(struct question *q, const char *behind) {
    bool passed = behind == NULL;
    for (struct map_entry *i = q->engine->campaigns.first; i; i = i->next) {
        const struct campaign *c = i->value;
        const char *dlma = row_text(c->item.row, CAMPAIGN_DLMA);
        bool uses = dlma && strcmp(dlma, row_text(q->lead->row, LEAD_DLMA_UUID)) == 0;
        if (passed && uses && c->agenda) {
            why_ask(q, c);
            return;
        }
        if (passed && uses)
            why_add(q, c,
                    campaign_status(c) == CAMPAIGN_STOP ? why_no_place(c)
                                                        : reason_text(REASON_INCOMPLETE),
                    0);
        passed = passed || strcmp(i->key, behind) == 0;
    }
    why_end_question(q, NULL);
}

static void why_on_lead(void *arg, struct lead *l, const char *error) {
    struct question *q = arg;
    q->lead = l;
    if (l) {
        why_next_campaign(q, NULL);
        return;
    }
    if (error)
        shell_refuse(q->call, error);
    else
        shell_answer(q->call, json_false());
    json_decref(q->campaigns);
    free(q);
}

/* why_lead(uuid) */
static void why_lent_lead(void *arg, struct shell_call *call, json_t *args) {
    struct engine *e = ((struct peer *)arg)->console->engine;
    struct question *q = xcalloc(1, sizeof *q);
    *q = (struct question){.engine = e, .call = call, .campaigns = json_array()};
    lead_fetch(e, arg_text(args, 0), true, why_on_lead, q);
}

/* ---- a trunk ---- */

static const char *why_trunk_reason(struct engine *e, struct trunk *t, size_t started) {
    struct asterisk *a = map_get(&e->asterisks, t->conf->asterisk);
    if (store_is_failing(e->store))
        return reason_text(REASON_STORE);
    if (a == NULL || !asterisk_is_ready(a))
        return reason_text(REASON_ASTERISK);
    if (t->cap.channels && t->cap.up >= t->cap.channels)
        return reason_text(REASON_TRUNK);
    if (cap_room(&t->cap, engine_now(e)) <= 0)
        return reason_text(REASON_CPS);
    return started ? "it has room: the reasons of its campaigns decide"
                   : "no started campaign dials through it";
}

/* why_trunk(name) */
static void why_lent_trunk(void *arg, struct shell_call *call, json_t *args) {
    struct engine *e = ((struct peer *)arg)->console->engine;
    struct trunk *t = map_get(&e->trunks, arg_text(args, 0));
    size_t started = 0;
    if (t == NULL) {
        shell_answer(call, json_false());
        return;
    }
    json_t *counts = json_object();
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        struct trunk *its = NULL;
        campaign_asterisk(c, &its);
        if (its != t)
            continue;
        const char *reason = reason_text(c->reason);
        json_int_t n = json_integer_value(json_object_get(counts, reason));
        json_object_set_new(counts, reason, json_integer(n + 1));
        started += campaign_status(c) == CAMPAIGN_START;
    }
    shell_answer(call, json_pack("{s:s, s:I, s:I, s:o}", "reason",
                                 why_trunk_reason(e, t, started), "up", (json_int_t)t->cap.up,
                                 "channels", (json_int_t)t->cap.channels, "campaigns", counts));
}

const struct lent console_whys[] = {
    {"why_campaign", why_lent_campaign, "why_campaign(uuid): its reason and decisions."},
    {"why_counts", why_lent_counts, "why_counts(uuid, after): {counts, next} of its leads."},
    {"why_lead", why_lent_lead, "why_lead(uuid): its reason, in each campaign."},
    {"why_trunk", why_lent_trunk, "why_trunk(name): its reason, and those of its campaigns."},
    {0},
};
