/* Reads and scans: what they see and when they are told, what fails, what is cancelled. */
#include "badvfs.h"
#include "storebench.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- what came back ---- */

struct answer {
    int calls;
    enum read_end end;
    int rows;
    int64_t first; /* the first column of the first row, if it is a number */
    bool stale;
    char *why;
    const char *column;   /* of first */
    struct read *cancels; /* in its callback */
};

static struct answer answers[600];

static void on_answer(void *arg, enum read_end end, const struct rows *rows) {
    struct answer *a = arg;
    a->calls++;
    a->end = end;
    str_addf(&told, "r%d ", (int)(a - answers));
    if (end == READ_FAILED) {
        a->why = xstrdup(read_error(rows));
        return;
    }
    assert_null(read_error(rows));
    a->rows = rows_count(rows);
    a->stale = rows_are_stale(rows);
    if (a->column && a->rows)
        a->first = rows_int(rows, 0, a->column);
    read_cancel(a->cancels);
}

static int begin_answers(void **state) {
    memset(answers, 0, sizeof answers);
    return set_up(state);
}

static int end_answers(void **state) {
    int rc = tear_down(state);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        free(answers[i].why);
    return rc;
}

/* The calls in progress, which submit_attempt makes. */
static struct read *read_them(unsigned lane, int number) {
    return store_read(s, lane, &read_ledger_open, BIND_NONE, on_answer, &answers[number]);
}

static void submit_attempt(int k) {
    struct batch *b = batch_new();
    add_attempt(b, k);
    submit(b, k);
}

/* ---- order ---- */

/* A read sees every batch that was submitted before it, and comes after that was told;
 * never from within. */
static void sees_what_was_submitted(bool inline_) {
    open_store(inline_);
    for (int k = 1; k <= 300; k++) {
        submit_attempt(k);
        read_them(k % 3 ? LANE_READ : LANE_SCAN, k);
        if (k % 50 == 0 && !inline_)
            loop_turn(h.loop, false);
        assert_int_equal(answers[k].calls, 0);
    }
    for (int k = 1; k <= 300; k++) {
        char *batch = xasprintf("%s%d ", k > 1 ? " " : "", k), *read = xasprintf(" r%d ", k);
        UNTIL(&h, answers[k].calls);
        assert_int_equal(answers[k].end, READ_ROWS);
        assert_in_range(answers[k].rows, k, inline_ ? k : 300);
        assert_false(answers[k].stale);
        const char *at = strstr(told.s, batch);
        assert_non_null(at);
        assert_true(strstr(told.s, read) >= at);
        free(batch);
        free(read);
    }
    settle(&h);
    for (int k = 1; k <= 300; k++)
        assert_int_equal(answers[k].calls, 1);
}

static void test_sees(void **state) {
    (void)state;
    sees_what_was_submitted(false);
}

static void test_sees_inline(void **state) {
    (void)state;
    sees_what_was_submitted(true);
    assert_true(str_has_prefix(told.s, "1 r1 2 r2 3 r3 "));
}

/* Inline nothing is carried out before the end of the turn, and all of it is then. */
static void test_end_of_turn(void **state) {
    (void)state;
    open_store(true);
    submit_attempt(1);
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 0);
    read_them(LANE_SCAN, 1);
    submit_attempt(2);
    loop_turn(h.loop, false);
    assert_string_equal(told.s, "1 r1 2 ");
    assert_int_equal(answers[1].rows, 1);
}

/* ---- cancelling ---- */

/* A read that was cancelled is never told: before it began, and from the callback of
 * another, when it is done by then (inline it is). */
static void cancelled(bool inline_) {
    open_store(inline_);
    submit_attempt(1);
    struct read *first = read_them(LANE_READ, 1);
    read_them(LANE_READ, 2);
    answers[2].cancels = read_them(LANE_READ, 4);
    read_cancel(first);
    read_cancel(NULL);
    UNTIL(&h, answers[2].calls);
    close_store();
    assert_int_equal(answers[1].calls, 0);
    assert_int_equal(answers[4].calls, 0);
}

static void test_cancel(void **state) {
    (void)state;
    cancelled(false);
}

static void test_cancel_inline(void **state) {
    (void)state;
    cancelled(true);
}

/* A scan that stands still holds up neither reads nor writes; it is given up when its owner
 * goes, and the next one is carried out. */
