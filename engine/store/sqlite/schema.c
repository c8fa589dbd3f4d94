#include "store/sqlite/inner.h"

#include <stdlib.h>
#include <string.h>

/*
 * dialing is the ledger: one row per attempt, open (state 0) until its result is known.
 *   frozen: JSON of everything that was copied when it began; dropped at the close.
 *   result, result_path, result_offset: the rendered line and where it stands (or is to
 *   stand) in the file; result_written says that it was seen to be there.
 * agenda: the due dates of one list under one plan, as one version of it decides them.
 *   cursor: the last lead that was looked at while it is being built; complete 1 = all.
 * due: one row per lead of an agenda that is idle. due_at (ns UTC) is when it may be
 *   called; 9223372036854775807 = never again, reason says why. The index makes "the
 *   next lead" a look-up: fewest tries first, then the one due longest.
 * list_count, agenda_count: counters, right at every commit since triggers keep them (which
 *   hold for who changes the file by hand, too): leads of a list, and what of them is in
 *   work; leads that an agenda calls no more, by reason. campaign_count keeps the latter
 *   when the campaign stops, since the agenda goes.
 * memory: what the hook (dial, route, result) of a campaign has learnt, as JSON; as hook
 *   learn what the engine itself has learnt of its calls and agents.
 */
static const char tables[] =
    "CREATE TABLE dialing(uuid TEXT PRIMARY KEY, otherchannelid TEXT, asterisk TEXT,"
    " camp_uuid TEXT, plan_uuid TEXT, lead_uuid TEXT, dial_index INTEGER,"
    " state INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,"
    " res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT,"
    " tm_dialing TEXT, tm_dial_begin TEXT, tm_dial_end TEXT, tm_hangup TEXT,"
    " frozen TEXT, result TEXT, result_path TEXT, result_offset INTEGER,"
    " result_written INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE INDEX dialing_open ON dialing(uuid) WHERE state = 0;"
    "CREATE INDEX dialing_unwritten ON dialing(result_path, result_offset)"
    " WHERE result IS NOT NULL AND result_written = 0;"
    "CREATE TABLE agenda(id INTEGER PRIMARY KEY, plan_uuid TEXT, dlma_uuid TEXT, version TEXT,"
    " cursor INTEGER NOT NULL DEFAULT 0, complete INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE due(agenda INTEGER, lead INTEGER, tries INTEGER, due_at INTEGER,"
    " number INTEGER, reason TEXT, PRIMARY KEY(agenda, lead)) WITHOUT ROWID;"
    "CREATE INDEX due_next ON due(agenda, tries, due_at, lead, number);"
    "CREATE INDEX due_lead ON due(lead);"
    "CREATE INDEX dl_list_dlma ON dl_list(dlma_uuid, id) WHERE in_use = 1;"
    "CREATE INDEX dl_list_dialing ON dl_list(status) WHERE status = 1;";

#define MEMORY                                                   \
    "CREATE TABLE memory(camp_uuid TEXT, hook TEXT, value TEXT," \
    " PRIMARY KEY(camp_uuid, hook)) WITHOUT ROWID;"

/* Who needed an agent, when he got one, whether that was too late. */
#define LIVE                                                               \
    "ALTER TABLE dialing ADD COLUMN tm_join TEXT;"                         \
    "ALTER TABLE dialing ADD COLUMN tm_connect TEXT;"                      \
    "ALTER TABLE dialing ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;" \
    "CREATE INDEX dialing_live ON dialing(camp_uuid, tm_join, abandoned)"  \
    " WHERE tm_join NOTNULL;"                                              \
    "CREATE INDEX dialing_lead ON dialing(lead_uuid, tm_dialing);"

/* Leads that wait for an agent's decision: few, and looked for at each start. */
#define RESERVED "CREATE INDEX dl_list_reserved ON dl_list(status) WHERE status = 2;"

/* The ids that come next. Blocks of them are reserved before they are given. */
#define SEQUENCES                                                                          \
    "CREATE TABLE sequence(name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;"   \
    "INSERT INTO sequence VALUES('lead', (SELECT coalesce(max(id), 0) + 1 FROM dl_list))," \
    " ('agenda', (SELECT coalesce(max(id), 0) + 1 FROM agenda)), ('dialing', 1);"

/* clang-format off */
/* Of old or new, a row of dl_list. */
#define TRIES(r)                                                                          \
    "coalesce(" r ".trycnt_1 + " r ".trycnt_2 + " r ".trycnt_3 + " r ".trycnt_4 + " r     \
    ".trycnt_5 + " r ".trycnt_6 + " r ".trycnt_7 + " r ".trycnt_8, 0)"
