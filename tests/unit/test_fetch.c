/* A lead that somebody wants: who waits for the same one waits for one answer; what was decided
 * meanwhile is newer than what was read; the first to ask is the first to be answered. */
#include "floor.h"

static struct asked lead;
static struct str answers; /* "1 " or "1:why " as they come */
static char names[64][8];

static int begin(void **state) {
    (void)state;
    floor_begin();
    make_campaign("");
    lead = make_lead("310");
    disk.leads = 0;
    str_reset(&answers);
    return 0;
}

static int end(void **state) {
    (void)state;
    floor_end();
    str_free(&answers);
    return 0;
}

static void on_changed(void *arg, const char *error, const struct row *row) {
    (void)row;
    str_addf(&answers, error ? "%s:%s " : "%s ", (const char *)arg, error);
}

/* Asks for a change under that number; an update gives the lead the number as its name. */
static void change_it(int number, enum change_verb verb) {
    struct change ch;
    snprintf(names[number], sizeof names[0], "%d", number);
    change_begin(&ch, verb, &noun_lead, lead.uuid, "test");
    if (verb == CHANGE_UPDATE)
        change_text(&ch, "name", names[number]);
    noun_change(o.engine, &ch, on_changed, names[number]);
    change_end(&ch);
}

static void name_is(const char *name) {
    struct row *r = lead_row(&o, lead.uuid);
    assert_string_equal(row_text(r, LEAD_NAME), name);
    row_free(r);
}

/* The lead in hand, as a campaign takes it. */
static struct agenda *a;

static struct lead *take_in_hand(void) {
    int number;
    int64_t next;
    a = agenda_hold(map_get(&o.engine->plans, plan.uuid), dlma.uuid);
    UNTIL(&o.h, a->complete && !a->building);
    (void)!agenda_has_next(a, &next);
    UNTIL(&o.h, a->known && !a->reads[1]);
    struct lead *l = agenda_next(a, &number, &next);
    assert_non_null(l);
    return l;
}

static void on_lead_written(void *arg, enum batch_end how) {
    assert_int_equal(how, BATCH_DURABLE);
    lead_written(arg);
}

static void test_joined(void **state) {
    (void)state;
    for (int i = 1; i <= 10; i++)
        change_it(i, CHANGE_UPDATE);
    assert_int_equal(answers.len, 0);
    settle(&o.h);
    assert_string_equal(answers.s, "1 2 3 4 5 6 7 8 9 10 ");
    assert_int_equal(disk.leads, 1);
    name_is("10");
    assert_int_equal(lead_int(&lead, LEAD_VERSION), 10);
    assert_int_equal(o.engine->leads.count, 0);
}

/* Of two leads at once, each has its own. */
static void test_two_leads(void **state) {
    (void)state;
    struct asked first = lead, second = make_lead("302");
    for (int i = 1; i <= 6; i++) {
        lead = i % 2 ? first : second;
        change_it(i, CHANGE_UPDATE);
    }
    settle(&o.h);
    assert_int_equal(disk.leads, 2);
    name_is("6");
    lead = first;
    name_is("5");
}

/* One that is in work is not read: that is what there is. */
static void test_in_work(void **state) {
    (void)state;
    struct lead *l = take_in_hand();
    row_set_text(l->row, LEAD_DETAIL, "in hand");
    change_it(1, CHANGE_UPDATE);
    assert_string_equal(row_text(l->row, LEAD_NAME), "1");
    assert_string_equal(row_text(l->row, LEAD_DETAIL), "in hand");
    lead_release(l);
    settle(&o.h);
    assert_int_equal(disk.leads, 0);
    assert_string_equal(answers.s, "1 ");
    name_is("1");
}

/* It comes into work while the first who wants it waits: the second does not overtake. */
static void test_does_not_overtake(void **state) {
    (void)state;
    struct lead *l = take_in_hand();
    lead_release(l);
    hold_store();
    change_it(1, CHANGE_UPDATE);
    l = take_in_hand();
    change_it(2, CHANGE_UPDATE);
    release_store();
    settle(&o.h);
    lead_release(l);
    assert_string_equal(answers.s, "1 2 ");
    name_is("2");
}

/* Deleted while others wait for it. */
static void test_deleted(void **state) {
    (void)state;
    hold_store();
    change_it(1, CHANGE_UPDATE);
    change_it(2, CHANGE_DELETE);
    change_it(3, CHANGE_UPDATE);
    change_it(4, CHANGE_DELETE);
    release_store();
    settle(&o.h);
    assert_string_equal(answers.s, "3:Uuid does not exist 4:Uuid does not exist 1 2 ");
    change_it(5, CHANGE_UPDATE);
    settle(&o.h);
    assert_non_null(strstr(answers.s, "5:Uuid does not exist "));
    assert_int_equal(stored("SELECT count(*) FROM dl_list WHERE in_use = 0"), 1);
    assert_int_equal(o.engine->leads.count, 0);
}

