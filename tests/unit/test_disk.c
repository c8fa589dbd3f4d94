/* An engine on a disk that fails, or that somebody else writes to as well: what is dialled, what
 * is answered, and that it goes on by itself. Real threads, beside a server that plays Asterisk. */
#include "badvfs.h"
#include "dialer.h"

#include "ami/server.h"
#include "dialer/call/dialing.h"
#include "dialer/list/stats.h"
#include "store/backend.h"

static struct office o;
static struct asked plan, dlma, dest, camp, lead;
static int originates;
static char channel[64]; /* of the latest one */

static void run_originate(void *arg, struct answer *a, const struct message *m) {
    (void)arg;
    originates++;
    snprintf(channel, sizeof channel, "%s", message_text(m, "Channel"));
    answer_success(a, "Originate successfully queued");
}

static void run_list(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    answer_list(a, "List will follow");
    answer_complete(a, "ListComplete", 0);
}

static const struct action table[] = {{"Originate", 0, run_originate, "", NULL},
                                      {"CoreShowChannels", 0, run_list, "", NULL},
                                      {"QueueStatus", 0, run_list, "", NULL},
                                      {0}};
static const struct action *const tables[] = {table, NULL};

static struct campaign *campaign(void) { return map_get(&o.engine->campaigns, camp.uuid); }

static void set_status(int status) {
    char *text = xasprintf("Uuid: %s\nStatus: %d\n", camp.uuid, status);
    ask(&o, &noun_campaign, CHANGE_UPDATE, text);
    free(text);
}

/* A campaign with one lead, whose agenda is built; it is paused. */
static int begin(void **state) {
    (void)state;
    originates = 0;
    bad_disk_begin();
    office_begin(&o, tables);
    office_start(&o);
    plan = ask(&o, &noun_plan, CHANGE_CREATE, "DialMode: 4\nTechName: SIP/\nMaxRetry1: 3\n");
    dlma = ask(&o, &noun_dlma, CHANGE_CREATE, "Name: list\n");
    dest = ask(&o, &noun_destination, CHANGE_CREATE, "Type: 1\nApplication: Wait\nData: 2\n");
    char *text = xasprintf("Plan: %s\nDlma: %s\nDest: %s\n", plan.uuid, dlma.uuid, dest.uuid);
    camp = ask(&o, &noun_campaign, CHANGE_CREATE, text);
    free(text);
    text = xasprintf("DlmaUuid: %s\nNumber1: 1\n", dlma.uuid);
    lead = ask(&o, &noun_lead, CHANGE_CREATE, text);
    free(text);
    set_status(2);
    UNTIL(&o.h, campaign_status(campaign()) == CAMPAIGN_PAUSE && campaign()->agenda->complete);
    return 0;
}

static int end(void **state) {
    (void)state;
    bad_disk_set(&bad_disk.reads_fail, false);
    bad_disk_set(&bad_disk.writes_fail, false);
    bad_disk_set(&bad_disk.hold, false);
    office_end(&o);
    bad_disk_end();
    return 0;
}

