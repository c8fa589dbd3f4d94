/* Users in the format of manager.conf, and the reader of that format under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/astconf.h"
#include "conf/users.h"

static char folder[] = "/tmp/astout-users-XXXXXX";
static char *path; /* of the manager.conf that a test writes */

/* Writes a file into the tests' folder. */
static void put(const char *name, const char *text) {
    char *file = xasprintf("%s/%s", folder, name);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(file);
}

/* Loads a text that must be right. */
static struct users *load(const char *text) {
    char *err;
    put("manager.conf", text);
    struct users *u = users_load(path, &err);
    if (err)
        fail_msg("%s", err);
    assert_non_null(u);
    return u;
}

/* Loads a text that must be refused; the message begins with the name of the file. */
static void refuse(const char *text, const char *file, const char *said) {
    char *err, *whole = xasprintf("%s/%s%s", folder, file, said);
    put("manager.conf", text);
    assert_null(users_load(path, &err));
    assert_non_null(err);
    assert_string_equal(err, whole);
    free(err);
    free(whole);
}

/* The last value of a key of [general] after reading a text. */
static void value_is(const char *text, const char *key, const char *value) {
    struct users *u = load(text);
    assert_string_equal(users_general(u, key), value);
    users_free(u);
}

/* ---- classes ---- */

static void test_class_mask(void **state) {
    (void)state;
    uint32_t m;
    assert_true(class_mask("system,call", &m));
    assert_int_equal(m, CLASS_SYSTEM | CLASS_CALL);
    assert_true(class_mask(" Call ,\tdialer,, message", &m));
    assert_int_equal(m, CLASS_CALL | CLASS_DIALER | CLASS_MESSAGE);
    assert_true(class_mask("all", &m));
    assert_int_equal(m, CLASS_ALL);
    assert_true(class_mask("none", &m));
    assert_int_equal(m, 0);
    assert_true(class_mask("", &m));
    assert_int_equal(m, 0);
    assert_false(class_mask("call,sys,callx,agent", &m));
    assert_int_equal(m, CLASS_CALL | CLASS_AGENT);
}

static void test_class_event_mask(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t mask;
    } t[] = {
        {"on", CLASS_ALL},
        {"YES", CLASS_ALL},
        {"true", CLASS_ALL},
        {"off", 0},
        {"no", 0},
        {"0", 0},
        {"rubbish", 0},
        {"-1", 0},
        {"none", 0},
        {"1", CLASS_SYSTEM},
        {"3", 3},
        {"call,agent", 2 | 32},
        {"all", CLASS_ALL},
        {"4294967295", CLASS_ALL},
        {"call,rubbish", CLASS_CALL},
    };
    uint32_t m = 7;
    assert_false(class_event_mask(NULL, &m));
    assert_false(class_event_mask("", &m));
    assert_int_equal(m, 7);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_true(class_event_mask(t[i].text, &m));
        assert_int_equal(m, t[i].mask);
    }
}

static void test_class_text(void **state) {
    (void)state;
    struct str s = {0};
    class_text(&s, CLASS_CALL | CLASS_SYSTEM);
    assert_string_equal(str_get(&s), "system,call,all");
    str_reset(&s);
    class_text(&s, 0);
    assert_string_equal(str_get(&s), "<none>");
    str_free(&s);
}

/* ---- addresses ---- */

/* Asks whether a user with these rules may come from an address. */
static bool may(const char *rules, const char *ip) {
    char *text = xasprintf("[u]\n%s", rules);
    struct users *u = load(text);
    bool answer = user_may_connect(users_find(u, "u"), ip);
    users_free(u);
    free(text);
    return answer;
}

