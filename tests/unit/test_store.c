/* The store: batches durable in order, one wrong batch, result lines across crashes,
 * a disk that fails. */
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/store.h"

#define UUID "11111111-2222-4333-8444-%012d"

static struct house h;
static char folder[] = "/tmp/astout-store-XXXXXX";
static char *db, *results;
static struct store *s;
static struct str told; /* what came back, "1 " or "0! " by number */

struct note {
    int number;
};
static struct note notes[600];

static void on_done(void *arg, bool ok) {
    str_addf(&told, "%d%s ", ((struct note *)arg)->number, ok ? "" : "!");
}

static void open_store(bool inline_) {
    const struct store_config config = {.path = db, .full = true, .inline_ = inline_};
    char *err = NULL;
    s = store_open(h.loop, &config, &err);
    if (s == NULL)
        fail_msg("%s", err);
}

static void close_store(void) {
    store_close(s);
    s = NULL;
}

static int set_up(void **state) {
    (void)state;
    house_begin(&h, false);
    str_reset(&told);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        notes[i].number = (int)i;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    store_close(s);
    s = NULL;
    house_end(&h);
    unlink(results);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char *path = xasprintf("%s%s", db, ends[i]);
        unlink(path);
        free(path);
    }
    return 0;
}

/* An attempt of the ledger, without and with its end and result line. */
static void add_attempt(struct batch *b, int k) {
    char *uuid = xasprintf(UUID, k);
    batch_write(b, WRITE_LEDGER_OPEN, uuid, "other", "main", "camp", "plan", "lead",
                INT64_C(1), "2016-11-15T02:12:52.000000000Z", "{}");
    free(uuid);
}

static void add_result(struct batch *b, int k) {
    char *uuid = xasprintf(UUID, k), *line = xasprintf("{\"result\":%d}", k);
    batch_write(b, WRITE_LEDGER_CLOSE, uuid, INT64_C(4), "answered", INT64_C(16),
                "Normal Clearing", NULL, NULL, NULL, "main");
    batch_output(b, uuid, results, line);
    free(uuid);
    free(line);
}

static void submit(struct batch *b, int number) {
    store_submit(s, b, on_done, &notes[number]);
}

static void submit_call(int k) {
    struct batch *b = batch_new();
    add_attempt(b, k);
    add_result(b, k);
    submit(b, k);
}

/* One number from the database, as somebody else would read it. */
static int64_t ask(const char *sql) {
    sqlite3 *other;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open_v2(db, &other, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(other);
    return n;
}

/* Fails unless the result file holds exactly this. */
static void results_are(const char *text) {
    char *is = read_file(results);
    assert_non_null(is);
    size_t same = 0;
    while (is[same] && is[same] == text[same])
        same++;
    if (is[same] || text[same])
        fail_msg("at %zu: '%.200s' is not '%.200s'", same, is + same, text + same);
    free(is);
}

/* ---- batches ---- */

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
    row_set_int(row, LEAD_ID, store_next_lead_id(s));
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
    assert_int_equal(store_next_lead_id(s), 2);
    struct query q;
    query_begin(&q, s, READ_LEAD_BY_UUID, "u-1");
    assert_true(query_step(&q));
    struct row *back = query_row(&q, 0, &noun_lead);
    assert_false(query_step(&q));
    query_end(&q);
    assert_string_equal(row_text(back, LEAD_NUMBER_1), "'; DROP TABLE dl_list; --");
    assert_null(row_text(back, LEAD_NAME));
    assert_int_equal(row_int(back, LEAD_TRYCNT_1), 2);
    assert_true(json_equal((json_t *)(uintptr_t)row_vars(back, LEAD_VARIABLES), vars));
    query_begin(&q, s, READ_LEAD_BY_UUID, "u-1' OR '1");
    assert_false(query_step(&q));
    query_end(&q);
    json_decref(vars);
    row_free(row);
    row_free(back);
}