/* As somebody else who has opened the database; makes the engine read its pages again. */
static void others_do(const char *sql) {
    sqlite3 *other;
    char *err = NULL;
    assert_int_equal(sqlite3_open(o.conf->database.db_sqlite3_data, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 10000);
    if (sqlite3_exec(other, sql, NULL, NULL, &err) != SQLITE_OK)
        fail_msg("%s: %s", sql, err);
    sqlite3_close(other);
}

/* The next leads cannot be read. The campaign neither ends nor dials, and goes on when they
 * can, with nobody's help. */
static void test_reads_fail(void **state) {
    (void)state;
    campaign()->cap.rest = INT64_MAX; /* has not asked for a lead yet */
    set_status(1);
    UNTIL(&o.h, campaign()->reason == REASON_CONGESTION);
    others_do("UPDATE dl_list SET name = 'x', version = version + 1");
    bad_disk_set(&bad_disk.reads_fail, true);
    campaign()->cap.rest = 0;
    campaign_kick(campaign());
    UNTIL(&o.h, strstr(str_get(&o.h.said), "the next leads of list"));
    assert_true(store_is_failing(o.engine->store));
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
    assert_int_equal(originates, 0);
    bad_disk_set(&bad_disk.reads_fail, false);
    UNTIL(&o.h, originates == 1);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
}

struct seen {
    int stats, leads;
    struct stats s;
};

static void on_stats(void *arg, const struct stats *s, const char *error) {
    struct seen *seen = arg;
    assert_null(error);
    seen->stats++;
    seen->s = *s;
}

static void on_lead(void *arg, struct lead *l, const char *error) {
    assert_null(error);
    assert_string_equal(row_text(l->row, LEAD_NUMBER_1), "1");
    ((struct seen *)arg)->leads++;
    lead_release(l);
}

static void on_rows(void *arg, enum read_end how, const struct rows *rows) {
    assert_int_equal(how, READ_ROWS);
    *(int *)arg = rows_count(rows);
}

/* Nothing can be written: nothing is dialled, people get what is durable, and afterwards it goes
 * on by itself. */
static void test_writes_fail(void **state) {
    (void)state;
    struct seen seen = {0};
    struct asked made;
    int listed = -1;
    char *text = xasprintf("DlmaUuid: %s\nNumber1: 2\n", dlma.uuid);
    set_status(1);
    UNTIL(&o.h, originates == 1);
    bad_disk_set(&bad_disk.writes_fail, true);
    ask_begin(&o, &made, &noun_lead, CHANGE_CREATE, text);
    UNTIL(&o.h, store_is_failing(o.engine->store));
    stats_read(campaign(), on_stats, &seen);
    lead_fetch(o.engine, lead.uuid, true, on_lead, &seen);
    store_read(o.engine->store, LANE_READ | READ_DURABLE, &read_leads,
               BIND(ARG_INT("after", 0), ARG_INT("limit", 50)), on_rows, &listed);
    UNTIL(&o.h, seen.stats && seen.leads && listed >= 0);
    assert_int_equal(listed, 1);
    assert_int_equal(seen.s.total, 1);
    assert_false(made.done);
    campaign_kick(campaign());
    UNTIL(&o.h, campaign()->reason == REASON_STORE);
    assert_int_equal(originates, 1);
    bad_disk_set(&bad_disk.writes_fail, false);
    UNTIL(&o.h, made.done && originates == 2);
    free(text);
}

/* The reservation takes its time. Nothing leaves by it; by the next one it does. */
static void test_slow(void **state) {
    (void)state;
    set_status(1);
    UNTIL(&o.h, o.engine->dialings.count);
    struct dialing *d = o.engine->dialings.first->value;
    assert_int_equal(d->stage, STAGE_RESERVED); /* its answer comes in a later turn */
    d->reserved -= SECONDS(3);
    UNTIL(&o.h, strstr(str_get(&o.h.said), "took more than 2 s") || originates);
    assert_int_equal(originates, 0);
    UNTIL(&o.h, originates == 1);
    struct row *r = lead_row(&o, lead.uuid);
    assert_int_equal(row_int(r, LEAD_TRYCNT_1), 1);
    row_free(r);
}

/* Somebody else writes the lead between the reading and the reservation. */
static void test_refused(void **state) {
    (void)state;
    int64_t next;
    (void)!agenda_has_next(campaign()->agenda, &next);
    UNTIL(&o.h, campaign()->agenda->known && campaign()->agenda->reads[1] == NULL);
    others_do("UPDATE dl_list SET number_1 = '2', version = version + 1");
    set_status(1);
    UNTIL(&o.h, originates == 1);
    assert_string_equal(channel, "SIP/2");
    assert_non_null(strstr(o.h.said.s, "somebody else changed the lead meanwhile"));
    struct row *r = lead_row(&o, lead.uuid);
    assert_int_equal(row_int(r, LEAD_TRYCNT_1), 1);
    row_free(r);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_reads_fail),
        TEST(test_writes_fail),
        TEST(test_slow),
        TEST(test_refused),
    };
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
