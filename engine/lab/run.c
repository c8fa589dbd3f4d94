/* One shift: an engine and a simulated Asterisk in this process, on a virtual clock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dialer/dialer.h"
#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "lab/shift.h"
#include "sim/sim.h"
#include "sim/tally.h"
#include "dialer/list/stats.h"

#define START INT64_C(1772442000) /* 2026-03-02 09:00:00 UTC, a Monday */
#define SAMPLES 100
#define LOG_LINES 20 /* of one shift on stderr; the others are counted */

/* ---- what the engine says ---- */

static void run_on_log(void *arg, enum log_level level, const char *line) {
    struct shift *s = arg;
    (void)level;
    if (s->log_lines++ < LOG_LINES)
        fprintf(stderr, "%10.3f %s\n", (double)s->clock.mono / (double)NS_PER_S, line);
}

static void run_on_decision(void *arg, const char *line) {
    struct shift *s = arg;
    fprintf(s->decisions, "%s\n", line);
}

/* ---- while it runs ---- */

/* A list without an end: there are always some that nobody has called. */
static void run_on_feed(void *arg) {
    struct shift *s = arg;
    int64_t called = (int64_t)sim_tally(s->sim)->total.event[EVENT_DIAL];
    const struct row *c = noun_find(s->engine, &noun_campaign, s->uuids[MADE_CAMPAIGN]);
    if (row_int(c, CAMPAIGN_STATUS) == 0) {
        log_warn(&s->log, "the list has ended: the plan used %d leads within a second",
                 LEADS_AHEAD);
        return;
    }
    if (s->leads - called < LEADS_AHEAD)
        shift_feed(s, LEADS_AHEAD);
    timer_set(&s->feed, FEED_EVERY);
}

/* Leads that need no further call. */
static void run_on_stats(void *arg, const struct stats *stats, const char *error) {
    (void)error;
    struct shift *s = arg;
    json_array_append_new(s->done, json_integer(stats ? stats->finished : 0));
}

static void run_on_sample(void *arg) {
    struct shift *s = arg;
    if (s->wanted)
        stats_read(map_get(&s->engine->campaigns, s->uuids[MADE_CAMPAIGN]), run_on_stats, s);
    if (store_is_failing(s->engine->store) && s->error == NULL)
        s->error = xstrdup("the database cannot be written");
    if (s->error)
        loop_stop(s->loop);
    s->progress(s->arg, (double)s->clock.mono / (s->job->hours * 3600 * (double)NS_PER_S));
    timer_set(&s->sample, SECONDS(s->job->hours * 3600 / SAMPLES));
}

static void run_on_end(void *arg) { loop_stop(((struct shift *)arg)->loop); }

/* ---- setting up ---- */

static struct conn *run_on_dial(void *arg, const struct conn_events *ev, void *ev_arg) {
    struct shift *s = arg;
    struct conn *ends[2];
    conn_pair(s->loop, ends);
    conn_attach(ends[0], ev, ev_arg);
    sim_accept(s->sim, ends[1]);
    return ends[0];
}

/* The world's user, as the engine is to log in. */
static void run_user_of(const json_t *world, const char **name, const char **secret) {
    json_t *users = json_object_get(world, "users");
    void *first = json_object_iter(users);
    *name = first ? json_object_iter_key(first) : "astout";
    *secret = first ? json_string_value(json_object_iter_value(first)) : "astout";
}

/* astout.conf of the shift: what it does not say is as in any other. */
static struct conf *run_make_conf(struct shift *s) {
    const struct lab_shift *j = s->job;
    char *path = xasprintf("%s/%s.conf", j->scratch, j->tag);
    FILE *f = fopen(path, "w");
    if (f) {
        fputs("[general]\nresult_filename = results\nlog_level = warn\n"
              "[database]\ndb_sqlite3_data = unused\n[ami]\nenabled = no\n"
              "[scripts]\npath = .\n"
              "[asterisk:sim]\nusername = unset\nsecret = unset\noriginates = 10000\n",
              f);
        fclose(f);
    }
    struct conf *c = conf_load(path, &s->error);
    free(path);
    if (c == NULL)
        return NULL;
    if (j->abandon_limit >= 0)
        c->limits.abandon_limit = j->abandon_limit;
    const char *name, *secret;
    run_user_of(j->world, &name, &secret);
    xreplace(&c->asterisks[0].username, name);
    xreplace(&c->asterisks[0].secret, secret);
    xreplace(&c->scripts.path, j->plan->strategies);
    free(c->general.result_filename);
    c->general.result_filename =
        j->out ? xasprintf("%s/results-%s.jsonl", j->out, j->tag) : xstrdup("");
    return c;
}

