/* An engine and a simulated Asterisk on a virtual clock, with one campaign, and a store that
 * does all its work at the end of the turn: unless it is held up, or its disk fails. */
#ifndef TESTS_FLOOR_H
#define TESTS_FLOOR_H

#include "dialer.h"

#include "dialer/call/dialing.h"
#include "dialer/core/event.h"
#include "dialer/pace/limits.h"
#include "sim/sim.h"
#include "store/sqlite/inner.h"
#include "store/sqlite/sqlite.h"

#define EVENT_COUNT TALLY_EVENT_COUNT /* two enums have that name */
#include "sim/tally.h"
#undef EVENT_COUNT

static struct office o;
static struct sim *sim;
static struct asked plan, dlma, dest, camp;

static struct {
    struct executor executor;
    struct backend backend;
    bool reads_fail, writes_fail;
    bool hold_calls, hold_offers;          /* from the first reservation on */
    const struct statement *hold_reads_of; /* from the first read of that on */
    bool held;                             /* what is asked for is only noted */
    int windows;                           /* refills that were carried out */
    int leads;                             /* reads of one lead */
    int failed;                            /* reads; after 10,000 the disk works again */
} disk;
static int told[EVENT_COUNT]; /* events by kind */

/* ---- the store ---- */

TOOL void hold_store(void) {
    disk.held = true;
    task_cancel(&o.engine->store->turn.task);
}

TOOL void release_store(void) {
    disk.held = disk.hold_calls = disk.hold_offers = false;
    disk.hold_reads_of = NULL;
    task_queue(&o.engine->store->turn.task);
}

TOOL void on_submit(struct store *s, struct job *job) {
    bool is_it = job->is_read && job_read(job)->statement == disk.hold_reads_of;
    is_it |= (disk.hold_calls && o.engine->dialings.count) ||
             (disk.hold_offers && o.engine->previews.count);
    if (!disk.held && is_it)
        hold_store();
    if (disk.held)
        TAILQ_INSERT_TAIL(&s->turn.todo, job, link);
    else
        executor_inline.submit(s, job);
}

TOOL bool on_write(struct writer *w, struct jobs *batches, char **err) {
    if (!disk.writes_fail)
        return sqlite_backend.write(w, batches, err);
    *err = xstrdup("database or disk is full");
    return false;
}

TOOL enum read_fate on_read(struct reader *r, struct read *read, bool is_recorded,
                            int64_t limit) {
    disk.windows += read->statement == &read_window;
    disk.leads += read->statement == &read_lead_by_uuid;
    disk.failed += disk.reads_fail;
    if (!disk.reads_fail || disk.failed > 10000)
        return sqlite_backend.read(r, read, is_recorded, limit);
    read->rows = rows_new(read->statement);
    rows_fail(read->rows, "disk I/O error");
    read->end = READ_FAILED;
    return FATE_DISK;
}

TOOL void lie_in_wait(struct store *s) {
    disk.executor = executor_inline;
    disk.executor.submit = on_submit;
    disk.backend = sqlite_backend;
    disk.backend.write = on_write;
    disk.backend.read = on_read;
    s->executor = &disk.executor;
    s->backend = &disk.backend;
}

/* As somebody else who has opened the database. */
TOOL void others_do(const char *sql) {
    char *err = NULL;
    if (sqlite3_exec(writer_db(o.engine->store->writer), sql, NULL, NULL, &err) != SQLITE_OK)
        fail_msg("%s: %s", sql, err);
}

