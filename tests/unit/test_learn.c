/* What is learnt of calls and agents, and the risk that is told from it. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/chance.h"
#include "base/str.h"
#include "dialer/learn/live.h"
#include "dialer/learn/outlook.h"

#define NEAR(a, b, by) assert_true(fabs((a) - (b)) <= (by))
#define TIMEOUT 30.0
#define HOUR (3600 * NS_PER_S)

/* ---- hazards ---- */

/* Times whose hazard is not flat are told wrongly, or their mean is. */
static void test_hazard(void **state) {
    (void)state;
    struct hazard h;
    struct chance c;
    int over = 0, all = 0;
    chance_seed(&c, 1);
    hazard_init(&h, 1400, 120);
    for (int i = 0; i < 3000; i++) {
        double t = chance_lognormal(&c, 180, 1.0);
        hazard_live(&h, 0, t);
        hazard_end(&h, t);
        all += t > 60;
        over += t > 60 && t <= 90;
    }
    hazard_refresh(&h);
    NEAR(hazard_mean(&h), 180, 20);
    NEAR(hazard_ends(&h, 60, 30), (double)over / all, 0.04);
    assert_true(hazard_ends(&h, 0, 0) == 0 && hazard_ends(&h, 5000, 1e6) > 0.99);
}

/* What still goes on is left out, so that only short talks are known at the start. */
static void test_hazard_counts_the_living(void **state) {
    (void)state;
    struct hazard h;
    hazard_init(&h, 1400, 120);
    for (int i = 0; i < 100; i++) { /* ten of a hundred ended within a minute */
        hazard_live(&h, 0, 60);
        if (i % 10 == 0)
            hazard_end(&h, 60);
    }
    hazard_refresh(&h);
    NEAR(hazard_ends(&h, 0, 60), 0.1, 0.06);
}

/* ---- calls ---- */

/* Calls every tenth of a second, seconds long; answered by `rate`, else rung out. */
static double run_calls(struct learn *l, struct chance *c, double now, int seconds,
                        double rate) {
    enum { MAX = 400 };
    static double begun[MAX], end[MAX];
    static bool answered[MAX];
    int n = 0;
    for (int i = 0; i < seconds * 10; i++, now += 0.1) {
        for (int k = 0; k < n;) {
            if (end[k] > now) {
                k++;
                continue;
            }
            (answered[k] ? learn_answered : learn_ended)(l, now, begun[k]);
            n--;
            begun[k] = begun[n], end[k] = end[n], answered[k] = answered[n];
        }
        if (n < MAX && i % 5 == 0) {
            begun[n] = now;
            answered[n] = chance_hit(c, rate);
            double ring = chance_lognormal(c, 11, 0.45);
            end[n] = now + (answered[n] && ring < TIMEOUT ? ring : TIMEOUT);
            n++;
            learn_begun(l, now);
        }
        learn_refresh(l, now);
    }
    for (int k = 0; k < n; k++)
        learn_unsent(l, now, begun[k]);
    return now;
}

/* The answer rate or the ring times are not found, or not followed when they change. */
static void test_calls(void **state) {
    (void)state;
    struct learn l;
    struct chance c;
    chance_seed(&c, 2);
    learn_init(&l, 0.5, TIMEOUT, 1.5);
    assert_true(learn_answer_rate(&l) > 0.45); /* careful while nothing is known */
    double now = run_calls(&l, &c, 0.5, 1800, 0.3);
    NEAR(learn_answer_rate(&l), 0.3, 0.04);
    NEAR(learn_ring_time(&l, 0.5), 10.0, 1.5);
    NEAR(learn_ring_time(&l, 0.9), 17.5, 3.0);
    assert_true(learn_ringing(&l) == 0);
    run_calls(&l, &c, now, 400, 0.6);
    NEAR(learn_answer_rate(&l), 0.6, 0.1);
}

/* Many calls that began together: the first answers are the fast ones, and taken for all
 * of them the rest would seem to be nearly over. */
