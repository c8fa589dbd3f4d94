/* A world learned from a campaign's own ledger; wrap-up from what the engine has learnt of
 * the agents. What neither knows (breaks, machines) stays as the simulator has it, and is
 * said. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "dialer/call/observe.h"
#include "dialer/core/outcome.h"
#include "lab/lab.h"
#include "store/sqlite/ledger.h"

#define CALLS_MIN 30 /* fewer tell nothing */
#define HOURS 24
#define HOUR_PRIOR 50    /* calls of the whole ledger that an hour's own are mixed with */
#define AT_ONCE 0.5      /* s: a refusal without ringing */
#define MET_NOBODY 2.5   /* s: where the ledger does not say: so short a call met no agent */
#define RANG_OUT 0.98    /* of the plan's time limit */
#define WRAPUPS_MIN 10   /* fewer seen tell nothing */
#define WRAPUP_LAST 3600 /* s */

/* Mean and spread of something. */
struct sample {
    double n, sum, squares, high;
};

struct ledger {
    double calls, answers;
    double hour_calls[HOURS], hour_answers[HOURS];
    double rang_out, busy, congestion, unknown, no_peer, failed, lost;
    struct sample ring, fail, talk, wrapup;
    double unmet; /* answered and gone at once */
    double first, last;
    /* talks, to see how many there were at a time */
    struct edge {
        double at;
        int change;
    } * edges;
    size_t edge_count;
};

static void lab_learn_add(struct sample *s, double v) {
    s->n++;
    s->sum += v;
    s->squares += v * v;
    s->high = v > s->high ? v : s->high;
}

static double lab_learn_mean(const struct sample *s) { return s->n > 0 ? s->sum / s->n : 0; }

static double lab_learn_cv(const struct sample *s) {
    double m = lab_learn_mean(s), var = s->n > 0 ? s->squares / s->n - m * m : 0;
    return m > 0 && var > 0 ? sqrt(var) / m : 0;
}

/* ---- call by call ---- */

static void lab_learn_add_edge(struct ledger *l, double at, int change) {
    if ((l->edge_count & (l->edge_count - 1)) == 0)
        l->edges =
            xrealloc(l->edges, (l->edge_count ? 2 * l->edge_count : 1) * sizeof *l->edges);
    l->edges[l->edge_count++] = (struct edge){at, change};
}

static void lab_learn_take_answered(struct ledger *l, const struct ledger_call *c) {
    l->answers++;
    if (c->end > c->dialing)
        lab_learn_add(&l->ring, c->end - c->dialing);
    double from = c->join > 0 ? c->connect : c->end;
    if (c->end == 0 || c->hangup < c->end)
        return;
    if (from == 0 || (c->join == 0 && c->hangup - from <= MET_NOBODY)) {
        l->unmet++;
        return;
    }
    lab_learn_add(&l->talk, c->hangup - from);
    lab_learn_add_edge(l, from, 1);
    lab_learn_add_edge(l, c->hangup, -1);
}

/* Why nobody answered, and after how long. */
static void lab_learn_take_unanswered(struct ledger *l, const struct ledger_call *c) {
    double s = (c->hangup ? c->hangup : c->end) - c->dialing;
    if (c->timeout > 0 && s >= RANG_OUT * c->timeout)
        l->rang_out++;
    else if (s >= AT_ONCE) {
        l->failed++;
        lab_learn_add(&l->fail, s);
    } else if (c->res_dial == RES_BUSY)
        l->busy++;
    else if (c->res_dial == RES_CONGESTION)
        l->congestion++;
    else if (strcmp(c->detail, "local") == 0)
        l->no_peer++;
    else
        l->unknown++;
}

static int lab_learn_hour_of(double at) {
    time_t t = (time_t)at;
    struct tm tm;
    gmtime_r(&t, &tm);
    return tm.tm_hour;
}

static void lab_learn_on_call(void *arg, const struct ledger_call *c) {
    struct ledger *l = arg;
    if (strcmp(c->detail, "unknown") == 0) { /* nobody watched: it tells nothing */
        l->lost++;
        return;
    }
    int hour = lab_learn_hour_of(c->dialing);
    l->first = l->calls == 0 ? c->dialing : l->first;
    l->last = c->dialing;
    l->calls++;
    l->hour_calls[hour]++;
    l->hour_answers[hour] += c->answered;
    if (c->answered)
        lab_learn_take_answered(l, c);
    else
        lab_learn_take_unanswered(l, c);
}

/* ---- what it comes to ---- */

static int lab_learn_by_time(const void *a, const void *b) {
    const struct edge *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->change - y->change;
}

/* The most talks at a time: so many agents there were at least. */
static int lab_learn_busiest(struct ledger *l) {
    int now = 0, most = 0;
    if (l->edge_count)
        qsort(l->edges, l->edge_count, sizeof *l->edges, lab_learn_by_time);
    for (size_t i = 0; i < l->edge_count; i++) {
        now += l->edges[i].change;
        most = now > most ? now : most;
    }
    return most;
}

/* The engine keeps how likely a wrap-up is to end at each age: mean and spread of that.
 * Where it has seen talks end and hardly a wrap-up, there is none. */
