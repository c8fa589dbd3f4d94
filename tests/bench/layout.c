/* How the tables might lie, measured: writes what a call writes (reserved, open in the
 * ledger, answered, closed with its result, due again or done), in transactions of 100 calls,
 * with as many calls in progress as asked for. One line for each layout: calls a second,
 * processor time and bytes for each call.
 *
 *   cc -O2 -o /tmp/layout tests/bench/layout.c -lsqlite3 && /tmp/layout [CALLS [IN-PROGRESS]]
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BATCH 100
#define STEP_MAX 8

enum step { RESERVE, ANSWER, CLOSE, WRITTEN, SWEEP, STEPS };

struct layout {
    const char *name, *tables, *leads;
    const char *steps[STEPS][STEP_MAX];
    int cache_kb, wal_pages;
};

/* ---- today's: one table of leads, a ledger by uuid ---- */

#define TODAY_TABLES                                                                          \
    "CREATE TABLE dl_list(uuid TEXT NOT NULL UNIQUE, dlma_uuid TEXT, name TEXT, detail TEXT," \
    " status INTEGER, ukey TEXT, variables TEXT, dialing_uuid TEXT, dialing_camp_uuid TEXT,"  \
    " dialing_plan_uuid TEXT, number_1 TEXT, number_2 TEXT, number_3 TEXT, number_4 TEXT,"    \
    " number_5 TEXT, number_6 TEXT, number_7 TEXT, number_8 TEXT, email TEXT,"                \
    " trycnt_1 INTEGER, trycnt_2 INTEGER, trycnt_3 INTEGER, trycnt_4 INTEGER,"                \
    " trycnt_5 INTEGER, trycnt_6 INTEGER, trycnt_7 INTEGER, trycnt_8 INTEGER,"                \
    " res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT,"    \
    " tm_create TEXT, tm_delete TEXT, tm_update TEXT, udata TEXT, resv_target TEXT,"          \
    " tm_last_dial TEXT, tm_last_hangup TEXT, in_use INTEGER, id INTEGER PRIMARY KEY,"        \
    " faults INTEGER, fault_index INTEGER);"                                                  \
    "CREATE TABLE dialing(uuid TEXT PRIMARY KEY, otherchannelid TEXT, asterisk TEXT,"         \
    " camp_uuid TEXT, plan_uuid TEXT, lead_uuid TEXT, dial_index INTEGER,"                    \
    " state INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,"                 \
    " res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT,"    \
    " tm_dialing TEXT, tm_dial_begin TEXT, tm_dial_end TEXT, tm_hangup TEXT,"                 \
    " frozen TEXT, result TEXT, result_path TEXT, result_offset INTEGER,"                     \
    " result_written INTEGER NOT NULL DEFAULT 0, tm_join TEXT, tm_connect TEXT,"              \
    " abandoned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"                                   \
    "CREATE INDEX dialing_open ON dialing(uuid) WHERE state = 0;"                             \
    "CREATE INDEX dialing_unwritten ON dialing(result_path, result_offset)"                   \
    " WHERE result IS NOT NULL AND result_written = 0;"                                       \
    "CREATE TABLE due(agenda INTEGER, lead INTEGER, tries INTEGER, due_at INTEGER,"           \
    " number INTEGER, reason TEXT, PRIMARY KEY(agenda, lead)) WITHOUT ROWID;"                 \
    "CREATE INDEX due_next ON due(agenda, tries, due_at, lead, number);"                      \
    "CREATE INDEX due_lead ON due(lead);"                                                     \
    "CREATE INDEX dl_list_dlma ON dl_list(dlma_uuid, id) WHERE in_use = 1;"                   \
    "CREATE INDEX dl_list_dialing ON dl_list(status) WHERE status = 1;"                       \
    "CREATE INDEX dl_list_reserved ON dl_list(status) WHERE status = 2;"                      \
    "CREATE INDEX dialing_live ON dialing(camp_uuid, tm_join, abandoned)"                     \
    " WHERE tm_join NOTNULL;"                                                                 \
    "CREATE INDEX dialing_lead ON dialing(lead_uuid, tm_dialing);"

#define COUNT_TO(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " n ") "
#define UUID(i) "printf('eeeeeeee-2222-4333-8444-%012d', " i ")"
#define CREATED "'2016-11-15T02:00:00.000000000Z'"

