/* The store: batches durable in order, a wrong one among them, rows, versions. */
#include "storebench.h"

#include "oldschema.h"

#include <sys/wait.h>

/* What is told to be durable is so, for a reader of another connection as well, and
 * the callbacks come in the order of submission. */
static void test_order(void **state) {
    (void)state;
    open_store(false);
    struct str expected = {0}, lines = {0};
    for (int k = 0; k < 500; k++) {
        submit_call(k);
        str_addf(&expected, "%d ", k);
        str_addf(&lines, "{\"result\":%d}\n", k);
    }
    assert_string_equal(str_get(&told), ""); /* never from within */
    UNTIL(&h, told.len >= expected.len);
    assert_string_equal(told.s, expected.s);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE state = 1"), 500);
    results_are(lines.s);
    struct query q;
    query_begin(&q, s, READ_LEDGER_OPEN); /* our own reader sees it too */
    assert_false(query_step(&q));
    query_end(&q);
    str_free(&expected);
    str_free(&lines);
}

/* One wrong batch is undone as a whole, result line included, and takes nobody else
 * with it, though all share one transaction. */
static void test_wrong_batch(void **state) {
    (void)state;
    open_store(true);
    submit_call(1);
    struct batch *b = batch_new();
    add_attempt(b, 2);
    add_result(b, 2);
    add_attempt(b, 1); /* again: breaks the primary key */
    submit(b, 2);
    submit_call(3);
    settle(&h);
    assert_string_equal(str_get(&told), "1 2! 3 ");
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 2);
    results_are("{\"result\":1}\n{\"result\":3}\n");
    close_store();
    open_store(false); /* the same with a thread, all in one transaction */
    for (int k = 10; k < 20; k++) {
        b = batch_new();
        add_attempt(b, k);
        add_result(b, k);
        if (k % 3 == 0)
            add_attempt(b, 1);
        submit(b, k);
    }
    UNTIL(&h, strstr(told.s, "19 "));
    assert_string_equal(told.s, "1 2! 3 10 11 12! 13 14 15! 16 17 18! 19 ");
    results_are("{\"result\":1}\n{\"result\":3}\n{\"result\":10}\n{\"result\":11}\n"
                "{\"result\":13}\n{\"result\":14}\n{\"result\":16}\n{\"result\":17}\n"
                "{\"result\":19}\n");
}

/* However much has become durable at once, a turn of the loop tells some hundred: others wait
 * for it to end. */
static void count_done(void *arg, enum batch_end end) { *(int *)arg += end == BATCH_DURABLE; }

static void test_told_in_pieces(void **state) {
    (void)state;
    enum { BATCHES = 4000 };
    int done = 0, most = 0;
    open_store(false);
    for (int k = 0; k < BATCHES; k++) /* all but the first share a transaction, or two */
        store_submit(s, batch_new(), count_done, &done);
    while (done < BATCHES) {
        int before = done;
        loop_turn(h.loop, true);
        most = done - before > most ? done - before : most;
    }
    assert_in_range(most, 1, 256);
}

/* Closing waits for all that was submitted and tells it. */
static void test_close(void **state) {
    (void)state;
    open_store(false);
    for (int k = 0; k < 100; k++)
        submit_call(k);
    close_store();
    assert_non_null(strstr(told.s, "99 "));
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE result_written = 1"), 100);
}

/* A row comes back as it went; a second time it replaces the first; ids of leads are
 * never given twice, restart or not. */
static void test_rows(void **state) {
    (void)state;
    open_store(false);
    struct row *row = row_new(&noun_lead);
    json_t *vars = json_pack("{s:s, s:s}", "b", "2,\"\\", "a", "\xc3\xa4");
    row_set_text(row, LEAD_UUID, "u-1");
    row_set_text(row, LEAD_NUMBER_1, "'; DROP TABLE dl_list; --");
    row_set_int(row, LEAD_ID, store_next_id(s, ID_LEAD));
    row_set_vars(row, LEAD_VARIABLES, vars);
    for (int i = 1; i <= 2; i++) {
        struct batch *b = batch_new();
        row_set_int(row, LEAD_TRYCNT_1, i);
        batch_row(b, row);
        submit(b, i);
    }
    UNTIL(&h, told.len == 4);
    close_store();
    open_store(false);
    assert_int_equal(store_next_id(s, ID_LEAD), 2);
    struct query q;
    query_begin(&q, s, &read_lead_by_uuid, "u-1", NULL);
    assert_true(query_step(&q));
    struct row *back = query_row(&q, 0, &noun_lead);
    assert_false(query_step(&q));
    query_end(&q);
    assert_string_equal(row_text(back, LEAD_NUMBER_1), "'; DROP TABLE dl_list; --");
    assert_null(row_text(back, LEAD_NAME));
    assert_int_equal(row_int(back, LEAD_TRYCNT_1), 2);
    assert_true(json_equal((json_t *)(uintptr_t)row_vars(back, LEAD_VARIABLES), vars));
    query_begin(&q, s, &read_lead_by_uuid, "u-1' OR '1", NULL);
    assert_false(query_step(&q));
    query_end(&q);
    json_decref(vars);
    row_free(row);
    row_free(back);
}

