/* The agenda: which lead is next, and that asking costs the same in any list. No
 * Asterisk is there; leads are taken by hand. */
#include "dialer.h"

#include "store/sqlite/inner.h"

static struct office o;
static struct agenda *a;
static char *dlma;

/* An engine with a plan (3 tries each of two numbers, a delay of 60 s) and a list of
 * leads made by fn, and the agenda of both, built. */
static void begin(int leads, void (*fn)(struct row *lead, int i)) {
    office_begin(&o, NULL);
    office_start(&o);
    struct asked plan =
        ask(&o, &noun_plan, CHANGE_CREATE, "MaxRetry1: 3\nMaxRetry2: 3\nRetryDelay: 60\n");
    dlma = xstrdup(ask(&o, &noun_dlma, CHANGE_CREATE, "Name: list\n").uuid);
    struct batch *b = batch_new();
    for (int i = 0; i < leads; i++) {
        struct row *r = row_new(&noun_lead);
        char uuid[UUID_TEXT], number[24];
        engine_uuid(o.engine, uuid);
        snprintf(number, sizeof number, "%d", i);
        row_set_text(r, LEAD_UUID, uuid);
        row_set_text(r, LEAD_DLMA_UUID, dlma);
        row_set_text(r, LEAD_NUMBER_1, number);
        row_set_int(r, LEAD_ID, store_next_id(o.engine->store, ID_LEAD));
        if (fn)
            fn(r, i);
        batch_row(b, r);
        row_free(r);
    }
    store_submit(o.engine->store, b, NULL, NULL);
    ask(&o, &noun_dlma, CHANGE_CREATE, "Name: behind the leads\n");
    a = agenda_hold(map_get(&o.engine->plans, plan.uuid), dlma);
    UNTIL(&o.h, a->complete && !a->building);
}

static int end(void **state) {
    (void)state;
    free(dlma);
    office_end(&o);
    return 0;
}

static void set_tries(struct row *r, int tries, double hangup_ago) {
    char text[TIME_TEXT];
    time_text(text, engine_wall(o.engine) - SECONDS(hangup_ago));
    row_set_int(r, LEAD_TRYCNT_1, tries);
    row_set_text(r, LEAD_TM_LAST_HANGUP, text);
}

static void on_written(void *arg, enum batch_end end) { (void)end, lead_written(arg); }

/* Waits until the window is read. */
static void settle_window(void) {
    int64_t next;
    (void)!agenda_has_next(a, &next);
    UNTIL(&o.h, a->known && a->reads[0] == NULL && a->reads[1] == NULL);
}

/* The number of the next lead, which counts as dialled and hung up by that: it is
 * written with one more try. "-" if there is none. */
static const char *take_next(int *index, int64_t *next) {
    static char number[24];
    struct lead *l = agenda_next(a, index, next);
    if (l == NULL && !agenda_is_settled(a)) {
        settle_window();
        l = agenda_next(a, index, next);
    }
    if (l == NULL)
        return "-";
    snprintf(number, sizeof number, "%s", row_text(l->row, LEAD_NUMBER_1));
    set_tries(l->row, (int)row_int(l->row, LEAD_TRYCNT_1) + 1, 0);
    struct batch *b = batch_new();
    agenda_write(l, b);
    store_submit(o.engine->store, b, on_written, l);
    lead_release(l);
    return number;
}

/* ---- order ---- */

/* Ten leads: number i has i % 3 tries, long ago. */
static void rising(struct row *r, int i) {
    if (i % 3)
        set_tries(r, i % 3, 600);
}

/* Fewest tries first, within them the one that is due longest, then the oldest. */
static void test_fewest_first(void **state) {
    (void)state;
    static const char *const order[] = {"0", "3", "6", "9", "1", "4", "7", "2", "5", "8"};
    int index;
    int64_t next;
    begin(10, rising);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_string_equal(take_next(&index, &next), order[i]);
        assert_int_equal(index, 1);
    }
    UNTIL(&o.h, o.engine->leads.count == 0); /* all of it is durable */
    assert_string_equal(take_next(&index, &next), "-");
    int64_t wait = next - engine_wall(o.engine);
    assert_true(wait > SECONDS(50) && wait <= SECONDS(60));
}

/* All leads with fewer tries wait: the ready ones behind them are not blocked. */
static void waiting(struct row *r, int i) {
    if (i < 200)
        set_tries(r, 1, 30); /* due in 30 s */
    else
        set_tries(r, 2, 600 + i);
}