static void test_scan(void **state) {
    (void)state;
    bad_disk_begin();
    open_store(false);
    submit_attempt(1);
    UNTIL(&h, strstr(str_get(&told), "1 "));
    bad_disk_set(&bad_disk.hold, true);
    struct read *scan = read_them(LANE_SCAN, 1);
    bad_disk_wait();
    submit_attempt(2);
    read_them(LANE_READ, 2);
    UNTIL(&h, answers[2].calls);
    assert_int_equal(answers[2].rows, 2);
    struct read *next = read_them(LANE_SCAN, 3);
    read_cancel(scan);
    bad_disk_set(&bad_disk.hold, false);
    UNTIL(&h, answers[3].calls);
    assert_int_equal(answers[3].rows, 2);
    assert_int_equal(answers[1].calls, 0);
    (void)next;
    close_store();
    bad_disk_end();
}

/* A scan that takes too long fails, and says so; the store does not. */
static void test_scan_limit(void **state) {
    (void)state;
    const struct store_config config = {.backend = &sqlite_backend,
                                        .path = db,
                                        .scan_limit = 1};
    char *err = NULL;
    s = store_open(h.loop, &config, &err);
    assert_non_null(s);
    struct batch *b = batch_new();
    for (int k = 1; k <= 1000; k++)
        add_attempt(b, k);
    submit(b, 1);
    read_them(LANE_SCAN, 1);
    read_them(LANE_READ, 2);
    UNTIL(&h, answers[1].calls && answers[2].calls);
    assert_int_equal(answers[1].end, READ_FAILED);
    assert_string_equal(answers[1].why, "read_ledger_open: took longer than 0 ms");
    assert_int_equal(answers[2].rows, 1000);
    assert_false(store_is_failing(s));
}

/* ---- too much ---- */

static void add_attempts(struct batch *b, int from, int to) {
    for (int k = from; k < to; k++)
        add_attempt(b, k);
}

/* As many rows as there may be, and one more. */
static void test_bounds(void **state) {
    (void)state;
    open_store(false);
    struct batch *b = batch_new();
    add_attempts(b, 0, ROWS_MAX);
    submit(b, 1);
    answers[1].column = "dial_index";
    read_them(LANE_READ, 1);
    b = batch_new();
    add_attempts(b, ROWS_MAX, ROWS_MAX + 1);
    UNTIL(&h, answers[1].calls);
    submit(b, 2);
    read_them(LANE_READ, 2);
    UNTIL(&h, answers[2].calls);
    assert_int_equal(answers[1].rows, ROWS_MAX);
    assert_int_equal(answers[1].first, 1);
    assert_int_equal(answers[2].end, READ_FAILED);
    assert_string_equal(
        answers[2].why,
        "read_ledger_open: more than 10000 rows: it has to be asked for in pieces");
    assert_false(store_is_failing(s));
}

/* Few rows with very long texts are too much as well. */
static void test_bytes(void **state) {
    (void)state;
    open_store(true);
    char *text = xcalloc(1, ROWS_BYTES / 4 + 1);
    memset(text, 'x', ROWS_BYTES / 4);
    for (int i = 0; i < 6; i++) {
        struct batch *b = batch_new();
        char name[16];
        snprintf(name, sizeof name, "c-%d", i);
        batch_statement(b, &write_memory,
                        BIND(ARG_TEXT("campaign", name), ARG_TEXT("hook", "dial"),
                             ARG_TEXT("value", text)));
        submit(b, i);
        if (i != 3 && i != 5)
            continue;
        store_read(s, LANE_READ, &read_memories, BIND_NONE, on_answer, &answers[i]);
        UNTIL(&h, answers[i].calls);
    }
    assert_int_equal(answers[3].rows, 4);
    assert_int_equal(answers[5].end, READ_FAILED);
    assert_non_null(strstr(answers[5].why, "read_memories: more than 16777216 bytes"));
    free(text);
}

/* ---- a disk that fails ---- */

/* While nothing can be written, a decision waits; people get what is durable, and are told
 * that it is not all. */
