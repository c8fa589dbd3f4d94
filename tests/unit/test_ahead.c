/* The window of leads read ahead, beside a store whose answers come late: what happens while
 * they are on their way, when it is read anew, and what it must never forget. */
#include "floor.h"

static struct agenda *a;

/* ---- leads ---- */

static void set_tries(struct row *r, int tries, double hangup_ago) {
    char text[TIME_TEXT];
    time_text(text, engine_wall(o.engine) - SECONDS(hangup_ago));
    row_set_int(r, LEAD_TRYCNT_1, tries);
    row_set_text(r, LEAD_TM_LAST_HANGUP, text);
}

/* Leads of the list, numbered from that on; fn changes the row of the i-th. */
static void add_leads(int from, int count, void (*fn)(struct row *r, int i)) {
    struct batch *b = batch_new();
    for (int i = from; i < from + count; i++) {
        struct row *r = row_new(&noun_lead);
        char uuid[UUID_TEXT], number[24];
        engine_uuid(o.engine, uuid);
        snprintf(number, sizeof number, "%d", i);
        row_set_text(r, LEAD_UUID, uuid);
        row_set_text(r, LEAD_DLMA_UUID, dlma.uuid);
        row_set_text(r, LEAD_NUMBER_1, number);
        row_set_int(r, LEAD_ID, store_next_id(o.engine->store, ID_LEAD));
        if (fn)
            fn(r, i);
        batch_row(b, r);
        row_free(r);
    }
    store_submit(o.engine->store, b, NULL, NULL);
    settle(&o.h);
}

/* Its agenda under the plan, complete. */
static struct agenda *hold_agenda(const char *plan_uuid) {
    struct agenda *x = agenda_hold(map_get(&o.engine->plans, plan_uuid), dlma.uuid);
    UNTIL(&o.h, x->complete && !x->building);
    return x;
}

static bool is_known(const struct agenda *x) {
    return x->known && x->reads[0] == NULL && x->reads[1] == NULL;
}

static void know(struct agenda *x) {
    int64_t next;
    (void)!agenda_has_next(x, &next);
    UNTIL(&o.h, is_known(x));
}

/* That many leads, and the window read. The plan waits 60 s between two calls. */
static void begin(int leads, void (*fn)(struct row *r, int i)) {
    floor_begin();
    make_campaign("");
    add_leads(0, leads, fn);
    a = hold_agenda(plan.uuid);
    know(a);
}

static int end(void **state) {
    (void)state;
    floor_end();
    return 0;
}

/* The next lead's number; "-" if there is none, or "?" if that is not known. */
static const char *peek(struct agenda *x) {
    static char number[24];
    int index;
    int64_t next;
    struct lead *l = agenda_next(x, &index, &next);
    if (l == NULL)
        return agenda_is_settled(x) ? "-" : "?";
    snprintf(number, sizeof number, "%s", row_text(l->row, LEAD_NUMBER_1 + index - 1));
    lead_release(l);
    return number;
}

/* The next lead, held; it must be there. */
static struct lead *next_of(struct agenda *x) {
    int index;
    int64_t next;
    struct lead *l = agenda_next(x, &index, &next);
    assert_non_null(l);
    return l;
}

static void on_lead_written(void *arg, enum batch_end how) {
    assert_int_equal(how, BATCH_DURABLE);
    lead_written(arg);
}

static void write_lead(struct lead *l) {
    struct batch *b = batch_new();
    agenda_write(l, b);
    store_submit(o.engine->store, b, on_lead_written, l);
}

/* Takes the next one, which has been called and hung up by that. */
static const char *take(struct agenda *x) {
    static char number[24];
    if (strcmp(peek(x), "?") == 0)
        know(x);
    snprintf(number, sizeof number, "%s", peek(x));
    if (*number == '-')
        return number;
    struct lead *l = next_of(x);
    set_tries(l->row, (int)row_int(l->row, LEAD_TRYCNT_1) + 1, 0);
    write_lead(l);
    lead_release(l);
    return number;
}