/* A database of another program or version is refused, not changed. */
static void test_versions(void **state) {
    (void)state;
    char *err = NULL;
    const struct store_config config = {.path = db, .inline_ = true};
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
    const struct store_config nowhere = {.path = "/nowhere/at/all", .inline_ = true};
    err = NULL;
    assert_null(store_open(h.loop, &nowhere, &err));
    assert_non_null(strstr(err, "/nowhere/at/all"));
    free(err);
}

/* ---- crashes ---- */

/* A process that stores results 1..n and dies at once after the last: its line is in
 * the file, and the ledger does not know that yet. */
static void crash_after(int n) {
    pid_t pid = fork();
    if (pid == 0) {
        struct house child;
        house_begin(&child, false);
        h = child;
        h.loop = child.loop;
        open_store(true);
        for (int k = 1; k <= n; k++)
            submit_call(k);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE result NOTNULL AND"
                         " result_written = 0"), 1);
}

#define THREE "{\"result\":1}\n{\"result\":2}\n{\"result\":3}\n"

/* Opens and closes; afterwards the ledger knows of all lines, and a further start adds
 * nothing. */
static void restart(const char *expected) {
    for (int i = 0; i < 2; i++) {
        open_store(i == 0);
        results_are(expected);
        close_store();
        results_are(expected);
    }
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE result NOTNULL AND"
                         " result_written = 0"), 0);
}

/* The line was written before the crash: it must not be written again. */
static void test_crash_after_write(void **state) {
    (void)state;
    crash_after(3);
    results_are(THREE);
    restart(THREE);
}

/* The crash came between commit and write, or in the middle of the write: wherever the
 * line was cut, it is completed. */
