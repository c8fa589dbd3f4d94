#include "dialer/pace/dialview.h"

#include <string.h>
#include <strings.h>

/* Does that campaign dial for the queue too? */
static bool shares_queue(const struct dialview *v, struct campaign *c) {
    char buf[128];
    const char *name = c == v->campaign ? v->queue_name : campaign_queue(c, buf);
    return name && strcasecmp(name, v->queue_name) == 0 && campaign_asterisk(c, NULL) == v->asterisk;
}

/* Brings what is learnt up to now: time has passed for calls and agents. */
static void look_at_queue(struct dialview *v) {
    double now = observe_now(v->campaign->engine);
    struct learn *own = &v->campaign->observer->learn;
    v->count = queue_count(v->queue);
    if (learn_is_due(own, now))
        observe_members(v->queue);
    for (struct map_entry *e = v->campaign->engine->campaigns.first; e; e = e->next) {
        struct campaign *c = e->value;
        if (!shares_queue(v, c))
            continue;
        learn_advance(&c->observer->learn, now);
        v->coming += (int64_t)learn_ringing(&c->observer->learn);
    }
    learn_refresh(own, now);
}

void dialview_begin(struct dialview *v, struct campaign *c, struct asterisk *a, int64_t room) {
    v->campaign = c;
    v->asterisk = a;
    v->room = room;
    v->coming = 0;
    v->looked = false;
    v->count = (struct queue_count){0};
    const char *name = campaign_queue(c, v->queue_name);
    v->queue = name ? queue_get(a, name) : NULL;
    live_advance(&c->observer->live, engine_wall(c->engine));
    if (v->queue)
        look_at_queue(v);
}

int64_t dialview_spare(const struct dialview *v) {
    return v->count.available + v->count.offered - (v->queue ? v->queue->waiting : 0) - v->coming;
}

struct outlook *dialview_outlook(struct dialview *v) {
    struct outlook *o = &v->outlook;
    double now = observe_now(v->campaign->engine);
    if (v->looked || v->queue == NULL)
        return v->queue ? o : NULL;
    v->looked = true;
    outlook_begin(o, &v->campaign->observer->learn, (int)v->count.logged_in,
                  (int)(v->coming + v->queue->waiting));
    outlook_free_agents(o, (double)(v->count.available + v->count.offered));
    outlook_waiting(o, (double)v->queue->waiting);
    for (struct map_entry *e = v->queue->members.first; e; e = e->next) {
        const struct member *m = e->value;
        if (m->doing == DOING_TALK)
            outlook_talking(o, now - m->since);
        else if (m->doing == DOING_WRAPUP)
            outlook_wrapping(o, now - m->since);
    }
    for (struct map_entry *e = v->campaign->engine->campaigns.first; e; e = e->next) {
        struct campaign *c = e->value;
        if (shares_queue(v, c))
            outlook_ringing(o, &c->observer->learn);
    }
    return o;
}

static const struct row *camp_of(const void *from) {
    return ((const struct dialview *)from)->campaign->item.row;
}

static const struct row *plan_of(const void *from) {
    return campaign_plan(((const struct dialview *)from)->campaign)->item.row;
}

static const struct campaign *campaign_of(const void *from) {
    return ((const struct dialview *)from)->campaign;
}

/* A whole number of the queue, absent without one. */
static json_t *of_queue(const void *from, int64_t n) {
    return ((const struct dialview *)from)->queue ? json_integer(n) : NULL;
}

static json_t *now(const void *from) {
    return json_real((double)engine_wall(campaign_of(from)->engine) / NS_PER_S);
}

static json_t *campaign_uuid(const void *from) { return view_text(row_uuid(camp_of(from))); }

static json_t *campaign_name(const void *from) {
    return view_text(row_text(camp_of(from), CAMPAIGN_NAME));
}

static json_t *plan_uuid(const void *from) { return view_text(row_uuid(plan_of(from))); }

static json_t *plan_name(const void *from) {
    return view_text(row_text(plan_of(from), PLAN_NAME));
}

static json_t *dial_mode(const void *from) {
    return json_integer(row_int(plan_of(from), PLAN_DIAL_MODE));
}

static json_t *service_level(const void *from) {
    return json_integer(row_int(plan_of(from), PLAN_SERVICE_LEVEL));
}