static void take_all(struct agenda *x, int from, int until) {
    for (int i = from; i < until; i++) {
        char number[24];
        snprintf(number, sizeof number, "%d", i);
        assert_string_equal(take(x), number);
        settle(&o.h);
    }
}

/* ---- while a refill is under way ---- */

/* The window is being read anew, and the answer stays away; the first lead is in hand. */
static struct lead *begin_late(int leads) {
    begin(leads, NULL);
    struct lead *l = next_of(a);
    agendas_refresh(o.engine, dlma.uuid);
    hold_store();
    assert_string_equal(peek(a), "?");
    assert_non_null(a->reads[0]);
    return l;
}

static void test_edited_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(3);
    row_set_text(l->row, LEAD_NUMBER_1, "77");
    write_lead(l);
    lead_release(l);
    release_store();
    know(a);
    assert_string_equal(take(a), "77");
    take_all(a, 1, 3);
    assert_string_equal(take(a), "-");
}

static void test_deleted_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(3);
    struct asked del;
    begin_askf(&del, &noun_lead, CHANGE_DELETE, "Uuid: %s\n", row_uuid(l->row));
    lead_release(l);
    release_store();
    know(a);
    assert_true(del.done && del.error == NULL);
    take_all(a, 1, 3);
    assert_string_equal(take(a), "-");
}

static void test_created_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(3);
    lead_release(l);
    struct asked made;
    begin_askf(&made, &noun_lead, CHANGE_CREATE, "DlmaUuid: %s\nNumber1: 3\n", dlma.uuid);
    release_store();
    know(a);
    take_all(a, 0, 4);
    assert_string_equal(take(a), "-");
}

/* It waits now, and falls due. */
static void test_called_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(2);
    set_tries(l->row, 1, 0);
    write_lead(l);
    lead_release(l);
    release_store();
    know(a);
    assert_string_equal(take(a), "1");
    int64_t next;
    settle(&o.h);
    assert_false(agenda_has_next(a, &next));
    assert_true(agenda_is_settled(a));
    assert_int_equal(next, engine_wall(o.engine) + SECONDS(60));
    pass(&o.h, SECONDS(60));
    assert_string_equal(take(a), "0");
}

/* Twice: the later one counts. */
static void test_edited_twice(void **state) {
    (void)state;
    struct lead *l = begin_late(1);
    row_set_text(l->row, LEAD_NUMBER_1, "77");
    write_lead(l);
    set_tries(l->row, 1, 600);
    row_set_text(l->row, LEAD_NUMBER_1, "78");
    write_lead(l);
    lead_release(l);
    release_store();
    know(a);
    assert_string_equal(take(a), "78");
}

/* Another campaign's plan over the same list takes the lead, and gives it back. */
static void test_taken_by_another(void **state) {
    (void)state;
    begin(3, NULL);
    struct asked other = askf(&noun_plan, CHANGE_CREATE, "MaxRetry1: 9\nRetryDelay: 0\n");
    struct agenda *b = hold_agenda(other.uuid);
    know(b);
    agendas_refresh(o.engine, dlma.uuid);
    know(b);
    hold_store();
    assert_string_equal(peek(a), "?");
    struct lead *l = next_of(b);
    row_set_int(l->row, LEAD_STATUS, 1);
    write_lead(l);
    release_store();
    know(a);
    assert_string_equal(peek(a), "1");
    row_set_int(l->row, LEAD_STATUS, 0);
    set_tries(l->row, 1, 0);
    write_lead(l);
    lead_release(l);
    settle(&o.h);
    take_all(a, 1, 3);
    assert_string_equal(take(a), "-"); /* 60 s by this plan ... */
    assert_string_equal(peek(b), "0"); /* ... and none by that one */
    pass(&o.h, SECONDS(60));
    assert_string_equal(take(a), "0");
}

