/* The ledger, whose rows are never changed: what is in progress and what is over, after many
 * calls, in any order, across restarts; and the log of writes, which does not grow for ever. */
#include "storebench.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void answer(struct batch *b, int64_t id, const char *at) {
    batch_statement(b, &write_ledger_answer,
                    BIND(ARG_INT("id", id), ARG_TEXT("tm_dial_begin", at),
                         ARG_TEXT("tm_dial_end", at)));
}

static void join(struct batch *b, int64_t id, const char *at, int64_t abandoned) {
    batch_statement(b, &write_ledger_join,
                    BIND(ARG_INT("id", id), ARG_TEXT("tm_join", at),
                         ARG_INT("abandoned", abandoned)));
}

static void connect_it(struct batch *b, int64_t id, const char *at) {
    batch_statement(b, &write_ledger_connect,
                    BIND(ARG_INT("id", id), ARG_TEXT("tm_connect", at)));
}

/* ---- what is in progress ---- */

static void on_open(void *arg, enum read_end end, const struct rows *rows) {
    struct str *out = arg;
    static const char *const texts[] = {"tm_dialing", "tm_dial_begin", "tm_join", "tm_connect"};
    assert_int_equal(end, READ_ROWS);
    for (int i = 0; i < rows_count(rows); i++) {
        str_addf(out, "%lld %d%d", (long long)rows_int(rows, i, "id"),
                 (int)rows_int(rows, i, "answered"), (int)rows_int(rows, i, "abandoned"));
        for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
            const char *text = rows_text(rows, i, texts[t]);
            str_addf(out, " %s", text ? text + 17 : "-");
        }
        str_addc(out, '\n');
    }
}

static void open_calls_are(const char *expected) {
    struct str is = {0};
    store_read(s, LANE_READ, &read_ledger_open, BIND_NONE, on_open, &is);
    settle(&h);
    assert_string_equal(str_get(&is), expected);
    str_free(&is);
}

/* Each step is there after a restart; the last word on one counts. */
static void test_steps(void **state) {
    (void)state;
    open_store(true);
    struct batch *b = batch_new();
    for (int k = 1; k <= 4; k++)
        add_attempt(b, k);
    answer(b, 2, "2016-11-15T02:12:53.000000001Z");
    join(b, 2, "2016-11-15T02:12:54.000000000Z", 1);
    answer(b, 3, "2016-11-15T02:12:55.000000000Z");
    join(b, 3, "2016-11-15T02:12:55.500000000Z", 1);
    join(b, 3, "2016-11-15T02:12:56.000000000Z", 0);
    connect_it(b, 3, "2016-11-15T02:12:57.000000000Z");
    add_result(b, 4);
    submit(b, 1);
    static const char expected[] =
        "1 00 52.000000000Z - - -\n"
        "2 11 52.000000000Z 53.000000001Z 54.000000000Z -\n"
        "3 10 52.000000000Z 55.000000000Z 56.000000000Z 57.000000000Z\n";
    open_calls_are(expected);
    close_store();
    open_store(true);
    open_calls_are(expected);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE state = 0 AND answered"), 2);
}

/* A call is closed once: who closes it again, or one that never began, changes nothing. */
static void test_closed_once(void **state) {
    (void)state;
    open_store(true);
    struct batch *b = batch_new();
    add_attempt(b, 1);
    add_result(b, 1);
    submit(b, 1);
    b = batch_new();
    batch_statement(b, &write_ledger_close,
                    BIND(ARG_INT("id", 1), ARG_INT("answered", 0), ARG_INT("res_dial", 5),
                         ARG_TEXT("res_dial_detail", "busy"), ARG_INT("res_hangup", 17),
                         ARG_TEXT("res_hangup_detail", "User busy"), ARG_NULL("tm_dial_begin"),
                         ARG_NULL("tm_dial_end"), ARG_NULL("tm_hangup"),
                         ARG_TEXT("asterisk", "main"), ARG_NULL("tm_join"),
                         ARG_NULL("tm_connect"), ARG_INT("abandoned", 0)));
    submit(b, 2);
    b = batch_new();
    add_result(b, 99); /* its line has no place: wrong */
    submit(b, 3);
    settle(&h);
    assert_string_equal(told.s, "1 2 3! ");
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 1);
    assert_int_equal(ask("SELECT res_dial FROM dialing"), 4);
    results_are("{\"result\":1}\n");
}

/* Thousands of calls that end in any order, in one run and over several that are killed: the
 * ones in progress are never lost, those that are over never come back, and the table of
 * those that have begun does not keep what is over. */
static void test_many(void **state) {
    (void)state;
    enum { CALLS = 12000, UP = 300 };
    int id = 0;
    bool *is_up = xcalloc(CALLS + 1, sizeof *is_up);
    for (int run = 0; run < 3; run++) {
        int upto = CALLS / 3 * (run + 1);
        pid_t pid = fork();
        if (pid == 0) {
            house_begin(&h, false);
            open_store(true);
        }
        chance_seed(&h.chance, (uint64_t)run + 1);
        for (int at = id, ups = 0; at < upto; at += 100) { /* both know what happens */
            struct batch *b = pid ? NULL : batch_new();
            for (int k = at + 1; k <= at + 100; k++) {
                is_up[k] = true;
                if (b)
                    add_attempt(b, k);
            }
            for (int k = 1; k <= at + 100; k++)
                ups += is_up[k];
            for (; ups > UP; ups--) {
                int k;
                do
                    k = 1 + (int)(chance_next(&h.chance) % (uint64_t)(at + 100));
                while (!is_up[k]);
                is_up[k] = false;
                if (b)
                    add_result(b, k);
            }
            ups = 0;
            if (b) {
                submit(b, 1);
                settle(&h);
            }
        }
        if (pid == 0)
            kill(getpid(), SIGKILL);
        id = upto;
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
    open_store(true);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE state = 0"), UP);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE state = 1"), CALLS - UP);
    assert_true(ask("SELECT count(*) FROM call_begin") < 2000);
    for (int k = 1; k <= CALLS; k++)
        if (is_up[k]) {
            char *sql = xasprintf("SELECT count(*) FROM call_open WHERE id = %d", k);
            assert_int_equal(ask(sql), 1);
            free(sql);
        }
    close_store();
    free(is_up);
}