/* ---- rows: what is written, and on which condition ---- */

/* A lead in the store, and what the store says of it. */
static struct row *make_lead(const char *uuid) {
    struct row *row = row_new(&noun_lead);
    struct batch *b = batch_new();
    row_set_text(row, LEAD_UUID, uuid);
    row_set_text(row, LEAD_NAME, "name");
    row_set_text(row, LEAD_DETAIL, "detail");
    row_set_int(row, LEAD_ID, store_next_id(s, ID_LEAD));
    batch_row(b, row);
    submit(b, 0);
    settle(&h);
    return row;
}

static void on_row(void *arg, enum read_end end, const struct rows *rows) {
    assert_int_equal(end, READ_ROWS);
    if (rows_count(rows))
        *(struct row **)arg = rows_row(rows, 0);
}

static struct row *lead_of(const char *uuid) {
    struct row *row = NULL;
    store_read(s, LANE_READ, &read_lead_by_uuid,
               BIND(ARG_TEXT("uuid", uuid), ARG_NULL("since")), on_row, &row);
    settle(&h);
    assert_non_null(row);
    return row;
}

/* Two copies of one row change different fields: both hold afterwards, since what was not
 * changed is not written; and each write raises the version. */
static void test_fields(void **state) {
    (void)state;
    open_store(true);
    row_free(make_lead("u-1"));
    struct row *one = lead_of("u-1"), *two = lead_of("u-1");
    assert_int_equal(row_int(one, LEAD_VERSION), 0);
    assert_int_equal(one->changed, 0);
    row_set_text(one, LEAD_NAME, "new");
    row_set_int(two, LEAD_TRYCNT_1, 3);
    row_set_text(two, LEAD_DETAIL, NULL);
    struct batch *b = batch_new();
    batch_row(b, one);
    batch_row(b, two);
    batch_row(b, two); /* nothing has changed in it: nothing is written */
    submit(b, 1);
    settle(&h);
    assert_int_equal(row_int(one, LEAD_VERSION), 1);
    assert_int_equal(row_int(two, LEAD_VERSION), 1);
    row_free(one);
    one = lead_of("u-1");
    assert_string_equal(row_text(one, LEAD_NAME), "new");
    assert_null(row_text(one, LEAD_DETAIL));
    assert_int_equal(row_int(one, LEAD_TRYCNT_1), 3);
    assert_int_equal(row_int(one, LEAD_VERSION), 2);
    row_free(one);
    row_free(two);
}

/* More shapes of updates than are kept prepared, in an order that meets each again late. */
static void test_shapes(void **state) {
    (void)state;
    open_store(true);
    struct row *row = make_lead("u-1");
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 500; i++) {
            struct batch *b = batch_new();
            for (int f = 0; f < LEAD_NUMBERS; f++)
                if (i >> f & 1)
                    row_set_int(row, LEAD_TRYCNT_1 + f, 1000 * round + i);
            row_set_text(row, i >> 8 ? LEAD_EMAIL : LEAD_UKEY, "x");
            batch_row(b, row);
            submit(b, 1);
            if (i % 100 == 99)
                settle(&h);
        }
    struct row *is = lead_of("u-1");
    for (int f = 0; f < LEAD_NUMBERS; f++)
        assert_int_equal(row_int(is, LEAD_TRYCNT_1 + f), row_int(row, LEAD_TRYCNT_1 + f));
    assert_int_equal(row_int(is, LEAD_VERSION), 1000);
    assert_null(strchr(told.s, '!'));
    row_free(is);
    row_free(row);
}

/* A lead that somebody else has written meanwhile is not reserved: the whole batch is
 * refused, with all that is in it; and nobody else's. */
static void test_refused(void **state) {
    (void)state;
    open_store(true);
    row_free(make_lead("u-1"));
    struct row *mine = lead_of("u-1"), *other = lead_of("u-1");
    struct batch *b = batch_new();
    row_set_int(other, LEAD_STATUS, 1);
    batch_row_if(b, other, row_int(other, LEAD_VERSION));
    submit(b, 1);
    b = batch_new();
    add_attempt(b, 2);
    add_result(b, 2);
    row_set_int(mine, LEAD_STATUS, 2);
    batch_row_if(b, mine, row_int(mine, LEAD_VERSION));
    submit(b, 2);
    submit_call(3);
    settle(&h);
    assert_string_equal(told.s, "0 1 2? 3 ");
    row_free(mine);
    mine = lead_of("u-1");
    assert_int_equal(row_int(mine, LEAD_STATUS), 1);
    assert_int_equal(row_int(mine, LEAD_VERSION), 1);
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 1);
    results_are("{\"result\":3}\n");
    row_set_int(mine, LEAD_STATUS, 0); /* read again, it can be written */
    b = batch_new();
    batch_row_if(b, mine, row_int(mine, LEAD_VERSION));
    submit(b, 4);
    settle(&h);
    assert_string_equal(told.s, "0 1 2? 3 4 ");
    row_free(mine);
    row_free(other);
}