static void test_permit(void **state) {
    (void)state;
    static const char local[] = "deny = 0.0.0.0/0.0.0.0\n"
                                "permit = 127.0.0.1/255.255.255.255";
    static const char swapped[] = "permit = 127.0.0.1\ndeny = 0.0.0.0/0";
    static const char listed[] = "deny = 0.0.0.0/0,::/0\n"
                                 "permit = 10.0.0.0/8,!10.1.0.0/16";
    static const char odd[] = "deny = 0.0.0.0/0\npermit = 10.0.0.5/255.0.0.255";
    assert_true(may("", "8.8.8.8"));
    assert_true(may(local, "127.0.0.1"));
    assert_false(may(local, "127.0.0.2"));
    assert_true(may(local, "::ffff:127.0.0.1"));
    assert_false(may(local, "::ffff:127.0.0.2"));
    assert_true(may(local, "2001:db8::1")); /* as in Asterisk */
    assert_false(may(swapped, "127.0.0.1"));
    assert_true(may(listed, "10.2.3.4"));
    assert_false(may(listed, "10.1.3.4"));
    assert_false(may(listed, "11.2.3.4"));
    assert_false(may(listed, "::1"));
    assert_true(may(odd, "10.99.98.5"));
    assert_false(may(odd, "10.99.98.6"));
    assert_false(may("deny = fe80::/10", "fe80::1%eth0"));
    assert_true(may("deny = fe80::/ffff::", "fe81::1"));
    assert_true(may("deny = 0.0.0.0/0\npermit = 0.0.0.0/0", "1.2.3.4"));
    assert_false(may("", "rubbish"));
    assert_false(may("", ""));
    assert_false(may("acl = office\npermit = 0.0.0.0/0", "1.2.3.4"));
}

static void test_permit_wrong(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "permit =",           "permit = 10.0.0.0/33",   "permit = 10.0.0.0/",
        "permit = localhost", "deny = 10.0.0.0/ffff::", "permit = 10.0.0.0/8,",
        "permit = ::/129",    "deny = 10.0.0.0/8/8",    "deny = 10.0.0/8",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *text = xasprintf("[u]\n%s\n", wrong[i]);
        char *said = xasprintf(":2: %.*s of user u must be networks such as "
                               "192.168.0.0/255.255.0.0 or 10.0.0.0/8",
                               (int)strcspn(wrong[i], " "), wrong[i]);
        refuse(text, "manager.conf", said);
        free(text);
        free(said);
    }
}

/* ---- users ---- */

static void test_user(void **state) {
    (void)state;
    struct users *u = load("[general]\nenabled = yes\ndisplayconnects = no\nport=5038\n"
                           "[Admin]\nsecret = p\\;w = 1\nread = all\n"
                           "write => command,dialer\n"
                           "writetimeout = 5000\nallowmultiplelogin = no\n"
                           "eventfilter = !Channel: Local/\n"
                           "EventFilter(name(Hangup),method(none)) =\n"
                           "[plain]\ndisplayconnects=on\nsecret=\n"
                           "[general]\nport = 5039\n");
    assert_int_equal(u->count, 2);
    const struct user *a = users_find(u, "aDMIN"), *p = users_find(u, "plain");
    assert_string_equal(a->name, "Admin");
    assert_string_equal(a->secret, "p;w = 1");
    assert_int_equal(a->read, CLASS_ALL);
    assert_int_equal(a->write, CLASS_COMMAND | CLASS_DIALER);
    assert_int_equal(a->writetimeout, 5000);
    assert_false(a->allowmultiplelogin);
    assert_false(a->displayconnects);
    assert_int_equal(a->filter_count, 2);
    assert_null(a->filters[0].criteria);
    assert_string_equal(a->filters[0].text, "!Channel: Local/");
    assert_string_equal(a->filters[1].criteria, "name(Hangup),method(none)");
    assert_string_equal(a->filters[1].text, "");
    assert_int_equal(a->line, 5);
    assert_null(p->secret);
    assert_int_equal(p->read, 0);
    assert_int_equal(p->writetimeout, 100);
    assert_true(p->displayconnects);
    assert_true(p->allowmultiplelogin);
    assert_null(users_find(u, "general"));
    assert_string_equal(users_general(u, "PORT"), "5039");
    assert_null(users_general(u, "bindaddr"));
    assert_int_equal(u->note_count, 0);
    users_free(u);
}

static void test_notes(void **state) {
    (void)state;
    struct users *u = load("[u]\nsetvar = A=b\nread = call,psychic\nacl = x\n");
    char *said = xasprintf("%s:2: setvar is not supported and is ignored", path);
    assert_int_equal(u->note_count, 3);
    assert_string_equal(u->notes[0], said);
    assert_non_null(strstr(u->notes[1], ":3: read contains an unknown class"));
    assert_non_null(strstr(u->notes[2], ":4: acl names an ACL"));
    assert_int_equal(users_find(u, "u")->read, CLASS_CALL);
    users_free(u);
    free(said);
    struct str many = {0};
    str_add(&many, "[u]\n");
    for (int i = 0; i < 1000; i++)
        str_addf(&many, "x%d = 1\n", i);
    u = load(str_get(&many));
    assert_int_equal(u->note_count, 32);
    assert_non_null(strstr(u->notes[31], "further notes are omitted"));
    users_free(u);
    str_free(&many);
}

