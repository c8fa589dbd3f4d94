#include "base/conf.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"

#define NAME_LEN_MAX 40 /* inih cuts sections at 49, "asterisk:" included */
#define LINES_MAX 20000
#define NAMED_MAX 1000          /* [asterisk:…] sections, and [trunk:…] ones */
#define SOCKET_MAX 107          /* what a unix socket's address holds */
#define MIB (INT64_C(1) << 20)  /* bytes */
#define BIG INT64_C(1000000000) /* "as many as one likes" */

#define GENERAL(m) offsetof(struct conf, general.m)
#define DATABASE(m) offsetof(struct conf, database.m)
#define AMI(m) offsetof(struct conf, ami.m)
#define CONSOLE(m) offsetof(struct conf, console.m)
#define ASTERISK(m) offsetof(struct conf_asterisk, m)
#define TRUNK(m) offsetof(struct conf_trunk, m)
#define AGI(m) offsetof(struct conf, agi.m)
#define SCRIPTS(m) offsetof(struct conf, scripts.m)
#define LIMITS(m) offsetof(struct conf, limits.m)

/* clang-format off: one option, one entry */
static const struct conf_option options[] = {
    {"general", "result_type", CONF_INT, "1", 1, 1, NULL, false,
     "how results are written: 1 = JSON, the only way there is", GENERAL(result_type)},
    {"general", "result_filename", CONF_PATH, "/var/lib/asterisk/astout.result", 1,
     PATH_MAX, NULL, false, "file the results are added to", GENERAL(result_filename)},
    {"general", "result_info_enable", CONF_BOOL, "no", 0, 0, NULL, true,
     "results carry the campaign, plan, list and destination in full",
     GENERAL(result_info_enable)},
    {"general", "result_history_events_enable", CONF_BOOL, "no", 0, 0, NULL, true,
     "results carry every event of the call", GENERAL(result_history_events_enable)},
    {"general", "event_time_fast", CONF_INT, "100000", 0, BIG, NULL, true,
     "microseconds; accepted from old files, unused: events decide here, not ticks",
     GENERAL(event_time_fast)},
    {"general", "event_time_slow", CONF_INT, "3000000", 0, BIG, NULL, true,
     "microseconds; accepted from old files, unused", GENERAL(event_time_slow)},
    {"general", "history_events_enable", CONF_BOOL, "no", 0, 0, NULL, true,
     "keep every event of each call", GENERAL(history_events_enable)},
    {"general", "timezone", CONF_ZONE, "UTC", 1, 60, NULL, false,
     "time zone of schedules that name none; a name of the tz database",
     GENERAL(timezone)},
    {"general", "log_level", CONF_WORD, "info", 0, 0, "error|warn|info|debug", true,
     "how much is logged", GENERAL(log_level)},
    {"general", "allow_uri", CONF_BOOL, "no", 0, 0, NULL, true,
     "numbers may be whole sip:user@host addresses", GENERAL(allow_uri)},
    {"general", "record", CONF_PATH, "", 0, PATH_MAX - 20, NULL, false,
     "file that all that comes in and every decision is recorded in, for `astout replay`; it "
     "holds what went over the wire, secrets included; empty: nothing is recorded",
     GENERAL(record)},
    {"general", "record_size", CONF_BYTES, "64M", MIB / 4, 1024 * 1024 * MIB, NULL, false,
     "bytes of the recording; beside it lies a copy of the database", GENERAL(record_size)},

    {"database", "db_type", CONF_INT, "1", 1, 1, NULL, false,
     "1 = sqlite3, the only one there is", DATABASE(db_type)},
    {"database", "db_sqlite3_data", CONF_PATH, "/var/lib/asterisk/astout.sqlite3", 1,
     PATH_MAX, NULL, false, "file of the database", DATABASE(db_sqlite3_data)},
    {"database", "durability", CONF_WORD, "full", 0, 0, "full|normal", false,
     "full: what is committed survives a power cut; normal: it survives a crash of the "
     "engine", DATABASE(durability)},

    {"ami", "enabled", CONF_BOOL, "yes", 0, 0, NULL, false,
     "listen for AMI clients", AMI(enabled)},
    {"ami", "bindaddr", CONF_ADDRESS, "127.0.0.1", 1, 45, NULL, false,
     "IP address to listen on", AMI(bindaddr)},
    {"ami", "port", CONF_INT, "5039", 0, 65535, NULL, false,
     "TCP port; 0 = any free one", AMI(port)},
    {"ami", "users", CONF_FILE, "manager.conf", 1, PATH_MAX, NULL, true,
     "file of the users, in the format of manager.conf; may be Asterisk's own",
     AMI(users)},
    {"ami", "max_sessions", CONF_INT, "1000", 1, 100000, NULL, true,
     "sessions at once; more are closed at once", AMI(max_sessions)},
    {"ami", "authtimeout", CONF_INT, "30", 1, 3600, NULL, true,
     "seconds a session may take to log in", AMI(authtimeout)},
    {"ami", "authlimit", CONF_INT, "50", 1, 100000, NULL, true,
     "sessions that may be in the course of logging in", AMI(authlimit)},
    {"ami", "writebuffer", CONF_BYTES, "8M", 65536, 1024 * MIB, NULL, true,
     "bytes a session may fail to read before it is closed", AMI(writebuffer)},
    {"ami", "tlsenable", CONF_BOOL, "no", 0, 0, NULL, false,
     "listen for encrypted AMI clients too", AMI(tlsenable)},
    {"ami", "tlsbindaddr", CONF_ADDRESS, "127.0.0.1", 1, 45, NULL, false,
     "IP address to listen on for them", AMI(tlsbindaddr)},
    {"ami", "tlsport", CONF_INT, "5040", 0, 65535, NULL, false,
     "TCP port for them; 0 = any free one", AMI(tlsport)},
    {"ami", "tlscertfile", CONF_TEXT, "", 0, PATH_MAX, NULL, false,
     "certificate and its chain, PEM", AMI(tlscertfile)},
    {"ami", "tlsprivatekey", CONF_TEXT, "", 0, PATH_MAX, NULL, false,
     "its private key, PEM; empty: it stands in tlscertfile", AMI(tlsprivatekey)},

    {"console", "socket", CONF_PATH, "/run/astout/astout.sock", 1, SOCKET_MAX, NULL,
     false, "unix socket of `astout console`", CONSOLE(socket)},
    {"console", "mode", CONF_OCTAL, "0660", 0, 0777, NULL, false,
     "permissions of the socket", CONSOLE(mode)},

    {"asterisk", "host", CONF_HOST, "127.0.0.1", 1, 253, NULL, false,
     "where this Asterisk listens for AMI", ASTERISK(host)},
    {"asterisk", "port", CONF_INT, "5038", 1, 65535, NULL, false,
     "TCP port of its AMI", ASTERISK(port)},
    {"asterisk", "username", CONF_TEXT, NULL, 1, 128, NULL, false,
     "the engine's user in that Asterisk's manager.conf", ASTERISK(username)},
    {"asterisk", "secret", CONF_TEXT, NULL, 1, 128, NULL, false,
     "the user's secret", ASTERISK(secret)},
    {"asterisk", "originates", CONF_INT, "100", 1, 10000, NULL, true,
     "unanswered calls at once; halved while bare failures cluster",
     ASTERISK(originates)},
    {"asterisk", "channels", CONF_INT, "0", 0, 1000000, NULL, true,
     "calls at once; 0 = no cap", ASTERISK(channels)},
    {"asterisk", "cps", CONF_DECIMAL, "0", 0, 100000, NULL, true,
     "calls started per second; 0 = no cap", ASTERISK(cps)},
    {"asterisk", "queue_wrapup", CONF_INT, "0", 0, 86400, NULL, true,
     "wrapuptime of its queues in seconds, which AMI does not tell",
     ASTERISK(queue_wrapup)},
    {"asterisk", "timeout", CONF_INT, "10", 1, 3600, NULL, false,
     "seconds it may be silent while a relayed action waits for its answer",
     ASTERISK(timeout)},
    {"asterisk", "tls", CONF_BOOL, "no", 0, 0, NULL, false,
     "encrypt the way to it", ASTERISK(tls)},
    {"asterisk", "tlscafile", CONF_TEXT, "", 0, PATH_MAX, NULL, false,
     "its certificate must be signed by one of these, PEM; empty: not checked",
     ASTERISK(tlscafile)},

    {"trunk", "asterisk", CONF_SERVER, NULL, 1, NAME_LEN_MAX, NULL, false,
     "the Asterisk it belongs to: NAME of an [asterisk:NAME] section", TRUNK(asterisk)},
    {"trunk", "channels", CONF_INT, "0", 0, 1000000, NULL, true,
     "calls at once; 0 = no cap", TRUNK(channels)},
    {"trunk", "cps", CONF_DECIMAL, "0", 0, 100000, NULL, true,
     "calls started per second; 0 = no cap", TRUNK(cps)},
    {"trunk", "callerid", CONF_TEXT, "", 0, 120, NULL, true,
     "caller id of its calls, as \"Name\" <number>", TRUNK(callerid)},

    {"agi", "enabled", CONF_BOOL, "no", 0, 0, NULL, false,
     "listen for FastAGI of dialplans: AGI(agi://host/OutDlCreate,...)", AGI(enabled)},
    {"agi", "bindaddr", CONF_ADDRESS, "127.0.0.1", 1, 45, NULL, false,
     "IP address to listen on; who reaches it may add leads", AGI(bindaddr)},
    {"agi", "port", CONF_INT, "4573", 0, 65535, NULL, false,
     "TCP port; 0 = any free one", AGI(port)},

    {"scripts", "path", CONF_FOLDER, "/usr/share/astout/strategies", 1, PATH_MAX, NULL,
     false, "folder of the strategies", SCRIPTS(path)},
    {"scripts", "memory", CONF_BYTES, "8M", 256 * 1024, 4096 * MIB, NULL, true,
     "bytes the scripts of one plan may hold", SCRIPTS(memory)},
    {"scripts", "instructions", CONF_INT, "1000000", 1000, BIG, NULL, true,
     "Lua instructions one call of a hook may take", SCRIPTS(instructions)},
    {"scripts", "overrun", CONF_INT, "20", 1, 60000, NULL, true,
     "milliseconds of processor time one call of a hook may take; three longer ones in a row "
     "take the strategy out of service", SCRIPTS(overrun)},

    {"limits", "abandon_limit", CONF_DECIMAL, "3", 0, 100, NULL, true,
     "per cent of the people who answer that may find no agent in time; one more, and only "
     "one call for each free agent begins; 0 = no limit", LIMITS(abandon_limit)},
    {"limits", "abandon_window", CONF_INT, "720", 1, 720, NULL, false,
     "hours over which they are counted, for each campaign: 720 = 30 days (FCC, FTC), 24 = a "
     "day", LIMITS(abandon_window)},
    {"limits", "abandon_after", CONF_INT, "100", 0, 1000000, NULL, true,
     "answers of the window from which the limit is enforced", LIMITS(abandon_after)},
    {"limits", "abandon_within", CONF_DECIMAL, "2", 0.1, 60, NULL, false,
     "seconds from the answer (with AMD: from the verdict) to the agent", LIMITS(abandon_within)},
    {"limits", "attempts_number", CONF_INT, "0", 0, 64, NULL, true,
     "calls to one number of a lead within attempts_hours; 0 = as many as the plan says",
     LIMITS(attempts_number)},
    {"limits", "attempts_lead", CONF_INT, "0", 0, 64, NULL, true,
     "the same for all numbers of a lead together", LIMITS(attempts_lead)},
    {"limits", "attempts_hours", CONF_INT, "24", 1, 8760, NULL, true,
     "hours of that window, which moves with the time", LIMITS(attempts_hours)},
    {"limits", "quiet", CONF_TEXT, "", 0, 11, NULL, true,
     "hours in which no call begins, as 21:00-08:00, in the configured time zone",
     LIMITS(quiet)},
    {"limits", "do_not_call", CONF_TEXT, "", 0, PATH_MAX, NULL, true,
     "file of numbers that are never called, one a line; only digits are compared",
     LIMITS(do_not_call)},
};
/* clang-format on */

