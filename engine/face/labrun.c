/* One shift: an engine and a simulated Asterisk in this process, on a virtual clock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dialer/campaign.h"
#include "dialer/lead.h"
#include "dialer/nouns.h"
#include "face/lab.h"
#include "face/labtime.h"
#include "sim/sim.h"
#include "sim/tally.h"

#define START INT64_C(1772442000) /* 2026-03-02 09:00:00 UTC, a Monday */
#define LEADS_AHEAD 500           /* of an endless list */
#define FEED_EVERY SECONDS(1)
#define SAMPLES 100
#define LOG_LINES 20 /* of one shift on stderr; the others are counted */

/* Everything that lives as long as the shift. */
struct shift {
    const struct lab_shift *job;
    void (*progress)(void *arg, double share);
    void *arg;
    struct clock clock;
    struct log log;
    int64_t log_lines;
    struct loop *loop;
    struct sim *sim;
    struct conf *conf;
    struct engine *engine;
    char uuids[4][UUID_TEXT]; /* of what was made: made[] */
    struct timer feed, sample, end;
    int64_t leads, wanted; /* made so far; all there are to be, 0 = no end */
    json_t *done;          /* leads finished at each sample, of a list with an end */
    FILE *decisions;
    struct labtime time;
    char *error;
};

/* In the order they are made. */
enum made { MADE_PLAN, MADE_DLMA, MADE_DESTINATION, MADE_CAMPAIGN };

/* ---- what the engine says ---- */

static void on_log(void *arg, enum log_level level, const char *line) {
    struct shift *s = arg;
    (void)level;
    if (s->log_lines++ < LOG_LINES)
        fprintf(stderr, "%10.3f %s\n", (double)s->clock.mono / (double)NS_PER_S, line);
}

static void on_decision(void *arg, const char *line) {
    struct shift *s = arg;
    fprintf(s->decisions, "%s\n", line);
}

/* ---- making what a campaign needs ---- */

struct made_by {
    struct shift *shift;
    bool done;
    char *uuid; /* where it is to go */
};

static void on_made(void *arg, const char *error, const struct row *row) {
    struct made_by *m = arg;
    m->done = true;
    if (error)
        m->shift->error = xstrdup(error);
    else if (m->uuid)
        snprintf(m->uuid, UUID_TEXT, "%s", row_uuid(row));
}

static void add_header(struct message *m, const char *name, const char *value) {
    char *line = xasprintf("%s: %s", name, value);
    message_line(m, line, strlen(line));
    free(line);
}

/* A value of a table as headers; a list is a header for each. */
static void add_value(struct message *m, const char *name, const json_t *v) {
    char number[32];
    if (json_is_string(v)) {
        add_header(m, name, json_string_value(v));
    } else if (json_is_boolean(v)) {
        add_header(m, name, json_is_true(v) ? "1" : "0");
    } else if (json_is_number(v)) {
        snprintf(number, sizeof number, "%.15g", json_number_value(v));
        add_header(m, name, number);
    }
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
        add_value(m, name, json_array_get(v, i));
}

static void add_table(struct message *m, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach ((json_t *)table, key, v)
        add_value(m, key, v);
}

/* Names a header of the table that the noun does not have: a slip, not a wish. */
static bool check_headers(struct shift *s, const struct noun *n, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach ((json_t *)table, key, v) {
        bool known = str_has_prefix(key, "MaxRetry");
        for (int i = 0; i < n->count; i++)
            known |= (n->fields[i].flags & FIELD_INPUT) && n->fields[i].header &&
                     strcasecmp(n->fields[i].header, key) == 0;
        if (!known && s->error == NULL)
            s->error = xasprintf("%s: no such header", key);
    }
    return s->error == NULL;
}