static void lab_learn_learn_wrapup(struct ledger *l, const char *path, const char *campaign) {
    char *text = ledger_memory(path, campaign, LEARN_SLOT);
    json_t *saved = text ? json_loads(text, 0, NULL) : NULL;
    struct learn learn;
    learn_init(&learn, 0, 30, 0);
    learn_load(&learn, 0, saved);
    double seen = hazard_seen(&learn.wrapup), sum = 0, squares = 0;
    for (int t = 0; seen >= WRAPUPS_MIN && t < WRAPUP_LAST; t++) {
        double lasts = 1 - hazard_ends(&learn.wrapup, 0, t + 0.5);
        sum += lasts;
        squares += 2 * (t + 0.5) * lasts;
    }
    if (seen >= WRAPUPS_MIN || hazard_seen(&learn.talk) >= WRAPUPS_MIN)
        l->wrapup = (struct sample){.n = 1, .sum = sum, .squares = squares};
    json_decref(saved);
    free(text);
}

/* {from, value} by hours since the first hour with calls; hours with few calls lean on
 * the whole. */
static json_t *lab_learn_answer_rates(const struct ledger *l, int *first) {
    json_t *steps = json_array();
    double overall = l->answers / l->calls;
    *first = 0;
    while (l->hour_calls[*first] == 0)
        (*first)++;
    for (int h = *first; h < HOURS; h++) {
        double n = l->hour_calls[h], rate = l->hour_answers[h] + HOUR_PRIOR * overall;
        if (n > 0)
            json_array_append_new(steps, json_pack("[f, f]", (double)(h - *first) * 3600,
                                                   rate / (n + HOUR_PRIOR)));
    }
    return steps;
}

static json_t *lab_learn_duration(const struct sample *s) {
    return json_pack("{s:f, s:f}", "mean", lab_learn_mean(s), "cv", lab_learn_cv(s));
}

/* The day of the first call at its first hour with calls. */
static char *lab_learn_start_of(const struct ledger *l, int hour) {
    time_t t = (time_t)l->first;
    struct tm tm;
    gmtime_r(&t, &tm);
    return xasprintf("%04d-%02d-%02dT%02d:00:00", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     hour);
}

static json_t *lab_learn_world_of(struct ledger *l) {
    int hour;
    double missed = l->calls - l->answers, whole = missed > 0 ? missed : 1;
    json_t *w = json_pack("{s:o}", "answer_rate", lab_learn_answer_rates(l, &hour));
    char *start = lab_learn_start_of(l, hour);
    json_object_set_new(w, "start", json_string(start));
    free(start);
    const struct {
        const char *key;
        double n;
    } shares[] = {{"busy", l->busy},
                  {"congestion", l->congestion},
                  {"unknown", l->unknown},
                  {"nopeer", l->no_peer},
                  {"fail_early", l->failed}};
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        json_object_set_new(w, shares[i].key, json_real(shares[i].n / whole));
    if (l->ring.n > 0) {
        json_t *ring = lab_learn_duration(&l->ring);
        json_object_set_new(ring, "cut", json_real(l->ring.high));
        json_object_set_new(w, "ring", ring);
    }
    if (l->fail.n > 0)
        json_object_set_new(w, "fail", lab_learn_duration(&l->fail));
    if (l->talk.n > 0)
        json_object_set_new(w, "talk", lab_learn_duration(&l->talk));
    if (l->wrapup.n > 0)
        json_object_set_new(w, "wrapup", lab_learn_duration(&l->wrapup));
    int agents = lab_learn_busiest(l);
    if (agents)
        json_object_set_new(w, "agents", json_integer(agents));
    return w;
}

/* What was learned from how much, for whoever reads the report. */
static json_t *lab_learn_summary(const struct ledger *l, const char *from,
                                 const json_t *world) {
    return json_pack(
        "{s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:b, s:f}", "from",
        from, "calls", (json_int_t)l->calls, "answer_rate", l->answers / l->calls, "ring_mean",
        lab_learn_mean(&l->ring), "ring_cv", lab_learn_cv(&l->ring), "talk_mean",
        lab_learn_mean(&l->talk), "talk_cv", lab_learn_cv(&l->talk), "fail_mean",
        lab_learn_mean(&l->fail), "rang_out", l->rang_out / l->calls, "talks",
        (json_int_t)l->talk.n, "met_nobody", (json_int_t)l->unmet, "lost", (json_int_t)l->lost,
        "agents", json_integer_value(json_object_get(world, "agents")), "wrapup_learnt",
        l->wrapup.n > 0, "wrapup_mean", lab_learn_mean(&l->wrapup));
}

json_t *lab_world_learn(const char *from, json_t **learned, char **err) {
    const char *colon = strrchr(from, ':');
    if (colon == NULL || colon == from || colon[1] == '\0') {
        *err = xasprintf("from:%s: must be from:DATABASE:CAMPAIGN", from);
        return NULL;
    }
    struct ledger l = {0};
    char *path = xstrndup(from, (size_t)(colon - from));
    json_t *world = NULL;
    bool ok = ledger_read(path, colon + 1, lab_learn_on_call, &l, err);
    if (ok && l.calls < CALLS_MIN) {
        *err = xasprintf("%s: only %.0f calls of %s have ended, too few to learn from", path,
                         l.calls, colon + 1);
    } else if (ok) {
        lab_learn_learn_wrapup(&l, path, colon + 1);
        world = lab_learn_world_of(&l);
        *learned = lab_learn_summary(&l, from, world);
    }
    free(l.edges);
    free(path);
    return world;
}