enum kind {
    GENERAL_KIND,
    DATABASE_KIND,
    AMI_KIND,
    CONSOLE_KIND,
    ASTERISK_KIND,
    TRUNK_KIND,
    AGI_KIND,
    SCRIPTS_KIND,
    LIMITS_KIND,
    KINDS
};
static const char *const kinds[KINDS] = {"general",  "database", "ami",    "console",
                                         "asterisk", "trunk",    "agi",    "scripts",  "limits"};

/* One run over a file. */
struct reading {
    FILE *in;
    const char *path;
    const char *moved; /* folder that all paths are moved to, or NULL */
    char *folder; /* of the file: where relative paths begin */
    struct conf *conf;
    char *err;
    int line;
    char section[NAME_LEN_MAX + 16]; /* as written, for messages */
    int section_line;                /* 0: none yet */
    enum kind kind;
    int begun[KINDS];            /* line of a fixed section */
    int set[ARRAY_LEN(options)]; /* line of each key of this section */
};

static void fail(struct reading *r, int line, const char *fmt, ...) PRINTF(3, 4);

/* Keeps the first error of a run; line 0 stands for the file as a whole. */
static void fail(struct reading *r, int line, const char *fmt, ...) {
    if (r->err)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    r->err = line ? xasprintf("%s:%d: %s", r->path, line, text)
                  : xasprintf("%s: %s", r->path, text);
}