static void test_crash_in_write(void **state) {
    (void)state;
    for (size_t cut = strlen(THREE) - strlen("{\"result\":3}\n"); cut < strlen(THREE);
         cut++) {
        crash_after(3);
        assert_int_equal(truncate(results, (off_t)cut), 0);
        restart(THREE);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* Several lines of one commit are missing. */
static void test_crash_before_write(void **state) {
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        house_begin(&h, false);
        open_store(true);
        struct batch *b = batch_new();
        for (int k = 1; k <= 3; k++) {
            add_attempt(b, k);
            add_result(b, k);
        }
        submit(b, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(truncate(results, 20), 0); /* in the second one */
    restart(THREE);
}

/* The file was taken away, or rotated, while nobody ran: the line goes to the end of
 * what is there now, once. */
static void test_crash_rotated(void **state) {
    (void)state;
    crash_after(3);
    assert_int_equal(unlink(results), 0);
    restart("{\"result\":3}\n");
    tear_down(NULL);
    set_up(NULL);
    crash_after(3);
    write_file(results, "{\"result\":\"of another file, longer than ours was\"}\n");
    restart("{\"result\":\"of another file, longer than ours was\"}\n{\"result\":3}\n");
}

/* The process dies before the commit: nothing is there, and nothing is told. */
static void test_crash_before_commit(void **state) {
    (void)state;
    open_store(true);
    close_store();
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *other; /* holds the lock, so that no commit can be */
        house_begin(&h, false);
        sqlite3_open(db, &other);
        open_store(false);
        sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        submit_call(1);
        while (!store_is_failing(s))
            usleep(1000);
        loop_turn(h.loop, false);
        _exit(told.len ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    open_store(true);
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 0);
    assert_int_equal(access(results, F_OK), -1);
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- a disk that fails ---- */

/* Files may have n bytes; more is an error, as on a full disk. */
static void limit_files(rlim_t n) {
    struct rlimit lim;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &lim);
    lim.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

static rlim_t size_of(const char *path) {
    struct stat st;
    return stat(path, &st) ? 0 : (rlim_t)st.st_size;
}

/* No room in the database: it says so, keeps what it was given, and goes on in order
 * once there is room. */
static void test_full_disk(void **state) {
    (void)state;
    open_store(false);
    submit_call(0);
    UNTIL(&h, told.len == 2);
    char *wal = xasprintf("%s-wal", db);
    limit_files(size_of(wal) + 100);
    for (int k = 1; k <= 50; k++)
        submit_call(k);
    UNTIL(&h, store_is_failing(s));
    assert_string_equal(told.s, "0 ");
    limit_files(RLIM_INFINITY);
    UNTIL(&h, strstr(told.s, " 50 "));
    assert_false(store_is_failing(s));
    assert_null(strchr(told.s, '!'));
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 51);
    char *is = read_file(results);
    int lines = 0;
    for (const char *p = is; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 51);
    assert_non_null(strstr(h.said.s, "no call starts until it works"));
    assert_non_null(strstr(h.said.s, "works again"));
    assert_true(h.said.len < 4000); /* not a line for each try */
    free(is);
    free(wal);
}

/* Closed while the disk is full: what was not kept must not be told to be durable. */
static void test_close_on_full_disk(void **state) {
    (void)state;
    open_store(false);
    submit_call(0);
    UNTIL(&h, told.len == 2);
    char *wal = xasprintf("%s-wal", db);
    limit_files(size_of(wal) + 100);
    for (int k = 1; k <= 50; k++)
        submit_call(k);
    UNTIL(&h, store_is_failing(s));
    close_store();
    limit_files(RLIM_INFINITY);
    assert_true(str_has_prefix(told.s, "0 1! 2! "));
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 1);
    free(wal);
}

/* No room for the result file alone: calls go on, the line stays in the ledger, the
 * file never holds half a line, and the next start completes it. */
static void test_full_results(void **state) {
    (void)state;
    struct str expected = {0};
    open_store(false);
    submit_call(0);
    UNTIL(&h, told.len == 2);
    for (int i = 0; i < 400000; i++)
        str_addc(&expected, i % 80 == 79 ? '\n' : 'x');
    write_file(results, expected.s);
    limit_files(expected.len + 6); /* in the middle of a line */
    submit_call(1);
    submit_call(2);
    UNTIL(&h, strstr(told.s, "2 "));
    assert_string_equal(told.s, "0 1 2 ");
    assert_false(store_is_failing(s));
    limit_files(RLIM_INFINITY);
    submit_call(3);
    UNTIL(&h, strstr(told.s, "3 "));
    str_add(&expected, "{\"result\":3}\n");
    results_are(expected.s);
    close_store();
    open_store(false);
    str_add(&expected, "{\"result\":1}\n{\"result\":2}\n");
    results_are(expected.s);
    str_free(&expected);
}

/* A result file that cannot be opened: nothing is lost, all follows later. */
static void test_no_results(void **state) {
    (void)state;
    char *real = results, *sub = xasprintf("%s/later", folder);
    results = xasprintf("%s/results", sub);
    open_store(false);
    submit_call(1);
    submit_call(2);
    UNTIL(&h, store_is_failing(s));
    assert_string_equal(str_get(&told), "");
    assert_int_equal(mkdir(sub, 0700), 0);
    UNTIL(&h, strstr(str_get(&told), "2 "));
    assert_string_equal(told.s, "1 2 ");
    results_are("{\"result\":1}\n{\"result\":2}\n");
    close_store();
    remove_folder(sub);
    free(sub);
    free(results);
    results = real;
}

static int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    db = xasprintf("%s/astout.sqlite3", folder);
    results = xasprintf("%s/astout.result", folder);
    return 0;
}

static int end(void **state) {
    (void)state;
    remove_folder(folder);
    str_free(&told);
    free(db);
    free(results);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order),           TEST(test_wrong_batch),
        TEST(test_close),           TEST(test_rows),
        TEST(test_versions),        TEST(test_crash_after_write),
        TEST(test_crash_in_write),  TEST(test_crash_before_write),
        TEST(test_crash_rotated),   TEST(test_crash_before_commit),
        TEST(test_full_disk),       TEST(test_close_on_full_disk),
        TEST(test_full_results),    TEST(test_no_results),
    };
    return cmocka_run_group_tests_name("store", tests, begin, end);
}
