/* What the engine does when it is not sure: a write that was refused since somebody else has
 * written the lead, a disk that does not answer, and the end of a list. */
#include "floor.h"

#include "dialer/list/stats.h"

static struct asked lead;

static int end(void **state) {
    (void)state;
    floor_end();
    return 0;
}

static struct asked make_other_campaign(const char *of_plan) {
    struct asked p =
        askf(&noun_plan, CHANGE_CREATE, "DialMode: 4\nTechName: SIP/\n%s", of_plan);
    return askf(&noun_campaign, CHANGE_CREATE, "Plan: %s\nDlma: %s\nDest: %s\n", p.uuid,
                dlma.uuid, dest.uuid);
}

static struct campaign *find(const struct asked *c) {
    return map_get(&o.engine->campaigns, c->uuid);
}

/* ---- written by somebody else ---- */

/* A reservation stands before the disk, and somebody does that before it gets there. */
static void begin_refused(const char *sql) {
    floor_begin();
    make_campaign("");
    lead = make_lead("310");
    set_status(camp.uuid, 2); /* its agenda is built */
    disk.hold_calls = true;
    struct asked started;
    begin_askf(&started, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 1\n", camp.uuid);
    UNTIL(&o.h, disk.held);
    memset(told, 0, sizeof told);
    others_do(sql);
}

/* The store refuses it: nothing was sent, nothing was told, no try is counted. */
static void is_refused(void) {
    campaign()->cap.rest = INT64_MAX;
    release_store();
    settle(&o.h);
    was_said("somebody else changed the lead meanwhile");
    assert_int_equal(dialled(), 0);
    assert_int_equal(told[EVENT_DIALING_CREATE] + told[EVENT_DIALING_UPDATE] +
                         told[EVENT_DIALING_DELETE] + told[EVENT_LEAD_UPDATE],
                     0);
    assert_int_equal(stored("SELECT count(*) FROM dialing"), 0);
    assert_int_equal(o.engine->dialings.count, 0);
    assert_int_equal(campaign()->live, 0);
    assert_int_equal(campaign()->open, 0);
    assert_int_equal(o.engine->leads.count, 0);
    campaign()->cap.rest = 0;
    campaign_kick(campaign());
}

/* It is read again, and called as it now is. */
static void test_refused(void **state) {
    (void)state;
    begin_refused("UPDATE dl_list SET number_1 = '302', version = version + 1");
    is_refused();
    UNTIL(&o.h, dialled() == 1);
    assert_string_equal(dialing_text(the_call(), "dial_addr"), "302");
    UNTIL(&o.h, lead_int(&lead, LEAD_RES_DIAL) == 4);
    assert_int_equal(lead_int(&lead, LEAD_TRYCNT_1), 1);
}

/* Its tries are used up by now: it is not called, and the list is at its end. */
static void test_refused_used_up(void **state) {
    (void)state;
    begin_refused("UPDATE dl_list SET trycnt_1 = 3, version = version + 1");
    is_refused();
    UNTIL(&o.h, campaign_status(campaign()) == CAMPAIGN_STOP);
    assert_int_equal(dialled(), 0);
}

static void test_refused_deleted(void **state) {
    (void)state;
    begin_refused("UPDATE dl_list SET in_use = 0, version = version + 1");
    is_refused();
    UNTIL(&o.h, campaign_status(campaign()) == CAMPAIGN_STOP);
    assert_int_equal(dialled(), 0);
}

static void test_refused_gone(void **state) {
    (void)state;
    begin_refused("DELETE FROM dl_list");
    is_refused();
    UNTIL(&o.h, campaign_status(campaign()) == CAMPAIGN_STOP);
    assert_int_equal(dialled(), 0);
}

/* Another engine is calling it. */
static void test_refused_reserved(void **state) {
    (void)state;
    begin_refused("UPDATE dl_list SET status = 1, version = version + 1");
    is_refused();
    pass(&o.h, SECONDS(10));
    assert_int_equal(dialled(), 0);
    assert_int_equal(lead_int(&lead, LEAD_STATUS), 1);
}

/* An edit of our own came behind the reservation: it must not make the lead's place go. */
static void test_refused_and_edited(void **state) {
    (void)state;
    begin_refused("UPDATE dl_list SET name = 'Jane', version = version + 1");
    struct asked edit;
    begin_askf(&edit, &noun_lead, CHANGE_UPDATE, "Uuid: %s\nNumber1: 302\n", lead.uuid);
    campaign()->cap.rest = INT64_MAX;
    release_store();
    UNTIL(&o.h, edit.done);
    assert_null(edit.error);
    settle(&o.h);
    struct row *r = lead_row(&o, lead.uuid);
    assert_string_equal(row_text(r, LEAD_NAME), "Jane");
    assert_string_equal(row_text(r, LEAD_NUMBER_1), "302");
    assert_int_equal(row_int(r, LEAD_STATUS), 0);
    row_free(r);
    campaign()->cap.rest = 0;
    campaign_kick(campaign());
    UNTIL(&o.h, dialled() == 1);
    assert_string_equal(dialing_text(the_call(), "dial_addr"), "302");
}

/* Beside a second campaign of the list, which is started. */
static struct asked begin_beside_another(void) {
    floor_begin();
    make_campaign("");
    lead = make_lead("310");
    set_status(camp.uuid, 2);
    struct asked other = make_other_campaign("MaxRetry1: 5\n");
    find(&other)->cap.rest = INT64_MAX; /* has not asked for a lead yet */
    set_status(other.uuid, 1);
    settle(&o.h);
    struct asked started;
    disk.hold_calls = true;
    begin_askf(&started, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 1\n", camp.uuid);
    UNTIL(&o.h, disk.held);
    return other;
}

/* The second one waits for the answer of its agenda: it gets another one. */
static void test_refused_beside_another(void **state) {
    (void)state;
    struct asked other = begin_beside_another();
    find(&other)->cap.rest = 0;
    campaign_kick(find(&other));
    settle(&o.h);
    assert_non_null(find(&other)->agenda->reads[0]);
    others_do("UPDATE dl_list SET version = version + 1");
    campaign()->cap.rest = INT64_MAX;
    release_store();
    UNTIL(&o.h, dialled() == 1);
    assert_ptr_equal(the_call()->campaign, find(&other));
}

/* The second one gets a new plan at that moment: its new agenda has the lead. */
static void test_refused_while_built(void **state) {
    (void)state;
    struct asked other = begin_beside_another(), change;
    disk.hold_calls = false;
    task_cancel(&find(&other)->decide);
    begin_askf(&change, &noun_plan, CHANGE_UPDATE, "Uuid: %s\nMaxRetry1: 4\n",
               row_text(find(&other)->item.row, CAMPAIGN_PLAN));
    others_do("UPDATE dl_list SET version = version + 1");
    campaign()->cap.rest = INT64_MAX;
    release_store();
    settle(&o.h);
    find(&other)->cap.rest = 0;
    campaign_kick(find(&other));
    UNTIL(&o.h, dialled() == 1);
    assert_ptr_equal(the_call()->campaign, find(&other));
}

/* A lead that was to be offered to an agent is not to be taken from somebody else either. */
static void test_refused_offer(void **state) {
    (void)state;
    floor_begin();
    plan = askf(&noun_plan, CHANGE_CREATE, "DialMode: 2\nTechName: SIP/\n");
    dlma = askf(&noun_dlma, CHANGE_CREATE, "Name: list\n");
    dest =
        askf(&noun_destination, CHANGE_CREATE, "Type: 1\nApplication: Queue\nData: sales_1\n");
    camp = askf(&noun_campaign, CHANGE_CREATE, "Plan: %s\nDlma: %s\nDest: %s\n", plan.uuid,
                dlma.uuid, dest.uuid);
    lead = make_lead("302");
    disk.hold_offers = true;
    struct asked started;
    begin_askf(&started, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 1\n", camp.uuid);
    UNTIL(&o.h, disk.held);
    memset(told, 0, sizeof told);
    others_do("UPDATE dl_list SET status = 1, version = version + 1");
    release_store();
    settle(&o.h);
    pass(&o.h, SECONDS(60));
    assert_int_equal(told[EVENT_PREVIEW] + told[EVENT_PREVIEW_DONE] + told[EVENT_LEAD_UPDATE],
                     0);
    assert_int_equal(lead_int(&lead, LEAD_STATUS), 1);
    assert_int_equal(campaign()->open, 0);
    assert_int_equal(campaign()->offers, 0);
    assert_int_equal(o.engine->previews.count, 0);
}

/* ---- a disk that does not answer ---- */

/* The agenda cannot be read: the list has not ended by that, nor does the next campaign start;
 * the disk is not asked without end; and it goes on by itself. */
static void test_unreadable(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    struct asked next = make_other_campaign("");
    askf(&noun_campaign, CHANGE_UPDATE, "Uuid: %s\nNextCampaign: %s\n", camp.uuid, next.uuid);
    lead = make_lead("302");
    set_status(camp.uuid, 2);
    disk.reads_fail = true;
    set_status(camp.uuid, 1);
    pass(&o.h, SECONDS(10));
    assert_int_equal(dialled(), 0);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
    assert_int_equal(campaign_status(find(&next)), CAMPAIGN_STOP);
    assert_in_range(disk.failed, 1, 120);
    disk.reads_fail = false;
    askf(&noun_dlma, CHANGE_CREATE, "Name: something that goes through\n");
    pass(&o.h, SECONDS(1));
    assert_int_equal(dialled(), 1);
}

/* Nor can the list, while its agenda is made. */
static void test_unreadable_list(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    lead = make_lead("302");
    disk.reads_fail = true;
    set_status(camp.uuid, 1);
    pass(&o.h, SECONDS(10));
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
    assert_in_range(disk.failed, 1, 120);
    disk.reads_fail = false;
    UNTIL(&o.h, dialled() == 1);
}

/* Nor what is left of one that is to go. */
static void test_unreadable_rest(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    lead = make_lead("302");
    set_status(camp.uuid, 2);
    disk.reads_fail = true;
    set_status(camp.uuid, 0);
    pass(&o.h, SECONDS(10));
    assert_in_range(disk.failed, 1, 60);
    disk.reads_fail = false;
    UNTIL(&o.h, LIST_EMPTY(&o.engine->agendas));
    assert_int_equal(stored("SELECT count(*) FROM due"), 0);
    assert_int_equal(stored("SELECT count(*) FROM agenda"), 0);
}

/* The disk stands still: nothing is known, so nothing is done. */
static void test_no_answer(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    lead = make_lead("302");
    set_status(camp.uuid, 2);
    disk.hold_reads_of = &read_window;
    set_status(camp.uuid, 1);
    pass(&o.h, SECONDS(100));
    assert_true(disk.held);
    assert_int_equal(dialled(), 0);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
    assert_int_equal(campaign()->reason, REASON_BUILDING);
    release_store();
    UNTIL(&o.h, dialled() == 1);
}

/* ---- statistics ---- */

static void on_stats(void *arg, const struct stats *s, const char *error) {
    assert_null(error);
    *(struct stats *)arg = *s;
}

static void on_lead_written(void *arg, enum batch_end how) {
    (void)how;
    lead_written(arg);
}

/* A call ends right behind the question: its lead is being called, or finished, not both. */
static void test_counted_at_once(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    lead = make_lead("311");
    set_status(camp.uuid, 1);
    UNTIL(&o.h, dialled() == 1 && the_call()->lead->writes == 0);
    assert_true(campaign()->agenda->complete);
    struct stats s = {.total = -1};
    struct lead *l = the_call()->lead;
    struct batch *b = batch_new();
    stats_read(campaign(), on_stats, &s);
    row_set_int(l->row, LEAD_STATUS, 0);
    row_set_int(l->row, LEAD_RES_DIAL, 4);
    agenda_write(l, b);
    store_submit(o.engine->store, b, on_lead_written, l);
    settle(&o.h);
    assert_int_equal(s.total, 1);
    assert_int_equal(s.dialing + s.finished, 1);
}

/* ---- the end of a list ---- */

/* Not while another campaign has one of its leads in a call: that may come back. */
static void test_end_beside_another(void **state) {
    (void)state;
    floor_begin();
    make_campaign("RetryDelay: 0\n");
    lead = make_lead("311"); /* rings */
    struct asked other = make_other_campaign("RetryDelay: 0\nMaxRetry1: 1\n");
    set_status(camp.uuid, 2);
    set_status(other.uuid, 1);
    UNTIL(&o.h, dialled() == 1);
    set_status(camp.uuid, 1);
    pass(&o.h, SECONDS(5));
    assert_int_equal(o.engine->dialings.count, 1);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
    assert_int_equal(campaign()->reason, REASON_WAITING);
    pass(&o.h, SECONDS(100)); /* each rings for 30 s */
    assert_int_equal(campaign_status(find(&other)), CAMPAIGN_STOP);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_STOP);
    assert_int_equal(lead_int(&lead, LEAD_TRYCNT_1), 3);
}

/* A campaign that stays started at the end of its list sees the lead that comes back to it. */
static void test_comes_back(void **state) {
    (void)state;
    floor_begin();
    make_campaign("RetryDelay: 0\nDlEndHandle: 0\n");
    lead = make_lead("310");
    struct asked other = make_other_campaign("RetryDelay: 0\nMaxRetry1: 1\n");
    set_status(other.uuid, 1);
    UNTIL(&o.h, dialled() == 1);
    set_status(camp.uuid, 1);
    UNTIL(&o.h, dialled() == 3);
    UNTIL(&o.h, campaign()->reason == REASON_LIST_END && campaign()->open == 0);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_START);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_refused),
        TEST(test_refused_used_up),
        TEST(test_refused_deleted),
        TEST(test_refused_gone),
        TEST(test_refused_reserved),
        TEST(test_refused_and_edited),
        TEST(test_refused_beside_another),
        TEST(test_refused_while_built),
        TEST(test_refused_offer),
        TEST(test_unreadable),
        TEST(test_unreadable_list),
        TEST(test_unreadable_rest),
        TEST(test_no_answer),
        TEST(test_counted_at_once),
        TEST(test_end_beside_another),
        TEST(test_comes_back),
    };
    return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
