/* astout.conf: defaults, every kind of value and of mistake, the sample file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/change.h"
#include "conf/conf.h"
#include "base/log.h"
#include "base/str.h"

#define SAMPLE "conf/astout.conf"
#define NEEDED "[asterisk:main]\nusername = u\nsecret = s\n"

static char folder[] = "/tmp/astout-conf-XXXXXX";
static char *path; /* of the astout.conf that a test writes */

/* Writes a file into the tests' folder. */
static void put(const char *name, const char *text, size_t n) {
    char *file = xasprintf("%s/%s", folder, name);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
    free(file);
}

/* Loads a text as astout.conf. */
static struct conf *load(const char *text, char **err) {
    put("astout.conf", text, strlen(text));
    return conf_load(path, err);
}

/* Loads a text that must be right. */
static struct conf *load_right(const char *text) {
    char *err;
    struct conf *c = load(text, &err);
    if (err)
        fail_msg("%s", err);
    assert_non_null(c);
    return c;
}

/* Loads a text that must be refused with "FILE" and what is given. */
static void refuse(const char *text, const char *said) {
    char *err;
    struct conf *c = load(text, &err);
    assert_null(c);
    assert_non_null(err);
    assert_true(str_has_prefix(err, path));
    assert_string_equal(err + strlen(path), said);
    free(err);
}

static void test_defaults(void **state) {
    (void)state;
    struct conf *c = load_right(NEEDED);
    assert_string_equal(c->path, path);
    assert_int_equal(c->general.result_type, 1);
    assert_string_equal(c->general.result_filename, "/var/lib/asterisk/astout.result");
    assert_false(c->general.result_info_enable);
    assert_int_equal(c->general.event_time_slow, 3000000);
    assert_string_equal(c->general.timezone, "UTC");
    assert_int_equal(c->general.log_level, LOG_INFO);
    assert_false(c->general.allow_uri);
    assert_string_equal(c->database.db_sqlite3_data, "/var/lib/asterisk/astout.sqlite3");
    assert_int_equal(c->database.durability, CONF_FULL);
    assert_true(c->ami.enabled);
    assert_string_equal(c->ami.bindaddr, "127.0.0.1");
    assert_int_equal(c->ami.port, 5039);
    assert_int_equal(c->ami.writebuffer, 8 << 20);
    char *users = xasprintf("%s/manager.conf", folder);
    assert_string_equal(c->ami.users, users);
    free(users);
    assert_int_equal(c->console.mode, 0660);
    assert_int_equal(c->asterisk_count, 1);
    assert_string_equal(c->asterisks[0].name, "main");
    assert_string_equal(c->asterisks[0].host, "127.0.0.1");
    assert_int_equal(c->asterisks[0].port, 5038);
    assert_int_equal(c->asterisks[0].originates, 100);
    assert_true(c->asterisks[0].cps == 0.0);
    assert_int_equal(c->trunk_count, 0);
    assert_string_equal(c->scripts.path, "/usr/share/astout/strategies");
    assert_int_equal(c->scripts.instructions, 1000000);
    conf_free(c);
}

static void test_values(void **state) {
    (void)state;
    struct conf *c =
        load_right("\xef\xbb\xbf; a byte order mark and CR LF do no harm\r\n"
                   "  [general] ; comment\r\n\tTimezone = Europe/Berlin\r\n"
                   "log_level=DEBUG\nallow_uri => yes ; as in Asterisk's files\n"
                   "result_filename = out/results\n"
                   "[trunk:t-1]\nasterisk = B\nchannels = 30\ncps = 2.5\n"
                   "callerid = \"A B\" <123>\n"
                   "[database]\ndurability = normal\n"
                   "[ami]\nwritebuffer = 64k\nport = 0\nusers=manager.conf\nbindaddr = ::1\n"
                   "[console]\nmode = 600\n"
                   "[asterisk:a]\nusername = u\nsecret = a;b#c = d:e\n"
                   "[asterisk:B]\nhost = pbx-1.example.org\nport = 65535\nusername = u\n"
                   "secret = s\noriginates = 1\nqueue_wrapup = 15\n"
                   "[scripts]\nmemory = 1g\npath = .\n");
    assert_string_equal(c->general.timezone, "Europe/Berlin");
    assert_int_equal(c->general.log_level, LOG_DEBUG);
    assert_true(c->general.allow_uri);
    assert_int_equal(c->database.durability, CONF_NORMAL);
    assert_int_equal(c->ami.writebuffer, 65536);
    assert_int_equal(c->ami.port, 0);
    assert_string_equal(c->ami.bindaddr, "::1");
    assert_int_equal(c->console.mode, 0600);
    assert_string_equal(c->asterisks[0].secret, "a;b#c = d:e");
    assert_string_equal(c->asterisks[1].host, "pbx-1.example.org");
    assert_int_equal(c->asterisks[1].queue_wrapup, 15);
    assert_int_equal(c->trunk_count, 1);
    assert_int_equal(c->trunks[0].server, 1);
    assert_int_equal(c->trunks[0].channels, 30);
    assert_true(c->trunks[0].cps == 2.5);
    assert_string_equal(c->trunks[0].callerid, "\"A B\" <123>");
    assert_int_equal(c->scripts.memory, 1 << 30);
    char *results = xasprintf("%s/out/results", folder);
    assert_string_equal(c->general.result_filename, results);
    free(results);
    conf_free(c);
}

