#include "dialer/pace/dialview.h"
#include "dialer/plan/plan.h"

#include <string.h>
#include <strings.h>

/* Does the campaign dial for the same queue? */
static bool dialview_shares_queue(const struct dialview *v, struct campaign *c) {
    char buf[128];
    const char *name = c == v->campaign ? v->queue_name : campaign_queue(c, buf);
    return name && strcasecmp(name, v->queue_name) == 0 &&
           campaign_asterisk(c, NULL) == v->asterisk;
}

/* Brings what is learned up to date, since time has passed for calls and agents. */
static void dialview_look_at_queue(struct dialview *v) {
    double now = engine_seconds(v->campaign->engine);
    struct learn *own = &v->campaign->observer->learn;
    v->count = queue_count(v->queue);
    if (learn_is_due(own, now))
        worktime_count(v->queue);
    for (struct map_entry *e = v->campaign->engine->campaigns.first; e; e = e->next) {
        struct campaign *c = e->value;
        if (!dialview_shares_queue(v, c))
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
        dialview_look_at_queue(v);
}

int64_t dialview_spare(const struct dialview *v) {
    int64_t waiting = v->queue ? v->queue->waiting : 0;
    return v->count.available + v->count.offered - waiting - v->coming;
}

struct outlook *dialview_outlook(struct dialview *v) {
    struct outlook *o = &v->outlook;
    double now = engine_seconds(v->campaign->engine);
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
        if (dialview_shares_queue(v, c))
            outlook_ringing(o, &c->observer->learn);
    }
    return o;
}

static const struct row *dialview_camp_of(const void *from) {
    return ((const struct dialview *)from)->campaign->item.row;
}

static const struct row *dialview_plan_of(const void *from) {
    return campaign_plan(((const struct dialview *)from)->campaign)->item.row;
}

static const struct campaign *dialview_campaign_of(const void *from) {
    return ((const struct dialview *)from)->campaign;
}

/* A number that is absent without a queue. */
static json_t *dialview_of_queue(const void *from, int64_t n) {
    return ((const struct dialview *)from)->queue ? json_integer(n) : NULL;
}

static json_t *dialview_now(const void *from) {
    return json_real((double)engine_wall(dialview_campaign_of(from)->engine) / NS_PER_S);
}

static json_t *dialview_campaign_uuid(const void *from) {
    return view_text(row_uuid(dialview_camp_of(from)));
}

static json_t *dialview_campaign_name(const void *from) {
    return view_text(row_text(dialview_camp_of(from), CAMPAIGN_NAME));
}

static json_t *dialview_plan_uuid(const void *from) {
    return view_text(row_uuid(dialview_plan_of(from)));
}

static json_t *dialview_plan_name(const void *from) {
    return view_text(row_text(dialview_plan_of(from), PLAN_NAME));
}

static json_t *dialview_dial_mode(const void *from) {
    return json_integer(row_int(dialview_plan_of(from), PLAN_DIAL_MODE));
}

static json_t *dialview_service_level(const void *from) {
    return json_integer(row_int(dialview_plan_of(from), PLAN_SERVICE_LEVEL));
}

static json_t *dialview_in_flight(const void *from) {
    return json_integer(dialview_campaign_of(from)->live);
}

static json_t *dialview_ringing(const void *from) {
    return json_integer(dialview_campaign_of(from)->live -
                        dialview_campaign_of(from)->answered);
}

static json_t *dialview_room(const void *from) {
    return json_integer(((const struct dialview *)from)->room);
}

static json_t *dialview_queue_name(const void *from) {
    const struct dialview *v = from;
    return v->queue ? view_text(v->queue_name) : NULL;
}

static json_t *dialview_available(const void *from) {
    return dialview_of_queue(from, ((const struct dialview *)from)->count.available);
}

static json_t *dialview_logged_in(const void *from) {
    return dialview_of_queue(from, ((const struct dialview *)from)->count.logged_in);
}

static json_t *dialview_waiting(const void *from) {
    const struct dialview *v = from;
    return v->queue ? json_integer(v->queue->waiting) : NULL;
}

