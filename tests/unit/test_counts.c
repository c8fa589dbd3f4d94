/* The counters of lists and agendas: whatever happens to leads and due dates, in batches that
 * hold, are refused or wrong, and across crashes, they say what is there. */
#include "storebench.h"

#include <signal.h>
#include <sys/wait.h>

#define LEADS 60

static struct row *leads[LEADS];
static int count;

static void on_fault(void *arg, const char *line) { str_addf(arg, "%s\n", line); }

/* Fails unless the counters say what there is. */
static void check_counts(const char *when) {
    struct str said = {0};
    char *err = NULL;
    if (!sqlite_check(db, on_fault, &said, &err))
        fail_msg("%s: %s", when, err);
    if (said.len)
        fail_msg("%s: %s", when, said.s);
}

/* ---- a history by chance ---- */

static int64_t any(int64_t n) { return (int64_t)(chance_next(&h.chance) % (uint64_t)n); }

static void add_lead(struct batch *b) {
    static const char *const lists[] = {"list-1", "list-2", "list-3"};
    struct row *r = leads[count] = row_new(&noun_lead);
    char *uuid = xasprintf(UUID, (int)any(INT32_MAX));
    row_set_text(r, LEAD_UUID, uuid);
    row_set_text(r, LEAD_DLMA_UUID, lists[any(3)]);
    row_set_int(r, LEAD_ID, store_next_id(s, ID_LEAD));
    row_set_int(r, LEAD_STATUS, any(3));
    row_set_int(r, LEAD_TRYCNT_1, any(4));
    row_set_int(r, LEAD_IN_USE, any(5) > 0);
    batch_row(b, r);
    free(uuid);
    count++;
}

static void change_lead(struct batch *b, struct row *r) {
    if (any(2))
        row_set_int(r, LEAD_STATUS, any(3));
    if (any(2))
        row_set_int(r, LEAD_TRYCNT_1 + (int)any(LEAD_NUMBERS), any(5));
    if (any(6) == 0)
        row_set_int(r, LEAD_IN_USE, any(2));
    if (any(10) == 0)
        row_set_text(r, LEAD_DLMA_UUID, any(2) ? "list-2" : "list-4");
    if (any(4) == 0)
        row_set_text(r, LEAD_NAME, "counts for nothing");
    batch_row(b, r);
}

static void change_due(struct batch *b, int64_t lead) {
    static const char *const reasons[] = {"answered", "no tries left", NULL};
    int64_t agenda = 1 + any(3);
    switch (any(8)) {
    case 0:
        batch_statement(b, &write_due_lead_delete, BIND(ARG_INT("lead", lead)));
        break;
    case 1:
        batch_statement(b, &write_due_purge,
                        BIND(ARG_INT("agenda", agenda), ARG_INT("limit", 3)));
        break;
    case 2:
        if (any(10) == 0)
            batch_statement(b, &write_campaign_counts,
                            BIND(ARG_TEXT("campaign", "c"), ARG_INT("agenda", agenda)));
        break;
    default:
        batch_statement(b, &write_due,
                        BIND(ARG_INT("agenda", agenda), ARG_INT("lead", lead),
                             ARG_INT("tries", any(4)),
                             ARG_INT("due_at", any(2) ? INT64_MAX : any(1000)),
                             ARG_INT("number", 1), ARG_TEXT("reason", reasons[any(3)])));
    }
}

/* One batch: sometimes with a broken constraint, or a condition that does not hold. */
static void make_batch(void) {
    struct batch *b = batch_new();
    for (int64_t n = 1 + any(5); n; n--) {
        if (count < LEADS && any(3) == 0)
            add_lead(b);
        else if (count && any(2))
            change_lead(b, leads[any(count)]);
        else if (count)
            change_due(b, row_int(leads[any(count)], LEAD_ID));
    }
    if (any(10) == 0) {
        add_attempt(b, 1);
        add_attempt(b, 1);
    }
    if (count && any(10) == 0) {
        struct row *r = leads[any(count)];
        row_set_int(r, LEAD_STATUS, 0);
        batch_row_if(b, r, row_int(r, LEAD_VERSION) + 7);
    }
    submit(b, 1);
}

