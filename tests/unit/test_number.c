/* Dial strings and variables: nothing may change what is dialled, and values arrive as
 * they were given. */
#include "tool.h"

#include <ctype.h>

#include "dialer/core/number.h"

/* Whatever could end the number, add another channel or reach another place is out. */
static void test_numbers(void **state) {
    (void)state;
    static const char *const good[] = {"300", "+4930123456", "*21#", "a.b_c-D", "1"};
    static const char *const bad[] = {"",          "300&301",  "300/x",   "300,20",  "300;x",
                                      "300@trunk", "3 00",     "300\r",   "300\nX",  "30\"0",
                                      "3\\00",     "${EXTEN}", "300|x",   "(300)",   "3\t00",
                                      "\xc3\xa4",  "sip:300",  "300\x7f", "<300>",   "300=1",
                                      "sip:a@b",   "%33",      "'300'",   "300:5060"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(number_is_dialable(good[i], false));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (number_is_dialable(bad[i], false))
            fail_msg("'%s' is taken", bad[i]);
    for (int c = 1; c < 256; c++) {
        char one[2] = {(char)c, '\0'};
        bool fine = (c < 128 && isalnum(c)) || strchr("+*#._-", c);
        assert_int_equal(number_is_dialable(one, false), fine);
    }
}

/* Length is bounded: Asterisk cuts a Channel at 255 characters and dials the rest. */
static void test_length(void **state) {
    (void)state;
    char text[130];
    memset(text, '1', sizeof text);
    text[128] = '\0';
    assert_true(number_is_dialable(text, false));
    text[128] = '1';
    text[129] = '\0';
    assert_false(number_is_dialable(text, false));
}

/* Whole addresses only where the configuration allows them, and then nothing but
 * user, host and port. */
static void test_uris(void **state) {
    (void)state;
    static const char *const good[] = {"sip:300@host", "sip:+49.x@10.0.0.1:5060", "300"};
    static const char *const bad[] = {"sip:@host",    "sip:300@",    "300@host",
                                      "sip:300@a@b",  "sip:300@h/x", "sip:300@h&x",
                                      "sip:300@h;lr", "sips:300@h",  "sip:3 00@h",
                                      "sip:300@h,1",  "sip:",        "sip:a:pw@host",
                                      "sip:300@h?x",  "xsip:300@h",  "sip:300@h\n"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(number_is_dialable(good[i], true));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (number_is_dialable(bad[i], true))
            fail_msg("'%s' is taken", bad[i]);
}

static void test_tech(void **state) {
    (void)state;
    static const char *const good[] = {"sip/", "PJSIP/", "Local/", "DAHDI/g1/", "IAX2/"};
    static const char *const bad[] = {"",     "/",       "sip",      "/sip/", "sip/x",
                                      "s p/", "sip/&x/", "sip/a@b/", "sip,/", "sip/\n/"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(number_is_tech(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (number_is_tech(bad[i]))
            fail_msg("'%s' is taken", bad[i]);
}

/* ---- variables ---- */

/* How Asterisk reads a Variable header: split at commas, quotes and backslashes taken
 * away (AST_STANDARD_APP_ARGS). NULL if it came to more than one piece. */
static char *as_asterisk(const char *header) {
    struct str out = {0};
    bool quoted = false;
    for (const char *p = header; *p && strncmp(p, "\r\n", 2); p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (*p == '\\' && p[1]) {
            str_addc(&out, *++p);
        } else if (*p == ',' && !quoted) {
            str_free(&out);
            return NULL;
        } else {
            str_addc(&out, *p);
        }
    }
    return str_take(&out);
}

/* Commas, quotes and backslashes arrive, in any mixture of them. */
static void test_escaping(void **state) {
    (void)state;
    struct str b = {0};
    assert_true(variable_print(&b, "NAME", "a,b \"c\" d\\e"));
    assert_string_equal(b.s, "Variable: NAME=a\\,b \\\"c\\\" d\\\\e\r\n");
    str_reset(&b);
    struct chance c;
    chance_seed(&c, 7);
    for (int i = 0; i < 20000; i++) {
        static const char letters[] = ",\"\\,\"\\ a=b|;:\xc3\xa4$";
        char value[40], *back, *whole;
        size_t n = chance_next(&c) % (sizeof value - 1);
        for (size_t k = 0; k < n; k++)
            value[k] = letters[chance_next(&c) % (sizeof letters - 1)];
        value[n] = '\0';
        str_reset(&b);
        assert_true(variable_print(&b, "V", value));
        assert_true(str_has_prefix(b.s, "Variable: V="));
        back = as_asterisk(b.s + strlen("Variable: "));
        assert_non_null(back);
        whole = xasprintf("V=%s", value);
        assert_string_equal(back, whole);
        free(back);
        free(whole);
    }
    str_free(&b);
}

/* A line of over 1,024 bytes is refused by Asterisk: it must not get so far, however
 * the value grows on its way. */
static void test_line_length(void **state) {
    (void)state;
    static const char letters[] = "x,\n";
    for (const char *l = letters; *l; l++)
        for (size_t n = 480; n < 1020; n++) {
            char value[1024];
            struct str b = {0};
            memset(value, *l, n);
            value[n] = '\0';
            if (variable_print(&b, "V", value))
                assert_true(b.len <= 1024);
            else
                assert_int_equal(b.len, 0);
            str_free(&b);
        }
}

/* What a resource may carry: a name and a value that can be sent. */
static void test_adding(void **state) {
    (void)state;
    json_t *vars = json_object();
    char value[1000];
    assert_null(variable_add(vars, "a", "1"));
    assert_null(variable_add(vars, "b", ""));
    assert_null(variable_add(vars, "c", "x=y,z"));
    assert_null(variable_add(vars, "__INHERIT", "\xc3\xa4"));
    assert_null(variable_add(vars, "CALLERID(name)", "Joe"));
    assert_null(variable_add(vars, "a", "2")); /* the later wins */
    assert_string_equal(json_string_value(json_object_get(vars, "a")), "2");
    assert_string_equal(json_string_value(json_object_get(vars, "c")), "x=y,z");
    static const char *const bad[] = {"", "a b", "a,b", "a\\", "\"a\"", "a\tb", "a=b", "\xff"};
    size_t before = json_object_size(vars);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (variable_add(vars, bad[i], "x") == NULL)
            fail_msg("'%s' is taken", bad[i]);
    assert_string_equal(variable_add(vars, "x", "\xff\xfe"), "must be UTF-8");
    assert_int_equal(json_object_size(vars), before);
    memset(value, 'x', sizeof value);
    value[900] = '\0';
    assert_null(variable_add(vars, "long", value));
    value[900] = 'x';
    value[901] = '\0';
    assert_string_equal(variable_add(vars, "long", value),
                        "has a value of more than 900 bytes");
    memset(value, ',', 600); /* twice as long once it is escaped */
    value[600] = '\0';
    assert_string_equal(variable_add(vars, "commas", value), "is too long for a line of AMI");
    json_decref(vars);
}

/* 100 variables and not one more: Asterisk takes 128 lines. */
static void test_many(void **state) {
    (void)state;
    json_t *vars = json_object();
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "v%d", i);
        assert_null(variable_add(vars, name, "x"));
    }
    assert_null(variable_add(vars, "v7", "again"));
    assert_string_equal(variable_add(vars, "v100", "x"),
                        "is one too many: at most 100 are allowed");
    json_decref(vars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_length),
        cmocka_unit_test(test_uris),     cmocka_unit_test(test_tech),
        cmocka_unit_test(test_escaping), cmocka_unit_test(test_line_length),
        cmocka_unit_test(test_adding),   cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