/* A hard limit puts a lead off for one campaign: that is nothing to the agenda of another,
 * whose answer is on its way. */
static void test_postponed_by_another(void **state) {
    (void)state;
    begin(2, NULL);
    struct asked other = askf(&noun_plan, CHANGE_CREATE, "MaxRetry1: 9\n");
    struct agenda *b = hold_agenda(other.uuid);
    agendas_refresh(o.engine, dlma.uuid);
    know(a);
    hold_store();
    assert_string_equal(peek(b), "?");
    agenda_postpone(a, next_of(a), 1, engine_wall(o.engine) + SECONDS(5), "a limit");
    release_store();
    know(b);
    settle(&o.h);
    assert_string_equal(take(b), "0");
    assert_string_equal(take(b), "1");
}

/* The same while its own answer is on its way. */
static void test_postponed_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(2);
    agenda_postpone(a, l, 1, engine_wall(o.engine) + SECONDS(5), "a limit");
    release_store();
    know(a);
    assert_string_equal(take(a), "1");
    assert_string_equal(take(a), "-");
    pass(&o.h, SECONDS(5));
    assert_string_equal(take(a), "0");
}

/* The other's agenda is only being built. */
static void test_postponed_while_built(void **state) {
    (void)state;
    begin(2, NULL);
    struct asked other = askf(&noun_plan, CHANGE_CREATE, "MaxRetry1: 9\n");
    struct agenda *b = agenda_hold(map_get(&o.engine->plans, other.uuid), dlma.uuid);
    disk.hold_reads_of = &read_leads_to_place;
    UNTIL(&o.h, disk.held);
    agenda_postpone(a, next_of(a), 1, engine_wall(o.engine) + SECONDS(5), "a limit");
    release_store();
    UNTIL(&o.h, b->complete && !b->building);
    know(b);
    assert_string_equal(take(b), "0");
    assert_string_equal(take(b), "1");
}

/* A new version of the plan is a new agenda; the answer for the old one comes to nothing. */
static void test_new_version_meanwhile(void **state) {
    (void)state;
    struct lead *l = begin_late(3);
    struct asked change;
    begin_askf(&change, &noun_plan, CHANGE_UPDATE, "Uuid: %s\nRetryDelay: 0\n", plan.uuid);
    struct agenda *old = a;
    a = agenda_hold(old->plan, dlma.uuid);
    assert_ptr_not_equal(a, old);
    agenda_release(old);
    release_store();
    UNTIL(&o.h, a->complete && !a->building && LIST_NEXT(a, link) == NULL &&
                    LIST_FIRST(&o.engine->agendas) == a);
    row_set_text(l->row, LEAD_NUMBER_1, "77");
    write_lead(l);
    lead_release(l);
    assert_string_equal(take(a), "77");
    take_all(a, 1, 3);
    assert_string_equal(take(a), "77"); /* by the new rule: at once */
    assert_int_equal(stored("SELECT count(DISTINCT agenda) FROM due"), 1);
}

/* ---- what comes in between two refills ---- */

/* New leads stand in the window in their order; it is not read again for them. */
static void test_import(void **state) {
    (void)state;
    begin(3, NULL);
    int windows = disk.windows;
    for (int i = 3; i < 100; i++) {
        char number[24];
        snprintf(number, sizeof number, "%d", i);
        make_lead(number);
    }
    take_all(a, 0, 100);
    assert_int_equal(disk.windows, windows);
    assert_string_equal(take(a), "-");
}

/* A large import while calls run: each lead once, in order, for few refills. */
static void test_import_while_calls_run(void **state) {
    (void)state;
    begin(100, NULL);
    int windows = disk.windows, made = 100;
    for (int taken = 0; taken < 2000; taken++) {
        for (; made < 2000 && made < 3 * taken + 100; made++) {
            char number[24];
            snprintf(number, sizeof number, "%d", made);
            make_lead(number);
        }
        take_all(a, taken, taken + 1);
        assert_in_range(a->window.count, 0, 2 * a->size);
    }
    assert_string_equal(take(a), "-");
    assert_in_range(disk.windows - windows, 1, 40);
}

