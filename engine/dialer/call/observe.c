#include "dialer/call/observe.h"

#include <stdlib.h>
#include <string.h>

#define SAVE_EACH 120.0  /* s */
#define GRACE_SHARE 0.75 /* of the time a caller may wait; the rest is for the way there */

double observe_now(const struct engine *e) { return (double)engine_now(e) / (double)NS_PER_S; }

/* What earlier runs have counted, as far as the window reaches back. */
static void observe_load_live(struct campaign *c, struct live *l) {
    struct query q;
    char from[TIME_TEXT], hour[32];
    time_text(from, engine_wall(c->engine) - LIVE_HOURS * 3600 * NS_PER_S);
    query_begin(&q, c->engine->store, READ_LIVE, row_uuid(c->item.row), from);
    while (query_step(&q)) {
        snprintf(hour, sizeof hour, "%.13s:00:00Z", query_text(&q, 0));
        live_add(l, time_read(hour), (int)query_int(&q, 1), (int)query_int(&q, 2));
    }
    query_end(&q);
}

/* ---- over a restart ---- */

static void observe_save(struct campaign *c, bool at_once) {
    struct observer *o = c->observer;
    double now = observe_now(c->engine);
    if ((!at_once && now - o->saved < SAVE_EACH) || o->at == o->learn.answers)
        return;
    o->saved = now;
    o->at = o->learn.answers;
    json_t *all = learn_save(&o->learn, now);
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
    struct batch *b = batch_new();
    batch_write(b, WRITE_MEMORY, row_uuid(c->item.row), LEARN_SLOT, text);
    store_submit(c->engine->store, b, NULL, NULL);
    free(text);
    json_decref(all);
}

void observers_save(struct engine *e, bool at_once) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        observe_save(i->value, at_once);
}

static void observe_load_learnt(struct campaign *c, struct observer *o) {
    struct query q;
    query_begin(&q, c->engine->store, READ_MEMORY, row_uuid(c->item.row), LEARN_SLOT);
    const char *text = query_step(&q) ? query_text(&q, 0) : NULL;
    json_t *saved = text ? json_loads(text, 0, NULL) : NULL;
    if (saved)
        learn_load(&o->learn, observe_now(c->engine), saved);
    o->at = o->learn.answers;
    json_decref(saved);
    query_end(&q);
}

static void observe_begin_to_learn(struct campaign *c, struct observer *o) {
    struct engine *e = c->engine;
    struct plan *p = campaign_plan(c);
    double timeout = p ? (double)row_int(p->item.row, PLAN_DIAL_TIMEOUT) / 1000 : 30;
    learn_init(&o->learn, observe_now(e), timeout,
               e->conf->limits.abandon_within * GRACE_SHARE);
    xreplace(&o->plan, row_text(c->item.row, CAMPAIGN_PLAN));
    xreplace(&o->dest, row_text(c->item.row, CAMPAIGN_DEST));
}

struct observer *observer_new(struct campaign *c) {
    struct engine *e = c->engine;
    struct observer *o = xcalloc(1, sizeof *o);
    observe_begin_to_learn(c, o);
    live_init(&o->live, e->conf, engine_wall(e));
    observe_load_live(c, &o->live);
    observe_load_learnt(c, o);
    return o;
}

void observer_free(struct observer *o) {
    free(o->plan);
    free(o->dest);
    free(o);
}

/* Either may be missing. */
static bool observe_is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void observer_renew(struct campaign *c) {
    struct observer *o = c->observer;
    if (observe_is_same(o->plan, row_text(c->item.row, CAMPAIGN_PLAN)) &&
        observe_is_same(o->dest, row_text(c->item.row, CAMPAIGN_DEST)))
        return;
    observe_begin_to_learn(c, o);
    o->at = -1;
    observe_save(c, true);
}

/* ---- calls ---- */

void observe_begun(struct dialing *d) {
    d->begun = observe_now(d->engine);
    learn_begun(&d->campaign->observer->learn, d->begun);
    d->watched = true;
}