#define TODAY_LEADS                                                                       \
    COUNT_TO(":leads")                                                                    \
    "INSERT INTO dl_list SELECT " UUID("i") ", 'dddddddd-2222-4333-8444-000000000001',"   \
    " 'Somebody ' || i, NULL, 0, NULL, NULL, NULL, NULL, NULL, printf('%011d', i),"       \
    " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0," \
    " NULL, " CREATED ", NULL, NULL, NULL, NULL, NULL, NULL, 1, i, 0, 0 FROM n;"          \
    "INSERT INTO due SELECT 1, id, 0, 0, 1, NULL FROM dl_list"

#define TODAY_UPSERT(status, dialing, camp, plan, tries, res, detail, hangup, text, update,  \
                     last_dial, last_hangup)                                                 \
    "INSERT INTO dl_list VALUES(:lead_uuid, 'dddddddd-2222-4333-8444-000000000001',"         \
    " :name, NULL, " status ", NULL, NULL, " dialing ", " camp ", " plan ", :number, NULL,"  \
    " NULL, NULL, NULL, NULL, NULL, NULL, NULL, " tries ", 0, 0, 0, 0, 0, 0, 0, " res ", "   \
    detail ", " hangup ", " text ", " CREATED ", NULL, " update ", NULL, NULL, " last_dial   \
    ", " last_hangup ", 1, :lead, 0, 1) ON CONFLICT(uuid) DO UPDATE SET uuid = excluded.uuid," \
    " dlma_uuid = excluded.dlma_uuid, name = excluded.name, detail = excluded.detail,"       \
    " status = excluded.status, ukey = excluded.ukey, variables = excluded.variables,"       \
    " dialing_uuid = excluded.dialing_uuid, dialing_camp_uuid = excluded.dialing_camp_uuid," \
    " dialing_plan_uuid = excluded.dialing_plan_uuid, number_1 = excluded.number_1,"         \
    " number_2 = excluded.number_2, number_3 = excluded.number_3,"                           \
    " number_4 = excluded.number_4, number_5 = excluded.number_5,"                           \
    " number_6 = excluded.number_6, number_7 = excluded.number_7,"                           \
    " number_8 = excluded.number_8, email = excluded.email, trycnt_1 = excluded.trycnt_1,"   \
    " trycnt_2 = excluded.trycnt_2, trycnt_3 = excluded.trycnt_3,"                           \
    " trycnt_4 = excluded.trycnt_4, trycnt_5 = excluded.trycnt_5,"                           \
    " trycnt_6 = excluded.trycnt_6, trycnt_7 = excluded.trycnt_7,"                           \
    " trycnt_8 = excluded.trycnt_8, res_dial = excluded.res_dial,"                           \
    " res_dial_detail = excluded.res_dial_detail, res_hangup = excluded.res_hangup,"         \
    " res_hangup_detail = excluded.res_hangup_detail, tm_create = excluded.tm_create,"       \
    " tm_delete = excluded.tm_delete, tm_update = excluded.tm_update,"                       \
    " udata = excluded.udata, resv_target = excluded.resv_target,"                           \
    " tm_last_dial = excluded.tm_last_dial, tm_last_hangup = excluded.tm_last_hangup,"       \
    " in_use = excluded.in_use, id = excluded.id, faults = excluded.faults,"                 \
    " fault_index = excluded.fault_index"

#define TODAY_LEDGER_OPEN                                                                  \
    "INSERT INTO dialing(uuid, otherchannelid, asterisk, camp_uuid, plan_uuid, lead_uuid," \
    " dial_index, tm_dialing, frozen) VALUES(:uuid, :other, 'main', :camp, :plan,"         \
    " :lead_uuid, 1, :tm, :frozen)"
#define TODAY_LEDGER_ANSWER                                                                  \
    "UPDATE dialing SET answered = 1, tm_dial_begin = :tm, tm_dial_end = :tm WHERE uuid = :uuid" \
    " AND state = 0"
#define TODAY_LEDGER_CLOSE                                                                 \
    "UPDATE dialing SET state = 1, frozen = NULL, res_dial = 4, res_dial_detail = 'answered'," \
    " res_hangup = 16, res_hangup_detail = 'Normal Clearing', tm_dial_begin = :tm,"        \
    " tm_dial_end = :tm, tm_hangup = :tm, asterisk = 'main', tm_join = NULL,"              \
    " tm_connect = NULL, abandoned = 0 WHERE uuid = :uuid AND state = 0"
#define TODAY_LEDGER_OUTPUT                                                               \
    "UPDATE dialing SET result = :line, result_path = :path, result_offset = :offset,"    \
    " result_written = 0 WHERE uuid = :uuid"