static void test_begun_together(void **state) {
    (void)state;
    struct learn l;
    struct chance c;
    chance_seed(&c, 3);
    learn_init(&l, 0.5, TIMEOUT, 1.5);
    for (int i = 0; i < 300; i++)
        learn_begun(&l, 1);
    double rings[100];
    for (int i = 0; i < 100; i++)
        rings[i] = chance_lognormal(&c, 11, 0.45);
    for (double at = 0; at < 7; at += 0.5) /* one after the other */
        for (int i = 0; i < 100; i++)
            if (rings[i] >= at && rings[i] < at + 0.5)
                learn_answered(&l, 1 + rings[i], 1);
    learn_advance(&l, 8);
    learn_refresh(&l, 8);
    assert_true(learn_ring_time(&l, 0.5) > 8);
    assert_true(learn_answer_rate(&l) > 0.2 && learn_answer_rate(&l) < 0.6);
}

/* What a line that is down teaches is forgotten at its first answer; or nothing is ever
 * predicted on a list that few answer. */
static void test_silence(void **state) {
    (void)state;
    struct learn l;
    struct chance c;
    chance_seed(&c, 4);
    learn_init(&l, 0, TIMEOUT, 1.5);
    assert_false(learn_knows(&l));
    double now = run_calls(&l, &c, 0, 600, 0.3);
    assert_true(learn_knows(&l));
    now = run_calls(&l, &c, now, 600, 0);
    assert_false(learn_knows(&l));
    assert_true(learn_answer_rate(&l) > 0.2);
    learn_begun(&l, now);
    learn_answered(&l, now + 10, now);
    assert_true(learn_knows(&l));
    learn_init(&l, 0, TIMEOUT, 1.5);
    now = run_calls(&l, &c, 0, 1200, 0.03);
    assert_true(learn_knows(&l));
    NEAR(learn_answer_rate(&l), 0.03, 0.015);
}

/* ---- risk ---- */

static void begin(struct outlook *o, struct learn *l, int agents, int calls) {
    learn_init(l, 0.5, TIMEOUT, 1.5);
    outlook_begin(o, l, agents, calls);
}

/* The chance is not that of the textbook: calls that all find an agent, or none. */
static void test_certain(void **state) {
    (void)state;
    static struct learn l;
    static struct outlook o;
    begin(&o, &l, 3, 0);
    outlook_free_agents(&o, 3);
    for (int n = 1; n <= 3; n++)
        NEAR(outlook_risk(&o, n), 0, 1e-9);
    assert_true(outlook_risk(&o, 4) > 0.01);
    begin(&o, &l, 3, 3);
    outlook_free_agents(&o, 3);
    outlook_waiting(&o, 3);
    NEAR(outlook_risk(&o, 1), 1, 1e-9);
}

/* At the last moment at which one is asked, k of n calls are answered with chance p each:
 * the sum of the binomial distribution. */
static void test_binomial(void **state) {
    (void)state;
    static struct learn l;
    static struct outlook o;
    begin(&o, &l, 4, 0);
    outlook_free_agents(&o, 4);
    double p = o.points[LEARN_POINTS - 1].answer, tail = 0;
    for (int k = 4; k <= 9; k++) { /* of nine others four or more take all agents */
        double ways = tgamma(10) / tgamma(k + 1) / tgamma(10 - k);
        tail += ways * pow(p, k) * pow(1 - p, 9 - k);
    }
    double last = 0;
    for (int n = 1; n <= 10; n++) {
        double risk = outlook_risk(&o, n);
        assert_true(risk >= last);
        last = risk;
    }
    NEAR(last, tail, 1e-9);
}

/* The step from the exact sum to the normal one is a jump. */
static void test_normal(void **state) {
    (void)state;
    static struct learn l;
    static struct outlook exact, normal;
    begin(&exact, &l, 60, 40);
    outlook_begin(&normal, &l, OUTLOOK_EXACT, 40);
    assert_true(exact.exact && !normal.exact);
    for (int i = 0; i < 54; i++) {
        outlook_talking(&exact, 7.0 * i);
        outlook_talking(&normal, 7.0 * i);
    }
    outlook_free_agents(&exact, 6);
    outlook_free_agents(&normal, 6);
    for (int n = 1; n <= 30; n++)
        NEAR(outlook_risk(&exact, n), outlook_risk(&normal, n), 0.03);
}

