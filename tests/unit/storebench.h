/* A store in a folder of its own, attempts and result lines to put into it. Real
 * time. */
#ifndef TESTS_STOREBENCH_H
#define TESTS_STOREBENCH_H

#include "tool.h"

#include <sqlite3.h>

#include "store/sqlite/sqlite.h"

#define UUID "11111111-2222-4333-8444-%012d"

static struct house h;
static char folder[] = "/tmp/astout-store-XXXXXX";
static char *db, *results;
static struct store *s;
static struct str told; /* what came back, "1 ", "0! " (wrong) or "0? " (refused) by number */

struct note {
    int number;
};
static struct note notes[600];

TOOL void on_done(void *arg, enum batch_end end) {
    static const char *const marks[] = {
        [BATCH_DURABLE] = "", [BATCH_REFUSED] = "?", [BATCH_WRONG] = "!"};
    str_addf(&told, "%d%s ", ((struct note *)arg)->number, marks[end]);
}

TOOL void open_store(bool inline_) {
    const struct store_config config = {.backend = &sqlite_backend,
                                        .path = db,
                                        .full = true,
                                        .inline_ = inline_};
    char *err = NULL;
    s = store_open(h.loop, &config, &err);
    if (s == NULL)
        fail_msg("%s", err);
}

TOOL void close_store(void) {
    store_close(s);
    s = NULL;
}

TOOL int set_up(void **state) {
    (void)state;
    house_begin(&h, false);
    str_reset(&told);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        notes[i].number = (int)i;
    return 0;
}

TOOL int tear_down(void **state) {
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
TOOL void add_attempt(struct batch *b, int k) {
    char *uuid = xasprintf(UUID, k);
    batch_statement(b, &write_ledger_open,
                    BIND(ARG_INT("id", k), ARG_TEXT("uuid", uuid), ARG_TEXT("other", "other"),
                         ARG_TEXT("asterisk", "main"), ARG_TEXT("campaign", "camp"),
                         ARG_TEXT("plan", "plan"), ARG_INT("lead", 1), ARG_INT("dial_index", 1),
                         ARG_TEXT("tm_dialing", "2016-11-15T02:12:52.000000000Z"),
                         ARG_TEXT("frozen", "{}")));
    free(uuid);
}

TOOL void add_result(struct batch *b, int k) {
    char *line = xasprintf("{\"result\":%d}", k);
    batch_statement(b, &write_ledger_close,
                    BIND(ARG_INT("id", k), ARG_INT("answered", 1), ARG_INT("res_dial", 4),
                         ARG_TEXT("res_dial_detail", "answered"), ARG_INT("res_hangup", 16),
                         ARG_TEXT("res_hangup_detail", "Normal Clearing"),
                         ARG_NULL("tm_dial_begin"), ARG_NULL("tm_dial_end"),
                         ARG_NULL("tm_hangup"), ARG_TEXT("asterisk", "main"),
                         ARG_NULL("tm_join"), ARG_NULL("tm_connect"), ARG_INT("abandoned", 0)));
    batch_output(b, k, results, line);
    free(line);
}

TOOL void submit(struct batch *b, int number) { store_submit(s, b, on_done, &notes[number]); }

TOOL void submit_call(int k) {
    struct batch *b = batch_new();
    add_attempt(b, k);
    add_result(b, k);
    submit(b, k);
}

/* One number from the database, as somebody else would read it. */
TOOL int64_t ask(const char *sql) {
    sqlite3 *other;
    sqlite3_stmt *st;
    int rc = sqlite3_open_v2(db, &other, SQLITE_OPEN_READONLY, NULL);
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(other);
    return n;
}

/* Fails unless the result file holds exactly this. */
TOOL void results_are(const char *text) {
    char *is = read_file(results);
    assert_non_null(is);
    size_t same = 0;
    while (is[same] && is[same] == text[same])
        same++;
    if (is[same] || text[same])
        fail_msg("at %zu: '%.200s' is not '%.200s'", same, is + same, text + same);
    free(is);
}

TOOL int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    db = xasprintf("%s/astout.sqlite3", folder);
    results = xasprintf("%s/astout.result", folder);
    return 0;
}

TOOL int end(void **state) {
    (void)state;
    remove_folder(folder);
    str_free(&told);
    free(db);
    free(results);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