static void test_failing(void **state) {
    (void)state;
    bad_disk_begin();
    open_store(false);
    submit_attempt(1);
    UNTIL(&h, strstr(str_get(&told), "1 "));
    bad_disk_set(&bad_disk.writes_fail, true);
    read_them(LANE_READ | READ_DURABLE, 1);
    UNTIL(&h, answers[1].calls);
    assert_false(answers[1].stale);
    submit_attempt(2);
    read_them(LANE_READ, 2);
    read_them(LANE_READ | READ_DURABLE, 3);
    read_them(LANE_SCAN | READ_DURABLE, 4);
    UNTIL(&h, answers[3].calls && answers[4].calls);
    assert_true(store_is_failing(s));
    read_them(LANE_READ | READ_DURABLE, 5);
    UNTIL(&h, answers[5].calls);
    for (int i = 3; i <= 5; i++) {
        assert_int_equal(answers[i].rows, 1);
        assert_true(answers[i].stale);
    }
    assert_int_equal(answers[2].calls, 0);
    bad_disk_set(&bad_disk.writes_fail, false);
    UNTIL(&h, answers[2].calls);
    assert_int_equal(answers[2].rows, 2);
    assert_false(answers[2].stale);
    assert_false(store_is_failing(s));
    assert_non_null(strstr(told.s, "1 r1 ")); /* and nothing was told twice or too early */
    close_store();
    bad_disk_end();
}

/* A read that the disk does not answer has failed: it is no empty list. The store is failing
 * from then on, and finds out itself that the disk works again. */
static void test_read_error(void **state) {
    (void)state;
    bad_disk_begin();
    open_store(false);
    submit_attempt(1);
    read_them(LANE_READ, 1);
    UNTIL(&h, answers[1].calls);
    submit_attempt(2); /* so that pages have to be read again */
    UNTIL(&h, strstr(told.s, " 2 "));
    bad_disk_set(&bad_disk.reads_fail, true);
    read_them(LANE_READ, 2);
    UNTIL(&h, answers[2].calls);
    assert_int_equal(answers[2].end, READ_FAILED);
    assert_string_equal(answers[2].why, "disk I/O error");
    assert_true(store_is_failing(s));
    assert_non_null(strstr(h.said.s, "store: disk I/O error; no call starts until it works"));
    bad_disk_set(&bad_disk.reads_fail, false);
    UNTIL(&h, !store_is_failing(s));
    read_them(LANE_READ, 3);
    UNTIL(&h, answers[3].calls);
    assert_int_equal(answers[3].rows, 2);
    close_store();
    bad_disk_end();
}

/* ---- closing ---- */

static int left; /* what is still submitted, each by the callback of the one before */

static void on_read_go_on(void *arg, enum read_end end, const struct rows *rows);

static void on_batch_go_on(void *arg, enum batch_end end) {
    assert_int_equal(end, BATCH_DURABLE);
    store_read(s, LANE_READ, &read_ledger_open, BIND_NONE, on_read_go_on, arg);
}

static void on_read_go_on(void *arg, enum read_end end, const struct rows *rows) {
    assert_int_equal(end, READ_ROWS);
    assert_int_equal(rows_count(rows), 6 - left);
    if (--left == 0)
        return;
    struct batch *b = batch_new();
    add_attempt(b, 100 + left);
    store_submit(s, b, on_batch_go_on, arg);
}

/* What the last callbacks ask for is carried out and told too. */
static void closed(bool inline_) {
    open_store(inline_);
    left = 5;
    struct batch *b = batch_new();
    add_attempt(b, 1);
    store_submit(s, b, on_batch_go_on, NULL);
    close_store();
    assert_int_equal(left, 0);
    assert_int_equal(ask("SELECT count(*) FROM dialing"), 5);
}

static void test_close(void **state) {
    (void)state;
    closed(false);
}

static void test_close_inline(void **state) {
    (void)state;
    closed(true);
}

/* Closed while the disk fails: what was not kept is not told to be durable, and a read that
 * waits for it comes to an end. */
static void test_close_failing(void **state) {
    (void)state;
    bad_disk_begin();
    open_store(false);
    submit_attempt(1);
    UNTIL(&h, strstr(str_get(&told), "1 "));
    bad_disk_set(&bad_disk.writes_fail, true);
    submit_attempt(2);
    read_them(LANE_READ, 1);
    UNTIL(&h, store_is_failing(s));
    close_store();
    bad_disk_set(&bad_disk.writes_fail, false);
    assert_non_null(strstr(told.s, "2! "));
    assert_int_equal(answers[1].calls, 1);
    bad_disk_end();
}

/* ---- names ---- */

static void no_done(void *arg, enum read_end end, const struct rows *rows) {
    (void)arg, (void)end, (void)rows;
}