/* What was put into it does not make it grow without end; what it gave back comes again. */
static void test_trimmed(void **state) {
    (void)state;
    begin(1, NULL);
    for (int i = 1; i < 600; i++) {
        char number[24];
        snprintf(number, sizeof number, "%d", i);
        make_lead(number);
        assert_in_range(a->window.count, 1, 2 * a->size);
    }
    assert_false(a->window.is_whole);
    take_all(a, 0, 600);
    assert_string_equal(take(a), "-");
}

/* ---- when it is read again ---- */

/* It is never empty while the list has leads, if a turn goes by between two. */
static void test_read_in_time(void **state) {
    (void)state;
    begin(1000, NULL);
    for (int i = 0; i < 1000; i++) {
        char number[24];
        snprintf(number, sizeof number, "%d", i);
        assert_string_equal(peek(a), number);
        take(a);
        loop_turn(o.h.loop, false);
    }
}

/* Used up fast it grows; slowly it does not. */
static void test_grows(void **state) {
    (void)state;
    begin(3000, NULL);
    int size = a->size;
    for (int i = 0; i < 300; i++) {
        take_all(a, i, i + 1);
        pass(&o.h, SECONDS(0.1));
    }
    assert_int_equal(a->size, size);
    take_all(a, 300, 3000);
    assert_true(a->size > size);
}

/* Of a better level, and due in 10 s. */
static void all_but_one_later(struct row *r, int i) { set_tries(r, i ? 2 : 1, i ? 600 : 50); }

static void test_better_level(void **state) {
    (void)state;
    begin(1500, all_but_one_later);
    take_all(a, 1, 10);
    pass(&o.h, SECONDS(9.9));
    take_all(a, 10, 20);
    pass(&o.h, SECONDS(0.2));
    (void)peek(a);
    settle(&o.h);
    assert_string_equal(take(a), "0");
    take_all(a, 20, 30);
}

/* Of the same level: behind all that are there. */
static void one_each_second(struct row *r, int i) {
    set_tries(r, 1, i < 1000 ? 1000 : 60 - (i - 999) * 0.01);
}

/* Leads that fall due behind those that are there are no reason to read it again, nor to make
 * it larger. */
static void test_same_level(void **state) {
    (void)state;
    begin(2000, one_each_second);
    assert_false(a->window.is_whole);
    int windows = disk.windows, size = a->size;
    for (int i = 0; i < 1000; i++) {
        pass(&o.h, SECONDS(0.01));
        (void)peek(a);
        settle(&o.h);
    }
    assert_int_equal(disk.windows, windows);
    assert_int_equal(a->size, size);
    take_all(a, 0, 2000);
}

/* So too in a window that is whole: they are behind it. */
static void few_and_many_later(struct row *r, int i) {
    set_tries(r, 1, i < 200 ? 1000 : 60 - (i - 199) * 0.01);
}

static void test_same_level_whole(void **state) {
    (void)state;
    begin(1200, few_and_many_later);
    assert_true(a->window.is_whole);
    int windows = disk.windows;
    for (int i = 0; i < 1000; i++) {
        pass(&o.h, SECONDS(0.01));
        (void)peek(a);
        settle(&o.h);
    }
    assert_in_range(disk.windows - windows, 0, 3);
    take_all(a, 0, 1200);
    assert_string_equal(take(a), "-");
}

/* ---- limits of attempts ---- */

