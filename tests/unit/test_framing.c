/* Framing: the same messages however the bytes were cut, and Asterisk's limits. */
#include "tool.h"

#include "ami/framing.h"

/* What came out: one line per message, its headers in it. */
struct heard {
    struct str text;
    int count, faults[3];
    int stop_after; /* 0 = never */
};

static bool got(void *arg, struct message *m, enum framing_fault fault) {
    struct heard *h = arg;
    for (unsigned i = 0; i < m->count; i++)
        str_addf(&h->text, "%s=%s|", m->headers[i].name, m->headers[i].value);
    str_addf(&h->text, "%d\n", (int)fault);
    h->count++;
    h->faults[fault]++;
    return h->count != h->stop_after;
}

/* Feeds a text of n bytes in one piece. */
static void feed(struct framing *f, struct heard *h, const char *bytes, size_t n) {
    framing_feed(f, bytes, n, got, h);
}

/* What one piece gives, to be freed. */
static char *whole(const char *bytes, size_t n, const struct framing_limits *limits,
                   int *count) {
    struct framing f;
    struct heard h = {0};
    framing_init(&f, limits);
    feed(&f, &h, bytes, n);
    framing_free(&f);
    *count = h.count;
    return str_take(&h.text);
}

static const char *const traces[] = {"16-sip-busy",       "22-sip-busy",   "16-sip-noans",
                                     "22-sip-answer-app", "16-local-busy", "22-local-hc17",
                                     "16-amd-human",      "22-sip-nopeer"};

/* TCP may cut anywhere: at each place the messages are the same as in one piece. */
static void test_cut_anywhere(void **state) {
    (void)state;
    for (size_t t = 0; t < ARRAY_LEN(traces); t++) {
        char *bytes = trace_load(traces[t], NULL);
        size_t n = strlen(bytes);
        int count, expected = 0;
        for (const char *p = bytes; (p = strstr(p, "\r\n\r\n")); p += 4)
            expected++;
        char *right = whole(bytes, n, &framing_of_server, &count);
        assert_int_equal(count, expected);
        for (size_t cut = 0; cut <= n; cut++) {
            struct framing f;
            struct heard h = {0};
            framing_init(&f, &framing_of_server);
            feed(&f, &h, bytes, cut);
            feed(&f, &h, bytes + cut, n - cut);
            assert_string_equal(str_get(&h.text), right);
            framing_free(&f);
            str_free(&h.text);
        }
        free(right);
        free(bytes);
    }
}

/* One byte at a time is the worst cut of all. */
static void test_single_bytes(void **state) {
    (void)state;
    char *bytes = trace_load("22-queue-call-answered", NULL);
    size_t n = strlen(bytes);
    int count;
    char *right = whole(bytes, n, &framing_of_server, &count);
    struct framing f;
    struct heard h = {0};
    framing_init(&f, &framing_of_server);
    for (size_t i = 0; i < n; i++)
        feed(&f, &h, bytes + i, 1);
    assert_int_equal(h.count, count);
    assert_string_equal(str_get(&h.text), right);
    framing_free(&f);
    str_free(&h.text);
    free(right);
    free(bytes);
}

/* The raw bytes of a message are what a relay sends on: not one may be missing. */
static bool add_raw(void *arg, struct message *m, enum framing_fault fault) {
    (void)fault;
    str_addn(arg, str_get(&m->raw), m->raw.len);
    return true;
}

static void test_raw(void **state) {
    (void)state;
    char *bytes = trace_load("16-local-hc17", NULL);
    struct framing f;
    struct str raw = {0};
    framing_init(&f, &framing_of_server);
    for (size_t i = 0, n = strlen(bytes); i < n; i += 7)
        framing_feed(&f, bytes + i, n - i < 7 ? n - i : 7, add_raw, &raw);
    assert_string_equal(raw.s, bytes);
    framing_free(&f);
    str_free(&raw);
    free(bytes);
}

/* Clients end lines with CR LF or LF; each blank line in excess is an empty message. */
static void test_line_ends(void **state) {
    (void)state;
    int count;
    static const char text[] = "\r\nAction: A\n\nAction: B\r\nX: \r\r\n\r\n\nAction: C\n";
    char *out = whole(text, sizeof text - 1, &framing_of_client, &count);
    assert_string_equal(out, "0\nAction=A|0\nAction=B|X=\r|0\n0\n");
    free(out);
}

/* A NUL ends that line's value and nothing else. */
static void test_nul(void **state) {
    (void)state;
    int count;
    static const char text[] = "Action: Pi\0ng\r\nActionID: 1\r\n\r\n";
    char *out = whole(text, sizeof text - 1, &framing_of_client, &count);
    assert_string_equal(out, "Action=Pi|ActionID=1|0\n");
    free(out);
}