static json_t *dialview_performance(const void *from) {
    const struct queue *q = ((const struct dialview *)from)->queue;
    if (q == NULL)
        return NULL;
    return json_real(q->performance < 0 ? 1.0 : q->performance);
}

static json_t *dialview_offered(const void *from) {
    return dialview_of_queue(from, ((const struct dialview *)from)->count.offered);
}

static json_t *dialview_previewed(const void *from) {
    return dialview_of_queue(from, ((const struct dialview *)from)->count.previewed);
}

static json_t *dialview_coming(const void *from) {
    return dialview_of_queue(from, ((const struct dialview *)from)->coming);
}

static json_t *dialview_spare_json(const void *from) {
    return dialview_of_queue(from, dialview_spare(from));
}

static const struct live *dialview_live_of(const void *from) {
    return &dialview_campaign_of(from)->observer->live;
}

static json_t *dialview_answers(const void *from) {
    return json_integer(dialview_live_of(from)->in_window);
}

static json_t *dialview_abandoned(const void *from) {
    return json_integer(dialview_live_of(from)->lost_in_window);
}

static json_t *dialview_machines(const void *from) {
    return json_integer(dialview_live_of(from)->machines_in_window);
}

static json_t *dialview_abandon_limit(const void *from) {
    return json_real(live_limit(dialview_live_of(from)));
}

const struct view_field dialview_fields[] = {
    {"now", "s", "time since 1970, with fraction", "1479184252.25", dialview_now},
    {"campaign.uuid", "", "uuid of the campaign", "\"22c8f7e5-8a46-4e2b-9c39-6f2f52d52a11\"",
     dialview_campaign_uuid},
    {"campaign.name", "", "its name; absent if it has none", "\"spring\"",
     dialview_campaign_name},
    {"plan.uuid", "", "uuid of its plan", "\"5ad6c7d8-535c-4cd3-b3e5-83ab420dcb56\"",
     dialview_plan_uuid},
    {"plan.name", "", "name of the plan; absent if it has none", "\"daytime\"",
     dialview_plan_name},
    {"plan.dial_mode", "", "0 none, 1 predictive, 2 preview, 3 power, 4 robo, 5 redirect", "1",
     dialview_dial_mode},
    {"plan.service_level", "calls", "wanted beyond the free agents; may be negative", "0",
     dialview_service_level},
    {"in_flight", "calls", "calls of the campaign that have not ended", "4",
     dialview_in_flight},
    {"ringing", "calls", "those in flight that have not been answered", "2", dialview_ringing},
    {"room", "calls", "further calls that the hard limits allow now", "100", dialview_room},
    {"queue.name", "", "the destination's queue; queue is absent for any other destination",
     "\"sales\"", dialview_queue_name},
    {"queue.available", "agents", "logged in, not paused, without a call or wrap-up", "5",
     dialview_available},
    {"queue.logged_in", "agents", "logged in, paused or not", "8", dialview_logged_in},
    {"queue.waiting", "callers", "waiting in the queue now", "0", dialview_waiting},
    {"queue.offered", "agents", "whose phone rings for a waiting caller", "0",
     dialview_offered},
    {"queue.previewed", "agents", "those available who have been offered a lead", "0",
     dialview_previewed},
    {"queue.coming", "calls",
     "begun but not yet in the queue, of all campaigns that dial for it", "2", dialview_coming},
    {"queue.spare", "agents",
     "available + offered - waiting - coming; one call for each is progressive dialing", "3",
     dialview_spare_json},
    {"live.answers", "calls",
     "calls of this campaign that a person answered within the last [limits] abandon_window "
     "hours",
     "400", dialview_answers},
    {"live.abandoned", "calls", "how many of them were abandoned", "8", dialview_abandoned},
    {"live.machines", "calls",
     "calls within these hours that AMD took for machines, counted since the engine started",
     "20", dialview_machines},
    {"live.limit", "0..1", "share of the answers that may be abandoned; 0 = no limit", "0.03",
     dialview_abandon_limit},
    {"queue.performance", "0..1",
     "share of the queue's calls that were taken in time; 1 = not known yet", "0.9",
     dialview_performance},
    {0}};