static const struct layout today = {
    "today: one table, ledger by uuid",
    TODAY_TABLES,
    TODAY_LEADS,
    {[RESERVE] = {TODAY_UPSERT("1", ":uuid", ":camp", ":plan", "1", "0", "NULL", "0", "NULL",
                               ":tm", ":tm", "NULL"),
                  "DELETE FROM due WHERE lead = :lead", TODAY_LEDGER_OPEN},
     [ANSWER] = {TODAY_LEDGER_ANSWER},
     [CLOSE] = {TODAY_UPSERT("0", "NULL", "NULL", "NULL", "1", "4", "'answered'", "16",
                             "'Normal Clearing'", ":tm", ":tm", ":tm"),
                "INSERT OR REPLACE INTO due VALUES(1, :lead, 1, :due, 1, :reason)",
                TODAY_LEDGER_CLOSE, TODAY_LEDGER_OUTPUT},
     [WRITTEN] = {"UPDATE dialing SET result_written = 1 WHERE uuid = :uuid"}},
    2000, 4000};

/* Fields that change, and a cache of a size. */
#define MASK_RESERVE                                                                       \
    "UPDATE dl_list SET status = 1, dialing_uuid = :uuid, dialing_camp_uuid = :camp,"      \
    " dialing_plan_uuid = :plan, trycnt_1 = 1, tm_update = :tm, tm_last_dial = :tm,"       \
    " fault_index = 1 WHERE id = :lead"
#define MASK_CLOSE                                                                         \
    "UPDATE dl_list SET status = 0, dialing_uuid = NULL, dialing_camp_uuid = NULL,"        \
    " dialing_plan_uuid = NULL, res_dial = 4, res_dial_detail = 'answered',"               \
    " res_hangup = 16, res_hangup_detail = 'Normal Clearing', tm_update = :tm,"            \
    " tm_last_hangup = :tm WHERE id = :lead"
#define DUE_UPSERT                                                                         \
    "INSERT INTO due VALUES(1, :lead, 1, :due, 1, :reason) ON CONFLICT(agenda, lead)"      \
    " DO UPDATE SET tries = excluded.tries, due_at = excluded.due_at,"                     \
    " number = excluded.number, reason = excluded.reason"

static const struct layout masked = {
    "the same, changed fields, cache 64 MB",
    TODAY_TABLES,
    TODAY_LEADS,
    {[RESERVE] = {MASK_RESERVE, "DELETE FROM due WHERE lead = :lead", TODAY_LEDGER_OPEN},
     [ANSWER] = {TODAY_LEDGER_ANSWER},
     [CLOSE] = {MASK_CLOSE, DUE_UPSERT, TODAY_LEDGER_CLOSE, TODAY_LEDGER_OUTPUT},
     [WRITTEN] = {"UPDATE dialing SET result_written = 1 WHERE uuid = :uuid"}},
    64000, 1000};

/* ---- integer keys, the lead in two, frozen rows and lines in tables of their own ---- */

#define SPLIT_LEADS_TABLES                                                                    \
    "CREATE TABLE list(id INTEGER PRIMARY KEY, dlma_uuid TEXT UNIQUE, total INTEGER,"         \
    " dialing INTEGER, tries INTEGER);"                                                       \
    "INSERT INTO list VALUES(1, 'dddddddd-2222-4333-8444-000000000001', 0, 0, 0);"            \
    "CREATE TABLE lead(id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, list INTEGER,"      \
    " name TEXT, detail TEXT, ukey TEXT, variables TEXT, number_1 TEXT, number_2 TEXT,"       \
    " number_3 TEXT, number_4 TEXT, number_5 TEXT, number_6 TEXT, number_7 TEXT,"             \
    " number_8 TEXT, email TEXT, udata TEXT, tm_create TEXT, tm_delete TEXT);"                \
    "CREATE TABLE lead_state(id INTEGER PRIMARY KEY, list INTEGER, in_use INTEGER,"           \
    " status INTEGER, version INTEGER, trycnt_1 INTEGER, trycnt_2 INTEGER, trycnt_3 INTEGER," \
    " trycnt_4 INTEGER, trycnt_5 INTEGER, trycnt_6 INTEGER, trycnt_7 INTEGER,"                \
    " trycnt_8 INTEGER, res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER,"          \
    " res_hangup_detail TEXT, tm_update TEXT, tm_last_dial TEXT, tm_last_hangup TEXT,"        \
    " faults INTEGER, fault_index INTEGER, dialing_uuid TEXT, dialing_camp_uuid TEXT,"        \
    " dialing_plan_uuid TEXT, resv_target TEXT);"                                             \
    "CREATE INDEX lead_list ON lead(list, id);"                                               \
    "CREATE INDEX lead_busy ON lead_state(status) WHERE status != 0;"