/* A message with one line of n bytes, line end included, between two good ones. */
static char *with_line(size_t n) {
    struct str b = {0};
    str_add(&b, "Action: A\r\n\r\nActionID: 7\r\nX: ");
    for (size_t i = 5; i < n; i++)
        str_addc(&b, 'x');
    str_add(&b, "\r\nAction: lost\r\n\r\nAction: B\r\n\r\n");
    return str_take(&b);
}

/* 1,024 bytes fit, one more is a fault that costs its own message only; what was read
 * before it (the ActionID) is there for the answer. */
static void test_long_line(void **state) {
    (void)state;
    int count;
    char *text = with_line(1024);
    char *out = whole(text, strlen(text), &framing_of_client, &count);
    assert_int_equal(count, 3);
    assert_non_null(strstr(out, "Action=lost|0\n"));
    free(out);
    free(text);
    text = with_line(1025);
    size_t n = strlen(text);
    out = whole(text, n, &framing_of_client, &count);
    assert_string_equal(out, "Action=A|0\nActionID=7|1\nAction=B|0\n");
    for (size_t cut = 0; cut <= n; cut++) { /* the discarded rest may be cut too */
        struct framing f;
        struct heard h = {0};
        framing_init(&f, &framing_of_client);
        feed(&f, &h, text, cut);
        feed(&f, &h, text + cut, n - cut);
        assert_string_equal(str_get(&h.text), out);
        framing_free(&f);
        str_free(&h.text);
    }
    free(out);
    free(text);
}

/* A line without end must not be kept: 10 MB of it cost no memory. */
static void test_endless_line(void **state) {
    (void)state;
    static char piece[65536];
    struct framing f;
    struct heard h = {0};
    memset(piece, 'x', sizeof piece);
    framing_init(&f, &framing_of_client);
    feed(&f, &h, "Action: x\r\nY: ", 14);
    for (int i = 0; i < 160; i++)
        feed(&f, &h, piece, sizeof piece);
    assert_int_equal(h.count, 0);
    assert_true(f.line.cap <= 4096);
    assert_true(f.message.text.cap + f.message.raw.cap <= 8192);
    feed(&f, &h, "\r\n\r\nAction: B\r\n\r\n", 17);
    assert_string_equal(h.text.s, "Action=x|1\nAction=B|0\n");
    framing_free(&f);
    str_free(&h.text);
}

/* 128 lines, those without a colon included; the 129th is a fault, and so many more of
 * them cost no memory. */
static void test_many_lines(void **state) {
    (void)state;
    for (int lines = 127; lines <= 130; lines++) {
        struct str b = {0};
        int count;
        for (int i = 0; i < lines; i++)
            str_addf(&b, i % 2 ? "V%d: x\r\n" : "no header %d\r\n", i);
        str_add(&b, "\r\nAction: B\r\n\r\n");
        char *out = whole(b.s, b.len, &framing_of_client, &count);
        assert_int_equal(count, 2);
        assert_int_equal(strstr(out, "|2\n") != NULL, lines > 128);
        assert_non_null(strstr(out, "\nAction=B|0\n"));
        free(out);
        str_free(&b);
    }
    struct framing f;
    struct heard h = {0};
    framing_init(&f, &framing_of_client);
    for (int i = 0; i < 200000; i++)
        feed(&f, &h, "Variable: something=other\r\n", 27);
    assert_true(f.message.raw.cap <= 1 << 18 && f.message.cap <= 128);
    framing_free(&f);
    str_free(&h.text);
}

/* Asterisk's own lines may be long (VarSet, 8,200 bytes) and a packet may have more
 * headers than a client may send (ListCommands). */
static void test_server_limits(void **state) {
    (void)state;
    struct str b = {0};
    int count;
    str_add(&b, "Event: VarSet\r\nValue: ");
    for (int i = 0; i < 8200; i++)
        str_addc(&b, 'v');
    str_add(&b, "\r\n\r\n");
    for (int i = 0; i < 400; i++)
        str_addf(&b, "Command%d: does something (Priv: all)\r\n", i);
    str_add(&b, "\r\n");
    char *out = whole(b.s, b.len, &framing_of_server, &count);
    assert_int_equal(count, 2);
    assert_null(strstr(out, "|1\n"));
    assert_null(strstr(out, "|2\n"));
    free(out);
    str_free(&b);
}

/* After "stop" nothing more comes, not even from the bytes that are there already. */
static void test_stop(void **state) {
    (void)state;
    static const char text[] = "A: 1\n\nB: 2\n\nC: 3\n\n";
    struct framing f;
    struct heard h = {.stop_after = 2};
    framing_init(&f, &framing_of_client);
    feed(&f, &h, text, sizeof text - 1);
    feed(&f, &h, text, sizeof text - 1);
    assert_string_equal(h.text.s, "A=1|0\nB=2|0\n");
    framing_free(&f);
    str_free(&h.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_anywhere),  cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_raw),           cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_nul),           cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_endless_line),  cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_server_limits), cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
