/* AMI messages: what a line means, which header counts, what may not get out. */
#include "tool.h"

#include "ami/message.h"

/* Adds one line as it came, NUL bytes included. */
static bool line(struct message *m, const char *text, size_t n) {
    return message_line(m, text, n);
}

#define LINE(m, text) line(m, text, sizeof(text) - 1)

/* Blanks before the value go, blanks behind it stay: Asterisk takes `Ping   ` for
 * another action than `Ping`, and so must we. */
static void test_blanks(void **state) {
    (void)state;
    struct message m = {0};
    assert_true(LINE(&m, "Action:Ping"));
    assert_true(LINE(&m, "A: \t x  "));
    assert_true(LINE(&m, "Empty:"));
    assert_true(LINE(&m, "Blank:   "));
    assert_true(LINE(&m, "Time: 10:20"));
    message_done(&m);
    assert_int_equal(m.count, 5);
    assert_string_equal(message_get(&m, "action"), "Ping");
    assert_string_equal(message_get(&m, "A"), "x  ");
    assert_true(message_has(&m, "EMPTY"));
    assert_null(message_get(&m, "Empty"));
    assert_string_equal(message_text(&m, "Blank"), "");
    assert_string_equal(message_get(&m, "Time"), "10:20");
    message_free(&m);
}

/* A line that is no header does not become one. */
static void test_ignored(void **state) {
    (void)state;
    struct message m = {0};
    assert_false(LINE(&m, "no colon here"));
    assert_false(LINE(&m, "Action : Ping"));
    assert_false(LINE(&m, ": nameless"));
    assert_false(LINE(&m, ""));
    message_done(&m);
    assert_int_equal(m.count, 0);
    assert_null(message_get(&m, "Action"));
    message_free(&m);
}

/* Of repeated headers the first that says something counts; all can be walked. */
static void test_repeated(void **state) {
    (void)state;
    struct message m = {0};
    LINE(&m, "ActionID:");
    LINE(&m, "ActionID: one");
    LINE(&m, "actionid: two");
    LINE(&m, "Variable: a=1");
    LINE(&m, "Variable: b=2");
    message_done(&m);
    assert_string_equal(message_get(&m, "ActionID"), "one");
    assert_string_equal(m.headers[2].value, "two");
    assert_string_equal(m.headers[3].value, "a=1");
    assert_string_equal(m.headers[4].value, "b=2");
    message_free(&m);
}

/* A NUL ends the value, and hides no header behind it. */
static void test_nul(void **state) {
    (void)state;
    struct message m = {0};
    LINE(&m, "Action: Pi\0ng");
    LINE(&m, "Na\0me: x");
    LINE(&m, "Last: y");
    message_done(&m);
    assert_string_equal(message_get(&m, "Action"), "Pi");
    assert_string_equal(message_get(&m, "Na"), "x");
    assert_string_equal(message_get(&m, "Last"), "y");
    message_free(&m);
}

/* Bytes beyond ASCII pass unchanged, whatever they are. */
static void test_bytes(void **state) {
    (void)state;
    struct message m = {0};
    LINE(&m, "ActionID: \xff\xfe\xc3\xa4\x80");
    message_done(&m);
    assert_string_equal(message_get(&m, "ActionID"), "\xff\xfe\xc3\xa4\x80");
    message_free(&m);
}

/* Many headers move the text about; none may be left pointing at the old place. */
static void test_growth(void **state) {
    (void)state;
    struct message m = {0};
    char text[64];
    for (int i = 0; i < 5000; i++) {
        int n = snprintf(text, sizeof text, "Header%d: value %d", i, i);
        assert_true(line(&m, text, (size_t)n));
    }
    message_done(&m);
    for (int i = 0; i < 5000; i += 499) {
        char name[32], value[32];
        snprintf(name, sizeof name, "Header%d", i);
        snprintf(value, sizeof value, "value %d", i);
        assert_string_equal(message_get(&m, name), value);
    }
    message_reset(&m);
    assert_int_equal(m.count, 0);
    assert_null(message_get(&m, "Header0"));
    message_free(&m);
}

/* No value can begin a line of its own: that would be somebody else's action. */
static void test_injection(void **state) {
    (void)state;
    struct str b = {0};
    header_add(&b, "Name", "a\r\nAction: Hangup\n\r\nx");
    assert_string_equal(b.s, "Name: a\\r\\nAction: Hangup\\n\\r\\nx\r\n");
    str_reset(&b);
    header_add(&b, "Name", "\n");
    assert_string_equal(b.s, "Name: \\n\r\n");
    str_reset(&b);
    header_addf(&b, "Variable", "%s=%s", "a", "1\n2");
    assert_string_equal(b.s, "Variable: a=1\\n2\r\n");
    str_free(&b);
}

/* The spelling that clients rely on: one blank, CR LF, <unknown> for what is not. */
static void test_building(void **state) {
    (void)state;
    struct str b = {0};
    header_add(&b, "Event", "OutPlanCreate");
    header_add(&b, "Detail", NULL);
    header_add(&b, "DialData", "");
    header_int(&b, "DialTimeout", -30000);
    message_end(&b);
    assert_string_equal(b.s, "Event: OutPlanCreate\r\nDetail: <unknown>\r\n"
                             "DialData: \r\nDialTimeout: -30000\r\n\r\n");
    str_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blanks),    cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_repeated),  cmocka_unit_test(test_nul),
        cmocka_unit_test(test_bytes),     cmocka_unit_test(test_growth),
        cmocka_unit_test(test_injection), cmocka_unit_test(test_building),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