/* ns since 1970. */
static bool run_start_time(struct shift *s, int64_t *wall) {
    const char *text = json_string_value(json_object_get(s->job->world, "start"));
    struct tm tm = {0};
    *wall = START * NS_PER_S;
    if (text == NULL)
        return true;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL || (*rest && strcmp(rest, "Z"))) {
        s->error =
            xasprintf("world: start must be a time such as 2026-03-02T09:00:00, not %s", text);
        return false;
    }
    *wall = timegm(&tm) * NS_PER_S;
    return true;
}

static bool run_open_log(struct shift *s) {
    if (s->job->out == NULL)
        return true;
    char *path = xasprintf("%s/decisions-%s.log", s->job->out, s->job->tag);
    s->decisions = fopen(path, "w");
    if (s->decisions == NULL)
        s->error = xasprintf("%s: %s", path, strerror(errno));
    char *results = xasprintf("%s/results-%s.jsonl", s->job->out, s->job->tag);
    unlink(results); /* of an earlier run: lines are only ever added */
    free(results);
    free(path);
    return s->decisions != NULL;
}

static bool run_open_engine(struct shift *s) {
    struct engine_options options = {.seed = &s->job->seed,
                                     .in_memory = true,
                                     .dial = run_on_dial,
                                     .dial_arg = s};
    s->conf = run_make_conf(s);
    if (s->conf == NULL)
        return false;
    s->engine = dialer_open(s->loop, &s->log, s->conf, &options, &s->error);
    if (s->engine == NULL)
        return false;
    s->engine->out.arg = s;
    s->engine->out.decision = s->job->out ? run_on_decision : NULL;
    if (s->job->is_timed)
        labtime_begin(&s->time, s->engine);
    return true;
}

/* Everything up to the moment when the campaign starts. A script that does not load is
 * an error here: its built-in is not what was to be tried. */
static bool run_set_up(struct shift *s) {
    const struct lab_shift *j = s->job;
    int64_t wall;
    if (!run_start_time(s, &wall) || !run_open_log(s))
        return false;
    clock_virtual(&s->clock, wall);
    s->loop = loop_new(&s->clock, &s->log);
    struct sim_config sc = {.world = j->world, .seed = j->seed, .dialect = 16};
    s->sim = sim_new(s->loop, &sc, &s->error);
    if (s->sim == NULL || !run_open_engine(s) || !shift_make_plan(s))
        return false;
    if (s->log_lines) {
        s->error = xstrdup("the plan's scripts do not load");
        return false;
    }
    if (!shift_make_rest(s))
        return false;
    s->wanted = json_integer_value(json_object_get(j->world, "leads"));
    s->done = json_array();
    shift_feed(s, s->wanted ? s->wanted : LEADS_AHEAD);
    timer_init(&s->feed, s->loop, run_on_feed, s);
    timer_init(&s->sample, s->loop, run_on_sample, s);
    timer_init(&s->end, s->loop, run_on_end, s);
    if (s->wanted == 0)
        timer_set(&s->feed, FEED_EVERY);
    timer_set(&s->sample, 0);
    timer_set(&s->end, SECONDS(j->hours * 3600));
    return shift_start(s);
}

/* ---- what came of it ---- */

static json_t *run_level_series(const struct tally *t, enum tally_level l) {
    json_t *out = json_array();
    for (size_t i = 0; i < t->bin_count; i++)
        json_array_append_new(out, json_real(t->bins[i].level[l] / TALLY_BIN));
    return out;
}

static json_t *run_event_series(const struct tally *t, enum tally_event e) {
    json_t *out = json_array();
    for (size_t i = 0; i < t->bin_count; i++)
        json_array_append_new(out, json_integer(t->bins[i].event[e]));
    return out;
}

