/* The moment between a reservation and its Originate: what has changed meanwhile keeps the
 * call from leaving, and the lead has lost nothing by it. */
#include "floor.h"

static struct asked lead;

/* A reservation is on its way to the disk, which stands still. */
static void begin_held(const char *of_plan) {
    floor_begin();
    make_campaign(of_plan);
    lead = make_lead("310");
    disk.hold_calls = true;
    struct asked started;
    begin_askf(&started, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 1\n", camp.uuid);
    UNTIL(&o.h, disk.held);
    assert_int_equal(the_call()->stage, STAGE_RESERVED);
    assert_int_equal(dialled(), 0);
    assert_int_equal(told[EVENT_DIALING_CREATE], 0);
}

static int end(void **state) {
    (void)state;
    floor_end();
    return 0;
}

/* The disk goes on. The attempt is over, nothing has left, and no try is counted. */
static void nothing_leaves(const char *why) {
    campaign()->cap.rest = INT64_MAX; /* nor does the next one begin */
    release_store();
    settle(&o.h);
    was_said(why);
    assert_int_equal(o.engine->dialings.count, 0);
    assert_int_equal(dialled(), 0);
    assert_int_equal(lead_int(&lead, LEAD_TRYCNT_1), 0);
    assert_int_equal(lead_int(&lead, LEAD_FAULTS), 0);
    assert_int_equal(lead_int(&lead, LEAD_STATUS), 0);
    assert_int_equal(stored("SELECT count(*) FROM dl_list WHERE tm_last_hangup NOTNULL"), 0);
    assert_int_equal(campaign()->live, 0);
    assert_int_equal(campaign()->open, 0);
    assert_int_equal(stored("SELECT count(*) FROM dialing WHERE state = 0"), 0);
}

static void go_on(void) {
    campaign()->cap.rest = 0;
    campaign_kick(campaign());
}

/* Now it is called, for the first time. */
static void is_called(void) {
    go_on();
    UNTIL(&o.h, dialled() == 1);
    UNTIL(&o.h, lead_int(&lead, LEAD_RES_DIAL) == 5);
    assert_int_equal(lead_int(&lead, LEAD_TRYCNT_1), 1);
}

/* Nothing has changed: it leaves. */
static void test_leaves(void **state) {
    (void)state;
    begin_held("");
    pass(&o.h, SECONDS(1.9));
    release_store();
    is_called();
}

static void test_stopped(void **state) {
    (void)state;
    struct asked stop;
    begin_held("");
    begin_askf(&stop, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 0\n", camp.uuid);
    nothing_leaves("not called after all: not started");
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_STOP);
    set_status(camp.uuid, 1);
    is_called();
}

static void test_paused(void **state) {
    (void)state;
    struct asked stop;
    begin_held("");
    begin_askf(&stop, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 2\n", camp.uuid);
    nothing_leaves("not called after all: not started");
    set_status(camp.uuid, 1);
    is_called();
}

/* Hung up by hand before it left. */
static void test_killed(void **state) {
    (void)state;
    struct asked stop;
    begin_held("");
    begin_askf(&stop, &noun_campaign, CHANGE_UPDATE, "Uuid: %s\nStatus: 30\n", camp.uuid);
    nothing_leaves("");
    set_status(camp.uuid, 1);
    is_called();
}

/* The disk was full when the day's calling ended. */
static void test_schedule_closed(void **state) {
    (void)state;
    begin_held("");
    struct asked hours;
    begin_askf(&hours, &noun_campaign, CHANGE_UPDATE,
               "Uuid: %s\nScMode: 1\nScTimeStart: 02:00\nScTimeEnd: 02:30\n", camp.uuid);
    settle(&o.h);
    o.h.clock.wall += SECONDS(1800); /* the time of the reservation is another matter */
    nothing_leaves("not called after all: outside its schedule");
    pass(&o.h, SECONDS(23 * 3600));
    assert_int_equal(dialled(), 0);
    pass(&o.h, SECONDS(1030));
    is_called();
}

static void test_quiet_hours(void **state) {
    (void)state;
    begin_held("");
    reload_limits("02:00-03:00", "");
    nothing_leaves("not called after all: quiet hours");
    pass(&o.h, SECONDS(2000));
    assert_int_equal(dialled(), 0);
    reload_limits("", "");
    is_called();
}

static void test_do_not_call(void **state) {
    (void)state;
    begin_held("");
    char *path = xasprintf("%s/dnc", o.folder);
    write_file(path, "3-10\n");
    reload_limits("", path);
    nothing_leaves("not called after all: on the do-not-call list");
    go_on();
    pass(&o.h, SECONDS(3600));
    assert_int_equal(dialled(), 0);
    assert_int_equal(campaign_status(campaign()), CAMPAIGN_STOP); /* it was the only one */
    free(path);
}

/* The number that is called is the one that was reserved, whatever the lead has by now. */
static void test_do_not_call_and_edited(void **state) {
    (void)state;
    begin_held("");
    char *path = xasprintf("%s/dnc", o.folder);
    struct asked edit;
    write_file(path, "310\n");
    reload_limits("", path);
    begin_askf(&edit, &noun_lead, CHANGE_UPDATE, "Uuid: %s\nNumber1: 302\n", lead.uuid);
    nothing_leaves("");
    go_on();
    UNTIL(&o.h, dialled() == 1);
    assert_string_equal(dialing_text(the_call(), "dial_addr"), "302");
    free(path);
}

/* A number that was wrong is not called once it has been put right. */
static void test_edited(void **state) {
    (void)state;
    begin_held("");
    struct asked edit;
    begin_askf(&edit, &noun_lead, CHANGE_UPDATE, "Uuid: %s\nNumber1: 302\n", lead.uuid);
    nothing_leaves("not called after all: the number was changed");
    go_on();
    UNTIL(&o.h, dialled() == 1);
    assert_string_equal(dialing_text(the_call(), "dial_addr"), "302");
}

/* A name may change: the call leaves. */
static void test_renamed(void **state) {
    (void)state;
    begin_held("");
    struct asked edit;
    begin_askf(&edit, &noun_lead, CHANGE_UPDATE, "Uuid: %s\nName: Jane\n", lead.uuid);
    release_store();
    UNTIL(&o.h, edit.done);
    assert_null(edit.error);
    is_called();
}

/* While it is being called a lead cannot be deleted: nor here. */
static void test_not_deleted(void **state) {
    (void)state;
    begin_held("");
    struct asked del;
    begin_askf(&del, &noun_lead, CHANGE_DELETE, "Uuid: %s\n", lead.uuid);
    assert_true(del.done);
    assert_string_equal(del.error,
                        "Uuid is a lead that is being called; try again after the call");
    free(del.error);
    release_store();
    is_called();
}

static void test_old(void **state) {
    (void)state;
    begin_held("");
    pass(&o.h, SECONDS(2.1));
    nothing_leaves("writing the reservation took more than 2 s");
    is_called();
}

static void on_gone(void *arg) { *(bool *)arg = true; }

/* The engine ends. */
static void test_leaving(void **state) {
    (void)state;
    bool gone = false;
    begin_held("");
    dialer_leave(o.engine, on_gone, &gone);
    nothing_leaves("");
    UNTIL(&o.h, gone);
    o.engine->leaving = false; /* for the end */
}

/* The disk took nothing. */
static void test_wrong(void **state) {
    (void)state;
    begin_held("");
    disk.writes_fail = true;
    release_store();
    UNTIL(&o.h, o.engine->dialings.count == 0);
    assert_int_equal(dialled(), 0);
    pass(&o.h, SECONDS(60));
    assert_int_equal(dialled(), 0);
    assert_int_equal(campaign()->reason, REASON_STORE);
    disk.writes_fail = false;
    make_lead("310"); /* something goes through */
    UNTIL(&o.h, dialled() == 2);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_leaves),          TEST(test_stopped),
        TEST(test_paused),          TEST(test_killed),
        TEST(test_schedule_closed), TEST(test_quiet_hours),
        TEST(test_do_not_call),     TEST(test_do_not_call_and_edited),
        TEST(test_edited),          TEST(test_renamed),
        TEST(test_not_deleted),     TEST(test_old),
        TEST(test_leaving),         TEST(test_wrong),
    };
    return cmocka_run_group_tests_name("leave", tests, NULL, NULL);
}