#define T(r) "(" r ".trycnt_1 + " r ".trycnt_2 + " r ".trycnt_3 + " r ".trycnt_4 + " r        \
    ".trycnt_5 + " r ".trycnt_6 + " r ".trycnt_7 + " r ".trycnt_8)"
#define SPLIT_COUNTS                                                                          \
    "CREATE TRIGGER lead_changes AFTER UPDATE OF status, in_use, trycnt_1, trycnt_2,"         \
    " trycnt_3, trycnt_4, trycnt_5, trycnt_6, trycnt_7, trycnt_8 ON lead_state"               \
    " BEGIN UPDATE list SET total = total + (new.in_use IS 1) - (old.in_use IS 1),"           \
    " dialing = dialing + (new.status IS 1) - (old.status IS 1),"                             \
    " tries = tries + " T("new") " - " T("old") " WHERE id = new.list; END;"                  \
    "CREATE TABLE agenda_count(agenda INTEGER, reason TEXT, n INTEGER NOT NULL,"              \
    " PRIMARY KEY(agenda, reason)) WITHOUT ROWID;"                                            \
    "CREATE TRIGGER due_is_new AFTER INSERT ON due WHEN new.due_at = 9223372036854775807"     \
    " BEGIN INSERT INTO agenda_count VALUES(new.agenda, new.reason, 1)"                       \
    " ON CONFLICT(agenda, reason) DO UPDATE SET n = n + 1; END;"
#define SPLIT_DUE                                                                             \
    "CREATE TABLE due(agenda INTEGER, lead INTEGER, tries INTEGER, due_at INTEGER,"           \
    " number INTEGER, reason TEXT, PRIMARY KEY(agenda, lead)) WITHOUT ROWID;"                 \
    "CREATE INDEX due_next ON due(agenda, tries, due_at, lead, number)"                       \
    " WHERE due_at < 9223372036854775807;"
#define SPLIT_LEADS                                                                           \
    COUNT_TO(":leads")                                                                        \
    "INSERT INTO lead SELECT i, " UUID("i") ", 1, 'Somebody ' || i, NULL, NULL, NULL,"        \
    " printf('%011d', i), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, " CREATED     \
    ", NULL FROM n;"                                                                          \
    "INSERT INTO lead_state SELECT id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL," \
    " NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL FROM lead;"                              \
    "INSERT INTO due SELECT 1, id, 0, 0, 1, NULL FROM lead"
#define SPLIT_RESERVE                                                                      \
    "UPDATE lead_state SET status = 1, dialing_uuid = :uuid, dialing_camp_uuid = :camp,"   \
    " dialing_plan_uuid = :plan, trycnt_1 = 1, tm_update = :tm, tm_last_dial = :tm,"       \
    " fault_index = 1, version = version + 1 WHERE id = :lead AND version = 0"
#define SPLIT_CLOSE                                                                        \
    "UPDATE lead_state SET status = 0, dialing_uuid = NULL, dialing_camp_uuid = NULL,"     \
    " dialing_plan_uuid = NULL, res_dial = 4, res_dial_detail = 'answered',"               \
    " res_hangup = 16, res_hangup_detail = 'Normal Clearing', tm_update = :tm,"            \
    " tm_last_hangup = :tm, version = version + 1 WHERE id = :lead"
#define SPLIT_DUE_DELETE "DELETE FROM due WHERE agenda = 1 AND lead = :lead"

#define IN_PLACE_LEDGER                                                                       \
    "CREATE TABLE call(id INTEGER PRIMARY KEY, uuid TEXT, other TEXT, asterisk TEXT,"         \
    " camp_uuid TEXT, plan_uuid TEXT, lead INTEGER, dial_index INTEGER,"                      \
    " state INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,"                 \
    " res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT,"    \
    " tm_dialing TEXT, tm_dial_begin TEXT, tm_dial_end TEXT, tm_hangup TEXT, tm_join TEXT,"   \
    " tm_connect TEXT, abandoned INTEGER NOT NULL DEFAULT 0, path INTEGER, offset INTEGER);"  \
    "CREATE TABLE frozen(id INTEGER PRIMARY KEY, text TEXT);"                                 \
    "CREATE TABLE line(id INTEGER PRIMARY KEY, path INTEGER, offset INTEGER, text TEXT);"     \
    "CREATE INDEX call_open ON call(id) WHERE state = 0;"                                     \
    "CREATE INDEX call_lead ON call(lead, tm_dialing);"                                       \
    "CREATE INDEX call_live ON call(camp_uuid, tm_join, abandoned) WHERE tm_join NOTNULL;"

