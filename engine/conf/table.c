/* Every option of astout.conf: one table, which the reader, the manual and the sample file
 * are made from or checked against. */
#include <limits.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/table.h"

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
const struct conf_option conf_table[] = {
    {"general", "result_type", CONF_INT, "1", 1, 1, NULL, false,
     "how results are written: 1 = JSON, the only way there is", GENERAL(result_type)},
    {"general", "result_filename", CONF_PATH, "/var/lib/asterisk/astout.result", 1, PATH_MAX,
     NULL, false, "file the results are added to", GENERAL(result_filename)},
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
     "time zone of schedules that name none; a name of the tz database", GENERAL(timezone)},
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
    {"database", "db_sqlite3_data", CONF_PATH, "/var/lib/asterisk/astout.sqlite3", 1, PATH_MAX,
     NULL, false, "file of the database", DATABASE(db_sqlite3_data)},
    {"database", "durability", CONF_WORD, "full", 0, 0, "full|normal", false,
     "full: what is committed survives a power cut; normal: it survives a crash of the "
     "engine",
     DATABASE(durability)},

    {"ami", "enabled", CONF_BOOL, "yes", 0, 0, NULL, false, "listen for AMI clients",
     AMI(enabled)},
    {"ami", "bindaddr", CONF_ADDRESS, "127.0.0.1", 1, 45, NULL, false,
     "IP address to listen on", AMI(bindaddr)},
    {"ami", "port", CONF_INT, "5039", 0, 65535, NULL, false, "TCP port; 0 = any free one",
     AMI(port)},
    {"ami", "users", CONF_FILE, "manager.conf", 1, PATH_MAX, NULL, true,
     "file of the users, in the format of manager.conf; may be Asterisk's own", AMI(users)},
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

    {"console", "socket", CONF_PATH, "/run/astout/astout.sock", 1, SOCKET_MAX, NULL, false,
     "unix socket of `astout console`", CONSOLE(socket)},
    {"console", "mode", CONF_OCTAL, "0660", 0, 0777, NULL, false, "permissions of the socket",
     CONSOLE(mode)},

    {"asterisk", "host", CONF_HOST, "127.0.0.1", 1, 253, NULL, false,
     "where this Asterisk listens for AMI", ASTERISK(host)},
    {"asterisk", "port", CONF_INT, "5038", 1, 65535, NULL, false, "TCP port of its AMI",
     ASTERISK(port)},
    {"asterisk", "username", CONF_TEXT, NULL, 1, 128, NULL, false,
     "the engine's user in that Asterisk's manager.conf", ASTERISK(username)},
    {"asterisk", "secret", CONF_TEXT, NULL, 1, 128, NULL, false, "the user's secret",
     ASTERISK(secret)},
    {"asterisk", "originates", CONF_INT, "100", 1, 10000, NULL, true,
     "unanswered calls at once; halved while bare failures cluster", ASTERISK(originates)},
    {"asterisk", "channels", CONF_INT, "0", 0, 1000000, NULL, true, "calls at once; 0 = no cap",
     ASTERISK(channels)},
    {"asterisk", "cps", CONF_DECIMAL, "0", 0, 100000, NULL, true,
     "calls started per second; 0 = no cap", ASTERISK(cps)},
    {"asterisk", "queue_wrapup", CONF_INT, "0", 0, 86400, NULL, true,
     "wrapuptime of its queues in seconds, which AMI does not tell", ASTERISK(queue_wrapup)},
    {"asterisk", "timeout", CONF_INT, "10", 1, 3600, NULL, false,
     "seconds it may be silent while a relayed action waits for its answer", ASTERISK(timeout)},
    {"asterisk", "tls", CONF_BOOL, "no", 0, 0, NULL, false, "encrypt the way to it",
     ASTERISK(tls)},
    {"asterisk", "tlscafile", CONF_TEXT, "", 0, PATH_MAX, NULL, false,
     "its certificate must be signed by one of these, PEM; empty: not checked",
     ASTERISK(tlscafile)},

    {"trunk", "asterisk", CONF_SERVER, NULL, 1, CONF_NAME_MAX, NULL, false,
     "the Asterisk it belongs to: NAME of an [asterisk:NAME] section", TRUNK(asterisk)},
    {"trunk", "channels", CONF_INT, "0", 0, 1000000, NULL, true, "calls at once; 0 = no cap",
     TRUNK(channels)},
    {"trunk", "cps", CONF_DECIMAL, "0", 0, 100000, NULL, true,
     "calls started per second; 0 = no cap", TRUNK(cps)},
    {"trunk", "callerid", CONF_TEXT, "", 0, 120, NULL, true,
     "caller id of its calls, as \"Name\" <number>", TRUNK(callerid)},

    {"agi", "enabled", CONF_BOOL, "no", 0, 0, NULL, false,
     "listen for FastAGI of dialplans: AGI(agi://host/OutDlCreate,...)", AGI(enabled)},
    {"agi", "bindaddr", CONF_ADDRESS, "127.0.0.1", 1, 45, NULL, false,
     "IP address to listen on; who reaches it may add leads", AGI(bindaddr)},
    {"agi", "port", CONF_INT, "4573", 0, 65535, NULL, false, "TCP port; 0 = any free one",
     AGI(port)},

    {"scripts", "path", CONF_FOLDER, "/usr/share/astout/strategies", 1, PATH_MAX, NULL, false,
     "folder of the strategies", SCRIPTS(path)},
    {"scripts", "memory", CONF_BYTES, "8M", 256 * 1024, 4096 * MIB, NULL, true,
     "bytes the scripts of one plan may hold", SCRIPTS(memory)},
    {"scripts", "instructions", CONF_INT, "1000000", 1000, BIG, NULL, true,
     "Lua instructions one call of a hook may take", SCRIPTS(instructions)},
    {"scripts", "overrun", CONF_INT, "20", 1, 60000, NULL, true,
     "milliseconds of processor time one call of a hook may take; three longer ones in a row "
     "take the strategy out of service",
     SCRIPTS(overrun)},

    {"limits", "abandon_limit", CONF_DECIMAL, "3", 0, 100, NULL, true,
     "per cent of the people who answer that may find no agent in time; one more, and only "
     "one call for each free agent begins; 0 = no limit",
     LIMITS(abandon_limit)},
    {"limits", "abandon_window", CONF_INT, "720", 1, 720, NULL, false,
     "hours over which they are counted, for each campaign: 720 = 30 days (FCC, FTC), 24 = a "
     "day",
     LIMITS(abandon_window)},
    {"limits", "abandon_after", CONF_INT, "100", 0, 1000000, NULL, true,
     "answers of the window from which the limit is enforced", LIMITS(abandon_after)},
    {"limits", "abandon_within", CONF_DECIMAL, "2", 0.1, 60, NULL, false,
     "seconds from coming into the queue (at the answer; with AMD after the verdict) to the "
     "agent",
     LIMITS(abandon_within)},
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

_Static_assert(sizeof conf_table / sizeof *conf_table <= CONF_OPTIONS_MAX, "raise it");
const size_t conf_table_count = sizeof conf_table / sizeof *conf_table;