/* Carries out a change as AMI does, until it is durable. */
static bool ask(struct shift *s, const struct noun *n, struct message *m, char *uuid,
                void (*fn)(struct engine *, const struct noun *, const struct message *,
                           noun_done *, void *)) {
    struct made_by made = {.shift = s, .uuid = uuid};
    message_done(m);
    fn(s->engine, n, m, on_made, &made);
    message_free(m);
    while (!made.done)
        loop_turn(s->loop, false);
    if (s->error) {
        char *error = xasprintf("%s: %s", n->words, s->error);
        free(s->error);
        s->error = error;
    }
    return s->error == NULL;
}

/* Where answered calls go: the first queue, unless the world says otherwise. */
static void destination_headers(struct shift *s, struct message *m) {
    const json_t *own = json_object_get(s->job->world, "destination");
    json_t *queue = json_object_get(s->job->world, "queue");
    const char *name = json_string_value(json_is_array(queue) ? json_array_get(queue, 0) : queue);
    add_header(m, "Name", "agents");
    if (own == NULL) {
        add_header(m, "Type", "1");
        add_header(m, "Application", "Queue");
        add_header(m, "Data", name ? name : "sales_1");
    }
    add_table(m, own);
}

static bool make_plan(struct shift *s) {
    static const struct {
        const char *name, *value;
    } usual[] = {{"Name", "simulated"}, {"TechName", "SIP/"},     {"DialTimeout", "30000"},
                 {"DialMode", "1"},     {"RetryDelay", "864000"}, {"MaxRetryCnt1", "1"}};
    struct message m = {0};
    json_t *all = json_object();
    const json_t *worlds = json_object_get(s->job->world, "plan");
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        json_object_set_new(all, usual[i].name, json_string(usual[i].value));
    if (worlds)
        json_object_update(all, (json_t *)(uintptr_t)worlds);
    json_object_update(all, s->job->plan->headers);
    add_table(&m, all);
    bool ok = check_headers(s, &noun_plan, all) &&
              ask(s, &noun_plan, &m, s->uuids[MADE_PLAN], noun_create);
    json_decref(all);
    return ok;
}

static bool make_rest(struct shift *s) {
    struct message m = {0};
    const json_t *own = json_object_get(s->job->world, "destination");
    add_header(&m, "Name", "list");
    if (!ask(s, &noun_dlma, &m, s->uuids[MADE_DLMA], noun_create) ||
        !check_headers(s, &noun_destination, own))
        return false;
    m = (struct message){0};
    destination_headers(s, &m);
    if (!ask(s, &noun_destination, &m, s->uuids[MADE_DESTINATION], noun_create))
        return false;
    m = (struct message){0};
    add_header(&m, "Name", "shift");
    add_header(&m, "Plan", s->uuids[MADE_PLAN]);
    add_header(&m, "Dlma", s->uuids[MADE_DLMA]);
    add_header(&m, "Dest", s->uuids[MADE_DESTINATION]);
    return ask(s, &noun_campaign, &m, s->uuids[MADE_CAMPAIGN], noun_create);
}

static bool start_campaign(struct shift *s) {
    struct message m = {0};
    add_header(&m, "Uuid", s->uuids[MADE_CAMPAIGN]);
    add_header(&m, "Status", "1");
    return ask(s, &noun_campaign, &m, NULL, noun_update);
}

/* ---- leads ---- */

struct fed {
    struct shift *shift;
    int count;
    struct lead *leads[LEADS_AHEAD];
};

/* They are in the store: they may be called. */
static void on_fed(void *arg, bool ok) {
    struct fed *f = arg;
    struct shift *s = f->shift;
    if (!ok && s->error == NULL)
        s->error = xstrdup("the database does not take the leads");
    for (int i = 0; i < f->count; i++) {
        lead_written(f->leads[i]);
        lead_release(f->leads[i]);
    }
    free(f);
    agenda_forget(s->engine, s->uuids[MADE_DLMA]);
    campaigns_kick_dlma(s->engine, s->uuids[MADE_DLMA]);
}

