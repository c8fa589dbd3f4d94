/* Statistics of a campaign against a count of the tables: after whatever happened to its list,
 * while calls run, and after the engine was killed. Real time, beside a simulated Asterisk. */
#include "dialer.h"

#include <sqlite3.h>

#include "dialer/list/stats.h"
#include "sim/sim.h"
#include "store/backend.h"
#include "store/sqlite/sqlite.h"

#define LEADS 60
#define CAMPAIGNS 2

static struct office o;
static struct sim *sim;
static struct asked plans[CAMPAIGNS], camps[CAMPAIGNS], dlma, dest, leads[LEADS];
static int lead_count;
static struct chance dice;

static int any(int n) { return (int)(chance_next(&dice) % (uint64_t)n); }

/* ---- setting up ---- */

static void write_conf(int port) {
    char *here = realpath(".", NULL), *path = xasprintf("%s/astout.conf", o.folder);
    char *text = xasprintf("[general]\nresult_filename = results\n"
                           "[database]\ndb_sqlite3_data = db\ndurability = normal\n"
                           "[ami]\nenabled = no\n[scripts]\npath = %s/strategies\n"
                           "[asterisk:main]\nport = %d\nusername = astout\nsecret = astout\n",
                           here, port);
    char *err = NULL;
    write_file(path, text);
    o.conf = conf_load(path, &err);
    if (o.conf == NULL)
        fail_msg("%s", err);
    free(text);
    free(path);
    free(here);
}

static struct asked make(const struct noun *n, enum change_verb verb, const char *fmt, ...)
    PRINTF(3, 4);

static struct asked make(const struct noun *n, enum change_verb verb, const char *fmt, ...) {
    va_list ap;
    char *text = NULL;
    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) > 0);
    va_end(ap);
    struct asked a = ask(&o, n, verb, text);
    free(text);
    return a;
}

static void begin(uint64_t seed) {
    static const char world[] = "{\"talk\": {\"mean\": 0.02, \"cv\": 1},"
                                " \"ring\": {\"mean\": 0.01, \"cv\": 1}}";
    char *err = NULL;
    chance_seed(&dice, seed);
    memset(&o, 0, sizeof o);
    lead_count = 0;
    strcpy(o.folder, "/tmp/astout-stats-XXXXXX");
    assert_non_null(mkdtemp(o.folder));
    house_begin(&o.h, false);
    json_t *table = json_loads(world, 0, NULL);
    const struct sim_config config = {.host = "127.0.0.1", .world = table, .dialect = 16};
    sim = sim_new(o.h.loop, &config, &err);
    if (sim == NULL)
        fail_msg("%s", err);
    json_decref(table);
    write_conf(sim_port(sim));
    office_start(&o);
    dlma = make(&noun_dlma, CHANGE_CREATE, "Name: list\n");
    dest = make(&noun_destination, CHANGE_CREATE, "Type: 1\nApplication: Wait\nData: 1\n");
    for (int i = 0; i < CAMPAIGNS; i++) {
        plans[i] = make(&noun_plan, CHANGE_CREATE,
                        "DialMode: 4\nTechName: SIP/\nRetryDelay: 0\nDialTimeout: 200\n"
                        "MaxRetry1: %d\n",
                        1 + i);
        camps[i] = make(&noun_campaign, CHANGE_CREATE, "Plan: %s\nDlma: %s\nDest: %s\n",
                        plans[i].uuid, dlma.uuid, dest.uuid);
    }
}

static void finish(void) {
    office_stop(&o);
    sim_free(sim);
    settle(&o.h);
    conf_free(o.conf);
    house_end(&o.h);
    remove_folder(o.folder);
}

/* ---- counting ---- */

struct answer {
    bool done;
    struct stats stats;
};

static void on_stats(void *arg, const struct stats *s, const char *error) {
    struct answer *a = arg;
    if (error)
        fail_msg("%s", error);
    a->stats = *s;
    a->done = true;
}

