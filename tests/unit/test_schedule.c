/* When a campaign may run: each rule of the protocol, windows over midnight, days on
 * which the clocks change. */
#include "tool.h"

#include <time.h>

#include "dialer/core/schedule.h"

/* A campaign with these fields, in the order of `columns`; NULL = not set. */
static const int columns[] = {CAMPAIGN_SC_TIME_START, CAMPAIGN_SC_TIME_END,
                              CAMPAIGN_SC_DATE_START, CAMPAIGN_SC_DATE_END,
                              CAMPAIGN_SC_DATE_LIST,  CAMPAIGN_SC_DATE_LIST_EXCEPT,
                              CAMPAIGN_SC_DAY_LIST};

struct plan_of_days {
    const char *start, *end, *from, *to, *list, *except, *days;
};

static struct row *campaign(const struct plan_of_days *p) {
    const char *const texts[] = {p->start, p->end, p->from, p->to, p->list, p->except, p->days};
    struct row *r = row_new(&noun_campaign);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        row_set_text(r, columns[i], texts[i]);
    row_set_int(r, CAMPAIGN_SC_MODE, 1);
    return r;
}

/* "2024-03-31 08:00:00" in the zone that is set. */
static time_t seconds(const char *text) {
    struct tm tm = {.tm_isdst = -1};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    return mktime(&tm);
}

static bool open_at(const struct row *r, time_t t) {
    struct tm local;
    localtime_r(&t, &local);
    return schedule_is_open(r, &local);
}

static void zone(const char *name) {
    setenv("TZ", name, 1);
    tzset();
}

/* A row of a table: at that time it is open, or not. */
struct at {
    const char *when;
    bool open;
};

static void check(struct plan_of_days p, const struct at *at, size_t n) {
    struct row *r = campaign(&p);
    const char *form;
    assert_null(schedule_check(r, &form));
    for (size_t i = 0; i < n; i++)
        if (open_at(r, seconds(at[i].when)) != at[i].open)
            fail_msg("%s: should be %s", at[i].when, at[i].open ? "open" : "closed");
    row_free(r);
}

#define CHECK(p, ...)                          \
    do {                                       \
        const struct at at_[] = {__VA_ARGS__}; \
        check(p, at_, ARRAY_LEN(at_));         \
    } while (0)
#define PLAN(...) ((struct plan_of_days){__VA_ARGS__})

/* Without ScMode 1 the fields say nothing. */
static void test_mode(void **state) {
    (void)state;
    struct row *r = campaign(&PLAN(.start = "09:00", .end = "10:00"));
    row_set_int(r, CAMPAIGN_SC_MODE, 0);
    assert_true(open_at(r, seconds("2024-05-06 03:00:00")));
    row_free(r);
}

/* Both ends belong to the window, the second after the end does not. */
static void test_times(void **state) {
    (void)state;
    CHECK(PLAN(0), {"2024-05-06 00:00:00", true}, {"2024-05-06 23:59:59", true});
    CHECK(PLAN(.start = "09:00", .end = "17:30"), {"2024-05-06 08:59:59", false},
          {"2024-05-06 09:00:00", true}, {"2024-05-06 17:30:00", true},
          {"2024-05-06 17:30:01", false});
    CHECK(PLAN(.start = "09:00:30"), {"2024-05-06 09:00:29", false},
          {"2024-05-06 09:00:30", true}, {"2024-05-06 23:59:59", true});
    CHECK(PLAN(.end = "9:00"), {"2024-05-06 00:00:00", true}, {"2024-05-06 09:00:01", false});
    CHECK(PLAN(.start = "12:00", .end = "24:00"), {"2024-05-06 23:59:59", true},
          {"2024-05-07 00:00:00", false});
}

/* First and last day belong to it; either may be missing. */
static void test_dates(void **state) {
    (void)state;
    CHECK(PLAN(.from = "2024-05-06", .to = "2024-05-08"), {"2024-05-05 23:59:59", false},
          {"2024-05-06 00:00:00", true}, {"2024-05-08 23:59:59", true},
          {"2024-05-09 00:00:00", false});
    CHECK(PLAN(.from = "2024-12-31"), {"2024-12-30 12:00:00", false},
          {"2025-01-01 12:00:00", true});
    CHECK(PLAN(.to = "2024-12-31"), {"2024-01-01 12:00:00", true},
          {"2025-01-01 00:00:00", false});
}