static struct lead *new_lead(struct shift *s) {
    char uuid[UUID_TEXT], number[24], now[TIME_TEXT];
    struct row *row = row_new(&noun_lead);
    engine_uuid(s->engine, uuid);
    time_text(now, engine_wall(s->engine));
    snprintf(number, sizeof number, "2%010lld", (long long)++s->leads);
    row_set_text(row, LEAD_UUID, uuid);
    row_set_text(row, LEAD_DLMA_UUID, s->uuids[MADE_DLMA]);
    row_set_text(row, LEAD_NUMBER_1, number);
    row_set_text(row, LEAD_TM_CREATE, now);
    row_set_int(row, LEAD_ID, store_next_lead_id(s->engine->store));
    return lead_hold_row(s->engine, row);
}

/* So many more, in one batch. */
static void feed(struct shift *s, int64_t count) {
    while (count > 0) {
        struct fed *f = xcalloc(1, sizeof *f);
        struct batch *b = batch_new();
        f->shift = s;
        for (; f->count < LEADS_AHEAD && count > 0; count--) {
            struct lead *l = f->leads[f->count++] = new_lead(s);
            lead_write(l, b);
        }
        store_submit(s->engine->store, b, on_fed, f);
    }
}

/* A list without an end: there are always some that nobody has called. */
static void on_feed(void *arg) {
    struct shift *s = arg;
    int64_t called = (int64_t)sim_tally(s->sim)->total.event[EVENT_DIAL];
    if (s->leads - called < LEADS_AHEAD)
        feed(s, LEADS_AHEAD);
    timer_set(&s->feed, FEED_EVERY);
}

/* ---- while it runs ---- */

/* Leads that need no further call. */
static int64_t finished_leads(struct shift *s) {
    const struct row *p = noun_find(s->engine, &noun_plan, s->uuids[MADE_PLAN]);
    int64_t max[LEAD_NUMBERS];
    for (int i = 0; i < LEAD_NUMBERS; i++)
        max[i] = row_int(p, PLAN_MAX_RETRY_CNT_1 + i);
    const struct campaign *c = map_get(&s->engine->campaigns, s->uuids[MADE_CAMPAIGN]);
    struct query q;
    query_begin(&q, s->engine->store, READ_LEAD_STATS, s->uuids[MADE_DLMA], max[0], max[1],
                max[2], max[3], max[4], max[5], max[6], max[7],
                c && c->agenda ? c->agenda->id : 0);
    int64_t n = query_step(&q) ? query_int(&q, 2) : 0;
    query_end(&q);
    return n;
}

static void on_sample(void *arg) {
    struct shift *s = arg;
    if (s->wanted)
        json_array_append_new(s->done, json_integer(finished_leads(s)));
    if (store_is_failing(s->engine->store) && s->error == NULL)
        s->error = xstrdup("the database cannot be written");
    if (s->error)
        loop_stop(s->loop);
    s->progress(s->arg, (double)s->clock.mono / (s->job->hours * 3600 * (double)NS_PER_S));
    timer_set(&s->sample, SECONDS(s->job->hours * 3600 / SAMPLES));
}

static void on_end(void *arg) { loop_stop(((struct shift *)arg)->loop); }

/* ---- setting up ---- */

static struct conn *on_dial(void *arg, const struct conn_events *ev, void *ev_arg) {
    struct shift *s = arg;
    struct conn *ends[2];
    conn_pair(s->loop, ends);
    conn_attach(ends[0], ev, ev_arg);
    sim_accept(s->sim, ends[1]);
    return ends[0];
}

/* The world's user, as the engine is to log in. */
static void user_of(const json_t *world, const char **name, const char **secret) {
    json_t *users = json_object_get(world, "users");
    void *first = json_object_iter(users);
    *name = first ? json_object_iter_key(first) : "astout";
    *secret = first ? json_string_value(json_object_iter_value(first)) : "astout";
}