static void test_waiting_do_not_block(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(203, waiting);
    assert_string_equal(take_next(&index, &next), "202");
    assert_string_equal(take_next(&index, &next), "201");
    assert_string_equal(take_next(&index, &next), "200");
    UNTIL(&o.h, o.engine->leads.count == 0);
    assert_string_equal(take_next(&index, &next), "-");
    int64_t wait = next - engine_wall(o.engine);
    assert_true(wait > SECONDS(20) && wait <= SECONDS(30));
}

/* Never again: answered, out of tries, without number, of unknown end. None of them
 * is offered, and none says that there is something to wait for. */
static void finished(struct row *r, int i) {
    switch (i % 4) {
    case 0:
        row_set_int(r, LEAD_RES_DIAL, 4);
        break;
    case 1:
        set_tries(r, 3, 600);
        break;
    case 2:
        row_set_text(r, LEAD_NUMBER_1, NULL);
        break;
    default:
        row_set_text(r, LEAD_RES_DIAL_DETAIL, "unknown");
        break;
    }
}

static void test_finished(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(100, finished);
    assert_string_equal(take_next(&index, &next), "-");
    assert_true(next == DUE_NEVER);
    struct query q; /* and why, each lead with one reason */
    int64_t sum = 0;
    query_begin(&q, o.engine->store, READ_DUE_REASONS, a->id, engine_wall(o.engine));
    while (query_step(&q)) {
        assert_string_not_equal(query_text(&q, 0), "ready");
        assert_string_not_equal(query_text(&q, 0), "waiting");
        sum += query_int(&q, 1);
    }
    query_end(&q);
    assert_int_equal(sum, 100);
}

/* The first number has no try left: the second is dialled. */
static void two_numbers(struct row *r, int i) {
    (void)i;
    row_set_text(r, LEAD_NUMBER_1 + 1, "22");
    set_tries(r, 3, 600);
}

static void test_second_number(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(1, two_numbers);
    assert_string_equal(take_next(&index, &next), "0");
    assert_int_equal(index, 2);
}

/* Asking whether there is one takes none. */
static void test_has_next(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(2, NULL);
    settle_window();
    for (int i = 0; i < 200; i++)
        assert_true(agenda_has_next(a, &next));
    assert_string_equal(take_next(&index, &next), "0");
    assert_string_equal(take_next(&index, &next), "1");
    assert_false(agenda_has_next(a, &next));
}

/* ---- changes ---- */

/* A lead in work is not offered twice, though the store still has it as ready; a new
 * lead, a changed one and a deleted one are seen. */
static void test_changes(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(3, NULL);
    settle_window();
    struct lead *first = agenda_next(a, &index, &next);
    row_set_int(first->row, LEAD_STATUS, 1);
    struct batch *b = batch_new();
    agenda_write(first, b);
    agendas_refresh(o.engine, dlma); /* reads anew what is not durable yet */
    settle_window();
    struct lead *other = agenda_next(a, &index, &next);
    assert_ptr_not_equal(other, first);
    assert_string_equal(row_text(other->row, LEAD_NUMBER_1), "1");
    char *text = xasprintf("Uuid: %s\n", row_uuid(other->row));
    lead_release(other);
    store_submit(o.engine->store, b, on_written, first);
    ask(&o, &noun_lead, CHANGE_DELETE, text);
    free(text);
    text = xasprintf("DlmaUuid: %s\nNumber1: 77\n", dlma);
    ask(&o, &noun_lead, CHANGE_CREATE, text);
    free(text);
    assert_string_equal(take_next(&index, &next), "2");
    assert_string_equal(take_next(&index, &next), "77");
    assert_string_equal(take_next(&index, &next), "-");
    lead_release(first);
}

/* The only lead is being changed: that is not the end of the list, or the campaign
 * would stop. */
static void test_pending_change(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(1, NULL);
    settle_window();
    struct lead *l = agenda_next(a, &index, &next);
    char *text = xasprintf("Uuid: %s\nNumber1: 5\n", row_uuid(l->row));
    lead_release(l);
    struct asked change;
    ask_begin(&o, &change, &noun_lead, CHANGE_UPDATE, text);
    UNTIL(&o.h, o.engine->leads.count); /* it has been read, and is being written */
    assert_false(agenda_has_next(a, &next));
    assert_true(next != DUE_NEVER && next < engine_wall(o.engine) + SECONDS(1));
    UNTIL(&o.h, change.done);
    assert_string_equal(take_next(&index, &next), "5");
    free(text);
}

/* MaxRetry1 is raised: what was done is due again, in a new agenda; the old one
 * goes. */