/* 0 is Sunday, 6 Saturday; empty is every day. 2024-05-05 was a Sunday. */
static void test_days(void **state) {
    (void)state;
    CHECK(PLAN(.days = "1,2,3,4,5"), {"2024-05-05 12:00:00", false},
          {"2024-05-06 12:00:00", true}, {"2024-05-10 12:00:00", true},
          {"2024-05-11 12:00:00", false});
    CHECK(PLAN(.days = "0, 6"), {"2024-05-05 12:00:00", true}, {"2024-05-06 12:00:00", false},
          {"2024-05-11 12:00:00", true});
}

/* The lists of dates: except closes the day whatever else is said, the list opens it
 * whatever else is said, and except wins. */
static void test_lists(void **state) {
    (void)state;
    CHECK(PLAN(.start = "09:00", .end = "10:00", .from = "2024-05-01", .to = "2024-05-31",
               .list = "2024-05-05,2024-07-01,2024-07-02", .except = "2024-05-07, 2024-07-02",
               .days = "1,2,3,4,5"),
          {"2024-05-05 09:30:00", true}, /* a Sunday, on the list */
          {"2024-05-05 20:00:00", true}, /* and outside the times */
          {"2024-05-06 09:30:00", true}, /* an ordinary Monday */
          {"2024-05-06 20:00:00", false}, {"2024-05-07 09:30:00", false}, /* excepted */
          {"2024-07-01 03:00:00", true},  /* after the end, on the list */
          {"2024-07-02 09:30:00", false}, /* on both */
          {"2024-07-03 09:30:00", false});
}

/* A window over midnight belongs to the day it began on: Friday's goes on into
 * Saturday, and the day after an excepted day has no early hours. */
static void test_midnight(void **state) {
    (void)state;
    CHECK(PLAN(.start = "22:00", .end = "06:00"), {"2024-05-06 21:59:59", false},
          {"2024-05-06 22:00:00", true}, {"2024-05-06 23:59:59", true},
          {"2024-05-07 00:00:00", true}, {"2024-05-07 06:00:00", true},
          {"2024-05-07 06:00:01", false}, {"2024-05-07 12:00:00", false});
    CHECK(PLAN(.start = "22:00", .end = "06:00", .days = "5"), {"2024-05-10 05:00:00", false},
          {"2024-05-10 23:00:00", true}, {"2024-05-11 05:00:00", true},
          {"2024-05-11 23:00:00", false});
    CHECK(PLAN(.start = "22:00", .end = "06:00", .from = "2024-05-06", .to = "2024-05-06"),
          {"2024-05-06 05:00:00", false}, {"2024-05-06 22:00:00", true},
          {"2024-05-07 06:00:00", true}, {"2024-05-07 22:00:00", false});
    CHECK(PLAN(.start = "22:00", .end = "06:00", .except = "2024-05-07"),
          {"2024-05-06 23:00:00", true}, {"2024-05-07 05:00:00", false},
          {"2024-05-07 23:00:00", false}, {"2024-05-08 05:00:00", false},
          {"2024-05-08 23:00:00", true});
    CHECK(PLAN(.start = "22:00", .end = "06:00", .days = "0"), /* over a month's end */
          {"2024-03-31 23:00:00", true}, {"2024-04-01 05:00:00", true},
          {"2024-04-01 23:00:00", false});
}

/* Times are those of the configured zone. */
static void test_zone(void **state) {
    (void)state;
    struct row *r = campaign(&PLAN(.start = "09:00", .end = "10:00", .days = "1"));
    time_t nine_utc = seconds("2024-05-06 09:00:00");
    assert_true(open_at(r, nine_utc));
    zone("Europe/Berlin"); /* 11:00 there */
    assert_false(open_at(r, nine_utc));
    assert_true(open_at(r, nine_utc - 2 * 3600));
    zone("Pacific/Auckland"); /* Monday 9:00 there is Sunday evening in UTC */
    assert_true(open_at(r, nine_utc - 12 * 3600));
    zone("UTC");
    row_free(r);
}

/* Following schedule_next from answer to answer must miss no change, on ordinary days
 * and on those with 23 or 25 hours; else a call would leave at a forbidden hour. */
