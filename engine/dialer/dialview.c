#include "dialer/dialview.h"

#include <string.h>

void dialview_begin(struct dialview *v, struct campaign *c, struct asterisk *a, int64_t room) {
    *v = (struct dialview){.campaign = c, .asterisk = a, .room = room};
    const char *name = campaign_queue(c, v->queue_name);
    v->queue = name ? queue_get(a, name) : NULL;
    if (v->queue)
        v->count = queue_count(v->queue);
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
    {"queue.performance", "0..1", "share of the queue's calls answered in time; 1 = not known yet",
     "0.9", performance},
    {0}};
