/* Why not? The one deciding reason of a campaign, a lead or a trunk, and the counts by
 * reason. */
#include <stdio.h>
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
    return c->agenda == NULL      ? "the campaign is not started"
           : !c->agenda->complete ? "the list is being read"
                                  : "its last change is being written";
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
    shell_answer(call,
                 json_pack("{s:s, s:i, s:I, s:I, s:o}", "reason", reason_text(c->reason),
                           "code", (int)c->reason, "status", (json_int_t)campaign_status(c),
                           "in_flight", (json_int_t)c->live, "decisions", why_decisions(c)));
}

/* why_counts(uuid, after): a piece of the campaign's list, each lead under one reason. */
static void why_lent_counts(void *arg, struct shell_call *call, json_t *args) {
    struct peer *p = arg;
    struct campaign *c = why_find_campaign(p, arg_text(args, 0));
    struct item *dlma = c ? campaign_dlma(c) : NULL;
    int64_t after = arg_int(args, 1, 0), last = after, seen = 0;
    json_t *counts = json_object();
    struct query q;
    if (dlma) {
        query_begin(&q, p->console->engine->store, READ_LEAD_WHYS, row_uuid(dlma->row), after,
                    (int64_t)PIECE, c->agenda ? c->agenda->id : INT64_C(0),
                    engine_wall(p->console->engine), why_no_place(c));
        while (query_step(&q)) {
            const char *why = query_text(&q, 0);
            json_object_set_new(counts, why ? why : "no reason given",
                                json_integer(query_int(&q, 1)));
            seen += query_int(&q, 1);
            last = query_int(&q, 2) > last ? query_int(&q, 2) : last;
        }
        query_end(&q);
    }
    shell_charge(call, seen * LEAD_COST);
    json_t *answer = json_pack("{s:o}", "counts", counts);
    if (seen == PIECE)
        json_object_set_new(answer, "next", json_integer(last));
    shell_answer(call, answer);
}

/* ---- a lead ---- */

/* A lead that is due: what keeps the campaign from calling it? */
static const char *why_ready(const struct campaign *c) {
    return c->reason == REASON_NONE ? "its turn comes: others are due longer or tried less"
                                    : reason_text(c->reason);
}

/* The reason in the agenda. *at is when the lead is due, 0 if the agenda has no time. */
static json_t *why_place(struct campaign *c, const struct lead *l, int64_t *at) {
    struct query q;
    json_t *why = NULL;
    if (c->agenda == NULL)
        return json_string(campaign_status(c) == CAMPAIGN_STOP
                               ? why_no_place(c)
                               : reason_text(REASON_INCOMPLETE));
    query_begin(&q, c->engine->store, READ_DUE_OF_LEAD, c->agenda->id,
                row_int(l->row, LEAD_ID));
    if (query_step(&q)) {
        int64_t due = query_int(&q, 0);
        const char *reason = query_text(&q, 2);
        if (due == DUE_NEVER)
            why = json_string(reason ? reason : "no reason given");
        else if (due > engine_wall(c->engine))
            why = json_string(reason ? reason : "waits for its next try");
        *at = due == DUE_NEVER ? 0 : due;
    }
    bool ready = *at && why == NULL;
    query_end(&q);
    return why ? why : json_string(ready ? why_ready(c) : why_no_place(c));
}

static json_t *why_lead_in_campaign(struct campaign *c, const struct lead *l) {
    int64_t at = 0;
    json_t *o = json_pack("{s:s, s:s*, s:I}", "uuid", row_uuid(c->item.row), "name",
                          row_text(c->item.row, CAMPAIGN_NAME), "status",
                          (json_int_t)campaign_status(c));
    json_object_set_new(o, "reason", why_place(c, l, &at));
    if (at > 0) {
        char text[TIME_TEXT];
        time_text(text, at);
        json_object_set_new(o, "due", json_string(text));
    }
    return o;
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
    json_array_foreach(campaigns, i, c) { /* a started campaign has precedence */
        bool stopped = json_integer_value(json_object_get(c, "status")) == CAMPAIGN_STOP;
        if (i == 0 || !stopped)
            reason = json_string_value(json_object_get(c, "reason"));
        if (!stopped)
            break;
    }
    return reason;
}

/* why_lead(uuid) */
static void why_lent_lead(void *arg, struct shell_call *call, json_t *args) {
    struct engine *e = ((struct peer *)arg)->console->engine;
    struct lead *l = lead_hold(e, arg_text(args, 0));
    if (l == NULL) {
        shell_answer(call, json_false());
        return;
    }
    char buf[320];
    json_t *campaigns = json_array();
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        const char *dlma = row_text(c->item.row, CAMPAIGN_DLMA);
        if (dlma && strcmp(dlma, row_text(l->row, LEAD_DLMA_UUID)) == 0)
            json_array_append_new(campaigns, why_lead_in_campaign(c, l));
    }
    shell_answer(call, json_pack("{s:s, s:o}", "reason", why_lead_reason(l, campaigns, buf),
                                 "campaigns", campaigns));
    lead_release(l);
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
