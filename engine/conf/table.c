/* Every section and key of astout.conf. The reader, the manual (docs/config.md) and what
 * SIGHUP may change follow from these tables; the sample file is checked against them.
 *
 * A new key is a member in conf.h and a row here (and its line in conf/astout.conf). A new
 * section is a table of its keys and a row in conf_sections. */
#include "conf/table.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"

#define SOCKET_MAX 107          /* what a unix socket's address holds */
#define KIB INT64_C(1024)       /* bytes */
#define MIB (1024 * KIB)        /* bytes */
#define GIB (1024 * MIB)        /* bytes */
#define BIG INT64_C(1000000000) /* "as many as one likes" */

/* A key, its member and that member's type. IN: of a section that comes once; OF: of a
 * section with a struct of its own. */
#define MEMBER(type, m) \
    offsetof(type, m), _Generic(((type *)0)->m, \
        int64_t: CONF_IS_INT64, double: CONF_IS_DOUBLE, bool: CONF_IS_BOOL, \
        int: CONF_IS_INT, char *: CONF_IS_STRING)
#define IN(section, key) #key, MEMBER(struct conf, section.key)
#define OF(type, key) #key, MEMBER(struct type, key)

/* clang-format off: one option, one entry */
static const struct conf_option general_keys[] = {
    {IN(general, result_type), CONF_INT, "1", 1, 1,
     .help = "how results are written: 1 = JSON, the only way there is"},
    {IN(general, result_filename), CONF_PATH, "/var/lib/asterisk/astout.result", 1, PATH_MAX,
     .help = "file that the results are added to"},
    {IN(general, result_info_enable), CONF_BOOL, "no", .reloadable = true,
     .help = "results carry the campaign, plan, list and destination in full"},
    {IN(general, result_history_events_enable), CONF_BOOL, "no", .reloadable = true,
     .help = "results carry every event of the call"},
    {IN(general, event_time_fast), CONF_INT, "100000", 0, BIG, .unit = "microseconds",
     .reloadable = true,
     .help = "accepted from old files and ignored: the engine does not poll"},
    {IN(general, event_time_slow), CONF_INT, "3000000", 0, BIG, .unit = "microseconds",
     .reloadable = true, .help = "accepted from old files and ignored"},
    {IN(general, history_events_enable), CONF_BOOL, "no", .reloadable = true,
     .help = "keep every event of each call"},
    {IN(general, timezone), CONF_ZONE, "UTC", 1, 60,
     .help = "time zone of schedules and quiet hours"},
    {IN(general, log_level), CONF_WORD, "info", .words = "error|warn|info|debug",
     .reloadable = true, .help = "how much is logged"},
    {IN(general, allow_uri), CONF_BOOL, "no", .reloadable = true,
     .help = "numbers may be whole sip:user@host addresses"},
    {IN(general, record), CONF_PATH, "", 0, PATH_MAX - 20,
     .help = "file in which everything that comes in and every decision is recorded, for "
             "`astout replay`; it holds everything sent and received, secrets included; empty: "
             "nothing is recorded"},
    {IN(general, record_size), CONF_BYTES, "64M", MIB / 4, 1024 * GIB,
     .help = "size of the recording; a copy of the database is beside it"},
};

static const struct conf_option database_keys[] = {
    {IN(database, db_type), CONF_INT, "1", 1, 1, .help = "1 = sqlite3, the only one there is"},
    {IN(database, db_sqlite3_data), CONF_PATH, "/var/lib/asterisk/astout.sqlite3", 1, PATH_MAX,
     .help = "file of the database"},
    {IN(database, durability), CONF_WORD, "full", .words = "full|normal",
     .help = "full: commits survive a power failure; normal: commits survive a crash of the "
             "engine"},
};

static const struct conf_option ami_keys[] = {
    {IN(ami, enabled), CONF_BOOL, "yes", .help = "listen for AMI clients"},
    {IN(ami, bindaddr), CONF_ADDRESS, "127.0.0.1", 1, 45, .help = "IP address to listen on"},
    {IN(ami, port), CONF_INT, "5039", 0, 65535, .help = "TCP port; 0 = any free one"},
    {IN(ami, users), CONF_FILE, "manager.conf", 1, PATH_MAX, .reloadable = true,
     .help = "file of the users, in the format of manager.conf; may be Asterisk's own"},
    {IN(ami, max_sessions), CONF_INT, "1000", 1, 100000, .unit = "sessions", .reloadable = true,
     .help = "how many may be open; further ones are closed at once"},
    {IN(ami, authtimeout), CONF_INT, "30", 1, 3600, .unit = "seconds", .reloadable = true,
     .help = "how long a session may take to log in"},
    {IN(ami, authlimit), CONF_INT, "50", 1, 100000, .unit = "sessions", .reloadable = true,
     .help = "how many may be open that have not logged in yet"},
    {IN(ami, writebuffer), CONF_BYTES, "8M", 64 * KIB, GIB, .reloadable = true,
     .help = "what a session may leave unread before it is closed"},
    {IN(ami, tlsenable), CONF_BOOL, "no", .help = "listen for encrypted AMI clients too"},
    {IN(ami, tlsbindaddr), CONF_ADDRESS, "127.0.0.1", 1, 45,
     .help = "IP address to listen on for them"},
    {IN(ami, tlsport), CONF_INT, "5040", 0, 65535,
     .help = "TCP port for them; 0 = any free one"},
    {IN(ami, tlscertfile), CONF_PATH, "", 0, PATH_MAX,
     .help = "certificate and its chain, PEM"},
    {IN(ami, tlsprivatekey), CONF_PATH, "", 0, PATH_MAX,
     .help = "its private key, PEM; empty: it is in tlscertfile"},
};