#define TOTAL_OF(r) "(" r ".in_use IS 1)"
#define DIALING_OF(r) "(" r ".in_use IS 1 AND " r ".status IS 1)"
#define TRIES_OF(r) "(CASE WHEN " r ".in_use IS 1 THEN " TRIES(r) " ELSE 0 END)"
#define LIST_OF(r) "coalesce(" r ".dlma_uuid, '')"
#define NEVER "9223372036854775807"

#define LIST_ADD                                                                           \
    "INSERT INTO list_count VALUES(" LIST_OF("new") ", " TOTAL_OF("new") ", "              \
    DIALING_OF("new") ", " TRIES_OF("new") ") ON CONFLICT(dlma_uuid) DO UPDATE SET"        \
    " total = total + excluded.total, dialing = dialing + excluded.dialing,"               \
    " tries = tries + excluded.tries;"
#define LIST_SUBTRACT                                                                      \
    "UPDATE list_count SET total = total - " TOTAL_OF("old") ","                           \
    " dialing = dialing - " DIALING_OF("old") ", tries = tries - " TRIES_OF("old")         \
    " WHERE dlma_uuid = " LIST_OF("old") ";"
#define AGENDA_ADD                                                                         \
    "INSERT INTO agenda_count SELECT new.agenda, coalesce(new.reason, ''), 1"              \
    " WHERE new.due_at = " NEVER " ON CONFLICT(agenda, reason) DO UPDATE SET n = n + 1;"
#define AGENDA_SUBTRACT                                                                    \
    "UPDATE agenda_count SET n = n - 1 WHERE old.due_at = " NEVER                          \
    " AND agenda = old.agenda AND reason = coalesce(old.reason, '');"

#define COUNTS                                                                             \
    "CREATE TABLE list_count(dlma_uuid TEXT PRIMARY KEY, total INTEGER NOT NULL,"          \
    " dialing INTEGER NOT NULL, tries INTEGER NOT NULL) WITHOUT ROWID;"                    \
    "CREATE TABLE agenda_count(agenda INTEGER, reason TEXT, n INTEGER NOT NULL,"           \
    " PRIMARY KEY(agenda, reason)) WITHOUT ROWID;"                                         \
    "CREATE TABLE campaign_count(camp_uuid TEXT, reason TEXT, n INTEGER NOT NULL,"         \
    " PRIMARY KEY(camp_uuid, reason)) WITHOUT ROWID;"                                      \
    "INSERT INTO list_count SELECT " LIST_OF("l") " AS list, sum(" TOTAL_OF("l") "),"      \
    " sum(" DIALING_OF("l") "), sum(" TRIES_OF("l") ") FROM dl_list l GROUP BY list;"      \
    "INSERT INTO agenda_count SELECT agenda, coalesce(reason, '') AS why, count(*)"        \
    " FROM due WHERE due_at = " NEVER " GROUP BY agenda, why;"                             \
    "CREATE TRIGGER lead_is_new AFTER INSERT ON dl_list BEGIN " LIST_ADD " END;"           \
    "CREATE TRIGGER lead_goes AFTER DELETE ON dl_list BEGIN " LIST_SUBTRACT " END;"        \
    "CREATE TRIGGER lead_moves AFTER UPDATE OF dlma_uuid ON dl_list"                       \
    " WHEN old.dlma_uuid IS NOT new.dlma_uuid"                                             \
    " BEGIN " LIST_SUBTRACT LIST_ADD " END;"                                               \
    "CREATE TRIGGER lead_changes AFTER UPDATE OF status, in_use, trycnt_1, trycnt_2,"      \
    " trycnt_3, trycnt_4, trycnt_5, trycnt_6, trycnt_7, trycnt_8 ON dl_list"               \
    " WHEN old.dlma_uuid IS new.dlma_uuid"                                                 \
    " BEGIN UPDATE list_count SET"                                                         \
    " total = total + " TOTAL_OF("new") " - " TOTAL_OF("old") ","                          \
    " dialing = dialing + " DIALING_OF("new") " - " DIALING_OF("old") ","                  \
    " tries = tries + " TRIES_OF("new") " - " TRIES_OF("old")                              \
    " WHERE dlma_uuid = " LIST_OF("new") "; END;"                                          \
    "CREATE TRIGGER due_is_new AFTER INSERT ON due WHEN new.due_at = " NEVER               \
    " BEGIN " AGENDA_ADD " END;"                                                           \
    "CREATE TRIGGER due_goes AFTER DELETE ON due WHEN old.due_at = " NEVER                 \
    " BEGIN " AGENDA_SUBTRACT " END;"                                                      \
    "CREATE TRIGGER due_changes AFTER UPDATE ON due"                                       \
    " WHEN old.due_at = " NEVER " OR new.due_at = " NEVER                                  \
    " BEGIN " AGENDA_SUBTRACT AGENDA_ADD " END;"                                           \
    "CREATE TRIGGER agenda_goes AFTER DELETE ON agenda"                                    \
    " BEGIN DELETE FROM agenda_count WHERE agenda = old.id; END;"