/* What came of batches that did not hold is not in the store: rows are read again. */
static void on_leads(void *arg, enum read_end end, const struct rows *rows) {
    (void)arg;
    assert_int_equal(end, READ_ROWS);
    for (int i = 0; i < count; i++)
        row_free(leads[i]);
    count = rows_count(rows);
    for (int i = 0; i < count; i++)
        leads[i] = rows_row(rows, i);
}

static void read_again(void) {
    store_read(s, LANE_READ, &read_leads, BIND(ARG_INT("after", 0), ARG_INT("limit", LEADS)),
               on_leads, NULL);
    settle(&h);
}

static void history(int batches) {
    for (int i = 0; i < batches; i++) {
        make_batch();
        if (any(3) == 0) {
            settle(&h);
            read_again();
        }
    }
    settle(&h);
    read_again();
}

static void test_random(void **state) {
    (void)state;
    for (int seed = 1; seed <= 20; seed++) {
        chance_seed(&h.chance, (uint64_t)seed);
        open_store(true);
        history(60);
        check_counts("open");
        close_store();
        check_counts("closed");
        for (; count; count--)
            row_free(leads[count - 1]);
        tear_down(NULL);
        set_up(NULL);
    }
}

/* A process that is killed in the middle, over and over, on one database. */
static void test_crashes(void **state) {
    (void)state;
    for (int seed = 1; seed <= 10; seed++) {
        pid_t pid = fork();
        if (pid == 0) {
            house_begin(&h, false);
            chance_seed(&h.chance, (uint64_t)seed);
            open_store(false);
            for (int i = 0; i < 40; i++) {
                make_batch();
                if (i % 4 == 0)
                    loop_turn(h.loop, false);
            }
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        open_store(true);
        check_counts("after a crash");
        close_store();
    }
}

/* ---- what they say ---- */

static void on_counts(void *arg, enum read_end end, const struct rows *rows) {
    assert_int_equal(end, READ_ROWS);
    assert_int_equal(rows_count(rows), 1);
    str_addf(arg, "%lld %lld %lld", (long long)rows_int(rows, 0, "total"),
             (long long)rows_int(rows, 0, "dialing"), (long long)rows_int(rows, 0, "tries"));
}

static void counts_are(const char *list, const char *expected) {
    struct str is = {0};
    store_read(s, LANE_READ, &read_list_counts,
               BIND(ARG_TEXT("dlma", list), ARG_INT("agenda", 7), ARG_TEXT("campaign", "c")),
               on_counts, &is);
    settle(&h);
    assert_string_equal(str_get(&is), expected);
    str_free(&is);
}

static void on_reasons(void *arg, enum read_end end, const struct rows *rows) {
    assert_int_equal(end, READ_ROWS);
    for (int i = 0; i < rows_count(rows); i++)
        str_addf(arg, "%s %lld, ", rows_text(rows, i, "reason"),
                 (long long)rows_int(rows, i, "count"));
}

static void reasons_are(bool of_campaign, const char *expected) {
    struct str is = {0};
    if (of_campaign)
        store_read(s, LANE_READ, &read_campaign_counts, BIND(ARG_TEXT("campaign", "c")),
                   on_reasons, &is);
    else
        store_read(s, LANE_READ, &read_agenda_counts, BIND(ARG_INT("agenda", 7)), on_reasons,
                   &is);
    settle(&h);
    assert_string_equal(str_get(&is), expected);
    str_free(&is);
}

static void put_due(struct batch *b, int64_t lead, int64_t at, const char *reason) {
    batch_statement(b, &write_due,
                    BIND(ARG_INT("agenda", 7), ARG_INT("lead", lead), ARG_INT("tries", 1),
                         ARG_INT("due_at", at), ARG_INT("number", 1),
                         ARG_TEXT("reason", reason)));
}

static void keep(struct batch *b) {
    batch_statement(b, &write_campaign_counts,
                    BIND(ARG_TEXT("campaign", "c"), ARG_INT("agenda", 7)));
    submit(b, 1);
    settle(&h);
}

/* A lead's way: made, called, tried, deleted. An agenda's: finished leads by reason, which the
 * campaign keeps as they were when it stopped, also when the agenda is gone. */
static void test_what_they_say(void **state) {
    (void)state;
    open_store(true);
    counts_are("list-1", "0 0 0");
    struct batch *b = batch_new();
    struct row *r = row_new(&noun_lead);
    row_set_text(r, LEAD_UUID, "u");
    row_set_text(r, LEAD_DLMA_UUID, "list-1");
    row_set_int(r, LEAD_ID, 1);
    batch_row(b, r);
    row_set_int(r, LEAD_STATUS, 1);
    row_set_int(r, LEAD_TRYCNT_1, 2);
    row_set_int(r, LEAD_TRYCNT_8, 1);
    batch_row(b, r);
    submit(b, 1);
    settle(&h);
    counts_are("list-1", "1 1 3");
    b = batch_new();
    row_set_int(r, LEAD_IN_USE, 0);
    batch_row(b, r);
    put_due(b, 1, INT64_MAX, "answered");
    put_due(b, 2, INT64_MAX, "no tries left");
    put_due(b, 3, INT64_MAX, "answered");
    put_due(b, 4, 1000, "waiting");
    keep(b);
    counts_are("list-1", "0 0 0");
    reasons_are(false, "answered 2, no tries left 1, ");
    reasons_are(true, "answered 2, no tries left 1, ");
    b = batch_new();
    put_due(b, 2, 5, NULL);
    put_due(b, 4, INT64_MAX, "unknown");
    keep(b);
    reasons_are(true, "answered 2, unknown 1, ");
    b = batch_new();
    batch_statement(b, &write_due_purge, BIND(ARG_INT("agenda", 7), ARG_INT("limit", 100)));
    batch_statement(b, &write_agenda_delete, BIND(ARG_INT("agenda", 7)));
    submit(b, 1);
    settle(&h);
    reasons_are(false, "");
    reasons_are(true, "answered 2, unknown 1, ");
    row_free(r);
}

/* A counter that was changed by hand is found, with what it should say. */
static void test_check(void **state) {
    (void)state;
    test_what_they_say(state);
    struct batch *b = batch_new();
    put_due(b, 9, INT64_MAX, "answered");
    submit(b, 1);
    close_store();
    sqlite3 *other;
    struct str said = {0};
    char *err = NULL;
    assert_int_equal(sqlite3_open(db, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            other,
            "UPDATE list SET tries = 5 WHERE dlma_uuid = 'list-1';"
            "UPDATE agenda_count SET n = 3 WHERE reason = 'answered'; DROP TRIGGER due_goes;"
            "INSERT INTO agenda_count VALUES(8, 'x', 1)",
            NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(other);
    assert_true(sqlite_check(db, on_fault, &said, &err));
    assert_string_equal(said.s,
                        "list list-1: counted as 0 leads, 0 in work, 5 tries, there are 0"
                        " leads, 0 in work, 0 tries\n"
                        "agenda 7, answered: counted as 3 leads, there are 1 leads\n"
                        "agenda 8, x: counted as 1 leads, there are 0 leads\n");
    str_free(&said);
    assert_false(sqlite_check("/nowhere/at/all", on_fault, &said, &err));
    assert_non_null(strstr(err, "/nowhere/at/all"));
    free(err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_random),
        TEST(test_crashes),
        TEST(test_what_they_say),
        TEST(test_check),
    };
    return cmocka_run_group_tests_name("counts", tests, begin, end);
}
