/* The window of an agenda: its order, what takes another's place, and its end. */
#include "tool.h"

#include "dialer/list/window.h"

static struct window w;

/* An entry of that lead. Its row names the number, so that the latest one can be told. */
static struct entry *make(int64_t tries, int64_t at, int64_t lead, int number) {
    struct row *r = row_new(&noun_lead);
    struct attempts attempts = {0};
    row_set_int(r, LEAD_ID, lead);
    row_set_int(r, LEAD_TRYCNT_1, number);
    attempts_add(&attempts, number, at);
    struct entry *x = entry_new((struct place){tries, at, lead}, number, r, &attempts);
    attempts_free(&attempts);
    return x;
}

static bool put(int64_t tries, int64_t at, int64_t lead, int number) {
    return window_put(&w, make(tries, at, lead, number));
}

/* "lead:number ..." in the window's order; it must hold together in itself. */
static const char *shown(void) {
    static char text[400];
    struct entry *x;
    int n = 0, count = 0;
    text[0] = '\0';
    TAILQ_FOREACH (x, &w.entries, link) {
        char key[24];
        snprintf(key, sizeof key, "%lld", (long long)x->place.lead);
        assert_ptr_equal(map_get(&w.by_lead, key), x);
        assert_int_equal(row_int(x->row, LEAD_TRYCNT_1), x->number);
        assert_int_equal(x->attempts.list[0].number, x->number);
        if (n < 380)
            n += snprintf(text + n, sizeof text - (size_t)n, "%s%s:%d", n ? " " : "", key,
                          x->number);
        count++;
    }
    assert_int_equal(w.count, count);
    assert_int_equal(w.by_lead.count, count);
    return text;
}

static int begin(void **state) {
    (void)state;
    window_init(&w);
    return 0;
}

static int end(void **state) {
    (void)state;
    window_clear(&w);
    return 0;
}

/* Fewest tries, then due longest, then the oldest; however they come. */
static void test_order(void **state) {
    (void)state;
    assert_true(put(1, 10, 5, 1));
    assert_true(put(0, 30, 9, 1));
    assert_true(put(0, 30, 8, 1));
    assert_true(put(0, 20, 10, 1));
    assert_true(put(1, 9, 11, 1));
    assert_true(put(2, 0, 1, 1));
    assert_string_equal(shown(), "10:1 8:1 9:1 11:1 5:1 1:1");
}

/* A lead is in it once: as it was put last, wherever it stood. */
static void test_replaced(void **state) {
    (void)state;
    put(0, 1, 1, 1);
    put(0, 2, 2, 1);
    put(0, 3, 3, 1);
    assert_true(put(0, 2, 2, 2)); /* where it was */
    assert_string_equal(shown(), "1:1 2:2 3:1");
    assert_true(put(1, 0, 1, 3)); /* to the back */
    assert_string_equal(shown(), "2:2 3:1 1:3");
    assert_true(put(0, 0, 3, 4)); /* to the front */
    assert_string_equal(shown(), "3:4 2:2 1:3");
}

static void test_drop_and_take(void **state) {
    (void)state;
    for (int i = 1; i <= 3; i++)
        put(0, i, i, 1);
    window_drop(&w, 2);
    window_drop(&w, 2);
    window_drop(&w, 77);
    assert_string_equal(shown(), "1:1 3:1");
    struct entry *x = TAILQ_FIRST(&w.entries);
    window_take(&w, x);
    assert_string_equal(shown(), "3:1");
    assert_true(window_put(&w, x)); /* and it can come back */
    assert_string_equal(shown(), "1:1 3:1");
    entry_free(NULL);
}

/* Behind the end of one that is not whole the store may have others: nothing is put there, and
 * a lead that moves there is not left where it was. What belongs before the end is taken. */
static void test_end(void **state) {
    (void)state;
    put(0, 1, 1, 1);
    put(1, 5, 5, 1);
    w.is_whole = false;
    w.last = (struct place){1, 5, 5};
    assert_false(put(1, 5, 6, 1));
    assert_false(put(1, 6, 4, 1));
    assert_false(put(2, 0, 3, 1));
    assert_true(put(1, 5, 5, 2)); /* the end itself */
    assert_true(put(1, 5, 4, 1));
    assert_true(put(0, 99, 9, 1));
    assert_string_equal(shown(), "1:1 9:1 4:1 5:2");
    assert_false(put(3, 0, 1, 1));
    assert_string_equal(shown(), "9:1 4:1 5:2");
    window_drop(&w, 5); /* the end stays where it was */
    assert_false(put(1, 5, 6, 1));
    assert_true(put(1, 5, 3, 1));
    window_clear(&w);
    assert_true(w.is_whole);
    assert_true(put(9, 9, 9, 1));
    assert_string_equal(shown(), "9:1");
}

/* ---- against a list that is sorted each time it is asked ---- */

#define LEADS 40

static struct model {
    struct place place;
    int number; /* 0 = not in it */
} model[LEADS];

static int by_place(const void *a, const void *b) {
    const struct model *x = a, *y = b;
    if ((x->number == 0) != (y->number == 0))
        return x->number == 0 ? 1 : -1;
    return place_before(&x->place, &y->place) ? -1 : 1;
}

static const char *modelled(void) {
    static char text[400];
    struct model sorted[LEADS];
    int n = 0;
    memcpy(sorted, model, sizeof model);
    qsort(sorted, LEADS, sizeof sorted[0], by_place);
    text[0] = '\0';
    for (int i = 0; i < LEADS && sorted[i].number; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld:%d", n ? " " : "",
                      (long long)sorted[i].place.lead, sorted[i].number);
    return text;
}

static bool is_behind(const struct place *p) {
    if (w.is_whole)
        return false;
    const struct place *l = &w.last;
    if (p->tries != l->tries)
        return p->tries > l->tries;
    return p->at > l->at || (p->at == l->at && p->lead > l->lead);
}

static int any(struct chance *c, uint64_t n) { return (int)(chance_next(c) % n); }

static void one_step(struct chance *c) {
    int i = any(c, LEADS), number = 1 + any(c, 8);
    struct place p = {any(c, 3), any(c, 6), i};
    struct entry *x = TAILQ_FIRST(&w.entries);
    switch (any(c, 10)) {
    case 0:
        window_drop(&w, i);
        model[i].number = 0;
        break;
    case 1: /* the first is taken */
        if (x) {
            model[x->place.lead].number = 0;
            window_take(&w, x);
            entry_free(x);
        }
        break;
    case 2: /* as after a refill: the end is where its last one stands, or there is none */
        x = TAILQ_LAST(&w.entries, entries);
        w.is_whole = x == NULL || any(c, 2);
        w.last = x ? x->place : w.last;
        break;
    default:
        assert_int_equal(put(p.tries, p.at, i, number), !is_behind(&p));
        model[i] = (struct model){p, is_behind(&p) ? 0 : number};
    }
}

static void test_random(void **state) {
    (void)state;
    struct chance c;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        chance_seed(&c, seed);
        memset(model, 0, sizeof model);
        for (int step = 0; step < 500; step++) {
            one_step(&c);
            assert_string_equal(shown(), modelled());
        }
        window_clear(&w);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order), TEST(test_replaced), TEST(test_drop_and_take),
        TEST(test_end),   TEST(test_random),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