static const struct layout split = {
    "lead in two, ledger by id, in place",
    SPLIT_LEADS_TABLES SPLIT_DUE SPLIT_COUNTS IN_PLACE_LEDGER,
    SPLIT_LEADS,
    {[RESERVE] = {SPLIT_RESERVE, SPLIT_DUE_DELETE,
                  "INSERT INTO call(id, uuid, other, asterisk, camp_uuid, plan_uuid, lead,"
                  " dial_index, tm_dialing) VALUES(:id, :uuid, :other, 'main', :camp, :plan,"
                  " :lead, 1, :tm)",
                  "INSERT INTO frozen VALUES(:id, :frozen)"},
     [ANSWER] = {"UPDATE call SET answered = 1, tm_dial_begin = :tm, tm_dial_end = :tm"
                 " WHERE id = :id AND state = 0"},
     [CLOSE] = {SPLIT_CLOSE, DUE_UPSERT,
                "UPDATE call SET state = 1, res_dial = 4, res_dial_detail = 'answered',"
                " res_hangup = 16, res_hangup_detail = 'Normal Clearing', tm_dial_begin = :tm,"
                " tm_dial_end = :tm, tm_hangup = :tm, path = 1, offset = :offset"
                " WHERE id = :id AND state = 0",
                "DELETE FROM frozen WHERE id = :id",
                "INSERT INTO line VALUES(:id, 1, :offset, :line)"},
     [WRITTEN] = {"DELETE FROM line WHERE id = :id"}},
    64000, 1000};

/* ---- a ledger that only grows: what happens to a call is a row at its end ---- */

#define GROWING_LEDGER                                                                        \
    "CREATE TABLE call_begin(id INTEGER PRIMARY KEY, uuid TEXT, other TEXT, asterisk INTEGER," \
    " camp INTEGER, plan INTEGER, lead INTEGER, dial_index INTEGER, tm INTEGER, frozen TEXT);" \
    "CREATE TABLE call_step(n INTEGER PRIMARY KEY, id INTEGER, what INTEGER, tm INTEGER,"     \
    " tm2 INTEGER, abandoned INTEGER);"                                                       \
    "CREATE TABLE call(n INTEGER PRIMARY KEY, id INTEGER, uuid TEXT, other TEXT,"             \
    " asterisk INTEGER, camp INTEGER, plan INTEGER, lead INTEGER, dial_index INTEGER,"        \
    " answered INTEGER, res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER,"          \
    " res_hangup_detail TEXT, tm_dialing INTEGER, tm_dial_begin INTEGER, tm_dial_end INTEGER," \
    " tm_hangup INTEGER, tm_join INTEGER, tm_connect INTEGER, abandoned INTEGER,"             \
    " path INTEGER, offset INTEGER);"                                                         \
    "CREATE TABLE line(id INTEGER PRIMARY KEY, path INTEGER, offset INTEGER, text TEXT);"     \
    "CREATE INDEX call_lead ON call(lead, tm_dialing);"                                       \
    "CREATE INDEX call_live ON call(camp, tm_join, abandoned) WHERE tm_join NOTNULL;"

#define GROWING_LEDGER_STEPS                                                                  \
    [ANSWER] = {"INSERT INTO call_step(id, what, tm, tm2) VALUES(:id, 1, :ns, :ns)"}

#define GROWING_CLOSE                                                                         \
    "INSERT INTO call(id, uuid, other, asterisk, camp, plan, lead, dial_index,"               \
    " answered, res_dial, res_dial_detail, res_hangup, res_hangup_detail,"                    \
    " tm_dialing, tm_dial_begin, tm_dial_end, tm_hangup, abandoned, path, offset)"            \
    " VALUES(:id, :uuid, :other, 1, 1, 1, :lead, 1, 1, 4, 'answered', 16,"                    \
    " 'Normal Clearing', :ns, :ns, :ns, :ns, 0, 1, :offset)",                                 \
        "INSERT INTO line VALUES(:id, 1, :offset, :line)"
#define GROWING_BEGIN                                                                         \
    "INSERT INTO call_begin VALUES(:id, :uuid, :other, 1, 1, 1, :lead, 1, :ns, :frozen)"
#define LINE_GONE "DELETE FROM line WHERE id = :id"
/* once for each transaction: all that is older than the oldest call in progress */
#define GROWING_SWEEP                                                                         \
    "DELETE FROM call_begin WHERE id < :oldest", "DELETE FROM call_step WHERE n < :oldest"

#define GROWING_STEPS                                                                         \
    {[RESERVE] = {SPLIT_RESERVE, SPLIT_DUE_DELETE, GROWING_BEGIN},                            \
     GROWING_LEDGER_STEPS,                                                                    \
     [CLOSE] = {SPLIT_CLOSE, DUE_UPSERT, GROWING_CLOSE},                                      \
     [WRITTEN] = {LINE_GONE},                                                                 \
     [SWEEP] = {GROWING_SWEEP}}