/* One number from the database, as it is on the disk now. */
TOOL int64_t stored(const char *sql) {
    sqlite3_stmt *st;
    sqlite3 *db = writer_db(o.engine->store->writer);
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* ---- the floor ---- */

TOOL struct conn *on_dial(void *arg, const struct conn_events *ev, void *ev_arg) {
    struct conn *ends[2];
    (void)arg;
    conn_pair(o.h.loop, ends);
    conn_attach(ends[0], ev, ev_arg);
    sim_accept(sim, ends[1]);
    return ends[0];
}

TOOL void on_event(void *arg, const struct event *ev) {
    (void)arg;
    told[ev->kind]++;
}

/* Calls that the simulated Asterisk has begun. */
TOOL int dialled(void) { return (int)sim_tally(sim)->total.event[EVENT_DIAL]; }

TOOL void floor_open_engine(void) {
    static const uint64_t seed = 1;
    const struct engine_options options = {.seed = &seed, .in_memory = true, .dial = on_dial};
    char *err = NULL;
    o.engine = dialer_open(o.h.loop, &o.h.log, o.conf, &options, &err);
    if (o.engine == NULL)
        fail_msg("%s", err);
    lie_in_wait(o.engine->store);
    o.engine->out.event = on_event;
    settle(&o.h);
}

/* The engine is in touch with Asterisk; there is no campaign yet. 310 is busy, 302 answers. */
TOOL void floor_begin(void) {
    char *err = NULL, *path;
    json_t *world =
        json_loads("{\"talk\": {\"mean\": 2, \"cv\": 0}, \"ring\": {\"mean\": 1, \"cv\": 0}}",
                   0, NULL);
    const struct sim_config config = {.world = world, .seed = 1, .dialect = 16};
    memset(&disk, 0, sizeof disk);
    memset(told, 0, sizeof told);
    memset(&o, 0, sizeof o);
    strcpy(o.folder, "/tmp/astout-floor-XXXXXX");
    assert_non_null(mkdtemp(o.folder));
    house_begin(&o.h, true);
    sim = sim_new(o.h.loop, &config, &err);
    assert_non_null(sim);
    json_decref(world);
    char *here = realpath(".", NULL);
    char *text = xasprintf("[general]\nresult_filename = results\n"
                           "[database]\ndb_sqlite3_data = unused\n[ami]\nenabled = no\n"
                           "[scripts]\npath = %s/strategies\n"
                           "[asterisk:main]\nusername = astout\nsecret = astout\n",
                           here);
    path = xasprintf("%s/astout.conf", o.folder);
    write_file(path, text);
    o.conf = conf_load(path, &err);
    if (o.conf == NULL)
        fail_msg("%s", err);
    free(path);
    free(text);
    free(here);
    floor_open_engine();
    pass(&o.h, SECONDS(1)); /* logged in */
}

TOOL void floor_end(void) {
    o.h.passed = false;
    disk.reads_fail = disk.writes_fail = false;
    release_store();
    dialer_leave(o.engine, office_gone, &o.h);
    while (!o.h.passed)
        loop_turn(o.h.loop, true);
    dialer_close(o.engine);
    settle(&o.h);
    sim_free(sim);
    settle(&o.h);
    conf_free(o.conf);
    house_end(&o.h);
    remove_folder(o.folder);
}

/* ---- a campaign ---- */

/* Asks with printf's headers; waits. */
TOOL PRINTF(3, 4) struct asked
    askf(const struct noun *n, enum change_verb verb, const char *fmt, ...) {
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) > 0);
    va_end(ap);
    struct asked a = ask(&o, n, verb, text);
    free(text);
    return a;
}

/* The same, not waited for. */
TOOL PRINTF(4, 5) void begin_askf(struct asked *a, const struct noun *n, enum change_verb verb,
                                  const char *fmt, ...) {
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) > 0);
    va_end(ap);
    ask_begin(&o, a, n, verb, text);
    free(text);
}

/* A plan that calls all there are, a list, and a campaign that is stopped. */
TOOL void make_campaign(const char *of_plan) {
    plan = askf(&noun_plan, CHANGE_CREATE, "DialMode: 4\nTechName: SIP/\nMaxRetry1: 3\n%s",
                of_plan);
    dlma = askf(&noun_dlma, CHANGE_CREATE, "Name: list\n");
    dest = askf(&noun_destination, CHANGE_CREATE, "Type: 1\nApplication: Wait\nData: 2\n");
    camp = askf(&noun_campaign, CHANGE_CREATE, "Plan: %s\nDlma: %s\nDest: %s\n", plan.uuid,
                dlma.uuid, dest.uuid);
}

TOOL struct asked make_lead(const char *number) {
    return askf(&noun_lead, CHANGE_CREATE, "DlmaUuid: %s\nNumber1: %s\n", dlma.uuid, number);
}

TOOL struct campaign *campaign(void) { return map_get(&o.engine->campaigns, camp.uuid); }

TOOL void set_status(const char *uuid, int status) {
    askf(&noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: %d\n", uuid, status);
}

/* The call that there is. */
TOOL struct dialing *the_call(void) {
    assert_int_equal(o.engine->dialings.count, 1);
    return o.engine->dialings.first->value;
}

/* A field of a lead as it is in the database, a number. */
TOOL int64_t lead_int(const struct asked *lead, int field) {
    struct row *r = lead_row(&o, lead->uuid);
    int64_t n = row_int(r, field);
    row_free(r);
    return n;
}

TOOL void was_said(const char *words) {
    if (strstr(str_get(&o.h.said), words) == NULL)
        fail_msg("'%s' was not said:\n%s", words, str_get(&o.h.said));
}

/* [limits] as after a reload of the configuration. */
TOOL void reload_limits(const char *quiet, const char *do_not_call) {
    char *err = NULL;
    xreplace(&o.conf->limits.quiet, quiet);
    xreplace(&o.conf->limits.do_not_call, do_not_call);
    if (!limits_open(o.engine, o.conf, &err))
        fail_msg("%s", err);
    dialer_conf_changed(o.engine);
}

#endif
