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
        {"", ": no [asterisk:NAME] section: at least one Asterisk is needed"},
        {"[general]\n", ": no [asterisk:NAME] section: at least one Asterisk is needed"},
        {"[genral]\n", ":1: unknown section [genral]"},
        {"[general:x]\n", ":1: unknown section [general:x]"},
        {NEEDED "[empty]\n", ":4: unknown section [empty]"},
        {"[general]\nfoo = 1\n", ":2: unknown key foo in [general]"},
        {"[ami]\nhost = 1\n", ":2: unknown key host in [ami]"},
        {"foo = 1\n", ":1: foo stands before any [section]"},
        {"[general]\n\njust words\n", ":3: neither a [section] nor key = value"},
        {"[general\nport = 1\n", ":1: a section is written [name], with nothing behind it"},
        {"[general](!)\n", ":1: a section is written [name], with nothing behind it"},
        {"#include x\n", ":1: a comment begins with ; here, and nothing is included"},
        {"[ami]\nport = 1\nport = 2\n", ":3: port stands here twice (line 2)"},
        {"[ami]\nport = 1\n[ami]\n", ":3: section [ami] stands here twice (line 1)"},
        {NEEDED NEEDED, ":4: section [asterisk:main] stands here twice"},
        {"[ami]\nport = 65536\n", ":2: port must be a whole number from 0 to 65535"},
        {"[ami]\nport = -1\n", ":2: port must be a whole number from 0 to 65535"},
        {"[ami]\nport = 5x\n", ":2: port must be a whole number from 0 to 65535"},
        {"[ami]\nport =\n", ":2: port must be a whole number from 0 to 65535"},
        {"[ami]\nport = 99999999999999999999\n",
         ":2: port must be a whole number from 0 to 65535"},
        {"[ami]\nenabled = maybe\n", ":2: enabled must be yes or no"},
        {"[ami]\nbindaddr = localhost\n", ":2: bindaddr must be an IP address in figures"},
        {"[ami]\nusers =\n", ":2: users must not be empty"},
        {"[ami]\nwritebuffer = 1k\n",
         ":2: writebuffer must be a number of bytes from 65536 to 1073741824 "
         "(k, M, G may follow)"},
        {"[ami]\nwritebuffer = 1T\n",
         ":2: writebuffer must be a number of bytes from 65536 to 1073741824 "
         "(k, M, G may follow)"},
        {"[ami]\nwritebuffer = 99999999999999999999999999999\n",
         ":2: writebuffer must be a number of bytes from 65536 to 1073741824 "
         "(k, M, G may follow)"},
        {"[general]\nresult_type = 2\n", ":2: result_type must be 1"},
        {"[database]\ndb_type = 2\n", ":2: db_type must be 1"},
        {"[general]\nlog_level = inf\n", ":2: log_level must be one of error|warn|info|debug"},
        {"[general]\nlog_level =\n", ":2: log_level must be one of error|warn|info|debug"},
        {"[general]\ntimezone = Mars/Base\n",
         ":2: timezone must be a zone of the tz database (in /usr/share/zoneinfo)"},
        {"[general]\ntimezone = Europe\n",
         ":2: timezone must be a zone of the tz database (in /usr/share/zoneinfo)"},
        {"[general]\ntimezone = a/../../../../etc/passwd\n",
         ":2: timezone must be a zone of the tz database (in /usr/share/zoneinfo)"},
        {"[console]\nmode = 888\n", ":2: mode must be octal, as in 0660"},
        {"[console]\nmode = 7777\n", ":2: mode must be octal, as in 0660"},
        {"[asterisk]\n", ":1: [asterisk:NAME]: a name has 1 to 40 letters, digits, _ . -"},
        {"[asterisk:a b]\n", ":1: [asterisk:NAME]: a name has 1 to 40 letters, digits, _ . -"},
        {"[trunk:12345678901234567890123456789012345678901]\n",
         ":1: [trunk:NAME]: a name has 1 to 40 letters, digits, _ . -"},
        {"[asterisk:a]\nusername = u\n\n[ami]\n", ":1: [asterisk:a] needs the key secret"},
        {"[asterisk:a]\nsecret = s\n", ":1: [asterisk:a] needs the key username"},
        {"[asterisk:a]\nsecret = ;x\n", ":2: secret must not be empty"},
        {"[asterisk:a]\nhost = a b\n", ":2: host must be a host name or an IP address"},
        {"[asterisk:a]\ncps = -1\n", ":2: cps must be a number from 0 to 100000"},
        {"[asterisk:a]\ncps = 1.\n", ":2: cps must be a number from 0 to 100000"},
        {"[asterisk:a]\ncps = 1e3\n", ":2: cps must be a number from 0 to 100000"},
        {"[asterisk:a]\ncps = nan\n", ":2: cps must be a number from 0 to 100000"},
        {"[asterisk:a]\noriginates = 0\n",
         ":2: originates must be a whole number from 1 to 10000"},
        {NEEDED "[trunk:t]\nchannels = 1\n", ":4: [trunk:t] needs the key asterisk"},
        {NEEDED "[trunk:t]\ncps = 1\nasterisk = other\n",
         ":6: there is no section [asterisk:other]"},
        {"[general]\nallow\001uri = 1\n", ":2: a control character (code 1)"},
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
    said = xasprintf(":2: users names %s/none: No such file or directory", folder);
    refuse("[ami]\nusers = none\n", said);
    free(said);
    said = xasprintf(":3: path names %s/manager.conf: no folder", folder);
    refuse("\n[scripts]\npath = manager.conf\n", said);
    free(said);
    said = xasprintf(":2: users names %s/.: a folder", folder);
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

