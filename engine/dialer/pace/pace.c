#include "dialer/pace/pace.h"

#include <stdlib.h>

#include "dialer/call/dialing.h"
#include "dialer/pace/limits.h"
#include "dialer/pace/dialview.h"
#include "dialer/list/agenda.h"
#include "dialer/pace/preview.h"
#include "dialer/pace/room.h"

#define BUSY_WAIT (10 * NS_PER_MS)
#define BEGIN_MAX 200 /* leads that one decision looks at; the next turn continues */

/* The limit of abandoned calls is applied to counts, not to estimates: safety margins are up
 * to the strategy. */
static int64_t pace_cut_to_cap(const struct dialview *v, int64_t n, struct pace *out) {
    int64_t spare = dialview_spare(v);
    if (v->queue == NULL || n <= spare || !live_is_full(&v->campaign->observer->live))
        return n;
    out->reason = REASON_ABANDON;
    return spare > 0 ? spare : 0;
}

static int64_t pace_ask_strategy(struct campaign *c, struct asterisk *a, int64_t room,
                                 struct pace *out, struct offer *offer) {
    double ask_in = 0;
    struct dialview from;
    if (c->engine->probe.asking)
        c->engine->probe.asking(c->engine->probe.arg, true);
    dialview_begin(&from, c, a, room);
    json_t *view = view_make(dialview_fields, &from);
    bool nobody = from.queue && from.count.logged_in == 0;
    out->agents = from.count.logged_in;
    int64_t n = plan_dial(campaign_plan(c), row_uuid(c->item.row), &from, view, &ask_in, offer);
    if (c->engine->probe.asking)
        c->engine->probe.asking(c->engine->probe.arg, false);
    json_decref(view);
    if (ask_in > 0 && ask_in < 86400)
        out->ask_at = engine_now(c->engine) + SECONDS(ask_in);
    if (n < room)
        out->reason = nobody ? REASON_AGENTS : REASON_STRATEGY; /* not the hard limits */
    return pace_cut_to_cap(&from, n < room ? n : room, out);
}

/* No lead may be called now. Says whether all are waiting, or none is left. */
static void pace_explain_no_lead(struct campaign *c, int64_t next, struct pace *out) {
    int64_t wait = next - engine_wall(c->engine);
    if (next != DUE_NEVER) {
        out->reason = REASON_WAITING;
        out->due_at = next;
        out->ask_at = engine_now(c->engine) + (wait > 0 ? wait : 0) + NS_PER_MS;
        return;
    }
    struct lead_work work = leads_at_work(c->engine, c->agenda->dlma, row_uuid(c->item.row));
    if (!agenda_is_settled(c->agenda)) /* the agenda kicks the campaign when it is */
        out->reason = REASON_BUILDING;
    else if (work.reserved) /* even by another campaign: the lead may come back */
        out->reason = REASON_PREVIEW;
    else if (work.called)
        out->reason = REASON_WAITING;
    else
        out->reason = work.written ? REASON_BUILDING : REASON_LIST_END;
    if (work.written) /* no event leads to the next decision */
        out->ask_at = engine_now(c->engine) + BUSY_WAIT;
}

/* The trunk that the route hook chose has no room. The next decision follows when one of its
 * calls ends or its cps allow another. */
static void pace_wait_for_trunk(struct campaign *c, const struct trunk *t, struct pace *out) {
    int64_t at = cap_wait(&t->cap, engine_now(c->engine));
    out->reason = REASON_TRUNK;
    if (at && (out->ask_at == 0 || at < out->ask_at))
        out->ask_at = at;
}

/* The next lead that no hard limit forbids. NULL if there is none (*out says why), or after
 * BEGIN_MAX leads: the next turn continues. */
static struct lead *pace_next_lead(struct campaign *c, int *looked, int *number,
                                   struct pace *out) {
    while ((*looked)++ < BEGIN_MAX) {
        int64_t next, until;
        struct lead *lead = agenda_next(c->agenda, number, &next);
        if (lead == NULL) {
            pace_explain_no_lead(c, next, out);
            return NULL;
        }
        const char *forbidden = limits_lead(c->engine, lead, *number, &until);
        if (forbidden == NULL)
            return lead;
        agenda_postpone(c->agenda, lead, *number, until, forbidden);
    }
    campaign_kick(c);
    return NULL;
}

static void pace_begin_calls(struct campaign *c, int64_t n, struct pace *out) {
    int looked = 0, number;
    while (out->begun < n) {
        struct lead *lead = pace_next_lead(c, &looked, &number, out);
        struct trunk *full = NULL;
        if (lead == NULL)
            return;
        if (dialing_begin(c, lead, number, &full)) {
            out->begun++;
        } else if (full) {
            pace_wait_for_trunk(c, full, out);
            return;
        }
    }
}

/* Offers leads to agents who have no offer yet. A call begins when the agent accepts. */
static void pace_offer_leads(struct campaign *c, const struct queue *q,
                             const struct offer *offer, struct pace *out) {
    const struct member *agent;
    int looked = 0, number;
    for (int64_t made = 0; q && made < offer->leads && (agent = queue_idle(q)); made++) {
        struct lead *lead = pace_next_lead(c, &looked, &number, out);
        if (lead == NULL)
            return;
        preview_begin(c, q, agent, lead, number, offer);
    }
}

/* Writes a line of the decision log. */
static void pace_tell_decision(struct campaign *c, int64_t calls, const struct pace *out) {
    const struct plan *p = campaign_plan(c);
    char *line = xasprintf(
        "{\"t\":%.6f,\"campaign\":\"%s\",\"hook\":\"dial\",\"script\":\"%s\",\"hash\":\"%s\","
        "\"calls\":%lld,\"begun\":%lld,\"reason\":\"%s\"}",
        (double)(engine_now(c->engine) - c->engine->born) / (double)NS_PER_S,
        row_uuid(c->item.row), plan_script(p, HOOK_DIAL), plan_hash(p, HOOK_DIAL),
        (long long)calls, (long long)out->begun, reason_text(out->reason));
    c->engine->out.decision(c->engine->out.arg, line);
    free(line);
}

void pace_decide(struct campaign *c, struct pace *out) {
    struct trunk *t = NULL;
    struct asterisk *a = campaign_asterisk(c, &t);
    struct offer offer;
    char queue[128];
    struct room limits;
    int64_t room = room_find(c, a, t, &limits), next;
    *out = (struct pace){.reason = limits.reason, .ask_at = limits.ask_at};
    if (room == 0)
        return;
    int64_t n = pace_ask_strategy(c, a, room, out, &offer);
    if (n > 0)
        pace_begin_calls(c, n, out);
    else if (!agenda_has_next(c->agenda, &next)) /* the end of a list needs no free agent */
        pace_explain_no_lead(c, next, out);
    pace_offer_leads(c, queue_get(a, campaign_queue(c, queue)), &offer, out);
    if (out->reason == REASON_STRATEGY && previews_open(c))
        out->reason = REASON_PREVIEW;
    if (c->engine->out.decision)
        pace_tell_decision(c, n, out);
    int64_t rate = room_rate_wait(c, a, t);
    if (out->begun && rate && (out->ask_at == 0 || rate < out->ask_at))
        out->ask_at = rate; /* no event leads to the next decision while the calls ring */
}