/* Does the option belong to sections of this kind? */
static bool is_of(const struct conf_option *o, enum kind kind) {
    return strcmp(o->section, kinds[kind]) == 0;
}

/* The start of the struct that the section in hand fills. */
static char *section_base(const struct reading *r) {
    struct conf *c = r->conf;
    if (r->kind == ASTERISK_KIND)
        return (char *)&c->asterisks[c->asterisk_count - 1];
    if (r->kind == TRUNK_KIND)
        return (char *)&c->trunks[c->trunk_count - 1];
    return (char *)c;
}

/* Names files without being of a path's type: they may be empty, or anywhere. */
static bool is_loose_path(const struct conf_option *o) {
    return o->type == CONF_TEXT && (strcmp(o->key, "do_not_call") == 0 || strstr(o->key, "file"));
}

/* Puts a value into its member of the section in hand. */
static void take(struct reading *r, const struct conf_option *o, const char *text) {
    char *moved = NULL;
    if (r->moved && *text && (o->type >= CONF_PATH || is_loose_path(o)))
        moved = xasprintf("%s/%s.%s", r->moved, o->section, o->key);
    char *wrong = confvalue_read(o, moved ? moved : text, r->folder, section_base(r) + o->offset);
    if (wrong)
        fail(r, r->line, "%s %s", o->key, wrong);
    free(wrong);
    free(moved);
}