static void test_user_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } t[] = {
        {"[u]\nwritetimeout = 99\n",
         ":2: writetimeout of user u must be a whole number of milliseconds, 100 to 3600000"},
        {"[u]\nallowmultiplelogin = 2\n", ":2: allowmultiplelogin of user u must be yes or no"},
        {"[u]\neventfilter(name = y\n",
         ":2: eventfilter(name of user u needs a closing parenthesis"},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        refuse(t[i].text, "manager.conf", t[i].said);
    char *said = xasprintf(":3: user U is already defined in %s:1; use (+) to add to it", path);
    refuse("[u]\n\n[U]\n", "manager.conf", said);
    free(said);
    char *err;
    assert_null(users_load("/nowhere/manager.conf", &err));
    assert_string_equal(err, "/nowhere/manager.conf: No such file or directory");
    free(err);
}

/* ---- the format ---- */

static void test_inheritance(void **state) {
    (void)state;
    struct users *u = load("[base](!)\nread = call\nwrite = call\ndeny = 0.0.0.0/0\n"
                           "[more](!,base)\nwrite = all\npermit = 10.0.0.1\n"
                           "[a](base)\nsecret = a\n"
                           "[b](more)\nsecret = b\nread += ,agent\n"
                           "[a](+)\nread = user\n[c](a, base)\n[c]( + ,more)\n");
    assert_int_equal(u->count, 3);
    assert_null(users_find(u, "base"));
    const struct user *a = users_find(u, "a"), *b = users_find(u, "b");
    const struct user *c = users_find(u, "c");
    assert_int_equal(a->read, CLASS_USER);
    assert_int_equal(a->write, CLASS_CALL);
    assert_int_equal(a->rule_count, 1);
    assert_int_equal(b->read, CLASS_CALL | CLASS_AGENT);
    assert_int_equal(b->write, CLASS_ALL);
    assert_int_equal(b->rule_count, 2);
    assert_true(user_may_connect(b, "10.0.0.1"));
    assert_false(user_may_connect(b, "10.0.0.2"));
    assert_string_equal(c->secret, "a");
    assert_int_equal(c->read, CLASS_CALL);
    assert_int_equal(c->write, CLASS_ALL);
    users_free(u);
}

static void test_comments(void **state) {
    (void)state;
    value_is("[general]\nk = a;b\n", "k", "a");
    value_is("[general]\nk = a\\;b\\;c ; d\n", "k", "a;b;c");
    value_is("[general]\nk = 1\n;--\nk = 2\n--;\n", "k", "1");
    value_is("[general]\nk = 1\n;--\n;-- inner --;\nk = 2\n--;\n", "k", "1");
    value_is("[general]\nk = 1\n;------ a rule ------\nk = 2\n", "k", "2");
    value_is("[general]\nk = 1 ;-- x --; 2\n", "k", "1  2");
    value_is("[general]\nk = 1 ;--;\nk = 2\n--;k = 3\n", "k", "3");
    value_is("[general]\nk = a --; b\n", "k", "a --");
    value_is("\xef\xbb\xbf[general]\r\n k=>> x \r\nx = 1", "k", "> x");
    value_is("[general]\nk = a\nk += ,b\nk+=c\nn += d\n", "k", "a ,bc"); /* as there */
    refuse("\n;-- open\n[u]\n\n", "manager.conf",
           ":2: the comment that begins here with ;-- has no end");
}