static const struct layout growing = {"lead in two, ledger grows at its end",
                                      SPLIT_LEADS_TABLES SPLIT_DUE SPLIT_COUNTS GROWING_LEDGER,
                                      SPLIT_LEADS, GROWING_STEPS, 64000, 1000};

/* ---- the same with narrow rows: times, uuids of plans and calls as integers ---- */

#define NARROW_TABLES                                                                         \
    "CREATE TABLE list(id INTEGER PRIMARY KEY, dlma_uuid TEXT UNIQUE, total INTEGER,"         \
    " dialing INTEGER, tries INTEGER);"                                                       \
    "INSERT INTO list VALUES(1, 'dddddddd-2222-4333-8444-000000000001', 0, 0, 0);"            \
    "CREATE TABLE lead(id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, list INTEGER,"      \
    " name TEXT, detail TEXT, ukey TEXT, variables TEXT, number_1 TEXT, number_2 TEXT,"       \
    " number_3 TEXT, number_4 TEXT, number_5 TEXT, number_6 TEXT, number_7 TEXT,"             \
    " number_8 TEXT, email TEXT, udata TEXT, tm_create TEXT, tm_delete TEXT);"                \
    "CREATE TABLE lead_state(id INTEGER PRIMARY KEY, list INTEGER, in_use INTEGER,"           \
    " status INTEGER, version INTEGER, trycnt_1 INTEGER, trycnt_2 INTEGER, trycnt_3 INTEGER," \
    " trycnt_4 INTEGER, trycnt_5 INTEGER, trycnt_6 INTEGER, trycnt_7 INTEGER,"                \
    " trycnt_8 INTEGER, res_dial INTEGER, res_dial_detail INTEGER, res_hangup INTEGER,"       \
    " res_hangup_detail INTEGER, tm_update INTEGER, tm_last_dial INTEGER,"                    \
    " tm_last_hangup INTEGER, faults INTEGER, fault_index INTEGER, call INTEGER,"             \
    " resv_target TEXT);"                                                                     \
    "CREATE INDEX lead_list ON lead(list, id);"                                               \
    "CREATE INDEX lead_busy ON lead_state(status) WHERE status != 0;"
#define NARROW_LEADS                                                                          \
    COUNT_TO(":leads")                                                                        \
    "INSERT INTO lead SELECT i, " UUID("i") ", 1, 'Somebody ' || i, NULL, NULL, NULL,"        \
    " printf('%011d', i), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, " CREATED     \
    ", NULL FROM n;"                                                                          \
    "INSERT INTO lead_state SELECT id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL," \
    " NULL, NULL, NULL, 0, 0, NULL, NULL FROM lead;"                                          \
    "INSERT INTO due SELECT 1, id, 0, 0, 1, NULL FROM lead"
#define NARROW_RESERVE                                                                        \
    "UPDATE lead_state SET status = 1, call = :id, trycnt_1 = 1, tm_update = :ns,"            \
    " tm_last_dial = :ns, fault_index = 1, version = version + 1"                             \
    " WHERE id = :lead AND version = 0"
#define NARROW_CLOSE                                                                          \
    "UPDATE lead_state SET status = 0, call = NULL, res_dial = 4, res_dial_detail = 12,"      \
    " res_hangup = 16, res_hangup_detail = 13, tm_update = :ns,"                              \
    " tm_last_hangup = :ns, version = version + 1 WHERE id = :lead"

#define NARROW_STEPS                                                                          \
    {[RESERVE] = {NARROW_RESERVE, SPLIT_DUE_DELETE, GROWING_BEGIN},                           \
     GROWING_LEDGER_STEPS,                                                                    \
     [CLOSE] = {NARROW_CLOSE, DUE_UPSERT, GROWING_CLOSE},                                     \
     [WRITTEN] = {LINE_GONE},                                                                 \
     [SWEEP] = {GROWING_SWEEP}}

static const struct layout narrow = {"the same, narrow rows",
                                     NARROW_TABLES SPLIT_DUE SPLIT_COUNTS GROWING_LEDGER,
                                     NARROW_LEADS, NARROW_STEPS, 64000, 1000};
static const struct layout narrow_large = {"the same, the log folded at 16 MB",
                                           NARROW_TABLES SPLIT_DUE SPLIT_COUNTS GROWING_LEDGER,
                                           NARROW_LEADS, NARROW_STEPS, 64000, 4000};

/* ---- running ---- */

struct call {
    int64_t id, lead;
    char uuid[40], other[40];
    int answered;
};