/* clang-format on */

const char *const sequence_names[ID_KINDS] = {
    [ID_LEAD] = "lead", [ID_AGENDA] = "agenda", [ID_DIALING] = "dialing"};

/* What makes version n + 1 of version n. */
static const char *const migrations[SCHEMA_VERSION] = {
    [1] = "ALTER TABLE plan ADD COLUMN dial_params TEXT;"
          "ALTER TABLE plan ADD COLUMN retry_params TEXT;"
          "ALTER TABLE plan ADD COLUMN route_params TEXT;"
          "ALTER TABLE plan ADD COLUMN result_params TEXT;"
          "ALTER TABLE plan ADD COLUMN shadow_script TEXT;"
          "ALTER TABLE plan ADD COLUMN shadow_params TEXT;" MEMORY,
    [2] = LIVE "ALTER TABLE campaign ADD COLUMN channels INTEGER DEFAULT 0;"
               "ALTER TABLE campaign ADD COLUMN cps INTEGER DEFAULT 0;",
    [3] = RESERVED,
    [4] = SEQUENCES COUNTS "ALTER TABLE dl_list ADD COLUMN version INTEGER DEFAULT 0;",
};

static const char *const column_types[] = {
    [FIELD_TEXT] = "TEXT", [FIELD_INT] = "INTEGER", [FIELD_VARS] = "TEXT"};

/* CREATE TABLE of one noun. */
static void schema_add_noun(struct str *sql, const struct noun *n) {
    str_addf(sql, "CREATE TABLE %s(", n->table);
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        const char *rest = "";
        if (i == 0)
            rest = n == &noun_lead ? " NOT NULL UNIQUE" : " PRIMARY KEY NOT NULL";
        else if (n == &noun_lead && i == LEAD_ID)
            rest = " PRIMARY KEY";
        str_addf(sql, "%s%s %s%s", i ? ", " : "", f->column, column_types[f->type], rest);
    }
    str_add(sql, ");");
}

int schema_version(sqlite3 *db) {
    sqlite3_stmt *st = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        version = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return version;
}

/* All tables of a new database. */
static void schema_add_all(struct str *sql) {
    for (size_t i = 0; i < ARRAY_LEN(nouns); i++)
        schema_add_noun(sql, nouns[i]);
    str_add(sql, tables);
    str_add(sql, MEMORY);
    str_add(sql, LIVE);
    str_add(sql, RESERVED);
    str_add(sql, SEQUENCES);
    str_add(sql, COUNTS);
}

int schema_prepare(sqlite3 *db, char **err) {
    int version = schema_version(db);
    if (version == SCHEMA_VERSION)
        return 0;
    if (version < 0 || version > SCHEMA_VERSION) {
        *err = version < 0 ? xasprintf("%s", sqlite3_errmsg(db))
                           : xasprintf("schema version %d is not known to this program (%d)",
                                       version, SCHEMA_VERSION);
        return -1;
    }
    struct str sql = {0};
    str_add(&sql, "BEGIN IMMEDIATE;");
    if (version == 0)
        schema_add_all(&sql);
    for (int v = version; v && v < SCHEMA_VERSION; v++)
        str_add(&sql, migrations[v]);
    str_addf(&sql, "PRAGMA user_version = %d; COMMIT;", SCHEMA_VERSION);
    int rc = sqlite3_exec(db, sql.s, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        *err = xasprintf("cannot make the tables: %s", sqlite3_errmsg(db));
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    str_free(&sql);
    return rc == SQLITE_OK ? 0 : -1;
}

char *schema_insert(const struct noun *n) {
    struct str sql = {0}, marks = {0};
    for (int i = 0; i < n->count; i++) {
        str_addf(&sql, "%s%s", i ? ", " : "", n->fields[i].column);
        str_addf(&marks, "%s?", i ? ", " : "");
    }
    char *out = xasprintf("INSERT INTO %s(%s) VALUES(%s)", n->table, sql.s, marks.s);
    str_free(&sql);
    str_free(&marks);
    return out;
}

char *schema_update(const struct noun *n, uint64_t mask, bool is_conditional) {
    struct str sql = {0};
    const char *comma = "";
    str_addf(&sql, "UPDATE %s SET ", n->table);
    for (int i = 0; i < n->count; i++)
        if (mask >> i & 1) {
            str_addf(&sql, "%s%s = ?", comma, n->fields[i].column);
            comma = ", ";
        }
    if (n->version)
        str_addf(&sql, "%s%s = %s + 1", comma, n->fields[n->version].column,
                 n->fields[n->version].column);
    str_addf(&sql, " WHERE %s = ?", n->fields[n->key].column);
    if (is_conditional)
        str_addf(&sql, " AND %s = ?", n->fields[n->version].column);
    return str_take(&sql);
}