static const struct conf_option console_keys[] = {
    {IN(console, socket), CONF_PATH, "/run/astout/astout.sock", 1, SOCKET_MAX,
     .help = "unix socket of `astout console`"},
    {IN(console, mode), CONF_OCTAL, "0660", 0, 0777, .help = "permissions of the socket"},
};

static const struct conf_option asterisk_keys[] = {
    {OF(conf_asterisk, host), CONF_HOST, "127.0.0.1", 1, 253,
     .help = "where this Asterisk listens for AMI"},
    {OF(conf_asterisk, port), CONF_INT, "5038", 1, 65535, .help = "TCP port of its AMI"},
    {OF(conf_asterisk, username), CONF_TEXT, NULL, 1, 128,
     .help = "the engine's user in that Asterisk's manager.conf"},
    {OF(conf_asterisk, secret), CONF_TEXT, NULL, 1, 128, .help = "the user's secret"},
    {OF(conf_asterisk, originates), CONF_INT, "100", 1, 10000, .unit = "calls",
     .reloadable = true,
     .help = "how many may ring at once; halved while many calls fail before a channel exists"},
    {OF(conf_asterisk, channels), CONF_INT, "0", 0, 1000000, .unit = "calls",
     .reloadable = true, .help = "how many may be in progress at once; 0 = no limit"},
    {OF(conf_asterisk, cps), CONF_DECIMAL, "0", 0, 100000, .unit = "calls per second",
     .reloadable = true, .help = "how many may begin; 0 = no limit"},
    {OF(conf_asterisk, queue_wrapup), CONF_INT, "0", 0, 86400, .unit = "seconds",
     .reloadable = true, .help = "wrapuptime of its queues, which AMI does not report"},
    {OF(conf_asterisk, timeout), CONF_INT, "10", 1, 3600, .unit = "seconds",
     .help = "how long it may be silent while a relayed action waits for its answer"},
    {OF(conf_asterisk, tls), CONF_BOOL, "no", .help = "encrypt the connection to it"},
    {OF(conf_asterisk, tlscafile), CONF_PATH, "", 0, PATH_MAX,
     .help = "certificates, one of which must have signed its certificate, PEM; empty: its "
             "certificate is not checked"},
};

static const struct conf_option trunk_keys[] = {
    {OF(conf_trunk, asterisk), CONF_SERVER, NULL, 1, CONF_NAME_MAX,
     .help = "the Asterisk it belongs to"},
    {OF(conf_trunk, channels), CONF_INT, "0", 0, 1000000, .unit = "calls", .reloadable = true,
     .help = "how many may be in progress at once; 0 = no limit"},
    {OF(conf_trunk, cps), CONF_DECIMAL, "0", 0, 100000, .unit = "calls per second",
     .reloadable = true, .help = "how many may begin; 0 = no limit"},
    {OF(conf_trunk, callerid), CONF_TEXT, "", 0, 120, .reloadable = true,
     .help = "caller id of its calls, as \"Name\" <number>"},
};

static const struct conf_option agi_keys[] = {
    {IN(agi, enabled), CONF_BOOL, "no",
     .help = "listen for FastAGI of dialplans: AGI(agi://host/OutDlCreate,...)"},
    {IN(agi, bindaddr), CONF_ADDRESS, "127.0.0.1", 1, 45,
     .help = "IP address to listen on; whoever reaches it may add leads"},
    {IN(agi, port), CONF_INT, "4573", 0, 65535, .help = "TCP port; 0 = any free one"},
};

static const struct conf_option scripts_keys[] = {
    {IN(scripts, path), CONF_FOLDER, "/usr/share/astout/strategies", 1, PATH_MAX,
     .help = "folder of the strategies"},
    {IN(scripts, memory), CONF_BYTES, "8M", 256 * KIB, 4 * GIB, .reloadable = true,
     .help = "what the scripts of one plan may hold"},
    {IN(scripts, instructions), CONF_INT, "1000000", 1000, BIG, .unit = "Lua instructions",
     .reloadable = true, .help = "how many one call of a hook may take"},
    {IN(scripts, overrun), CONF_INT, "20", 1, 60000, .unit = "milliseconds", .reloadable = true,
     .help = "processor time one call of a hook may take; three longer ones in a row take the "
             "strategy out of service"},
};