/* Who is up while the engine is killed counts all the same. */
static void observe_write_join(const struct dialing *d) {
    char join[TIME_TEXT];
    struct batch *b = batch_new();
    time_text(join, d->tm_join);
    batch_write(b, WRITE_LEDGER_JOIN, d->uuid, join, (int64_t)d->abandoned);
    store_submit(d->engine->store, b, NULL, NULL);
}

/* Found again after a restart: nobody saw him come into the queue, but there he was. */
static void observe_count_unseen(struct dialing *d) {
    if (d->recovered && d->tm_join == 0)
        observe_joined(d);
}

void observe_joined(struct dialing *d) {
    if (d->tm_join)
        return;
    d->tm_join = engine_wall(d->engine);
    observe_write_join(d);
    live_add(&d->campaign->observer->live, d->tm_join, 1, 0);
    if (d->watched)
        learn_answered(&d->campaign->observer->learn, observe_now(d->engine), d->begun);
    d->watched = false;
}

static void observe_abandon(struct dialing *d) {
    d->abandoned = true;
    observe_write_join(d);
    live_add(&d->campaign->observer->live, d->tm_join, 0, 1);
}

void observe_connected(struct dialing *d) {
    observe_count_unseen(d);
    if (d->tm_join == 0 || d->tm_connect)
        return;
    d->tm_connect = engine_wall(d->engine);
    char connect[TIME_TEXT];
    struct batch *b = batch_new();
    time_text(connect, d->tm_connect);
    batch_write(b, WRITE_LEDGER_CONNECT, d->uuid, connect);
    store_submit(d->engine->store, b, NULL, NULL);
    double waited = (double)(d->tm_connect - d->tm_join) / (double)NS_PER_S;
    if (!d->abandoned && waited > d->engine->conf->limits.abandon_within)
        observe_abandon(d);
}

void observe_gone(struct dialing *d) {
    if (d->watched && d->amd && strcmp(d->amd, "MACHINE") == 0)
        live_add_machine(&d->campaign->observer->live, engine_wall(d->engine));
    if (d->watched)
        learn_ended(&d->campaign->observer->learn, observe_now(d->engine), d->begun);
    d->watched = false;
    if (d->tm_join && d->tm_connect == 0 && !d->abandoned)
        observe_abandon(d);
}

void observe_left_queue(struct dialing *d) {
    observe_count_unseen(d);
    observe_gone(d);
}

void observe_unsent(struct dialing *d) {
    if (d->watched)
        learn_unsent(&d->campaign->observer->learn, observe_now(d->engine), d->begun);
    d->watched = false;
}

/* ---- agents ---- */

/* The campaign whose call it was that he talks or has talked to. */
static struct learn *observe_learner_of(const struct queue *q, const struct member *m) {
    struct campaign *c = map_get(&q->asterisk->engine->campaigns, m->campaign);
    return c ? &c->observer->learn : NULL;
}

static struct hazard *observe_hazard_of(struct learn *l, enum doing d) {
    return d == DOING_TALK ? &l->talk : d == DOING_WRAPUP ? &l->wrapup : NULL;
}

/* The time since it was last counted. */
static void observe_live_on(const struct queue *q, struct member *m) {
    struct learn *l = observe_learner_of(q, m);
    struct hazard *h = l ? observe_hazard_of(l, m->doing) : NULL;
    double now = observe_now(q->asterisk->engine);
    if (h)
        hazard_live(h, m->counted - m->since, now - m->since);
    m->counted = now;
}

void observe_member(struct queue *q, struct member *m, enum doing next) {
    struct learn *l = observe_learner_of(q, m);
    struct hazard *h = l ? observe_hazard_of(l, m->doing) : NULL;
    if (h)
        observe_live_on(q, m);
    if (h && (m->doing == DOING_TALK || next == DOING_NOTHING)) /* a break ends no wrap-up */
        hazard_end(h, m->counted - m->since);
    m->doing = next;
    m->since = m->counted = observe_now(q->asterisk->engine);
}

void observe_members(struct queue *q) {
    for (struct map_entry *e = q->members.first; e; e = e->next)
        observe_live_on(q, e->value);
}