static void test_format_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } t[] = {
        {"k = v\n", ":1: a [section] must come before the first key"},
        {"[a]\nwords\n", ":2: must be [section], key = value or #include"},
        {"[a]\n= v\n", ":2: must be [section], key = value or #include"},
        {"[a\n", ":1: missing ] after the name of a section"},
        {"[]\n", ":1: [] needs the name of a section"},
        {"[a] (!)\n", ":1: only (…) may follow [a]"},
        {"[a](!\n", ":1: only (…) may follow [a]"},
        {"[a](b)\n", ":1: no section [b] above this line to inherit from"},
        {"[a](a)\n", ":1: section [a] inherits from itself"},
        {"[a](+)\n", ":1: no section [a] above this line to add to"},
        {"#exec /bin/true\n", ":1: #exec is not supported: no file may start programs"},
        {"#define x\n", ":1: unknown directive #define"},
        {"#include\n", ":1: #include needs the name of a file"},
        {"#include \"\"\n", ":1: #include needs the name of a file"},
        {"[a]\nk = \001\n", ":2: control character (code 1)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        refuse(t[i].text, "manager.conf", t[i].said);
}

static void test_includes(void **state) {
    (void)state;
    char *sub = xasprintf("%s/sub", folder);
    mkdir(sub, 0700);
    put("one.conf", "[one]\nsecret = 1\n");
    put("sub/two.conf", "[two]\nsecret = 2\n#include <three.inc>\n");
    put("sub/three.inc", "read = call\n");
    struct users *u = load("[general]\n#include \"one.conf\"\n#tryinclude none.conf\n"
                           "#include \"sub/*.conf\" ; as in Debian\n"
                           "#include empty/*.conf\n#INCLUDE sub/three.inc\n");
    assert_int_equal(u->count, 2);
    assert_string_equal(users_find(u, "one")->secret, "1");
    assert_int_equal(users_find(u, "two")->read, CLASS_CALL);
    users_free(u);
    char *said =
        xasprintf(":2: cannot include %s/none.conf: No such file or directory", folder);
    refuse("\n#include none.conf\n", "manager.conf", said);
    free(said);
    put("sub/two.conf", "[two]\nbroken\n");
    refuse("#include sub/two.conf\n", "sub/two.conf",
           ":2: must be [section], key = value or #include");
    refuse("#tryinclude sub/two.conf\n", "sub/two.conf",
           ":2: must be [section], key = value or #include");
    free(sub);
}

static void test_bounds(void **state) {
    (void)state;
    refuse("[a]\n#include manager.conf\n", "manager.conf",
           ":2: files included more than 8 deep");
    struct str s = {0};
    put("one.conf", "[general]\n");
    for (int i = 0; i < 64; i++)
        str_add(&s, "#include one.conf\n");
    refuse(str_get(&s), "manager.conf", ":64: more than 64 files in total");
    str_reset(&s);
    str_add(&s, "[t0](!)\nk = v\n");
    for (int i = 1; i < 40; i++) /* doubles each time */
        str_addf(&s, "[t%d](!,t%d,t%d)\n", i, i - 1, i - 1);
    refuse(str_get(&s), "manager.conf",
           ":18: more than 100000 values or 16777216 bytes in total");
    str_reset(&s);
    str_add(&s, "[a]\nk = ");
    for (int i = 0; i < 8200; i++)
        str_addc(&s, 'x');
    refuse(str_get(&s), "manager.conf", ":2: line longer than 8191 characters");
    str_reset(&s);
    for (int i = 0; i < 5000; i++)
        str_addf(&s, "[a%d]\n", i);
    refuse(str_get(&s), "manager.conf", ":4097: more than 4096 sections");
    str_reset(&s);
    for (int i = 0; i < 65; i++)
        str_add(&s, ";--\n");
    refuse(str_get(&s), "manager.conf", ":65: more than 64 comments nested in each other");
    str_free(&s);
}

/* ---- the group ---- */

/* Makes the folder. */
static int set_up(void **state) {
    (void)state;
    path = mkdtemp(folder) ? xasprintf("%s/manager.conf", folder) : NULL;
    return path ? 0 : -1;
}

/* One step of taking the folder away. */
static int discard(const char *file, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(file);
}

/* Takes the folder away. */
static int tear_down(void **state) {
    (void)state;
    free(path);
    return nftw(folder, discard, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_mask),   cmocka_unit_test(test_class_event_mask),
        cmocka_unit_test(test_class_text),   cmocka_unit_test(test_permit),
        cmocka_unit_test(test_permit_wrong), cmocka_unit_test(test_user),
        cmocka_unit_test(test_notes),        cmocka_unit_test(test_user_wrong),
        cmocka_unit_test(test_inheritance),  cmocka_unit_test(test_comments),
        cmocka_unit_test(test_format_wrong), cmocka_unit_test(test_includes),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests_name("users", tests, set_up, tear_down);
}