/* astout.conf of the shift: what it does not say is as in any other. */
static struct conf *make_conf(struct shift *s) {
    const struct lab_shift *j = s->job;
    char *path = xasprintf("%s/%s.conf", j->scratch, j->tag);
    FILE *f = fopen(path, "w");
    if (f) {
        fputs("[general]\nresult_filename = results\nlog_level = warn\n"
              "[database]\ndb_sqlite3_data = unused\n[ami]\nenabled = no\n"
              "[scripts]\npath = .\n"
              "[asterisk:sim]\nusername = unset\nsecret = unset\noriginates = 10000\n", f);
        fclose(f);
    }
    struct conf *c = conf_load(path, &s->error);
    free(path);
    if (c == NULL)
        return NULL;
    if (j->abandon_limit >= 0)
        c->limits.abandon_limit = j->abandon_limit;
    const char *name, *secret;
    user_of(j->world, &name, &secret);
    xreplace(&c->asterisks[0].username, name);
    xreplace(&c->asterisks[0].secret, secret);
    xreplace(&c->scripts.path, j->plan->strategies);
    free(c->general.result_filename);
    c->general.result_filename =
        j->out ? xasprintf("%s/results-%s.jsonl", j->out, j->tag) : xstrdup("");
    return c;
}

/* ns since 1970. */
static bool start_time(struct shift *s, int64_t *wall) {
    const char *text = json_string_value(json_object_get(s->job->world, "start"));
    struct tm tm = {0};
    *wall = START * NS_PER_S;
    if (text == NULL)
        return true;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL || (*rest && strcmp(rest, "Z"))) {
        s->error = xasprintf("world: start: %s is no time like 2026-03-02T09:00:00", text);
        return false;
    }
    *wall = timegm(&tm) * NS_PER_S;
    return true;
}

static bool open_log(struct shift *s) {
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

static bool open_engine(struct shift *s) {
    struct engine_options options = {
        .seed = &s->job->seed, .in_memory = true, .dial = on_dial, .dial_arg = s};
    s->conf = make_conf(s);
    if (s->conf == NULL)
        return false;
    s->engine = engine_open(s->loop, &s->log, s->conf, &options, &s->error);
    if (s->engine == NULL)
        return false;
    s->engine->out.arg = s;
    s->engine->out.decision = s->job->out ? on_decision : NULL;
    if (s->job->is_timed)
        labtime_begin(&s->time, s->engine);
    return true;
}

/* Everything up to the moment when the campaign starts. A script that does not load is
 * an error here: its built-in is not what was to be tried. */
static bool set_up(struct shift *s) {
    const struct lab_shift *j = s->job;
    int64_t wall;
    if (!start_time(s, &wall) || !open_log(s))
        return false;
    clock_virtual(&s->clock, wall);
    s->loop = loop_new(&s->clock, &s->log);
    struct sim_config sc = {.world = j->world, .seed = j->seed, .dialect = 16};
    s->sim = sim_new(s->loop, &sc, &s->error);
    if (s->sim == NULL || !open_engine(s) || !make_plan(s))
        return false;
    if (s->log_lines) {
        s->error = xstrdup("the plan's scripts do not load");
        return false;
    }
    if (!make_rest(s))
        return false;
    s->wanted = json_integer_value(json_object_get(j->world, "leads"));
    s->done = json_array();
    feed(s, s->wanted ? s->wanted : LEADS_AHEAD);
    timer_init(&s->feed, s->loop, on_feed, s);
    timer_init(&s->sample, s->loop, on_sample, s);
    timer_init(&s->end, s->loop, on_end, s);
    if (s->wanted == 0)
        timer_set(&s->feed, FEED_EVERY);
    timer_set(&s->sample, 0);
    timer_set(&s->end, SECONDS(j->hours * 3600));
    return start_campaign(s);
}

/* ---- what came of it ---- */

static json_t *level_series(const struct tally *t, enum tally_level l) {
    json_t *out = json_array();
    for (size_t i = 0; i < t->bin_count; i++)
        json_array_append_new(out, json_real(t->bins[i].level[l] / TALLY_BIN));
    return out;
}

static json_t *event_series(const struct tally *t, enum tally_event e) {
    json_t *out = json_array();
    for (size_t i = 0; i < t->bin_count; i++)
        json_array_append_new(out, json_integer(t->bins[i].event[e]));
    return out;
}

/* Minute by minute. */
static json_t *series(const struct tally *t) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "agents",
                     level_series(t, LEVEL_AGENTS), "talking", level_series(t, LEVEL_TALKING),
                     "wrapup", level_series(t, LEVEL_WRAPUP), "ringing",
                     level_series(t, LEVEL_RINGING), "up", level_series(t, LEVEL_UP), "dials",
                     event_series(t, EVENT_DIAL), "answers", event_series(t, EVENT_ANSWER),
                     "abandoned", event_series(t, EVENT_ABANDON));
}

