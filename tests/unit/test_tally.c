/* What really happened in the simulated Asterisk: levels over time, events, waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "sim/tally.h"

#define NEAR 1e-4f

static struct clock now;
static struct tally t;

static void at(double s) { clock_advance(&now, SECONDS(s)); }

static int set_up(void **state) {
    (void)state;
    clock_virtual(&now, 0);
    clock_advance(&now, SECONDS(5)); /* it begins where it begins */
    tally_start(&t, &now);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tally_free(&t);
    return 0;
}

/* A stretch is split at the edges of the bins, and the total is their sum. */
static void test_levels(void **state) {
    (void)state;
    at(15);
    tally_level(&t, LEVEL_TALKING, 2); /* 10 s after the start */
    at(95);
    tally_level(&t, LEVEL_TALKING, -1); /* 90 s */
    at(205);
    tally_settle(&t); /* 200 s */
    tally_settle(&t); /* settled twice is settled once */
    assert_int_equal(t.bin_count, 4);
    assert_float_equal((float)(t.bins[0].level[LEVEL_TALKING]), (float)(2 * 50), NEAR);
    assert_float_equal((float)(t.bins[1].level[LEVEL_TALKING]), (float)(2 * 30 + 30), NEAR);
    assert_float_equal((float)(t.bins[2].level[LEVEL_TALKING]), (float)(60), NEAR);
    assert_float_equal((float)(t.bins[3].level[LEVEL_TALKING]), (float)(20), NEAR);
    assert_float_equal((float)(t.total.level[LEVEL_TALKING]), (float)(2 * 80 + 110), NEAR);
    assert_float_equal((float)(t.total.level[LEVEL_AGENTS]), (float)(0), NEAR);
}

static void test_events(void **state) {
    (void)state;
    tally_event(&t, EVENT_DIAL);
    at(5 + 59.9);
    tally_event(&t, EVENT_DIAL);
    at(5 + 60);
    tally_event(&t, EVENT_DIAL);
    assert_int_equal(t.bins[0].event[EVENT_DIAL], 2);
    assert_int_equal(t.bins[1].event[EVENT_DIAL], 1);
    assert_int_equal(t.total.event[EVENT_DIAL], 3);
    assert_int_equal(t.total.event[EVENT_ANSWER], 0);
}

/* Whole seconds; whatever is longer than all bins is in the last one. */
static void test_waits(void **state) {
    (void)state;
    tally_wait(&t, 0);
    tally_wait(&t, 0.99);
    tally_wait(&t, 1);
    tally_wait(&t, TALLY_WAITS - 1.5);
    tally_wait(&t, TALLY_WAITS - 1);
    tally_wait(&t, 1e9);
    assert_int_equal(t.waits[0], 2);
    assert_int_equal(t.waits[1], 1);
    assert_int_equal(t.waits[TALLY_WAITS - 2], 1);
    assert_int_equal(t.waits[TALLY_WAITS - 1], 2);
    assert_int_equal(t.wait_count, 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