static void test_new_version(void **state) {
    (void)state;
    int index;
    int64_t next;
    begin(4, finished);
    assert_string_equal(take_next(&index, &next), "-");
    char *text = xasprintf("Uuid: %s\nMaxRetry1: 4\n", row_uuid(a->plan->item.row));
    ask(&o, &noun_plan, CHANGE_UPDATE, text);
    free(text);
    struct agenda *old = a;
    a = agenda_hold(a->plan, dlma);
    assert_ptr_not_equal(a, old);
    int64_t old_id = old->id;
    agenda_release(old);
    UNTIL(&o.h, a->complete && !a->building &&
                    LIST_NEXT(LIST_FIRST(&o.engine->agendas), link) == NULL);
    assert_string_equal(take_next(&index, &next), "1");
    assert_string_equal(take_next(&index, &next), "-");
    struct query q;
    query_begin(&q, o.engine->store, &read_due_any, old_id);
    assert_false(query_step(&q)); /* nothing is left of it */
    query_end(&q);
}

/* ---- a database that cannot be read ---- */

/* Overwrites the page that the table begins with. */
static void spoil(const char *path, const char *table) {
    sqlite3 *other;
    sqlite3_stmt *st;
    char *sql = xasprintf("SELECT (rootpage - 1) * (SELECT page_size FROM pragma_page_size)"
                          " FROM sqlite_master WHERE name = '%s'",
                          table);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    long at = (long)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(other);
    free(sql);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    for (int i = 0; i < 4096; i++)
        fputc(0xff, f);
    fclose(f);
}

/* An engine that cannot read what it has does not start with a part of it. */
static void test_unreadable(void **state) {
    (void)state;
    static const char *const tables[] = {"plan", "agenda", "memory", "campaign", "call_begin"};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        char *err = NULL;
        begin(3, rising);
        office_stop(&o);
        char *path = xasprintf("%s/db", o.folder);
        spoil(path, tables[i]);
        assert_null(dialer_new(o.h.loop, &o.h.log, o.conf, &err));
        assert_non_null(strstr(err, "/db: "));
        free(err);
        free(path);
        end(NULL);
    }
}

/* ---- cost ---- */

/* Steps of SQLite's machine that a statement of the agenda takes. */
static long steps_of(const struct statement *st) {
    sqlite3 *db;
    sqlite3_stmt *is;
    char *text = statement_text(st);
    assert_int_equal(sqlite3_open_v2(o.conf->database.db_sqlite3_data, &db,
                                     SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    assert_true(names_add_ns(db));
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &is, NULL), SQLITE_OK);
    sqlite3_bind_int64(is, sqlite3_bind_parameter_index(is, ":agenda"), a->id);
    sqlite3_bind_int64(is, sqlite3_bind_parameter_index(is, ":now"), engine_wall(o.engine));
    int limit = sqlite3_bind_parameter_index(is, ":limit");
    if (limit)
        sqlite3_bind_int64(is, limit, 64);
    while (sqlite3_step(is) == SQLITE_ROW)
        ;
    long steps = sqlite3_stmt_status(is, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(is);
    sqlite3_close(db);
    free(text);
    return steps;
}

/* Half waits or is done, so that there is something to skip. */
static void mixed(struct row *r, int i) {
    if (i % 4 == 0)
        set_tries(r, 1, 10);
    else if (i % 4 == 1)
        row_set_int(r, LEAD_RES_DIAL, 4);
}

/* Steps of one refill of the window. */
static long cost(int leads, void (*fn)(struct row *, int)) {
    begin(leads, fn);
    long steps = steps_of(&read_window) + steps_of(&read_levels);
    end(NULL);
    return steps;
}

static void all_wait(struct row *r, int i) { set_tries(r, 1 + i % 2, 10); }

/* Counted in steps, not in time: a list of 20,000 costs what one of 200 does. */
static void test_cost(void **state) {
    (void)state;
    long small = cost(200, mixed), large = cost(20000, mixed);
    print_message("64 of 200: %ld steps, of 20,000: %ld\n", small, large);
    assert_true(large <= small * 2 && large < 20000);
    small = cost(200, all_wait);
    large = cost(20000, all_wait);
    print_message("none of 200: %ld steps, of 20,000: %ld\n", small, large);
    assert_true(large <= small * 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_fewest_first, end),
        cmocka_unit_test_teardown(test_waiting_do_not_block, end),
        cmocka_unit_test_teardown(test_finished, end),
        cmocka_unit_test_teardown(test_second_number, end),
        cmocka_unit_test_teardown(test_has_next, end),
        cmocka_unit_test_teardown(test_changes, end),
        cmocka_unit_test_teardown(test_pending_change, end),
        cmocka_unit_test_teardown(test_new_version, end),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests_name("agenda", tests, NULL, NULL);
}