/* What inih would silently cut in two is refused; comments may have any length. */
static void test_long_lines(void **state) {
    (void)state;
    char line[600], *text;
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    text = xasprintf("; %s\n  ;%s\n" NEEDED, line, line);
    conf_free(load_right(text));
    free(text);
    text = xasprintf(NEEDED "[general]\nresult_filename = %s\n", line);
    refuse(text, ":5: a line of more than 197 characters");
    free(text);
    line[197 - strlen("result_filename=/")] = '\0';
    text = xasprintf("[general]\nresult_filename=/%s\n" NEEDED, line);
    struct conf *c = load_right(text);
    assert_string_equal(c->general.result_filename + 1, line);
    conf_free(c);
    free(text);
    line[107 - strlen(folder)] = '\0';
    text = xasprintf("[console]\nsocket = %s\n", line);
    refuse(text, ":2: socket must have at most 107 characters");
    free(text);
}

/* A NUL must not hide the rest of a line. */
static void test_nul(void **state) {
    (void)state;
    static const char text[] = "[general]\nallow_uri = no\0yes\n" NEEDED;
    char *err;
    put("astout.conf", text, sizeof(text) - 1);
    assert_null(conf_load(path, &err));
    assert_non_null(strstr(err, ":2: a control character (code 0)"));
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
static void find_option(void *arg, const struct conf_option *o) {
    const char *text = arg;
    char *section = xasprintf("\n[%s", o->section), *key = xasprintf("\n%s =", o->key);
    const char *from = strstr(text, section);
    const char *at = from ? strstr(from, key) : NULL;
    const char *end = from ? strstr(from + 1, "\n[") : NULL;
    if (!at || (end && at > end))
        fail_msg("[%s] %s is not in %s", o->section, o->key, SAMPLE);
    at += strlen(key);
    at += strspn(at, " ");
    if (o->preset && !str_has_prefix(at, o->preset))
        fail_msg("[%s] %s has another default in %s", o->section, o->key, SAMPLE);
    assert_true(strlen(o->help) > 5 && strlen(confvalue_type(o->type)) > 3);
    free(section);
    free(key);
}

static void test_sample(void **state) {
    (void)state;
    char *text = sample(false), *all = sample(true);
    struct conf *c = load_right(text);
    assert_string_equal(c->asterisks[0].username, "astout");
    conf_free(c);
    conf_each(find_option, all);
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
        cmocka_unit_test(test_nul),      cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