/* Minute by minute. */
static json_t *run_series(const struct tally *t) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "agents",
                     run_level_series(t, LEVEL_AGENTS), "talking",
                     run_level_series(t, LEVEL_TALKING), "wrapup",
                     run_level_series(t, LEVEL_WRAPUP), "ringing",
                     run_level_series(t, LEVEL_RINGING), "up", run_level_series(t, LEVEL_UP),
                     "dials", run_event_series(t, EVENT_DIAL), "answers",
                     run_event_series(t, EVENT_ANSWER), "abandoned",
                     run_event_series(t, EVENT_ABANDON));
}

static json_t *run_waits(const struct tally *t) {
    json_t *out = json_array();
    for (size_t i = 0; i < TALLY_WAITS; i++)
        json_array_append_new(out, json_integer(t->waits[i]));
    return out;
}

static double run_share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/* How often the campaign decided. */
static json_int_t run_decisions(const struct shift *s) {
    const struct campaign *c = map_get(&s->engine->campaigns, s->uuids[MADE_CAMPAIGN]);
    json_int_t n = 0;
    for (int r = 0; r < REASON_COUNT; r++)
        n += c->reasons[r];
    return n;
}

static json_t *run_outcome(struct shift *s) {
    const struct tally *t = sim_tally(s->sim);
    const unsigned *n = t->total.event;
    const double *level = t->total.level;
    double worked = level[LEVEL_TALKING] + level[LEVEL_WRAPUP];
    json_t *o = json_pack(
        "{s:I, s:f, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I}", "seed",
        (json_int_t)s->job->seed, "utilisation", run_share(worked, level[LEVEL_AGENTS]),
        "abandoned", run_share(n[EVENT_ABANDON], n[EVENT_ANSWER]), "answers",
        (json_int_t)n[EVENT_ANSWER], "dials", (json_int_t)n[EVENT_DIAL], "wait_mean",
        run_share(t->wait_sum, t->wait_count), "abandoned_calls", (json_int_t)n[EVENT_ABANDON],
        "connected", (json_int_t)n[EVENT_CONNECT], "machines", (json_int_t)n[EVENT_MACHINE],
        "mistaken", (json_int_t)n[EVENT_MISTAKEN], "agent_hours", level[LEVEL_AGENTS] / 3600,
        "talk_hours", level[LEVEL_TALKING] / 3600, "decisions", run_decisions(s), "warnings",
        (json_int_t)s->log_lines, "leads", (json_int_t)(s->wanted ? s->wanted : 0));
    json_object_set_new(o, "series", run_series(t));
    json_object_set_new(o, "waits", run_waits(t));
    json_object_set(o, "finished", s->done);
    if (s->job->is_timed)
        json_object_set_new(o, "timing", labtime_json(&s->time));
    return o;
}

/* The ledger outlives the shift where somebody wants to look at it, or to learn from it. */
static void run_keep_ledger(struct shift *s) {
    if (s->job->out == NULL || s->error)
        return;
    char *path = xasprintf("%s/ledger-%s.sqlite3", s->job->out, s->job->tag);
    unlink(path);
    if (!store_save(s->engine->store, path, &s->error))
        log_error(&s->log, "%s", s->error);
    free(path);
}

static void run_tear_down(struct shift *s) {
    dialer_close(s->engine);
    sim_free(s->sim);
    if (s->loop)
        loop_free(s->loop);
    conf_free(s->conf);
    json_decref(s->done);
    if (s->decisions)
        fclose(s->decisions);
}

json_t *lab_run(const struct lab_shift *job, void (*progress)(void *arg, double share),
                void *arg, char **err) {
    struct shift s = {.job = job, .progress = progress, .arg = arg};
    json_t *out = NULL;
    s.log = (struct log){.level = LOG_WARN, .sink = run_on_log, .arg = &s};
    if (run_set_up(&s)) {
        loop_run(s.loop);
        run_keep_ledger(&s);
        out = s.error ? NULL : run_outcome(&s);
    }
    run_tear_down(&s);
    if (out == NULL)
        *err = s.error ? s.error : xstrdup("the shift ended early");
    return out;
}