/* ---- the log of writes ---- */

static int64_t size_of(const char *end) {
    char *path = xasprintf("%s%s", db, end);
    struct stat st;
    int64_t n = stat(path, &st) ? 0 : st.st_size;
    free(path);
    return n;
}

static void write_much(int from, int calls) {
    char *much = xcalloc(1, 4001);
    memset(much, 'x', 4000);
    for (int k = from; k < from + calls; k++) {
        struct batch *b = batch_new();
        batch_statement(b, &write_memory,
                        BIND(ARG_TEXT("campaign", k % 2 ? "one" : "two"),
                             ARG_TEXT("hook", "dial"), ARG_TEXT("value", much)));
        submit(b, 1);
        settle(&h);
    }
    free(much);
}

/* The log is folded into the file as it grows, long before it is as large as a small disk. */
static void test_log(void **state) {
    (void)state;
    open_store(true);
    write_much(0, 6000);
    assert_true(size_of("-wal") < 6 << 20);
}

/* Somebody who reads for ever does not let it grow for ever: the writer waits for them at the
 * limit, and goes on once they have gone. */
static void test_log_limit(void **state) {
    (void)state;
    const struct store_config config = {.backend = &sqlite_backend,
                                        .path = db,
                                        .inline_ = true,
                                        .log_limit = 8 << 20};
    char *err = NULL;
    int pipes[2];
    char one;
    assert_int_equal(pipe(pipes), 0);
    s = store_open(h.loop, &config, &err);
    assert_non_null(s);
    write_much(0, 10);
    pid_t pid = fork();
    if (pid == 0) { /* holds a snapshot for a while */
        sqlite3 *other;
        sqlite3_stmt *st;
        sqlite3_open_v2(db, &other, SQLITE_OPEN_READONLY, NULL);
        sqlite3_exec(other, "BEGIN", NULL, NULL, NULL);
        sqlite3_prepare_v2(other, "SELECT count(*) FROM memory", -1, &st, NULL);
        sqlite3_step(st);
        if (write(pipes[1], "1", 1) != 1)
            _exit(1);
        usleep(3000000);
        _exit(0);
    }
    assert_int_equal(read(pipes[0], &one, 1), 1);
    write_much(10, 4000);
    assert_true(size_of("-wal") < 9 << 20);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- what others see ---- */

/* The tables of old, as people read them. */
static void test_views(void **state) {
    (void)state;
    open_store(true);
    struct row *r = row_new(&noun_lead);
    struct batch *b = batch_new();
    row_set_text(r, LEAD_UUID, "u-1");
    row_set_text(r, LEAD_DLMA_UUID, "dddddddd-2222-4333-8444-000000000001");
    row_set_text(r, LEAD_TM_LAST_DIAL, "2016-11-15T02:10:52.930031700Z");
    row_set_text(r, LEAD_TM_LAST_HANGUP, "some day");
    row_set_text(r, LEAD_RES_DIAL_DETAIL, "busy");
    row_set_int(r, LEAD_ID, 1);
    batch_view(b, "view_of_it", "dddddddd-2222-4333-8444-000000000001");
    batch_row(b, r);
    add_attempt(b, 1);
    answer(b, 1, "2016-11-15T02:12:53.000000001Z");
    add_result(b, 1);
    submit(b, 1);
    settle(&h);
    assert_int_equal(ask("SELECT tm_last_dial = '2016-11-15T02:10:52.930031700Z' AND"
                         " tm_last_hangup = 'some day' AND res_dial_detail = 'busy' AND"
                         " dlma_uuid = 'dddddddd-2222-4333-8444-000000000001' AND in_use = 1"
                         " FROM dl_list WHERE uuid = 'u-1'"),
                     1);
    assert_int_equal(ask("SELECT count(*) FROM view_of_it"), 1);
    assert_int_equal(ask("SELECT uuid = '11111111-2222-4333-8444-000000000001' AND"
                         " lead_uuid = 'u-1' AND camp_uuid = 'camp' AND plan_uuid = 'plan' AND"
                         " asterisk = 'main' AND tm_dialing = '2016-11-15T02:12:52.000000000Z'"
                         " AND state = 1 AND answered = 1 AND res_dial_detail = 'answered' AND"
                         " frozen ISNULL AND result = '{\"result\":1}' AND result_offset = 0"
                         " FROM dialing"),
                     1);
    close_store();
    assert_int_equal(ask("SELECT result_written FROM dialing"), 1);
    row_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_steps), TEST(test_closed_once), TEST(test_many),
        TEST(test_log),   TEST(test_log_limit),   TEST(test_views),
    };
    return cmocka_run_group_tests_name("ledger", tests, begin, end);
}