static const struct conf_option limits_keys[] = {
    {IN(limits, abandon_limit), CONF_DECIMAL, "3", 0, 100, .unit = "per cent",
     .reloadable = true,
     .help = "of the people who answer, how many may find no agent in time; at the limit only "
             "one call begins for each free agent; 0 = no limit"},
    {IN(limits, abandon_window), CONF_INT, "720", 1, 720, .unit = "hours",
     .help = "period over which they are counted, for each campaign: 720 = 30 days (FCC, FTC), "
             "24 = a day"},
    {IN(limits, abandon_after), CONF_INT, "100", 0, 1000000, .unit = "answers",
     .reloadable = true, .help = "how many there must be before the limit is enforced"},
    {IN(limits, abandon_within), CONF_DECIMAL, "2", 0, 60, .unit = "seconds",
     .help =
         "from entering the queue (at the answer; with AMD after its verdict) to the agent"},
    {IN(limits, attempts_number), CONF_INT, "0", 0, 64, .unit = "calls", .reloadable = true,
     .help = "to one number of a lead within attempts_hours; 0 = as many as the plan says"},
    {IN(limits, attempts_lead), CONF_INT, "0", 0, 64, .unit = "calls", .reloadable = true,
     .help = "to all numbers of a lead together within attempts_hours; 0 = as many as the plan "
             "says"},
    {IN(limits, attempts_hours), CONF_INT, "24", 1, 8760, .unit = "hours", .reloadable = true,
     .help = "length of that period, which ends now"},
    {IN(limits, quiet), CONF_TEXT, "", 0, 11, .reloadable = true,
     .help = "hours in which no call begins, as 21:00-08:00, in the configured time zone"},
    {IN(limits, do_not_call), CONF_PATH, "", 0, PATH_MAX, .reloadable = true,
     .help = "file of numbers that are never called, one a line; only digits are compared"},
};
/* clang-format on */

/* The users' default may be missing where nobody can log in anyway. */
static char *conf_table_check_ami(struct conf_check *k) {
    const struct conf *c = k->conf;
    if (k->is_moved || !c->ami.enabled || access(c->ami.users, R_OK) == 0)
        return NULL;
    k->key = "users";
    return xasprintf("%s: %s", c->ami.users, strerror(errno));
}

/* Finds the trunk's Asterisk. */
static char *conf_table_check_trunk(struct conf_check *k) {
    const struct conf *c = k->conf;
    struct conf_trunk *t = k->members;
    for (t->server = 0; t->server < c->asterisk_count; t->server++)
        if (strcmp(c->asterisks[t->server].name, t->asterisk) == 0)
            return NULL;
    k->key = "asterisk";
    return xasprintf("there is no section [asterisk:%s]", t->asterisk);
}

#define KEYS(keys) .options = keys, .option_count = ARRAY_LEN(keys)
#define MANY(type, of, number)                                       \
    .size = sizeof(struct type), .array = offsetof(struct conf, of), \
    .count = offsetof(struct conf, number)

const struct conf_section conf_sections[] = {
    {"general", "Results, time zone, log, recording.", KEYS(general_keys)},
    {"database", "The database.", KEYS(database_keys)},
    {"ami", "The port for AMI clients.", KEYS(ami_keys), conf_table_check_ami},
    {"console", "The socket of the Lua console.", KEYS(console_keys)},
    {"asterisk", "One section for each Asterisk server; at least one is required.",
     KEYS(asterisk_keys), MANY(conf_asterisk, asterisks, asterisk_count)},
    {"trunk", "One section for each trunk with limits. A plan uses it by `TrunkName: NAME`.",
     KEYS(trunk_keys), conf_table_check_trunk, MANY(conf_trunk, trunks, trunk_count)},
    {"agi", "FastAGI, with which dialplans add leads.", KEYS(agi_keys)},
    {"scripts", "The strategies.", KEYS(scripts_keys)},
    {"limits", "Limits that no strategy can exceed.", KEYS(limits_keys)},
};
const size_t conf_section_count = ARRAY_LEN(conf_sections);

/* ---- the members of a section ---- */

static size_t *conf_table_count_of(const struct conf *c, const struct conf_section *s) {
    return (size_t *)(void *)((char *)c + s->count);
}

/* The array's members are of one type or another: the pointer to it is copied. */
static char *conf_table_array_of(const struct conf *c, const struct conf_section *s) {
    char *array;
    memcpy(&array, (const char *)c + s->array, sizeof array);
    return array;
}

size_t conf_section_size(const struct conf *c, const struct conf_section *s) {
    return s->size ? *conf_table_count_of(c, s) : 1;
}

void *conf_section_members(const struct conf *c, const struct conf_section *s, size_t i) {
    return s->size ? conf_table_array_of(c, s) + i * s->size : (char *)c;
}

const char *conf_section_name(const struct conf *c, const struct conf_section *s, size_t i) {
    return s->size ? *(char **)conf_section_members(c, s, i) : NULL;
}

void conf_section_add(struct conf *c, const struct conf_section *s, const char *name) {
    size_t *count = conf_table_count_of(c, s);
    char *array = xrealloc(conf_table_array_of(c, s), (*count + 1) * s->size);
    memcpy((char *)c + s->array, &array, sizeof array);
    memset(array + *count * s->size, 0, s->size);
    *(char **)(void *)(array + *count * s->size) = xstrdup(name);
    ++*count;
}