/* ---- over a restart ---- */

/* What was learnt does not come back as it was, or rubbish is taken for it. */
static void test_kept(void **state) {
    (void)state;
    static struct learn l, again;
    struct chance c;
    chance_seed(&c, 4);
    learn_init(&l, 0.5, TIMEOUT, 1.5);
    double now = run_calls(&l, &c, 0.5, 900, 0.25);
    hazard_live(&l.talk, 0, 100);
    hazard_end(&l.talk, 100);
    json_t *saved = learn_save(&l, now);
    learn_init(&again, 7, TIMEOUT, 1.5);
    learn_load(&again, 7, saved);
    NEAR(learn_answer_rate(&again), learn_answer_rate(&l), 1e-6);
    NEAR(learn_ring_time(&again, 0.5), learn_ring_time(&l, 0.5), 0.6);
    NEAR(7 - again.since, now - l.since, 1e-6);
    static const char *const rubbish[] = {"rang", "answered", "ended", "age", "answers"};
    for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
        json_t *broken = json_copy(saved);
        json_object_set_new(broken, rubbish[i], json_string("x"));
        learn_init(&again, 7, TIMEOUT, 1.5);
        learn_load(&again, 7, broken);
        assert_true(again.answers == 0 && again.since == 0 && learn_answer_rate(&again) > 0.45);
        json_decref(broken);
    }
    json_t *bins = json_object_get(saved, "rang");
    json_array_set_new(bins, 3, json_real(-1));
    learn_init(&again, 7, TIMEOUT, 1.5);
    learn_load(&again, 7, saved);
    assert_int_equal(again.answers, 0);
    json_decref(saved);
}

/* ---- the law's window ---- */

static struct conf conf;

/* The cap counts what left the window, or more than it was told to let through. */
static void test_window(void **state) {
    (void)state;
    static struct live l;
    int64_t t = 1000 * HOUR;
    conf.limits.abandon_limit = 3;
    conf.limits.abandon_window = 24;
    conf.limits.abandon_after = 100;
    live_init(&l, &conf, t);
    live_add(&l, t, 99, 20);
    assert_false(live_is_full(&l)); /* the first hundred are free */
    live_add(&l, t + HOUR, 1, 0);
    assert_true(live_is_full(&l));
    live_add(&l, t + 2 * HOUR, 600, 0); /* 20 + 1 of 700 */
    assert_false(live_is_full(&l));
    live_add(&l, t + 2 * HOUR, 0, 1);
    assert_true(live_is_full(&l));
    live_add_machine(&l, t);
    live_add_machine(&l, t + 2 * HOUR);
    assert_int_equal(l.machines_in_window, 2);
    live_advance(&l, t + 24 * HOUR); /* the first hour is out */
    assert_int_equal(l.machines_in_window, 1);
    assert_true(l.in_window == 601 && l.lost_in_window == 1 && !live_is_full(&l));
    live_add(&l, t - 30 * 24 * HOUR, 5, 5); /* before it began */
    assert_true(l.in_window == 601 && l.all == 705 && l.lost == 26);
    live_advance(&l, t + 5000 * HOUR);
    assert_true(l.in_window == 0 && l.lost_in_window == 0);
    conf.limits.abandon_limit = 0;
    live_add(&l, t + 5000 * HOUR, 1000, 1000);
    assert_false(live_is_full(&l));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hazard),  cmocka_unit_test(test_hazard_counts_the_living),
        cmocka_unit_test(test_calls),   cmocka_unit_test(test_begun_together),
        cmocka_unit_test(test_certain), cmocka_unit_test(test_binomial),
        cmocka_unit_test(test_normal),  cmocka_unit_test(test_kept),
        cmocka_unit_test(test_window),  cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