/* ---- sections ---- */

/* Gives every option of the section in hand its default. */
static void section_preset(struct reading *r) {
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (is_of(&options[i], r->kind) && options[i].preset)
            take(r, &options[i], options[i].preset);
}

/* Ends the section in hand: the keys that have no default must have come. */
static void section_end(struct reading *r) {
    for (size_t i = 0; r->section_line && i < ARRAY_LEN(options); i++) {
        const struct conf_option *o = &options[i];
        if (is_of(o, r->kind) && !o->preset && !r->set[i])
            fail(r, r->section_line, "[%s] needs the key %s", r->section, o->key);
    }
}

/* Takes a new [asterisk:NAME] or [trunk:NAME] in. */
static void section_add(struct reading *r, const char *name) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    struct conf *c = r->conf;
    bool trunk = r->kind == TRUNK_KIND;
    size_t n = trunk ? c->trunk_count : c->asterisk_count;
    size_t length = strlen(name);
    if (!length || length > NAME_LEN_MAX || strspn(name, allowed) != length) {
        fail(r, r->line, "[%s:NAME]: a name has 1 to %d letters, digits, _ . -",
             kinds[r->kind], NAME_LEN_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(trunk ? c->trunks[i].name : c->asterisks[i].name, name) == 0)
            fail(r, r->line, "section [%s] stands here twice", r->section);
    if (n >= NAMED_MAX)
        fail(r, r->line, "more than %d sections of this kind", NAMED_MAX);
    if (r->err)
        return;
    if (trunk) {
        c->trunks = xrealloc(c->trunks, (n + 1) * sizeof(*c->trunks));
        c->trunks[n] = (struct conf_trunk){.name = xstrdup(name)};
        c->trunk_count++;
    } else {
        c->asterisks = xrealloc(c->asterisks, (n + 1) * sizeof(*c->asterisks));
        c->asterisks[n] = (struct conf_asterisk){.name = xstrdup(name)};
        c->asterisk_count++;
    }
    memset(r->set, 0, sizeof(r->set));
    section_preset(r);
}