static const char *path;
static sqlite3 *db;
static sqlite3_stmt *prepared[STEPS][STEP_MAX];
static char *frozen, *line;
static int64_t offset_, oldest;

static void must(int ok) {
    if (!ok) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

static void run_sql(const char *sql) { must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK); }

static void bind(sqlite3_stmt *st, const struct call *c) {
    static const char tm[] = "2016-11-15T02:10:52.930031700Z";
    char text[40], lead[40];
    snprintf(text, sizeof text, "Somebody %lld", (long long)c->lead);
    snprintf(lead, sizeof lead, "eeeeeeee-2222-4333-8444-%012lld", (long long)c->lead);
    for (int i = sqlite3_bind_parameter_count(st); i; i--) {
        const char *name = sqlite3_bind_parameter_name(st, i) + 1;
        if (!strcmp(name, "lead"))
            sqlite3_bind_int64(st, i, c->lead);
        else if (!strcmp(name, "id"))
            sqlite3_bind_int64(st, i, c->id);
        else if (!strcmp(name, "oldest"))
            sqlite3_bind_int64(st, i, oldest);
        else if (!strcmp(name, "uuid"))
            sqlite3_bind_text(st, i, c->uuid, -1, SQLITE_STATIC);
        else if (!strcmp(name, "other"))
            sqlite3_bind_text(st, i, c->other, -1, SQLITE_STATIC);
        else if (!strcmp(name, "camp"))
            sqlite3_bind_text(st, i, "cccccccc-2222-4333-8444-000000000001", -1, SQLITE_STATIC);
        else if (!strcmp(name, "plan"))
            sqlite3_bind_text(st, i, "bbbbbbbb-2222-4333-8444-000000000001", -1, SQLITE_STATIC);
        else if (!strcmp(name, "tm"))
            sqlite3_bind_text(st, i, tm, -1, SQLITE_STATIC);
        else if (!strcmp(name, "ns"))
            sqlite3_bind_int64(st, i, 1479175972000000000 + c->id);
        else if (!strcmp(name, "due"))
            sqlite3_bind_int64(st, i, c->lead % 2 ? INT64_MAX : 1479175972000000000 + c->id);
        else if (!strcmp(name, "reason"))
            sqlite3_bind_text(st, i, c->lead % 2 ? "answered" : NULL, -1, SQLITE_STATIC);
        else if (!strcmp(name, "frozen"))
            sqlite3_bind_text(st, i, frozen, -1, SQLITE_STATIC);
        else if (!strcmp(name, "line"))
            sqlite3_bind_text(st, i, line, -1, SQLITE_STATIC);
        else if (!strcmp(name, "path"))
            sqlite3_bind_text(st, i, "/var/lib/asterisk/astout.result", -1, SQLITE_STATIC);
        else if (!strcmp(name, "offset"))
            sqlite3_bind_int64(st, i, offset_ += 1000);
        else if (!strcmp(name, "name"))
            sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
        else if (!strcmp(name, "number"))
            sqlite3_bind_text(st, i, lead + 25, -1, SQLITE_TRANSIENT);
        else if (!strcmp(name, "lead_uuid"))
            sqlite3_bind_text(st, i, lead, -1, SQLITE_TRANSIENT);
    }
}

static void run_step(const struct layout *l, enum step step, const struct call *c) {
    for (int i = 0; i < STEP_MAX && l->steps[step][i]; i++) {
        sqlite3_stmt **st = &prepared[step][i];
        if (*st == NULL)
            must(sqlite3_prepare_v3(db, l->steps[step][i], -1, SQLITE_PREPARE_PERSISTENT, st,
                                    NULL) == SQLITE_OK);
        bind(*st, c);
        must(sqlite3_step(*st) == SQLITE_DONE);
        sqlite3_reset(*st);
    }
}

struct cost {
    double wall, cpu;
    long long bytes, calls;
};

static struct cost now(void) {
    struct timespec t;
    struct rusage u;
    struct cost c = {0};
    char text[80];
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &u);
    c.wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    c.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
            (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(text, sizeof text, f)) {
        sscanf(text, "wchar: %lld", &c.bytes);
        sscanf(text, "syscw: %lld", &c.calls);
    }
    if (f)
        fclose(f);
    return c;
}

static int wal_pages;
static int on_wal(void *arg, sqlite3 *d, const char *name, int pages) {
    (void)arg, (void)d, (void)name;
    wal_pages = pages;
    return SQLITE_OK;
}