static json_t *in_flight(const void *from) { return json_integer(campaign_of(from)->live); }

static json_t *ringing(const void *from) {
    return json_integer(campaign_of(from)->live - campaign_of(from)->answered);
}

static json_t *room(const void *from) {
    return json_integer(((const struct dialview *)from)->room);
}

static json_t *queue_name(const void *from) {
    const struct dialview *v = from;
    return v->queue ? view_text(v->queue_name) : NULL;
}

static json_t *available(const void *from) {
    return of_queue(from, ((const struct dialview *)from)->count.available);
}

static json_t *logged_in(const void *from) {
    return of_queue(from, ((const struct dialview *)from)->count.logged_in);
}

static json_t *waiting(const void *from) {
    const struct dialview *v = from;
    return v->queue ? json_integer(v->queue->waiting) : NULL;
}

static json_t *performance(const void *from) {
    const struct queue *q = ((const struct dialview *)from)->queue;
    return q ? json_real(q->performance < 0 ? 1.0 : q->performance) : NULL;
}

static json_t *offered(const void *from) {
    return of_queue(from, ((const struct dialview *)from)->count.offered);
}

static json_t *previewed(const void *from) {
    return of_queue(from, ((const struct dialview *)from)->count.previewed);
}

static json_t *coming(const void *from) {
    return of_queue(from, ((const struct dialview *)from)->coming);
}

static json_t *spare(const void *from) { return of_queue(from, dialview_spare(from)); }

static const struct live *live_of(const void *from) { return &campaign_of(from)->observer->live; }

static json_t *answers(const void *from) { return json_integer(live_of(from)->in_window); }

static json_t *abandoned(const void *from) { return json_integer(live_of(from)->lost_in_window); }

static json_t *machines(const void *from) { return json_integer(live_of(from)->machines_in_window); }

static json_t *abandon_limit(const void *from) { return json_real(live_limit(live_of(from))); }

const struct view_field dialview_fields[] = {
    {"now", "s", "since 1970, with fraction", "1479184252.25", now},
    {"campaign.uuid", "", "of the campaign", "\"22c8f7e5-8a46-4e2b-9c39-6f2f52d52a11\"",
     campaign_uuid},
    {"campaign.name", "", "absent if it has none", "\"spring\"", campaign_name},
    {"plan.uuid", "", "of its plan", "\"5ad6c7d8-535c-4cd3-b3e5-83ab420dcb56\"", plan_uuid},
    {"plan.name", "", "absent if it has none", "\"daytime\"", plan_name},
    {"plan.dial_mode", "", "0 none, 1 predictive, 2 preview, 3 power, 4 robo, 5 redirect", "1",
     dial_mode},
    {"plan.service_level", "calls", "wanted beyond the free agents; may be negative", "0",
     service_level},
    {"in_flight", "calls", "of the campaign that have not ended", "4", in_flight},
    {"ringing", "calls", "those of them that nobody has answered yet", "2", ringing},
    {"room", "calls", "that the hard limits would still let through now", "100", room},
    {"queue.name", "", "the destination's queue; queue is absent for any other destination",
     "\"sales\"", queue_name},
    {"queue.available", "members", "logged in, not paused, not talking", "5", available},
    {"queue.logged_in", "members", "logged in and not paused", "8", logged_in},
    {"queue.waiting", "callers", "waiting in the queue now", "0", waiting},
    {"queue.offered", "members", "being rung for a caller who waits", "0", offered},
    {"queue.previewed", "members", "of the available: have a lead offered and are to decide", "0",
     previewed},
    {"queue.coming", "calls",
     "begun and not yet in the queue, of every campaign that dials for it", "2", coming},
    {"queue.spare", "members",
     "available + offered - waiting - coming: one call for each is progressive dialing", "3",
     spare},
    {"live.answers", "people", "who answered this campaign, in the legal window", "400", answers},
    {"live.abandoned", "people", "of them, who found no agent in time", "8", abandoned},
    {"live.machines", "calls", "that AMD took for machines, likewise; since the engine started", "20",
     machines},
    {"live.limit", "0..1", "share that may be abandoned; 0 = no limit", "0.03", abandon_limit},
    {"queue.performance", "0..1", "share of the queue's calls answered in time; 1 = not known yet",
     "0.9", performance},
    {0}};
