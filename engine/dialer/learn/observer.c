#include "dialer/learn/observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAVE_EACH 120.0  /* s */
#define GRACE_SHARE 0.75 /* of abandon_within; the rest is for connecting the agent */

/* Reads what earlier runs counted, as far as the window reaches back. */
static void observer_load_live(struct observer *o) {
    struct query q;
    char from[TIME_TEXT], hour[32];
    time_text(from, engine_wall(o->engine) - LIVE_HOURS * 3600 * NS_PER_S);
    query_begin(&q, o->engine->store, &read_live, o->campaign, from);
    while (query_step(&q)) {
        snprintf(hour, sizeof hour, "%.13s:00:00Z", query_text(&q, 0));
        live_add(&o->live, time_read(hour), (int)query_int(&q, 1), (int)query_int(&q, 2));
    }
    query_end(&q);
}

static void observer_load_learnt(struct observer *o) {
    struct query q;
    query_begin(&q, o->engine->store, &read_memory, o->campaign, LEARN_SLOT);
    const char *text = query_step(&q) ? query_text(&q, 0) : NULL;
    json_t *saved = text ? json_loads(text, 0, NULL) : NULL;
    if (saved)
        learn_load(&o->learn, engine_seconds(o->engine), saved);
    o->at = o->learn.answers;
    json_decref(saved);
    query_end(&q);
}

void observer_save(struct observer *o, bool at_once) {
    double now = engine_seconds(o->engine);
    if ((!at_once && now - o->saved < SAVE_EACH) || o->at == o->learn.answers)
        return;
    o->saved = now;
    o->at = o->learn.answers;
    json_t *all = learn_save(&o->learn, now);
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
    struct batch *b = batch_new();
    batch_statement(b, &write_memory,
                    BIND(ARG_TEXT("campaign", o->campaign), ARG_TEXT("hook", LEARN_SLOT),
                         ARG_TEXT("value", text)));
    store_submit(o->engine->store, b, NULL, NULL);
    free(text);
    json_decref(all);
}

static void observer_begin(struct observer *o, const struct observed *with) {
    struct engine *e = o->engine;
    learn_init(&o->learn, engine_seconds(e), with->timeout,
               e->conf->limits.abandon_within * GRACE_SHARE);
    xreplace(&o->plan, with->plan);
    xreplace(&o->dest, with->dest);
}

struct observer *observer_new(struct engine *e, const char *campaign,
                              const struct observed *with, bool stored) {
    struct observer *o = xcalloc(1, sizeof *o);
    o->engine = e;
    snprintf(o->campaign, sizeof o->campaign, "%s", campaign);
    observer_begin(o, with);
    live_init(&o->live, e->conf, engine_wall(e));
    if (stored) {
        observer_load_live(o);
        observer_load_learnt(o);
    }
    return o;
}

void observer_free(struct observer *o) {
    free(o->plan);
    free(o->dest);
    free(o);
}

/* a and b may be NULL. */
static bool observer_is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void observer_renew(struct observer *o, const struct observed *with) {
    if (observer_is_same(o->plan, with->plan) && observer_is_same(o->dest, with->dest))
        return;
    observer_begin(o, with);
    o->at = -1;
    observer_save(o, true);
}