static void test_mistakes(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
    } t[] = {
        {"", ": at least one [asterisk:NAME] section is needed"},
        {"[general]\n", ": at least one [asterisk:NAME] section is needed"},
        {"[genral]\n", ":1: unknown section [genral]"},
        {"[general:x]\n", ":1: unknown section [general:x]"},
        {NEEDED "[empty]\n", ":4: unknown section [empty]"},
        {"[general]\nfoo = 1\n", ":2: unknown key foo in [general]"},
        {"[ami]\nhost = 1\n", ":2: unknown key host in [ami]"},
        {"foo = 1\n", ":1: a [section] must come before the first key"},
        {"[general]\n\njust words\n", ":3: must be [section] or key = value"},
        {"[general\nport = 1\n", ":1: missing ] after the name of a section"},
        {"[general](!)\n", ":1: only a comment may follow [general]"},
        {"[]\n", ":1: [] needs the name of a section"},
        {"#include x\n", ":1: a comment begins with ; (not #), and files cannot be included"},
        {"[ami]\nport = 1\nport = 2\n", ":3: port is already set in line 2"},
        {"[ami]\nport = 1\n[ami]\n", ":3: section [ami] is already in line 1"},
        {NEEDED NEEDED, ":4: section [asterisk:main] is already in line 1"},
        {"[ami]\nport = 65536\n", ":2: port must be a whole number, 0 to 65535"},
        {"[ami]\nport = -1\n", ":2: port must be a whole number, 0 to 65535"},
        {"[ami]\nport = 5x\n", ":2: port must be a whole number, 0 to 65535"},
        {"[ami]\nport =\n", ":2: port must be a whole number, 0 to 65535"},
        {"[ami]\nport = 99999999999999999999\n", ":2: port must be a whole number, 0 to 65535"},
        {"[ami]\nenabled = maybe\n", ":2: enabled must be yes or no"},
        {"[ami]\nbindaddr = localhost\n", ":2: bindaddr must be an IP address"},
        {"[ami]\nusers =\n", ":2: users must not be empty"},
        {"[ami]\nwritebuffer = 1k\n", ":2: writebuffer must be a number of bytes, 64k to 1G"},
        {"[ami]\nwritebuffer = 1T\n", ":2: writebuffer must be a number of bytes, 64k to 1G"},
        {"[ami]\nwritebuffer = 99999999999999999999999999999\n",
         ":2: writebuffer must be a number of bytes, 64k to 1G"},
        {"[general]\nresult_type = 2\n", ":2: result_type must be 1"},
        {"[database]\ndb_type = 2\n", ":2: db_type must be 1"},
        {"[general]\nlog_level = inf\n", ":2: log_level must be error, warn, info or debug"},
        {"[general]\nlog_level =\n", ":2: log_level must be error, warn, info or debug"},
        {"[general]\ntimezone = Mars/Base\n",
         ":2: timezone must be a time zone in /usr/share/zoneinfo, such as Europe/Berlin"},
        {"[general]\ntimezone = Europe\n",
         ":2: timezone must be a time zone in /usr/share/zoneinfo, such as Europe/Berlin"},
        {"[general]\ntimezone = a/../../../../etc/passwd\n",
         ":2: timezone must be a time zone in /usr/share/zoneinfo, such as Europe/Berlin"},
        {"[console]\nmode = 888\n", ":2: mode must be octal permissions, 0000 to 0777"},
        {"[console]\nmode = 7777\n", ":2: mode must be octal permissions, 0000 to 0777"},
        {"[asterisk]\n", ":1: [asterisk:NAME]: NAME must be 1 to 40 letters, digits, _ . or -"},
        {"[asterisk:a b]\n",
         ":1: [asterisk:NAME]: NAME must be 1 to 40 letters, digits, _ . or -"},
        {"[trunk:12345678901234567890123456789012345678901]\n",
         ":1: [trunk:NAME]: NAME must be 1 to 40 letters, digits, _ . or -"},
        {"[asterisk:a]\nusername = u\n\n[ami]\n", ":1: [asterisk:a] needs the key secret"},
        {"[asterisk:a]\nsecret = s\n", ":1: [asterisk:a] needs the key username"},
        {"[asterisk:a]\nsecret = ;x\n", ":2: secret must not be empty"},
        {"[asterisk:a]\nhost = a b\n", ":2: host must be a host name or IP address"},
        {"[asterisk:a]\ncps = -1\n",
         ":2: cps must be a number of calls per second, 0 to 100000"},
        {"[asterisk:a]\ncps = 1.\n",
         ":2: cps must be a number of calls per second, 0 to 100000"},
        {"[asterisk:a]\ncps = 1e3\n",
         ":2: cps must be a number of calls per second, 0 to 100000"},
        {"[asterisk:a]\ncps = nan\n",
         ":2: cps must be a number of calls per second, 0 to 100000"},
        {"[asterisk:a]\noriginates = 0\n",
         ":2: originates must be a whole number of calls, 1 to 10000"},
        {NEEDED "[trunk:t]\nchannels = 1\n", ":4: [trunk:t] needs the key asterisk"},
        {NEEDED "[trunk:t]\ncps = 1\nasterisk = other\n",
         ":6: asterisk: there is no section [asterisk:other]"},
        {"[general]\nallow\001uri = 1\n", ":2: control character (code 1)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        refuse(t[i].text, t[i].said);
}

static void test_files(void **state) {
    (void)state;
    char *err, *said;
    assert_null(conf_load("/nowhere/astout.conf", &err));
    assert_string_equal(err, "/nowhere/astout.conf: No such file or directory");
    free(err);
    assert_null(conf_load(folder, &err));
    assert_non_null(strstr(err, "Is a directory"));
    free(err);
    said = xasprintf(":2: users: %s/none: No such file or directory", folder);
    refuse("[ami]\nusers = none\n", said);
    free(said);
    said = xasprintf(":3: path: %s/manager.conf: Not a directory", folder);
    refuse("\n[scripts]\npath = manager.conf\n", said);
    free(said);
    said = xasprintf(":2: users: %s/.: Is a directory", folder);
    refuse("[ami]\nusers = .\n", said);
    free(said);
}

/* The users file by default: needed when the port is open, only then. */
static void test_users(void **state) {
    (void)state;
    char *file = xasprintf("%s/manager.conf", folder);
    char *said = xasprintf(":4: users: %s: No such file or directory", file);
    unlink(file);
    refuse(NEEDED "[ami]\n", said);
    conf_free(load_right(NEEDED "[ami]\nenabled = no\n"));
    put("manager.conf", "", 0);
    free(file);
    free(said);
}

/* Comments may have any length, other lines what fits. */
static void test_long_lines(void **state) {
    (void)state;
    char line[9000], *text;
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    text = xasprintf("; %s\n  ;%s\n" NEEDED, line, line);
    conf_free(load_right(text));
    free(text);
    text = xasprintf(NEEDED "[general]\nresult_filename = %s\n", line);
    refuse(text, ":5: line longer than 8191 characters");
    free(text);
    line[4095 - strlen(folder)] = '\0';
    text = xasprintf("[general]\nresult_filename = %s\n" NEEDED, line);
    struct conf *c = load_right(text);
    assert_string_equal(c->general.result_filename + strlen(folder) + 1, line);
    conf_free(c);
    free(text);
    line[107 - strlen(folder)] = '\0';
    text = xasprintf("[console]\nsocket = %s\n", line);
    refuse(text, ":2: socket must be at most 107 characters long");
    free(text);
}

/* What old files may contain: ';' within a word, ':' for '=', a comment behind a ]. */
static void test_syntax(void **state) {
    (void)state;
    struct conf *c = load_right("[general];a\ntimezone:Europe/Berlin\n"
                                "[ami]   \t;b\nbindaddr: ::1\nport=5\t;\\;x\n;-- no block\n"
                                "[asterisk:a]\nusername=>;x\nsecret = \\;y;--z ;--\n"
                                ";------ a rule ------\nHOST = 10.0.0.1\n");
    assert_string_equal(c->general.timezone, "Europe/Berlin");
    assert_string_equal(c->ami.bindaddr, "::1");
    assert_int_equal(c->ami.port, 5);
    assert_string_equal(c->asterisks[0].username, ";x");
    assert_string_equal(c->asterisks[0].secret, "\\;y;--z");
    assert_string_equal(c->asterisks[0].host, "10.0.0.1");
    conf_free(c);
    refuse("[general]\nallow_uri += yes\n", ":2: unknown key allow_uri + in [general]");
    refuse("[general]\nallow_uri\n", ":2: must be [section] or key = value");
    refuse("[general]\n= yes\n", ":2: must be [section] or key = value");
}

/* A NUL must not hide the rest of a line. */
static void test_nul(void **state) {
    (void)state;
    static const char text[] = "[general]\nallow_uri = no\0yes\n" NEEDED;
    char *err;
    put("astout.conf", text, sizeof(text) - 1);
    assert_null(conf_load(path, &err));
    assert_non_null(strstr(err, ":2: control character (code 0)"));
    free(err);
}

/* ---- the sample ---- */

/* The sample as it is, or with every option switched on. */
static char *sample(bool all) {
    struct str out = {0};
    char line[400];
    FILE *f = fopen(SAMPLE, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        /* an option follows its ';' at once, prose has a blank between */
        bool is_option = line[0] == ';' && (line[1] == '[' || islower(line[1]));
        str_add(&out, all && is_option ? line + 1 : line);
    }
    fclose(f);
    return str_take(&out);
}

/* Fails unless the option stands in the sample, with its default if it has one. */
static void find_option(const char *text, const char *name, const struct conf_option *o) {
    char *section = xasprintf("\n[%s", name), *key = xasprintf("\n%s =", o->key);
    const char *from = strstr(text, section);
    const char *at = from ? strstr(from, key) : NULL;
    const char *end = from ? strstr(from + 1, "\n[") : NULL;
    if (!at || (end && at > end))
        fail_msg("[%s] %s is not in %s", name, o->key, SAMPLE);
    at += strlen(key);
    at += strspn(at, " ");
    if (o->preset && !str_has_prefix(at, o->preset))
        fail_msg("[%s] %s has another default in %s", name, o->key, SAMPLE);
    free(section);
    free(key);
}

typedef void on_option(const char *text, const char *section, const struct conf_option *o);

static void each_option(on_option *fn, const char *text) {
    for (size_t i = 0; i < conf_section_count; i++)
        for (size_t k = 0; k < conf_sections[i].option_count; k++)
            fn(text, conf_sections[i].name, &conf_sections[i].options[k]);
}

static void test_sample(void **state) {
    (void)state;
    char *text = sample(false), *all = sample(true);
    struct conf *c = load_right(text);
    assert_string_equal(c->asterisks[0].username, "astout");
    conf_free(c);
    each_option(find_option, all);
    /* The folder of the strategies need not be there where this runs. */
    char *scripts = strstr(all, "\npath =");
    memcpy(scripts, "\n;   =", 6);
    c = load_right(all);
    assert_int_equal(c->trunk_count, 1);
    assert_int_equal(c->scripts.memory, 8 << 20);
    conf_free(c);
    free(text);
    free(all);
}

/* ---- the table ---- */

static void look_at_option(const char *text, const char *section, const struct conf_option *o) {
    (void)text;
    char *what = confvalue_describe(o);
    if (o->member != confvalue_member(o->type))
        fail_msg("[%s] %s: its member in struct conf has the wrong type", section, o->key);
    if (strlen(o->help) < 5 || *what == '\0')
        fail_msg("[%s] %s is not described", section, o->key);
    if (confvalue_is_path(o) == (strstr(what, "path") == NULL))
        fail_msg("[%s] %s: %s", section, o->key, what);
    free(what);
}

static void test_table(void **state) {
    (void)state;
    each_option(look_at_option, NULL);
}

/* Gives every path of a section a relative one; prints what must become of them. */
static void add_paths(const struct conf_section *s, struct str *text, struct str *wanted) {
    str_addf(text, "[%s%s]\n", s->name, s->size ? ":x" : "");
    for (size_t i = 0; i < s->option_count; i++) {
        const struct conf_option *o = &s->options[i];
        if (confvalue_is_path(o)) {
            const char *name = o->type == CONF_FOLDER ? "." : "manager.conf";
            str_addf(text, "%s = %s\n", o->key, name);
            str_addf(wanted, "%s.%s = %s/%s\n", s->name, o->key, folder, name);
        } else if (o->preset == NULL) {
            str_addf(text, "%s = x\n", o->key);
        }
    }
}

/* Prints the paths of a section as they are. */
static void say_paths(const struct conf *c, const struct conf_section *s, struct str *said) {
    const char *members = conf_section_members(c, s, 0);
    for (size_t i = 0; i < s->option_count; i++) {
        const struct conf_option *o = &s->options[i];
        if (confvalue_is_path(o))
            str_addf(said, "%s.%s = %s\n", s->name, o->key,
                     *(char *const *)(const void *)(members + o->offset));
    }
}

/* All relative paths begin at the folder of the file, wherever the engine is started. */
static void test_paths(void **state) {
    (void)state;
    struct str text = {0}, wanted = {0}, said = {0};
    for (size_t i = 0; i < conf_section_count; i++)
        add_paths(&conf_sections[i], &text, &wanted);
    struct conf *c = load_right(str_get(&text));
    for (size_t i = 0; i < conf_section_count; i++)
        say_paths(c, &conf_sections[i], &said);
    assert_string_equal(str_get(&said), str_get(&wanted));
    assert_non_null(strstr(str_get(&said), "limits.do_not_call = /"));
    assert_non_null(strstr(str_get(&said), "asterisk.tlscafile = /"));
    conf_free(c);
    str_free(&text);
    str_free(&wanted);
    str_free(&said);
}

/* What SIGHUP takes over, and what it names as needing a restart. */
static void test_change(void **state) {
    (void)state;
    struct conf *running = load_right(NEEDED "[asterisk:gone]\nusername = u\nsecret = s\n"
                                             "[trunk:t]\nasterisk = main\ncps = 1\n");
    struct conf *fresh =
        load_right("[general]\nlog_level = debug\n[limits]\nabandon_limit = 2.5\n"
                   "do_not_call = none\nabandon_window = 24\n" NEEDED "port = 5000\n"
                   "[asterisk:new]\nusername = u\nsecret = s\n"
                   "[trunk:t]\nasterisk = new\ncps = 2\ncallerid = me\n");
    struct str changed = {0}, restart = {0};
    confchange_take(running, fresh, &changed, &restart);
    assert_string_equal(str_get(&changed), " general.log_level trunk:t.cps trunk:t.callerid"
                                           " limits.abandon_limit limits.do_not_call");
    assert_string_equal(str_get(&restart),
                        " asterisk:main.port asterisk:gone asterisk:new trunk:t.asterisk"
                        " limits.abandon_window");
    assert_int_equal(running->general.log_level, LOG_DEBUG);
    assert_true(running->limits.abandon_limit == 2.5);
    assert_true(running->trunks[0].cps == 2);
    assert_string_equal(running->trunks[0].callerid, "me");
    assert_string_equal(running->trunks[0].asterisk, "main");
    assert_int_equal(running->asterisks[0].port, 5038);
    assert_int_equal(running->limits.abandon_window, 720);
    conf_free(running);
    conf_free(fresh);
    str_free(&changed);
    str_free(&restart);
}

/* Makes the folder with an empty users file. */
static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    path = xasprintf("%s/astout.conf", folder);
    put("manager.conf", "", 0);
    return 0;
}

/* Takes the folder away again. */
static int tear_down(void **state) {
    (void)state;
    char *users = xasprintf("%s/manager.conf", folder);
    unlink(users);
    unlink(path);
    free(users);
    free(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_files),
        cmocka_unit_test(test_users),    cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_syntax),   cmocka_unit_test(test_nul),
        cmocka_unit_test(test_sample),   cmocka_unit_test(test_table),
        cmocka_unit_test(test_paths),    cmocka_unit_test(test_change),
    };
    return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