/* Begins a section. inih has no word for one without keys, so this is ours. */
static void section_begin(struct reading *r, const char *name) {
    section_end(r);
    snprintf(r->section, sizeof(r->section), "%s", name);
    r->section_line = r->line;
    size_t n = strcspn(name, ":");
    int k = 0;
    while (k < KINDS && (strlen(kinds[k]) != n || strncmp(kinds[k], name, n) != 0))
        k++;
    bool named = k == ASTERISK_KIND || k == TRUNK_KIND;
    r->kind = (enum kind)(k < KINDS ? k : 0);
    if (k == KINDS || (!named && name[n]))
        fail(r, r->line, "unknown section [%s]", r->section);
    else if (named)
        section_add(r, name[n] ? name + n + 1 : "");
    else if (r->begun[k])
        fail(r, r->line, "section [%s] stands here twice (line %d)", name, r->begun[k]);
    else
        r->begun[k] = r->line;
}

/* Looks at a line that begins with '['. */
static void section_line(struct reading *r, const char *line) {
    const char *end = strchr(line, ']');
    const char *rest = end ? end + 1 + strspn(end + 1, " \t\r") : NULL;
    if (!end || (*rest && *rest != ';')) {
        fail(r, r->line, "a section is written [name], with nothing behind it");
        return;
    }
    char *name = xstrndup(line + 1, (size_t)(end - line - 1));
    section_begin(r, name);
    free(name);
}

/* ---- lines ---- */

/* Reads one line into buf without its end and its leading blanks; false at the end of
 * the file. Too long a comment is cut, too long a line of any other kind is an error:
 * inih would take the rest of it for a line of its own. */
static bool line_read(struct reading *r, char *buf, size_t size) {
    size_t n = 0;
    int c;
    r->line++;
    while ((c = getc(r->in)) != EOF && c != '\n') {
        if ((n == 0 && (c == ' ' || c == '\t')) || c == '\r')
            continue;
        if (c != '\t' && (c < ' ' || c == 0x7f))
            fail(r, r->line, "a control character (code %d)", c);
        if (n < size - 3)
            buf[n++] = (char)c;
        else if (buf[0] != ';')
            fail(r, r->line, "a line of more than %zu characters", size - 3);
    }
    buf[n] = '\0';
    if (ferror(r->in))
        fail(r, 0, "%s", strerror(errno));
    if (r->line > LINES_MAX)
        fail(r, r->line, "more than %d lines", LINES_MAX);
    return n > 0 || c != EOF;
}

/* The reader inih asks for lines; where they are counted and sections are found. */
static char *next_line(char *buf, int size, void *arg) {
    struct reading *r = arg;
    if (r->err || !line_read(r, buf, (size_t)size) || r->err)
        return NULL;
    if (r->line == 1 && str_has_prefix(buf, "\xef\xbb\xbf"))
        memmove(buf, buf + 3, strlen(buf + 3) + 1);
    if (buf[0] == '#')
        fail(r, r->line, "a comment begins with ; here, and nothing is included");
    else if (buf[0] == '[')
        section_line(r, buf);
    char *arrow = buf[0] == ';' ? NULL : strchr(buf, '=');
    if (arrow && arrow[1] == '>') /* as one may write it in Asterisk's files */
        arrow[1] = ' ';
    return r->err ? NULL : buf;
}

/* The place of a key of the section in hand among the options, or -1. */
static int option_find(const struct reading *r, const char *key) {
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (is_of(&options[i], r->kind) && strcasecmp(options[i].key, key) == 0)
            return (int)i;
    return -1;
}