static void ledger_has(const char *uuid, double ago) {
    struct batch *b = batch_new();
    char id[UUID_TEXT], text[TIME_TEXT];
    engine_uuid(o.engine, id);
    time_text(text, engine_wall(o.engine) - SECONDS(ago));
    batch_write(b, WRITE_LEDGER_OPEN, id, "other", "main", camp.uuid, plan.uuid, uuid,
                INT64_C(1), text, NULL);
    batch_write(b, WRITE_LEDGER_CLOSE, id, INT64_C(5), "busy", INT64_C(17), "busy", NULL, NULL,
                NULL, "main", NULL, NULL, INT64_C(0));
    store_submit(o.engine->store, b, NULL, NULL);
    settle(&o.h);
}

/* A limit that comes with a reload counts attempts that nobody has read so far. */
static void test_limit_reloaded(void **state) {
    (void)state;
    int64_t until;
    begin(2, NULL);
    struct lead *l = next_of(a);
    ledger_has(row_uuid(l->row), 60);
    lead_release(l);
    o.conf->limits.attempts_lead = 1;
    o.conf->limits.attempts_hours = 24;
    reload_limits("", "");
    if (strcmp(peek(a), "?") == 0)
        know(a);
    l = next_of(a);
    assert_non_null(limits_lead(o.engine, l, 1, &until));
    lead_release(l);
}

/* The same for a lead that is being called at that moment, once it is free again. */
static void test_limit_reloaded_in_work(void **state) {
    (void)state;
    int64_t until;
    begin(1, NULL);
    struct lead *l = next_of(a);
    ledger_has(row_uuid(l->row), 60);
    row_set_int(l->row, LEAD_STATUS, 1);
    write_lead(l);
    settle(&o.h);
    o.conf->limits.attempts_lead = 1;
    o.conf->limits.attempts_hours = 24;
    reload_limits("", "");
    know(a);
    row_set_int(l->row, LEAD_STATUS, 0);
    write_lead(l);
    lead_release(l);
    settle(&o.h);
    if (strcmp(peek(a), "?") == 0)
        know(a);
    l = next_of(a);
    assert_non_null(limits_lead(o.engine, l, 1, &until));
    lead_release(l);
}

/* ---- leads that are large ---- */

static void large(struct row *r, int i) {
    (void)i;
    char *text = xcalloc(1, 900);
    json_t *vars = json_object();
    memset(text, 'x', 899);
    for (int k = 0; k < 9; k++) {
        char name[8];
        snprintf(name, sizeof name, "V%d", k);
        json_object_set_new(vars, name, json_string(text));
    }
    row_set_vars(r, LEAD_VARIABLES, vars);
    json_decref(vars);
    free(text);
}

/* A window so large that the store does not answer with it is asked for smaller. */
static void test_large_leads(void **state) {
    (void)state;
    begin(0, NULL);
    for (int i = 0; i < 4200; i += 100)
        add_leads(i, 100, large);
    agenda_release(a);
    UNTIL(&o.h, LIST_EMPTY(&o.engine->agendas));
    a = hold_agenda(plan.uuid);
    know(a);
    take_all(a, 0, 4200);
    assert_string_equal(take(a), "-");
}

#define TEST(fn) cmocka_unit_test_teardown(fn, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_edited_meanwhile),
        TEST(test_deleted_meanwhile),
        TEST(test_created_meanwhile),
        TEST(test_called_meanwhile),
        TEST(test_edited_twice),
        TEST(test_taken_by_another),
        TEST(test_postponed_by_another),
        TEST(test_postponed_meanwhile),
        TEST(test_postponed_while_built),
        TEST(test_new_version_meanwhile),
        TEST(test_import),
        TEST(test_import_while_calls_run),
        TEST(test_trimmed),
        TEST(test_read_in_time),
        TEST(test_grows),
        TEST(test_better_level),
        TEST(test_same_level),
        TEST(test_same_level_whole),
        TEST(test_limit_reloaded),
        TEST(test_limit_reloaded_in_work),
        TEST(test_large_leads),
    };
    return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