/* The same from the tables, by the rules of the plan. */
static struct stats recount(const struct campaign *c) {
    sqlite3 *db;
    sqlite3_stmt *st;
    const struct plan *p = map_get(&o.engine->plans, row_text(c->item.row, CAMPAIGN_PLAN));
    char *sql = xasprintf(
        "SELECT count(*), coalesce(sum(status != 1 AND (res_dial = 4 OR number_1 IS NULL"
        " OR coalesce(res_dial_detail, '') = 'unknown' OR trycnt_1 >= %lld)), 0),"
        " coalesce(sum(status = 1), 0), coalesce(sum(trycnt_1), 0)"
        " FROM dl_list WHERE in_use = 1",
        (long long)row_int(p->item.row, PLAN_MAX_RETRY_CNT_1));
    assert_int_equal(sqlite3_open_v2(o.conf->database.db_sqlite3_data, &db,
                                     SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    struct stats s = {.total = sqlite3_column_int64(st, 0),
                      .finished = sqlite3_column_int64(st, 1),
                      .dialing = sqlite3_column_int64(st, 2),
                      .tries = sqlite3_column_int64(st, 3)};
    sqlite3_finalize(st);
    sqlite3_close(db);
    free(sql);
    return s;
}

/* Compared in a moment in which nothing is written. */
static void check(const char *when) {
    for (int i = 0; i < CAMPAIGNS; i++) {
        const struct campaign *c = map_get(&o.engine->campaigns, camps[i].uuid);
        struct answer a;
        struct stats s;
        int64_t batches;
        do {
            a = (struct answer){0};
            batches = o.engine->store->batches;
            stats_read(c, on_stats, &a);
            UNTIL(&o.h, a.done);
            s = recount(c);
        } while (batches != o.engine->store->batches);
        if (memcmp(&s, &a.stats, sizeof s))
            fail_msg("%s, campaign %d: %lld leads, %lld finished, %lld in calls, %lld tries;"
                     " counted %lld, %lld, %lld, %lld",
                     when, i, (long long)a.stats.total, (long long)a.stats.finished,
                     (long long)a.stats.dialing, (long long)a.stats.tries, (long long)s.total,
                     (long long)s.finished, (long long)s.dialing, (long long)s.tries);
    }
}

static void on_fault(void *arg, const char *fault) { fail_msg("%s%s", (char *)arg, fault); }

/* ---- what happens ---- */

static void add_some(void) {
    static const char *const numbers[] = {"310", "302", "311", "313", "317"};
    for (int n = 1 + any(6); n && lead_count < LEADS; n--)
        leads[lead_count++] = make(&noun_lead, CHANGE_CREATE, "DlmaUuid: %s\nNumber1: %s\n",
                                   dlma.uuid, numbers[any(5)]);
}

/* One that is being called may not be deleted. */
static void delete_one(void) {
    struct asked a;
    if (lead_count == 0)
        return;
    char *text = xasprintf("Uuid: %s\n", leads[any(lead_count)].uuid);
    ask_begin(&o, &a, &noun_lead, CHANGE_DELETE, text);
    UNTIL(&o.h, a.done);
    free(a.error);
    free(text);
}

static void edit_one(void) {
    struct asked a;
    if (lead_count == 0)
        return;
    char *text = xasprintf("Uuid: %s\nNumber1: %s\n", leads[any(lead_count)].uuid,
                           any(2) ? "310" : "302");
    ask_begin(&o, &a, &noun_lead, CHANGE_UPDATE, text);
    UNTIL(&o.h, a.done);
    free(a.error);
    free(text);
}

static void change_plan(void) {
    make(&noun_plan, CHANGE_UPDATE, "Uuid: %s\nMaxRetry1: %d\n", plans[any(CAMPAIGNS)].uuid,
         1 + any(3));
}

static void change_status(void) {
    static const int statuses[] = {1, 1, 1, 0, 2};
    make(&noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: %d\n", camps[any(CAMPAIGNS)].uuid,
         statuses[any(5)]);
}

/* Until so many batches more have been written, or nothing happens any more. */
static void go_on(void) {
    int64_t until = o.engine->store->batches + any(40);
    int64_t limit = o.h.clock.mono + SECONDS(0.3);
    UNTIL(&o.h, o.engine->store->batches >= until || o.h.clock.mono > limit);
}

/* What was durable at this moment is all that is left. */
static void kill_it(void) {
    sqlite3 *from, *to;
    char *path = xasprintf("%s/copy", o.folder);
    assert_int_equal(sqlite3_open(o.conf->database.db_sqlite3_data, &from), SQLITE_OK);
    assert_int_equal(sqlite3_open(path, &to), SQLITE_OK);
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    assert_int_equal(sqlite3_backup_step(copy, -1), SQLITE_DONE);
    sqlite3_backup_finish(copy);
    sqlite3_close(from);
    sqlite3_close(to);
    dialer_close(o.engine);
    settle(&o.h);
    assert_int_equal(rename(path, o.conf->database.db_sqlite3_data), 0);
    free(path);
    office_start(&o);
}

static void (*const steps[])(void) = {add_some, add_some,    change_status, change_status,
                                      go_on,    go_on,       go_on,         delete_one,
                                      edit_one, change_plan, kill_it};
static const char *const step_names[] = {"added",   "added",   "status",  "status",
                                         "went on", "went on", "went on", "deleted",
                                         "edited",  "plan",    "killed"};

static void test_random(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        begin(seed);
        add_some();
        for (int i = 0; i < 40; i++) {
            int step = any((int)ARRAY_LEN(steps));
            steps[step]();
            check(step_names[step]);
        }
        char *err = NULL, *db = xstrdup(o.conf->database.db_sqlite3_data),
             words[] = "counters: ";
        assert_true(sqlite_check(db, on_fault, words, &err));
        free(db);
        finish();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