/* Takes one key = value from inih. The section it names may be cut short: unused. */
static int take_value(void *arg, const char *section, const char *key,
                      const char *text) {
    struct reading *r = arg;
    int i = r->section_line ? option_find(r, key) : -1;
    (void)section;
    if (r->section_line == 0)
        fail(r, r->line, "%s stands before any [section]", key);
    else if (i < 0)
        fail(r, r->line, "unknown key %s in [%s]", key, r->section);
    else if (r->set[i])
        fail(r, r->line, "%s stands here twice (line %d)", key, r->set[i]);
    if (r->err)
        return 0;
    r->set[i] = r->line;
    take(r, &options[i], text);
    if (r->err)
        return 0;
    char *wrong = r->moved ? NULL
                           : confvalue_missing(&options[i], section_base(r) + options[i].offset);
    if (wrong)
        fail(r, r->line, "%s %s", key, wrong);
    free(wrong);
    if (options[i].type == CONF_SERVER)
        r->conf->trunks[r->conf->trunk_count - 1].line = r->line;
    return r->err == NULL;
}

/* ---- the file ---- */

/* Checks what only the whole file can tell. */
static void check_whole(struct reading *r) {
    struct conf *c = r->conf;
    if (r->err)
        return;
    section_end(r);
    if (c->asterisk_count == 0)
        fail(r, 0, "no [asterisk:NAME] section: at least one Asterisk is needed");
    for (size_t t = 0; t < c->trunk_count && !r->err; t++) {
        size_t a = 0;
        while (a < c->asterisk_count &&
               strcmp(c->asterisks[a].name, c->trunks[t].asterisk) != 0)
            a++;
        c->trunks[t].server = a;
        if (a == c->asterisk_count)
            fail(r, c->trunks[t].line, "there is no section [asterisk:%s]",
                 c->trunks[t].asterisk);
    }
    if (!r->err && !r->moved && c->ami.enabled && access(c->ami.users, R_OK) != 0)
        fail(r, r->begun[AMI_KIND], "users: %s: %s", c->ami.users, strerror(errno));
}

/* The folder a file lies in, absolute, so that a later chdir changes nothing. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path + 1)) : xstrdup(".");
    char *absolute = realpath(folder, NULL);
    free(absolute ? folder : NULL);
    return absolute ? absolute : folder;
}

/* Reads an open file into r->conf. */
static void read_all(struct reading *r) {
    for (int k = 0; k < KINDS; k++) {
        r->kind = (enum kind)k;
        if (k != ASTERISK_KIND && k != TRUNK_KIND)
            section_preset(r);
    }
    int line = ini_parse_stream(next_line, r, take_value, r);
    if (line != 0)
        fail(r, line > 0 ? line : 0, "neither a [section] nor key = value");
    check_whole(r);
}

struct conf *conf_load(const char *path, char **err) {
    return conf_load_moved(path, NULL, err);
}

struct conf *conf_load_moved(const char *path, const char *folder, char **err) {
    struct reading r = {.path = path, .moved = folder, .in = fopen(path, "re")};
    *err = NULL;
    if (r.in == NULL) {
        *err = xasprintf("%s: %s", path, strerror(errno));
        return NULL;
    }
    r.folder = folder_of(path);
    r.conf = xcalloc(1, sizeof(*r.conf));
    r.conf->path = xstrdup(path);
    read_all(&r);
    fclose(r.in);
    free(r.folder);
    if (r.err == NULL)
        return r.conf;
    conf_free(r.conf);
    *err = r.err;
    return NULL;
}

/* Frees the texts of the options of one section. */
static void free_texts(enum kind kind, void *base) {
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (is_of(&options[i], kind))
            confvalue_free(&options[i], (char *)base + options[i].offset);
}

void conf_free(struct conf *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->asterisk_count; i++) {
        free_texts(ASTERISK_KIND, &c->asterisks[i]);
        free(c->asterisks[i].name);
    }
    for (size_t i = 0; i < c->trunk_count; i++) {
        free_texts(TRUNK_KIND, &c->trunks[i]);
        free(c->trunks[i].name);
    }
    for (int k = 0; k < KINDS; k++)
        if (k != ASTERISK_KIND && k != TRUNK_KIND)
            free_texts((enum kind)k, c);
    free(c->asterisks);
    free(c->trunks);
    free(c->path);
    free(c);
}

void conf_each(void (*fn)(void *arg, const struct conf_option *o), void *arg) {
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        fn(arg, &options[i]);
}
