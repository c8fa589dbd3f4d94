#include "store/schema.h"

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

static int schema_user_version(sqlite3 *db) {
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
}

int schema_prepare(sqlite3 *db, char **err) {
    int version = schema_user_version(db);
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

char *statement_upsert(const struct noun *n) {
    struct str sql = {0}, marks = {0}, sets = {0};
    for (int i = 0; i < n->count; i++) {
        const char *column = n->fields[i].column, *comma = i ? ", " : "";
        str_addf(&sql, "%s%s", comma, column);
        str_addf(&marks, "%s?", comma);
        str_addf(&sets, "%s%s = excluded.%s", comma, column, column);
    }
    char *out = xasprintf("INSERT INTO %s(%s) VALUES(%s) ON CONFLICT(uuid) DO UPDATE SET %s",
                          n->table, sql.s, marks.s, sets.s);
    str_free(&sql);
    str_free(&marks);
    str_free(&sets);
    return out;
}

/* $campaign, $plan, $dlma, $lead and $destination stand for all columns of the noun. */
static const struct {
    const char *args, *sql;
} statements[STATEMENT_COUNT] = {
    [WRITE_LEDGER_OPEN] = {"ttttttitt",
                           "INSERT INTO dialing(uuid, otherchannelid, asterisk, camp_uuid,"
                           " plan_uuid, lead_uuid, dial_index, tm_dialing, frozen)"
                           " VALUES(?,?,?,?,?,?,?,?,?)"},
    [WRITE_LEDGER_ANSWER] = {"ttt", "UPDATE dialing SET answered = 1, tm_dial_begin = ?2,"
                                    " tm_dial_end = ?3 WHERE uuid = ?1 AND state = 0"},
    [WRITE_LEDGER_JOIN] = {"tti", "UPDATE dialing SET tm_join = ?2, abandoned = ?3"
                                  " WHERE uuid = ?1 AND state = 0"},
    [WRITE_LEDGER_CONNECT] = {"tt", "UPDATE dialing SET tm_connect = ?2"
                                    " WHERE uuid = ?1 AND state = 0"},
    [WRITE_LEDGER_CLOSE] = {"titittttttti",
                            "UPDATE dialing SET state = 1, frozen = NULL, res_dial = ?2,"
                            " res_dial_detail = ?3, res_hangup = ?4, res_hangup_detail = ?5,"
                            " tm_dial_begin = ?6, tm_dial_end = ?7, tm_hangup = ?8,"
                            " asterisk = ?9, tm_join = ?10, tm_connect = ?11,"
                            " abandoned = ?12 WHERE uuid = ?1 AND state = 0"},
    [WRITE_LEDGER_OUTPUT] = {"tttii", "UPDATE dialing SET result = ?2, result_path = ?3,"
                                      " result_offset = ?4, result_written = ?5"
                                      " WHERE uuid = ?1"},
    [WRITE_LEDGER_WRITTEN] = {"t", "UPDATE dialing SET result_written = 1 WHERE uuid = ?"},
    [WRITE_DUE] = {"iiiiit", "INSERT OR REPLACE INTO due(agenda, lead, tries, due_at, number,"
                             " reason) VALUES(?,?,?,?,?,?)"},
    [WRITE_DUE_LEAD_DELETE] = {"i", "DELETE FROM due WHERE lead = ?"},
    [WRITE_DUE_PURGE] = {"ii", "DELETE FROM due WHERE agenda = ?1 AND lead IN"
                               " (SELECT lead FROM due WHERE agenda = ?1 LIMIT ?2)"},
    [WRITE_AGENDA] = {"ittt", "INSERT INTO agenda(id, plan_uuid, dlma_uuid, version)"
                              " VALUES(?,?,?,?)"},
    [WRITE_AGENDA_CURSOR] = {"iii", "UPDATE agenda SET cursor = ?2, complete = ?3"
                                    " WHERE id = ?1"},
    [WRITE_AGENDA_DELETE] = {"i", "DELETE FROM agenda WHERE id = ?"},
    [WRITE_MEMORY] = {"ttt", "INSERT OR REPLACE INTO memory(camp_uuid, hook, value)"
                             " VALUES(?,?,?)"},
    [WRITE_MEMORY_DELETE] = {"t", "DELETE FROM memory WHERE camp_uuid = ?"},
    [READ_MEMORY] = {"tt", "SELECT value FROM memory WHERE camp_uuid = ?1 AND hook = ?2"},
    [READ_MEMORIES] = {"",
                       "SELECT camp_uuid, hook, value FROM memory ORDER BY camp_uuid, hook"},
    [READ_LEDGER_OPEN] = {"", "SELECT uuid, otherchannelid, asterisk, camp_uuid, plan_uuid,"
                              " lead_uuid, dial_index, answered, tm_dialing, tm_dial_begin,"
                              " tm_dial_end, frozen, tm_join, tm_connect, abandoned"
                              " FROM dialing WHERE state = 0"
                              " ORDER BY tm_dialing, uuid"},
    [READ_LEDGER_UNWRITTEN] = {"", "SELECT uuid, result, result_path, result_offset"
                                   " FROM dialing WHERE result IS NOT NULL AND"
                                   " result_written = 0 ORDER BY result_path, result_offset"},
    [READ_ATTEMPTS] = {"tt", "SELECT dial_index, tm_dialing FROM dialing WHERE lead_uuid = ?1"
                             " AND tm_dialing >= ?2 AND coalesce(res_dial_detail, '') !="
                             " 'local' ORDER BY tm_dialing"},
    [READ_LIVE] = {"tt", "SELECT substr(tm_join, 1, 13), count(*), sum(abandoned)"
                         " FROM dialing WHERE camp_uuid = ?1 AND tm_join >= ?2 AND"
                         " tm_join NOTNULL GROUP BY 1 ORDER BY 1"},
    [READ_AGENDAS] = {"", "SELECT id, plan_uuid, dlma_uuid, version, cursor, complete"
                          " FROM agenda ORDER BY id"},
    [READ_DUE_LEVEL] = {"ii", "SELECT tries FROM due WHERE agenda = ? AND tries > ?"
                              " ORDER BY tries LIMIT 1"},
    [READ_DUE] = {"iii", "SELECT lead, number FROM due WHERE agenda = ? AND tries = ? AND"
                         " due_at <= ? ORDER BY due_at, lead"},
    [READ_DUE_NEXT] = {"iii", "SELECT due_at FROM due WHERE agenda = ? AND tries = ? AND"
                              " due_at > ? ORDER BY due_at LIMIT 1"},
    [READ_DUE_REASONS] =
        {"ii", "SELECT CASE WHEN due_at = 9223372036854775807 THEN reason"
               " WHEN due_at > ?2 THEN coalesce(reason, 'waiting') ELSE 'ready' END AS why,"
               " count(*) FROM due WHERE agenda = ?1 GROUP BY why"
               " ORDER BY why"},
    [READ_LEAD_BY_UUID] = {"t", "SELECT $lead FROM dl_list WHERE uuid = ?"},
    [READ_LEAD_BY_ID] = {"i", "SELECT $lead FROM dl_list WHERE id = ?"},
    [READ_LEADS_AFTER] = {"tii", "SELECT $lead FROM dl_list WHERE dlma_uuid = ? AND id > ?"
                                 " AND in_use = 1 ORDER BY id LIMIT ?"},
    [READ_LEADS] = {"ii", "SELECT $lead FROM dl_list WHERE id > ? AND in_use = 1"
                          " ORDER BY id LIMIT ?"},
    [READ_LEADS_FROM] = {"ii", "SELECT $lead FROM dl_list WHERE id > ? AND in_use = 1"
                               " ORDER BY id LIMIT ?"},
    /* why each lead of a piece of the list is not called: every one has one reason */
    [READ_LEAD_WHYS] = {"tiiiit",
                        "SELECT CASE WHEN l.status = 1 THEN 'being called'"
                        " WHEN l.status = 2 THEN 'reserved' WHEN d.lead IS NULL THEN ?6"
                        " WHEN d.due_at = 9223372036854775807 THEN d.reason"
                        " WHEN d.due_at > ?5 THEN coalesce(d.reason, 'waits for its next try') "
                        "ELSE 'ready' END"
                        " AS why, count(*), max(l.id) FROM (SELECT id, status FROM dl_list"
                        " WHERE dlma_uuid = ?1 AND id > ?2 AND in_use = 1 ORDER BY id"
                        " LIMIT ?3) l LEFT JOIN due d ON d.agenda = ?4 AND d.lead = l.id"
                        " GROUP BY why ORDER BY why"},
    [READ_DUE_OF_LEAD] = {"ii", "SELECT due_at, number, reason FROM due WHERE agenda = ?"
                                " AND lead = ?"},
    /* finished = the agenda (?10) says never again; without one: answered, or no number with a
     * try left, which is what the plan itself would say */
    [READ_LEAD_STATS] =
        {"tiiiiiiiii",
         "SELECT count(*), coalesce(sum(status = 1), 0), coalesce(sum(status != 1 AND CASE "
         "WHEN due.lead"
         " NOTNULL THEN due.due_at = 9223372036854775807 ELSE (res_dial = 4 OR "
         "coalesce(res_dial_detail, '') = 'unknown' OR NOT ((number_1 NOTNULL AND trycnt_1 < "
         "?2) OR (number_2 NOTNULL AND trycnt_2"
         " < ?3) OR (number_3 NOTNULL AND trycnt_3 < ?4) OR (number_4 NOTNULL AND trycnt_4 <"
         " ?5) OR (number_5 NOTNULL AND trycnt_5 < ?6) OR (number_6 NOTNULL AND trycnt_6 < ?7)"
         " OR (number_7 NOTNULL AND trycnt_7 < ?8) OR (number_8 NOTNULL AND trycnt_8 < ?9))) "
         "END),"
         " 0), coalesce(sum(trycnt_1 + trycnt_2 + trycnt_3 + trycnt_4 + trycnt_5 + trycnt_6 +"
         " trycnt_7 + trycnt_8), 0) FROM dl_list LEFT JOIN due ON due.agenda = ?10 AND "
         "due.lead = id"
         " WHERE dlma_uuid = ?1 AND in_use = 1"},
    [READ_LEADS_DIALING] = {"", "SELECT $lead FROM dl_list WHERE status = 1"},
    [READ_LEADS_RESERVED] = {"", "SELECT $lead FROM dl_list WHERE status = 2"},
    [READ_ALL_ROWS_CAMPAIGN] = {"", "SELECT $campaign FROM campaign WHERE in_use = 1"
                                    " ORDER BY tm_create, uuid"},
    [READ_ALL_ROWS_PLAN] = {"", "SELECT $plan FROM plan WHERE in_use = 1"
                                " ORDER BY tm_create, uuid"},
    [READ_ALL_ROWS_DLMA] = {"", "SELECT $dlma FROM dl_list_ma WHERE in_use = 1"
                                " ORDER BY tm_create, uuid"},
    [READ_ALL_ROWS_DESTINATION] = {"", "SELECT $destination FROM destination WHERE in_use = 1"
                                       " ORDER BY tm_create, uuid"},
    [READ_ALL_ROWS_QUEUE] = {"", "SELECT $queue FROM queue WHERE in_use = 1"
                                 " ORDER BY tm_create, uuid"},
    [READ_MAX_LEAD_ID] = {"", "SELECT coalesce(max(id), 0) FROM dl_list"},
    [READ_MAX_AGENDA_ID] = {"", "SELECT coalesce(max(id), 0) FROM agenda"},
};

static const struct {
    const char *word;
    const struct noun *noun;
} column_words[] = {{"$campaign", &noun_campaign},
                    {"$plan", &noun_plan},
                    {"$dlma", &noun_dlma},
                    {"$lead", &noun_lead},
                    {"$destination", &noun_destination},
                    {"$queue", &noun_queue}};

const char *statement_args(enum statement st) { return statements[st].args; }

char *statement_text(enum statement st) {
    struct str out = {0};
    const char *p = statements[st].sql, *dollar = strchr(p, '$');
    str_addn(&out, p, dollar ? (size_t)(dollar - p) : strlen(p));
    for (size_t i = 0; dollar && i < ARRAY_LEN(column_words); i++) {
        const struct noun *n = column_words[i].noun;
        size_t len = strlen(column_words[i].word);
        if (strncmp(dollar, column_words[i].word, len) || dollar[len] != ' ')
            continue;
        for (int f = 0; f < n->count; f++)
            str_addf(&out, "%s%s", f ? ", " : "", n->fields[f].column);
        str_add(&out, dollar + len);
        break;
    }
    return str_take(&out);
}