static unsigned long long seed = 88172645463325252ull;
static unsigned long long any(unsigned long long n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static void make(const struct layout *l, int leads) {
    char sql[200], *text = strdup(l->leads);
    unlink(path);
    snprintf(sql, sizeof sql, "%s-wal", path);
    unlink(sql);
    must(sqlite3_open(path, &db) == SQLITE_OK);
    run_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0; BEGIN");
    run_sql(l->tables);
    char *at = strstr(text, ":leads");
    snprintf(sql, sizeof sql, "%.*s%d", (int)(at - text), text, leads);
    char *whole = sqlite3_mprintf("%s%s; COMMIT", sql, at + strlen(":leads"));
    run_sql(whole);
    sqlite3_free(whole);
    free(text);
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d", l->cache_kb);
    run_sql(sql);
    must(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK);
    sqlite3_wal_hook(db, on_wal, NULL);
}

static void begin(struct call *c, int64_t id) {
    *c = (struct call){.id = id, .lead = id};
    snprintf(c->uuid, sizeof c->uuid, "%08llx-%04llx-4333-8444-%012llx", any(1ull << 32),
             any(1 << 16), any(1ull << 48));
    snprintf(c->other, sizeof c->other, "%08llx-%04llx-4333-8444-%012llx", any(1ull << 32),
             any(1 << 16), any(1ull << 48));
}

/* Any of them; the oldest with every tenth, so that no call lasts for ever. */
static int end_of(const struct call *up, int ups, int i) {
    int k = (int)any((unsigned long long)ups);
    for (int j = 0; j < ups && i % 10 == 0; j++)
        k = up[j].id < up[k].id ? j : k;
    return k;
}

/* Each transaction: 100 begin, 100 answer, 100 end, and the lines of the one before. */
static void run(const struct layout *l, int calls, int flight) {
    struct call *up = calloc((size_t)flight + BATCH, sizeof *up), ended[BATCH];
    int ups = 0, over = 0;
    wal_pages = 0;
    int64_t id = 0;
    struct cost from = {0};
    make(l, calls + 2 * flight + BATCH);
    for (int done = -flight; done < calls; done += BATCH) {
        if (done >= 0 && from.wall == 0)
            from = now();
        run_sql("BEGIN IMMEDIATE");
        for (int i = 0; i < over; i++)
            run_step(l, WRITTEN, &ended[i]);
        over = 0;
        for (int i = 0; i < BATCH; i++) {
            begin(&up[ups], ++id);
            run_step(l, RESERVE, &up[ups++]);
        }
        for (int i = 0; i < BATCH; i++) {
            struct call *c = &up[any((unsigned long long)ups)];
            if (!c->answered++)
                run_step(l, ANSWER, c);
        }
        for (int i = 0; i < BATCH && ups > flight - BATCH; i++) {
            int k = end_of(up, ups, i);
            run_step(l, CLOSE, &up[k]);
            ended[over++] = up[k];
            up[k] = up[--ups];
        }
        oldest = ups ? up[0].id : id;
        for (int i = 1; i < ups; i++)
            oldest = up[i].id < oldest ? up[i].id : oldest;
        run_step(l, SWEEP, &up[0]);
        run_sql("COMMIT");
        if (wal_pages > l->wal_pages &&
            sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
            wal_pages = 0;
    }
    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    struct cost to = now();
    printf("%-40s %7.0f calls/s %6.1f us %7.2f kB %5.2f writes a call\n", l->name,
           calls / (to.wall - from.wall), (to.cpu - from.cpu) * 1e6 / calls,
           (double)(to.bytes - from.bytes) / 1024 / calls,
           (double)(to.calls - from.calls) / calls);
    fflush(stdout);
    for (int s = 0; s < STEPS; s++)
        for (int i = 0; i < STEP_MAX; i++) {
            sqlite3_finalize(prepared[s][i]);
            prepared[s][i] = NULL;
        }
    sqlite3_close(db);
    free(up);
}

static char *text_of(int n) {
    char *s = malloc((size_t)n + 1);
    memset(s, 'x', (size_t)n);
    s[n] = '\0';
    return s;
}

int main(int argc, char **argv) {
    int calls = argc > 1 ? atoi(argv[1]) : 20000, flight = argc > 2 ? atoi(argv[2]) : 2000;
    static const struct layout *const all[] = {&today, &masked, &split,
                                               &growing, &narrow, &narrow_large};
    path = argc > 4 ? argv[4] : "/tmp/astout-layout.sqlite3";
    frozen = text_of(argc > 3 ? atoi(argv[3]) : 3300);
    line = text_of(990);
    printf("%d calls, %d in progress, frozen rows of %zu bytes\n", calls, flight, strlen(frozen));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        run(all[i], calls, flight);
    unlink(path);
    return 0;
}
