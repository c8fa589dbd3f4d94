/* The store when things go wrong: result lines across crashes, a disk that fails. */
#include "storebench.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
        for (int k = 1; k <= n; k++) {
            submit_call(k);
            settle(&h); /* an inline one writes at the end of the turn */
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(ask("SELECT count(*) FROM dialing WHERE result NOTNULL AND"
                         " result_written = 0"),
                     1);
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
                         " result_written = 0"),
                     0);
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
    for (size_t cut = strlen(THREE) - strlen("{\"result\":3}\n"); cut < strlen(THREE); cut++) {
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
        settle(&h);
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
    limit_files(100); /* not even the log's beginning */
    for (int k = 1; k <= 50; k++)
        submit_call(k);
    UNTIL(&h, store_is_failing(s));
    close_store();
    limit_files(RLIM_INFINITY);
    assert_true(str_has_prefix(told.s, "0 1! 2! "));
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 1);
}

/* No room for the result file alone: calls go on, the line stays in the ledger, the
 * file never holds half a line, and the next write completes it. */
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
    str_add(&expected, "{\"result\":1}\n{\"result\":2}\n{\"result\":3}\n");
    results_are(expected.s);
    close_store();
    open_store(false);
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
    UNTIL(&h, strstr(str_get(&told), "2 "));
    assert_string_equal(told.s, "1 2 ");
    assert_false(store_is_failing(s)); /* calls go on */
    assert_int_equal(mkdir(sub, 0700), 0);
    submit_call(3);
    UNTIL(&h, strstr(told.s, "3 "));
    results_are("{\"result\":1}\n{\"result\":2}\n{\"result\":3}\n");
    close_store();
    remove_folder(sub);
    free(sub);
    free(results);
    results = real;
}

/* Lines of two files wait for a start, and the file of the first cannot be opened: the other
 * gets its own, the engine starts, and the first follows as soon as it can. */
static void test_two_results(void **state) {
    (void)state;
    char *real = results, *sub = xasprintf("%s/away", folder);
    char *away = xasprintf("%s/results", sub);
    pid_t pid = fork();
    if (pid == 0) {
        house_begin(&h, false);
        open_store(true);
        struct batch *b = batch_new();
        mkdir(sub, 0700);
        results = away; /* its path comes first */
        add_attempt(b, 1);
        add_result(b, 1);
        results = real;
        add_attempt(b, 2);
        add_result(b, 2);
        submit(b, 1);
        settle(&h);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    remove_folder(sub);
    unlink(real);
    open_store(false);
    results_are("{\"result\":2}\n");
    assert_non_null(strstr(h.said.s, away));
    submit_call(3);
    UNTIL(&h, strstr(str_get(&told), "3 "));
    results_are("{\"result\":2}\n{\"result\":3}\n");
    assert_int_equal(mkdir(sub, 0700), 0);
    submit_call(4);
    UNTIL(&h, strstr(told.s, "4 "));
    results = away;
    results_are("{\"result\":1}\n");
    results = real;
    close_store();
    remove_folder(sub);
    free(sub);
    free(away);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_crash_after_write),   TEST(test_crash_in_write),
        TEST(test_crash_before_write),  TEST(test_crash_rotated),
        TEST(test_crash_before_commit), TEST(test_full_disk),
        TEST(test_close_on_full_disk),  TEST(test_full_results),
        TEST(test_no_results),          TEST(test_two_results),
    };
    return cmocka_run_group_tests_name("crash", tests, begin, end);
}