/* A row that is not there cannot be changed, and is not made by that. */
static void test_no_row(void **state) {
    (void)state;
    open_store(true);
    struct row *row = row_of_store(&noun_plan);
    struct batch *b = batch_new();
    row_set_text(row, PLAN_UUID, "p-1");
    row_set_text(row, PLAN_NAME, "nowhere");
    batch_row(b, row);
    submit(b, 1);
    settle(&h);
    assert_string_equal(told.s, "1! ");
    assert_non_null(strstr(h.said.s, "a plan to be changed is not there"));
    assert_int_equal(ask("SELECT count(*) FROM plan"), 0);
    row_free(row);
}

/* ---- ids ---- */

/* Ids go on where they were after an end in order; after a crash some are lost, and none is
 * given again. */
static void test_ids(void **state) {
    (void)state;
    int pipes[2];
    int64_t last;
    assert_int_equal(pipe(pipes), 0);
    open_store(true);
    for (int i = 1; i <= 10; i++)
        assert_int_equal(store_next_id(s, ID_AGENDA), i);
    assert_int_equal(store_next_id(s, ID_LEAD), 1);
    close_store();
    pid_t pid = fork();
    if (pid == 0) {
        house_begin(&h, false);
        open_store(false);
        int64_t id = 0;
        for (int i = 0; i < 777; i++)
            id = store_next_id(s, ID_AGENDA);
        if (write(pipes[1], &id, sizeof id) != sizeof id)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(last, 787);
    open_store(false);
    int64_t next = store_next_id(s, ID_AGENDA);
    assert_true(next > last);
    assert_int_equal(store_next_id(s, ID_DIALING), 1000001);
    close_store();
    open_store(true);
    assert_int_equal(store_next_id(s, ID_AGENDA), next + 1);
    close(pipes[0]);
    close(pipes[1]);
}

/* Two stores on one database never give the same; and over many blocks none is left out or
 * given twice. */
static void test_ids_of_two(void **state) {
    (void)state;
    open_store(true);
    struct store *one = s;
    open_store(true);
    bool *seen = xcalloc(20000, sizeof *seen);
    for (int i = 0; i < 5000; i++) {
        int64_t a = store_next_id(one, ID_AGENDA), b = store_next_id(s, ID_AGENDA);
        assert_in_range(a, 1, 19999);
        assert_in_range(b, 1, 19999);
        assert_false(seen[a]);
        seen[a] = true;
        assert_false(seen[b]);
        seen[b] = true;
        if (i % 100 == 0)
            settle(&h);
    }
    store_close(one);
    free(seen);
}

/* Faster than a block can be reserved: none is better than one that was given before. */
static void test_no_ids(void **state) {
    (void)state;
    open_store(true);
    int64_t id = 0, given = 0;
    while ((id = store_next_id(s, ID_AGENDA)))
        assert_int_equal(id, ++given);
    settle(&h);
    assert_int_equal(store_next_id(s, ID_AGENDA), given + 1);
}

/* ---- versions of the database ---- */

static void on_fault(void *arg, const char *line) { fail_msg("%s: %s", (char *)arg, line); }

static void check_it(const char *when) {
    char *err = NULL;
    if (!sqlite_check(db, on_fault, (void *)(uintptr_t)when, &err))
        fail_msg("%s: %s", when, err);
}

static void on_rows(void *arg, enum read_end end, const struct rows *rows) {
    struct str *out = arg;
    assert_int_equal(end, READ_ROWS);
    for (int i = 0; i < rows_count(rows); i++)
        str_addf(out, "%s %lld ", rows_text(rows, i, "reason"),
                 (long long)rows_int(rows, i, "count"));
}

/* What is finished, by reason. */
static void reasons_are(const struct statement *st, struct bind arg, const char *expected) {
    struct str is = {0};
    store_read(s, LANE_READ, st, BIND(arg), on_rows, &is);
    settle(&h);
    assert_string_equal(str_get(&is), expected);
    str_free(&is);
}

/* Databases of earlier versions get what later ones have, and keep what they had. */
static void test_upgrade(void **state) {
    (void)state;
    for (int version = 1; version <= 4; version++) {
        old_make(db, version, results);
        write_file(results, "{\"result\":1}\n");
        open_store(version % 2);
        results_are("{\"result\":1}\n{\"result\":2}\n");
        struct batch *b = batch_new();
        batch_write(b, WRITE_MEMORY, "c-1", "dial", "{}");
        submit(b, 1);
        UNTIL(&h, told.len);
        assert_string_equal(told.s, "1 ");
        struct query q;
        query_begin(&q, s, READ_ALL_ROWS_PLAN);
        assert_true(query_step(&q));
        struct row *row = query_row(&q, 0, &noun_plan);
        query_end(&q);
        assert_string_equal(row_text(row, PLAN_NAME), "old");
        assert_null(row_text(row, PLAN_SHADOW_PARAMS));
        row_free(row);
        assert_int_equal(store_next_id(s, ID_LEAD), 21);
        assert_int_equal(store_next_id(s, ID_AGENDA), 8);
        close_store();
        check_it("after an upgrade");
        assert_int_equal(ask("SELECT count(*) FROM dl_list WHERE in_use = 1"), 9);
        assert_int_equal(ask("SELECT sum(trycnt_1) FROM dl_list"), 55);
        assert_int_equal(ask("SELECT count(*) FROM \"dddddddd_2222_4333_8444_000000000001\""),
                         9);
        assert_int_equal(ask("SELECT total * 10000 + dialing * 1000 + tries FROM list WHERE id > 0"),
                         91052);
        assert_int_equal(ask("SELECT count(*) FROM dialing WHERE state = 1"), 2);
        assert_int_equal(ask("SELECT count(*) FROM dialing WHERE frozen NOTNULL"), 1);
        open_store(true);
        reasons_are(&read_agenda_counts, (struct bind)ARG_INT("agenda", 7), "answered 1 ");
        tear_down(NULL);
        set_up(NULL);
    }
}

/* A database of another program or version is refused, not changed. */
static void test_versions(void **state) {
    (void)state;
    char *err = NULL;
    const struct store_config config = {.backend = &sqlite_backend,
                                        .path = db,
                                        .inline_ = true};
    open_store(true);
    close_store();
    sqlite3 *other;
    assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
    sqlite3_exec(other, "PRAGMA user_version = 99", NULL, NULL, NULL);
    sqlite3_close(other);
    assert_null(store_open(h.loop, &config, &err));
    assert_non_null(strstr(err, "schema version 99"));
    free(err);
    write_file(db, "this is no database, however long one looks at it, is it? No.\n");
    err = NULL;
    assert_null(store_open(h.loop, &config, &err));
    assert_non_null(strstr(err, db));
    free(err);
    const struct store_config nowhere = {.backend = &sqlite_backend,
                                         .path = "/nowhere/at/all",
                                         .inline_ = true};
    err = NULL;
    assert_null(store_open(h.loop, &nowhere, &err));
    assert_non_null(strstr(err, "/nowhere/at/all"));
    free(err);
}

/* One that lives in memory: written from within, told at the end of the turn, and gone
 * unless it is saved. */
static void test_memory(void **state) {
    (void)state;
    const struct store_config config = {.backend = &sqlite_backend, .path = db, .memory = true};
    char *err = NULL, *copy = xasprintf("%s/copy", folder);
    s = store_open(h.loop, &config, &err);
    assert_non_null(s);
    struct batch *b = batch_new();
    add_attempt(b, 1);
    submit(b, 1);
    struct query q;
    query_begin(&q, s, READ_LEDGER_OPEN); /* there already */
    assert_true(query_step(&q));
    query_end(&q);
    assert_string_equal(str_get(&told), "");
    b = batch_new();
    add_attempt(b, 1); /* again: a wrong one */
    submit(b, 2);
    loop_turn(h.loop, false);
    assert_string_equal(told.s, "1 2! ");
    assert_false(store_is_failing(s));
    assert_int_not_equal(access(db, F_OK), 0);
    assert_true(store_save(s, copy, &err));
    close_store();
    free(db);
    db = copy;
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 1);
    unlink(db);
    s = store_open(h.loop, &config, &err);
    query_begin(&q, s, READ_LEDGER_OPEN);
    assert_false(query_step(&q));
    query_end(&q);
    assert_false(store_save(s, "/nowhere/at/all", &err));
    assert_non_null(strstr(err, "/nowhere/at/all"));
    free(err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order),      TEST(test_wrong_batch), TEST(test_close),
        TEST(test_rows),       TEST(test_fields),      TEST(test_shapes),
        TEST(test_refused),    TEST(test_no_row),      TEST(test_ids),
        TEST(test_ids_of_two), TEST(test_no_ids),      TEST(test_upgrade),
        TEST(test_versions),   TEST(test_memory),      TEST(test_told_in_pieces),
    };
    return cmocka_run_group_tests_name("store", tests, begin, end);
}