static void follow(struct plan_of_days p, const char *from, int days) {
    struct row *r = campaign(&p);
    time_t t = seconds(from), end = t + days * 86400;
    int asked = 0;
    while (t < end) {
        struct tm local;
        localtime_r(&t, &local);
        bool is_open = schedule_is_open(r, &local);
        int next = schedule_next(r, &local);
        assert_in_range(next, 1, 90001);
        for (time_t u = t; u < t + next && is_open; u += 7)
            if (!open_at(r, u))
                fail_msg("open at %ld, closed at %ld, not asked before %ld", (long)t, (long)u,
                         (long)(t + next));
        for (time_t u = t; u < t + next && !is_open; u += 7)
            if (open_at(r, u) && !local.tm_isdst) /* 02:30 comes twice in autumn */
                fail_msg("closed at %ld, open at %ld, not asked before %ld", (long)t, (long)u,
                         (long)(t + next));
        t += next;
        asked++;
    }
    if (asked > 5 * (days + 1) + 1)
        fail_msg("asked %d times in %d days", asked, days);
    row_free(r);
}

static void test_next(void **state) {
    (void)state;
    const struct plan_of_days plans[] = {
        {0},
        {.start = "09:00", .end = "17:00", .days = "1,3,5"},
        {.start = "22:00", .end = "06:00", .days = "0,6"},
        {.start = "00:00", .end = "24:00", .except = "2024-03-31,2024-10-27"},
        {.start = "06:00", .end = "06:00"},
        {.start = "21:30:15", .end = "03:30:45", .list = "2024-03-30"},
    };
    static const char *const zones[] = {"UTC", "Europe/Berlin", "America/New_York"};
    static const char *const starts[] = {"2024-03-08 00:00:00", "2024-03-29 13:00:00",
                                         "2024-10-25 00:00:00", "2024-11-01 08:00:00"};
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        zone(zones[z]);
        for (size_t i = 0; i < ARRAY_LEN(plans); i++)
            for (size_t k = 0; k < ARRAY_LEN(starts); k++)
                follow(plans[i], starts[k], 5);
    }
    zone("UTC");
}

/* What cannot be read is named, so that no campaign runs at all hours by mistake. */
static void test_check(void **state) {
    (void)state;
    static const struct {
        struct plan_of_days p;
        const char *header;
    } bad[] = {
        {{.start = "25:00"}, "ScTimeStart"},
        {{.start = "9"}, "ScTimeStart"},
        {{.start = "09:60"}, "ScTimeStart"},
        {{.start = "09:00x"}, "ScTimeStart"},
        {{.start = "-1:00"}, "ScTimeStart"},
        {{.end = "24:00:01"}, "ScTimeEnd"},
        {{.end = "09:00:"}, "ScTimeEnd"},
        {{.end = "noon"}, "ScTimeEnd"},
        {{.from = "06.05.2024"}, "ScDateStart"},
        {{.from = "2024-13-01"}, "ScDateStart"},
        {{.to = "2024-05-32"}, "ScDateEnd"},
        {{.to = "2024-05-06x"}, "ScDateEnd"},
        {{.to = "tomorrow"}, "ScDateEnd"},
        {{.list = "2024-05-06,x"}, "ScDateList"},
        {{.except = "2024-05"}, "ScDateListExcept"},
        {{.days = "7"}, "ScDayList"},
        {{.days = "Mon"}, "ScDayList"},
        {{.days = "1;2"}, "ScDayList"},
        {{.days = "12"}, "ScDayList"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct row *r = campaign(&bad[i].p);
        const char *form, *said = schedule_check(r, &form);
        if (said == NULL || strcmp(said, bad[i].header))
            fail_msg("row %zu: %s, not %s", i, said ? said : "fine", bad[i].header);
        bool is_time = strstr(said, "Time") != NULL, is_date = strstr(said, "Date") != NULL;
        assert_int_equal(strstr(form, "HH:MM:SS") != NULL, is_time);
        assert_int_equal(strstr(form, "YYYY-MM-DD") != NULL, is_date);
        row_free(r);
    }
    struct row *r = campaign(&PLAN("8:00", "24:00", "2024-02-29", "2025-01-01",
                                   "2024-05-06, 2024-05-07", "2024-05-08", "0,1 2"));
    const char *form;
    assert_null(schedule_check(r, &form));
    row_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode),  cmocka_unit_test(test_times),
        cmocka_unit_test(test_dates), cmocka_unit_test(test_days),
        cmocka_unit_test(test_lists), cmocka_unit_test(test_midnight),
        cmocka_unit_test(test_zone),  cmocka_unit_test(test_next),
        cmocka_unit_test(test_check),
    };
    zone("UTC");
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
