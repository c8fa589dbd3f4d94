/* Recordings: what is noted is read again; whatever else a file holds, reading ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/chance.h"
#include "record/crc.h"
#include "record/record.h"

static char folder[] = "/tmp/astout-record-XXXXXX";
static char path[64], from[64];
static const struct log quiet = {.level = LOG_ERROR};

static int setup(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/rec", folder);
    snprintf(from, sizeof from, "%s/file", folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    static const char *const ends[] = {"", ".1", ".2", ".old", ".old.1", ".old.2"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char *name = xasprintf("%s%s", path, ends[i]);
        unlink(name);
        free(name);
    }
    unlink(from);
    return rmdir(folder);
}

static void put_text(const char *where, const void *bytes, size_t n) {
    FILE *f = fopen(where, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* The whole file. */
static void get_text(const char *where, struct str *out) {
    char part[4096];
    FILE *f = fopen(where, "rb");
    assert_non_null(f);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        str_addn(out, part, n);
    fclose(f);
}

static void write_some(int turns, int64_t size) {
    char *err = NULL;
    struct record *r = record_create(path, size, &quiet, &err);
    struct source_port port;
    unsigned char seed[4] = {1, 2, 3, 4};
    assert_non_null(r);
    record_clock(r, 1000, INT64_C(1700000000000000000));
    put_text(from, "return 1", 8);
    record_file(r, from);
    record_file(r, from);
    record_bytes(r, seed, sizeof seed);
    record_add(r, &port, NULL, NULL);
    assert_int_equal(port.id, 1);
    for (int i = 0; i < turns; i++) {
        record_clock(r, 1000 + i, INT64_C(1700000000000000000) - i);
        record_input(r, RECORD_DATA, &port, 0, "bytes\r\n", 7);
        record_input(r, RECORD_TURN, NULL, 0, NULL, 0);
        assert_int_equal(record_value(r, RECORD_PEER_UID, -i), -i);
        record_decision(r, "{}");
        record_sent(r, &port, false, "hello", 5);
        record_flush(r);
    }
    record_close(r);
}

static int64_t size_of(const char *end) {
    char *name = xasprintf("%s%s", path, end);
    struct stat st;
    int64_t size = stat(name, &st) ? -1 : st.st_size;
    free(name);
    return size;
}

static struct record *open_it(void) {
    char *err = NULL;
    bool starts;
    struct record *r = record_open(path, &starts, &err);
    assert_non_null(r);
    assert_true(starts);
    record_set_folder(r, folder, NULL);
    return r;
}

/* Reads the beginning as a replay does. */
static struct record *begin(void) {
    struct record *r = open_it();
    struct record_item item;
    unsigned char seed[4] = {0};
    assert_true(record_next(r, &item));
    assert_int_equal(item.kind, RECORD_CLOCK);
    unlink(from);
    record_file(r, from);
    struct str text = {0};
    get_text(from, &text);
    assert_string_equal(str_get(&text), "return 1");
    str_free(&text);
    record_file(r, from);
    record_bytes(r, seed, sizeof seed);
    assert_memory_equal(seed, "\1\2\3\4", 4);
    return r;
}

struct heard {
    int count;
};

static void on_play(void *arg, const struct record_item *item) {
    struct heard *h = arg;
    assert_int_equal(item->n, 7);
    assert_memory_equal(item->bytes, "bytes\r\n", 7);
    h->count++;
}

static void test_round(void **state) {
    (void)state;
    write_some(3, 1 << 20);
    assert_int_equal(size_of(".1"), -1);
    struct record *r = begin();
    struct source_port port;
    struct record_item item;
    struct heard heard = {0};
    int64_t mono, wall;
    record_add(r, &port, on_play, &heard);
    for (int i = 0; i < 3; i++) {
        assert_true(record_next(r, &item));
        record_reading(r, &mono, &wall);
        assert_int_equal(mono, 1000 + i);
        assert_int_equal(wall, INT64_C(1700000000000000000) - i);
        assert_true(record_next(r, &item));
        record_play(r, &item);
        assert_int_equal(heard.count, i + 1);
        assert_true(record_next(r, &item));
        assert_int_equal(item.kind, RECORD_TURN);
        assert_int_equal(record_value(r, RECORD_PEER_UID, 77), -i);
        record_decision(r, "{}");
        record_sent(r, &port, false, i == 2 ? "hellO" : "hello", 5);
        assert_int_equal(record_state(r), i == 2 ? RECORD_DIFFERS : RECORD_GOES_ON);
    }
    assert_non_null(strstr(record_why(r), "replayed: sent #1, 5 bytes"));
    assert_false(record_next(r, &item));
    assert_int_equal(record_counted(r)->decisions, 3);
    record_drop(r, &port);
    record_close(r);
}