static json_t *waits(const struct tally *t) {
    json_t *out = json_array();
    for (size_t i = 0; i < TALLY_WAITS; i++)
        json_array_append_new(out, json_integer(t->waits[i]));
    return out;
}

static double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/* How often the campaign decided. */
static json_int_t decisions(const struct shift *s) {
    const struct campaign *c = map_get(&s->engine->campaigns, s->uuids[MADE_CAMPAIGN]);
    json_int_t n = 0;
    for (int r = 0; r < REASON_COUNT; r++)
        n += c->reasons[r];
    return n;
}

static json_t *outcome(struct shift *s) {
    const struct tally *t = sim_tally(s->sim);
    const unsigned *n = t->total.event;
    const double *level = t->total.level;
    double worked = level[LEVEL_TALKING] + level[LEVEL_WRAPUP];
    json_t *o = json_pack(
        "{s:I, s:f, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I}", "seed",
        (json_int_t)s->job->seed, "utilisation", share(worked, level[LEVEL_AGENTS]), "abandoned",
        share(n[EVENT_ABANDON], n[EVENT_ANSWER]), "answers", (json_int_t)n[EVENT_ANSWER], "dials",
        (json_int_t)n[EVENT_DIAL], "wait_mean", share(t->wait_sum, t->wait_count),
        "abandoned_calls", (json_int_t)n[EVENT_ABANDON], "connected", (json_int_t)n[EVENT_CONNECT],
        "machines", (json_int_t)n[EVENT_MACHINE], "mistaken", (json_int_t)n[EVENT_MISTAKEN],
        "agent_hours", level[LEVEL_AGENTS] / 3600, "talk_hours", level[LEVEL_TALKING] / 3600,
        "decisions", decisions(s), "warnings", (json_int_t)s->log_lines, "leads",
        (json_int_t)(s->wanted ? s->wanted : 0));
    json_object_set_new(o, "series", series(t));
    json_object_set_new(o, "waits", waits(t));
    json_object_set(o, "finished", s->done);
    if (s->job->is_timed)
        json_object_set_new(o, "timing", labtime_json(&s->time));
    return o;
}

/* The ledger outlives the shift where somebody wants to look at it, or to learn from it. */
static void keep_ledger(struct shift *s) {
    if (s->job->out == NULL || s->error)
        return;
    char *path = xasprintf("%s/ledger-%s.sqlite3", s->job->out, s->job->tag);
    unlink(path);
    if (!store_save(s->engine->store, path, &s->error))
        log_error(&s->log, "%s", s->error);
    free(path);
}

static void tear_down(struct shift *s) {
    engine_free(s->engine);
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
    s.log = (struct log){.level = LOG_WARN, .sink = on_log, .arg = &s};
    if (set_up(&s)) {
        loop_run(s.loop);
        keep_ledger(&s);
        out = s.error ? NULL : outcome(&s);
    }
    tear_down(&s);
    if (out == NULL)
        *err = s.error ? s.error : xstrdup("the shift ended before its time");
    return out;
}