/* It is deleted, and let go of, while its read is under way: the answer still has it. */
static struct jobs aside;

/* The answer to the read that was asked for first is taken, and comes later. */
static void answer_late(void) {
    struct store *s = o.engine->store;
    struct job *j = TAILQ_FIRST(&s->turn.todo);
    assert_true(j->is_read);
    TAILQ_REMOVE(&s->turn.todo, j, link);
    TAILQ_INIT(&aside);
    turn_read(s, job_read(j));
    TAILQ_CONCAT(&aside, &s->turn.done, link);
}

static void answer_now(void) {
    TAILQ_CONCAT(&o.engine->store->turn.done, &aside, link);
    task_queue(&o.engine->store->turn.task);
    settle(&o.h);
}

/* A change whose read is answered late, beside a lead in hand. */
static struct lead *begin_late(void) {
    struct lead *l = take_in_hand();
    lead_release(l);
    hold_store();
    change_it(1, CHANGE_UPDATE);
    answer_late();
    int number;
    int64_t next;
    l = agenda_next(a, &number, &next);
    assert_non_null(l);
    return l;
}

static void test_written_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late();
    struct batch *b = batch_new();
    row_set_text(l->row, LEAD_NUMBER_1, "302");
    row_set_int(l->row, LEAD_TRYCNT_1, 2);
    agenda_write(l, b);
    store_submit(o.engine->store, b, on_lead_written, l);
    lead_release(l);
    release_store();
    settle(&o.h);
    assert_int_equal(o.engine->leads.count, 0);
    answer_now();
    assert_string_equal(answers.s, "1 ");
    assert_int_equal(disk.leads, 2);
    name_is("1");
    int number;
    int64_t next;
    l = agenda_next(a, &number, &next); /* and what is in memory is all of it */
    assert_string_equal(row_text(l->row, LEAD_NAME), "1");
    assert_string_equal(row_text(l->row, LEAD_NUMBER_1), "302");
    assert_int_equal(row_int(l->row, LEAD_TRYCNT_1), 2);
    assert_int_equal(row_int(l->row, LEAD_VERSION), lead_int(&lead, LEAD_VERSION));
    lead_release(l);
}

static void test_deleted_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late();
    struct batch *b = batch_new();
    row_set_int(l->row, LEAD_IN_USE, 0);
    agenda_write(l, b);
    store_submit(o.engine->store, b, on_lead_written, l);
    lead_release(l);
    release_store();
    settle(&o.h);
    answer_now();
    assert_string_equal(answers.s, "1:Uuid does not exist ");
    assert_int_equal(stored("SELECT count(*) FROM dl_list WHERE in_use = 1"), 0);
}

/* Being written, and deleted by that: nobody gets it. */
static void test_just_deleted(void **state) {
    (void)state;
    change_it(1, CHANGE_DELETE);
    loop_turn(o.h.loop, false);
    hold_store();
    change_it(2, CHANGE_UPDATE);
    release_store();
    settle(&o.h);
    assert_non_null(strstr(answers.s, "2:Uuid does not exist "));
}

/* It cannot be read: nobody is told that it does not exist, and it can be asked for again. */
static void test_unreadable(void **state) {
    (void)state;
    disk.reads_fail = true;
    change_it(1, CHANGE_UPDATE);
    change_it(2, CHANGE_UPDATE);
    settle(&o.h);
    assert_string_equal(answers.s, "1:the lead cannot be read: disk I/O error "
                                   "2:the lead cannot be read: disk I/O error ");
    disk.reads_fail = false;
    change_it(3, CHANGE_UPDATE);
    settle(&o.h);
    name_is("3");
}

static void on_found(void *arg, struct lead *l, const char *error) {
    str_addf(arg, "%s ", l ? row_text(l->row, LEAD_NAME) : error ? error : "none");
    lead_release(l);
}

/* Who only looks, and who decides, do not wait for each other. */
static void test_to_show(void **state) {
    (void)state;
    struct str seen = {0};
    change_it(1, CHANGE_UPDATE);
    lead_fetch(o.engine, lead.uuid, true, on_found, &seen);
    lead_fetch(o.engine, lead.uuid, true, on_found, &seen);
    lead_fetch(o.engine, "nobody", true, on_found, &seen);
    settle(&o.h);
    assert_string_equal(seen.s, "1 1 none ");
    assert_int_equal(disk.leads, 3);
    str_free(&seen);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_joined),
        TEST(test_two_leads),
        TEST(test_in_work),
        TEST(test_does_not_overtake),
        TEST(test_deleted),
        TEST(test_written_meanwhile),
        TEST(test_deleted_meanwhile),
        TEST(test_just_deleted),
        TEST(test_unreadable),
        TEST(test_to_show),
    };
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