static void wrong_name(void) {
    store_read(s, LANE_READ, &read_due_of_lead, BIND(ARG_INT("agenda", 1), ARG_INT("leads", 0)),
               no_done, NULL);
}

static void missing(void) {
    store_read(s, LANE_READ, &read_due_of_lead, BIND(ARG_INT("agenda", 1)), no_done, NULL);
}

static void doubled(void) {
    struct batch *b = batch_new();
    batch_statement(b, &write_due_purge,
                    BIND(ARG_INT("agenda", 1), ARG_INT("limit", 0), ARG_INT("agenda", 1)));
}

static void other_type(void) {
    store_read(s, LANE_READ, &read_due_of_lead,
               BIND(ARG_INT("lead", 1), ARG_TEXT("agenda", "1")), no_done, NULL);
}

/* 1: a column that is not there, 2: one of the other type, 3: no such row, 4: no noun */
static int ask_for;

static void on_bad_rows(void *arg, enum read_end end, const struct rows *rows) {
    (void)arg, (void)end;
    if (ask_for == 1)
        rows_int(rows, 0, "dial_indices");
    else if (ask_for == 2)
        rows_text(rows, 0, "dial_index");
    else if (ask_for == 3)
        rows_int(rows, 1, "dial_index");
    else
        rows_row(rows, 0);
}

static void bad_rows(void) {
    submit_attempt(1);
    store_read(s, LANE_READ, &read_ledger_open, BIND_NONE, on_bad_rows, NULL);
    settle(&h);
}

/* Runs it in a process of its own, which must end with that word. */
static void ends_with(void (*fn)(void), const char *words) {
    int pipes[2];
    char said[400] = "";
    int status;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(pipes[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(pipes[1]);
    for (size_t n = 0; n < sizeof said - 1;) {
        ssize_t k = read(pipes[0], said + n, sizeof said - 1 - n);
        if (k <= 0)
            break;
        n += (size_t)k;
    }
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !strstr(said, words))
        fail_msg("'%s' is not in '%s'", words, said);
}

/* Who binds or reads what a statement does not have has made a mistake in the program. */
static void test_misuse(void **state) {
    (void)state;
    open_store(true);
    ends_with(wrong_name, "read_due_of_lead: there is no argument \"leads\"");
    ends_with(missing, "read_due_of_lead: argument \"lead\" is missing");
    ends_with(doubled, "write_due_purge: argument \"agenda\" twice");
    ends_with(other_type, "read_due_of_lead: argument \"agenda\" is of the other type");
    ask_for = 1;
    ends_with(bad_rows, "read_ledger_open: there is no column \"dial_indices\"");
    ask_for = 2;
    ends_with(bad_rows, "read_ledger_open: column \"dial_index\" is of the other type");
    ask_for = 3;
    ends_with(bad_rows, "read_ledger_open: there is no row 1");
    ask_for = 4;
    ends_with(bad_rows, "read_ledger_open: its rows are no noun's");
}

/* Every statement fits the tables, with the arguments and columns that it declares: the
 * store does not open otherwise. */
static void test_statements(void **state) {
    (void)state;
    open_store(true);
    close_store();
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        assert_int_equal(statements[i]->number, i);
        assert_true(str_has_prefix(statements[i]->name, "read_") ||
                    str_has_prefix(statements[i]->name, "write_"));
    }
    sqlite3 *other;
    char *err = NULL;
    const struct store_config config = {.backend = &sqlite_backend,
                                        .path = db,
                                        .inline_ = true};
    assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "ALTER TABLE memory RENAME COLUMN hook TO hooks", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(other);
    assert_null(store_open(h.loop, &config, &err));
    assert_non_null(strstr(err, "write_memory: "));
    free(err);
}

#define READS(fn) cmocka_unit_test_setup_teardown(fn, begin_answers, end_answers)

int main(void) {
    const struct CMUnitTest tests[] = {
        READS(test_sees),         READS(test_sees_inline),   READS(test_end_of_turn),
        READS(test_cancel),       READS(test_cancel_inline), READS(test_scan),
        READS(test_scan_limit),   READS(test_bounds),        READS(test_bytes),
        READS(test_failing),      READS(test_read_error),    READS(test_close),
        READS(test_close_inline), READS(test_close_failing), READS(test_misuse),
        READS(test_statements),
    };
    return cmocka_run_group_tests_name("reads", tests, begin, end);
}
