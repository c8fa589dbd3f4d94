/* The store of a run that is recorded, and replayed: what was told comes again, in the same
 * order and with the same answers. A driver of its own decides by them. */
#include "badvfs.h"
#include "storebench.h"

#include "record/record.h"

#define STEPS 40

static char *path, *copy;
static struct record *record;
static struct timer step;
static int steps;
static int64_t open_reads; /* asked for and not told */

/* What the engine would do: it writes down what it was told. */
static void decide(const char *what, int number, int64_t is) {
    char *line = xasprintf("{\"%s\":%d,\"is\":%lld,\"failing\":%d}", what, number,
                           (long long)is, store_is_failing(s));
    record_decision(record, line);
    str_addf(&told, "%s\n", line);
    free(line);
}

static void on_written(void *arg, enum batch_end end) {
    decide("batch", ((struct note *)arg)->number, end);
}

static void on_read(void *arg, enum read_end end, const struct rows *rows) {
    open_reads--;
    decide("read", ((struct note *)arg)->number,
           end == READ_ROWS ? rows_count(rows) * 2 + rows_are_stale(rows) : -1);
}

static struct read *read_all(unsigned lane, int number) {
    open_reads++;
    return store_read(s, lane, &read_ledger_open, BIND_NONE, on_read, &notes[number]);
}

/* At each step some batches, a read, now and then a scan; and every fifth step a read is
 * cancelled. The scan of step 10 stands still until step 20, in the recorded run. */
static void on_step(void *arg) {
    bool live = arg != NULL;
    for (int i = 0; i < 3; i++) {
        struct batch *b = batch_new();
        add_attempt(b, 10 * steps + i);
        store_submit(s, b, on_written, &notes[10 * steps + i]);
    }
    if (live && steps == 10)
        bad_disk_set(&bad_disk.hold, true);
    if (steps % 10 == 0)
        read_all(LANE_SCAN, 10 * steps + 3);
    if (live && steps == 10)
        bad_disk_wait();
    read_all(LANE_READ, 10 * steps + 4);
    if (steps % 5 == 0) {
        read_cancel(read_all(LANE_READ, 10 * steps + 5));
        open_reads--;
    }
    if (live && steps == 20)
        bad_disk_set(&bad_disk.hold, false);
    if (live && steps == 30)
        bad_disk_set(&bad_disk.reads_fail, true);
    if (steps >= 30)
        read_all(LANE_READ | READ_DURABLE, 10 * steps + 6);
    if (live && steps == 35)
        bad_disk_set(&bad_disk.reads_fail, false);
    if (++steps < STEPS)
        timer_set(&step, NS_PER_MS);
}

static void begin_run(bool replayed) {
    char *err = NULL;
    bool starts;
    struct store_config config = {.backend = &sqlite_backend, .path = db};
    steps = 0;
    open_reads = 0;
    str_reset(&told);
    record = replayed ? record_open(path, &starts, &err)
                      : record_create(path, 1 << 22, &h.log, &err);
    assert_non_null(record);
    loop_set_record(h.loop, record);
    config.replay = replayed ? copy : NULL;
    s = store_open(h.loop, &config, &err);
    if (s == NULL || (!replayed && !store_save(s, copy, &err)))
        fail_msg("%s", err);
    timer_init(&step, h.loop, on_step, replayed ? NULL : &steps);
    timer_set(&step, 0);
}

static void end_run(void) {
    store_close(s);
    s = NULL;
    loop_set_record(h.loop, NULL);
    record_close(record);
    record = NULL;
}

static void run_live(void) {
    bad_disk_begin();
    begin_run(false);
    record_clock(record, h.clock.mono, h.clock.wall);
    UNTIL(&h, steps == STEPS && open_reads == 0 && !store_is_failing(s));
    record_end(record);
    end_run();
    bad_disk_end();
}

/* Batches told late, reads and a long scan that saw less than was durable by then, reads that
 * failed: all of it comes again. */
static void test_same(void **state) {
    (void)state;
    run_live();
    char *was = xstrdup(told.s), *lost = strstr(was, "\"read\":103,\"is\":");
    assert_non_null(lost); /* the scan of step 10 saw what was there at step 10 */
    assert_true(atoi(lost + strlen("\"read\":103,\"is\":")) <= 2 * 33);
    assert_true(strstr(was, "{\"batch\":190,") < lost);
    assert_non_null(strstr(was, "\"is\":-1,")); /* the disk did fail */
    begin_run(true);
    timer_stop(&step); /* it is set as of the clock of then */
    struct record_item item;
    assert_true(record_next(record, &item));
    record_reading(record, &h.clock.mono, &h.clock.wall);
    timer_set(&step, 0);
    loop_run(h.loop);
    if (record_state(record) != RECORD_ENDED)
        fail_msg("%d: %s", record_state(record), record_why(record));
    assert_string_equal(told.s, was);
    end_run();
    free(was);
}

/* A recording of another program's format is refused, with both versions. */
static void test_old(void **state) {
    (void)state;
    char *err = NULL;
    bool starts;
    write_file(path, "astout recording 1 start                               ");
    assert_null(record_open(path, &starts, &err));
    assert_non_null(strstr(err, "its format is 1, this program reads 2"));
    free(err);
}

static int begin_paths(void **state) {
    int rc = set_up(state);
    path = xasprintf("%s/recording", folder);
    copy = xasprintf("%s/copy.db", folder);
    return rc;
}

static int end_paths(void **state) {
    unlink(path);
    unlink(copy);
    free(path);
    free(copy);
    return tear_down(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same, begin_paths, end_paths),
        cmocka_unit_test_setup_teardown(test_old, begin_paths, end_paths),
    };
    return cmocka_run_group_tests_name("recorded", tests, begin, end);
}