/* Another kind than what was asked, and a source that is not there. */
static void test_out_of_step(void **state) {
    (void)state;
    struct record_item item;
    write_some(1, 1 << 20);
    struct record *r = begin();
    assert_int_equal(record_value(r, RECORD_PEER_UID, 5), 0);
    assert_int_equal(record_state(r), RECORD_DIFFERS);
    record_close(r);
    r = begin();
    record_next(r, &item);
    record_next(r, &item);
    record_play(r, &item);
    assert_int_equal(record_state(r), RECORD_DIFFERS);
    record_close(r);
}

static void test_ring(void **state) {
    (void)state;
    write_some(20000, 256 * 1024);
    assert_in_range(size_of(""), 120 * 1024, 128 * 1024);
    assert_in_range(size_of(".1"), 1, 64 * 1024);
    assert_in_range(size_of(".2"), 1, 64 * 1024);
    struct record *r = begin();
    struct record_item item;
    while (record_next(r, &item))
        ;
    assert_int_equal(record_state(r), RECORD_CUT);
    record_close(r);
}

/* As the engine does: asks for anything, in any order. */
static void use_up(struct record *r, struct chance *chance) {
    struct record_item item;
    struct str said = {0};
    struct source_port port;
    char bytes[16], *text = NULL;
    int64_t n = 0;
    record_add(r, &port, NULL, NULL);
    record_drop(r, &port);
    while (record_state(r) == RECORD_GOES_ON) {
        switch (chance_next(chance) % 16) {
        case 0:
            record_file(r, from);
            break;
        case 1:
            record_bytes(r, bytes, sizeof bytes);
            break;
        case 2:
            record_decision(r, "{}");
            break;
        case 3:
            if (record_noted(r, RECORD_REFUSED, &n, &text))
                free(text);
            break;
        default:
            if (!record_next(r, &item))
                break;
            str_reset(&said);
            record_item_say(&item, &said);
            assert_true(said.len > 0);
            if (chance_hit(chance, 0.02))
                record_play(r, &item);
        }
    }
    str_free(&said);
    record_close(r);
}

/* Bytes turned over; half of the time the checksums are made to fit. */
static void falsify(const struct crc *sums, struct str *file, struct chance *chance) {
    for (int i = (int)(chance_next(chance) % 4); i >= 0; i--)
        file->s[RECORD_HEAD + chance_next(chance) % (file->len - RECORD_HEAD)] =
            (char)chance_next(chance);
    if (chance_hit(chance, 0.2))
        file->len -= chance_next(chance) % (file->len - RECORD_HEAD);
    bool fits = chance_hit(chance, 0.5);
    for (size_t at = RECORD_HEAD; fits && at + 8 <= file->len;) {
        unsigned char *head = (unsigned char *)file->s + at;
        size_t n =
            head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        if (n > file->len - at - 8)
            break;
        uint32_t crc = crc_of(sums, head + 8, n);
        for (int i = 0; i < 4; i++)
            head[4 + i] = (unsigned char)(crc >> 8 * i);
        at += 8 + n;
    }
}

static void test_hostile(void **state) {
    (void)state;
    struct chance chance;
    struct crc sums;
    struct str whole = {0};
    crc_init(&sums);
    assert_int_equal(crc_of(&sums, "123456789", 9), 0xcbf43926u); /* the check value */
    chance_seed(&chance, 7);
    write_some(8, 1 << 20);
    get_text(path, &whole);
    for (int i = 0; i < 3000; i++) {
        struct str file = {0};
        str_addn(&file, whole.s, whole.len);
        falsify(&sums, &file, &chance);
        put_text(path, file.s, file.len);
        use_up(open_it(), &chance);
        str_free(&file);
    }
    str_free(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_out_of_step),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
