#include "store/sqlite/inner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEVER "9223372036854775807"

/*
 * What a call writes is what counts: rows that grow at the end of their table, narrow ones
 * where something changes, keys that are integers. tests/bench/layout.c is how this was
 * chosen.
 *
 * lead: what never changes while a lead is being called; lead_state: what does. A list is a
 *   number there; list has its uuid and its counters, which triggers keep right at every
 *   commit, also for who changes the file by hand: leads, those in work, tries of all.
 * name: texts that many rows have, as numbers. Times are ns UTC.
 *
 * The ledger is one row where a call begins, one for each thing that happens to it, and one
 * where it is over; none is changed.
 * call_begin: frozen is the JSON of everything that was copied when it began.
 * call_step: what 1 answered (tm, tm2: called, answered), 2 needed an agent, 3 got one.
 * call_over: calls that are over and still in call_begin, which is swept in pieces.
 * call: calls that are over, in the order in which they ended.
 * line: the rendered result of a call and where it stands (or is to stand) in its file.
 *   Lines up to line_written.up_to were seen to be there, but for those of line_owed.
 *
 * agenda: the due dates of one list under one plan, as one version of it decides them.
 *   cursor: the last lead that was looked at while it is being built; complete 1 = all.
 * due: one row per lead of an agenda that is idle. due_at (ns UTC) is when it may be
 *   called; 9223372036854775807 = never again, reason says why. The index makes "the
 *   next lead" a look-up: fewest tries first, then the one due longest.
 * agenda_count: leads that an agenda calls no more, by reason; campaign_count keeps it when
 *   the campaign stops, since the agenda goes.
 * memory: what the hook (dial, route, result) of a campaign has learnt, as JSON; as hook
 *   learn what the engine itself has learnt of its calls and agents.
 * sequence: the ids that come next. Blocks of them are reserved before they are given.
 *
 * dl_list and dialing, by which people and scripts know leads and ledger, are views.
 */
/* clang-format off */
static const char tables[] =
    "CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE list(id INTEGER PRIMARY KEY, dlma_uuid TEXT UNIQUE,"
    " total INTEGER NOT NULL DEFAULT 0, dialing INTEGER NOT NULL DEFAULT 0,"
    " tries INTEGER NOT NULL DEFAULT 0);"
    "INSERT INTO list(id) VALUES(0);" /* of leads that belong to none */
    "CREATE TABLE call_begin(id INTEGER PRIMARY KEY, uuid TEXT, other TEXT, asterisk INTEGER,"
    " camp INTEGER, plan INTEGER, lead INTEGER, dial_index INTEGER, tm_dialing INTEGER,"
    " frozen TEXT);"
    "CREATE TABLE call_step(n INTEGER PRIMARY KEY, id INTEGER, what INTEGER, tm INTEGER,"
    " tm2 INTEGER, abandoned INTEGER);"
    "CREATE TABLE call_over(id INTEGER PRIMARY KEY);"
    "CREATE TABLE call(n INTEGER PRIMARY KEY, id INTEGER, uuid TEXT, other TEXT,"
    " asterisk INTEGER, camp INTEGER, plan INTEGER, lead INTEGER, dial_index INTEGER,"
    " answered INTEGER, abandoned INTEGER, res_dial INTEGER, res_dial_detail INTEGER,"
    " res_hangup INTEGER, res_hangup_detail INTEGER, tm_dialing INTEGER,"
    " tm_dial_begin INTEGER, tm_dial_end INTEGER, tm_hangup INTEGER, tm_join INTEGER,"
    " tm_connect INTEGER);"
    "CREATE TABLE line(n INTEGER PRIMARY KEY, path INTEGER, offset INTEGER, text TEXT);"
    "CREATE TABLE line_owed(n INTEGER PRIMARY KEY);"
    "CREATE TABLE line_written(up_to INTEGER NOT NULL);"
    "INSERT INTO line_written VALUES(0);"
    "CREATE TABLE agenda_count(agenda INTEGER, reason TEXT, n INTEGER NOT NULL,"
    " PRIMARY KEY(agenda, reason)) WITHOUT ROWID;"
    "CREATE TABLE campaign_count(camp_uuid TEXT, reason TEXT, n INTEGER NOT NULL,"
    " PRIMARY KEY(camp_uuid, reason)) WITHOUT ROWID;"
    "CREATE TABLE sequence(name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO sequence VALUES('lead', 1), ('agenda', 1), ('dialing', 1);";

/* As version 4 had them already. */
static const char kept_tables[] =
    "CREATE TABLE agenda(id INTEGER PRIMARY KEY, plan_uuid TEXT, dlma_uuid TEXT, version TEXT,"
    " cursor INTEGER NOT NULL DEFAULT 0, complete INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE due(agenda INTEGER, lead INTEGER, tries INTEGER, due_at INTEGER,"
    " number INTEGER, reason TEXT, PRIMARY KEY(agenda, lead)) WITHOUT ROWID;"
    "CREATE TABLE memory(camp_uuid TEXT, hook TEXT, value TEXT,"
    " PRIMARY KEY(camp_uuid, hook)) WITHOUT ROWID;";

/* With what is read by each. Made after the rows of a migration, which is faster. */
static const char indexes[] =
    "CREATE INDEX lead_list ON lead(list, id);"                        /* leads of a list */
    "CREATE INDEX lead_busy ON lead_state(status) WHERE status != 0;" /* at the start */
    "CREATE INDEX call_lead ON call(lead, tm_dialing);"               /* limits */
    "CREATE INDEX call_live ON call(camp, tm_join, abandoned) WHERE tm_join NOTNULL;"
    "CREATE INDEX due_next ON due(agenda, tries, due_at, lead, number)"
    " WHERE due_at < " NEVER ";";

/* ---- counters ---- */

/* Of old or new, a row of lead_state. */
#define TOTAL_OF(r) "(" r ".in_use IS 1)"
#define DIALING_OF(r) "(" r ".in_use IS 1 AND " r ".status IS 1)"
#define TRIES_OF(r) "(CASE WHEN " r ".in_use IS 1 THEN coalesce(" r ".trycnt_1 + " r            \
    ".trycnt_2 + " r ".trycnt_3 + " r ".trycnt_4 + " r ".trycnt_5 + " r ".trycnt_6 + " r         \
    ".trycnt_7 + " r ".trycnt_8, 0) ELSE 0 END)"
#define LIST_ADD                                                                                \
    "UPDATE list SET total = total + " TOTAL_OF("new") ", dialing = dialing + "                 \
    DIALING_OF("new") ", tries = tries + " TRIES_OF("new") " WHERE id = new.list;"
#define LIST_SUBTRACT                                                                           \
    "UPDATE list SET total = total - " TOTAL_OF("old") ", dialing = dialing - "                 \
    DIALING_OF("old") ", tries = tries - " TRIES_OF("old") " WHERE id = old.list;"
#define AGENDA_ADD                                                                              \
    "INSERT INTO agenda_count SELECT new.agenda, coalesce(new.reason, ''), 1"                   \
    " WHERE new.due_at = " NEVER " ON CONFLICT(agenda, reason) DO UPDATE SET n = n + 1;"
#define AGENDA_SUBTRACT                                                                         \
    "UPDATE agenda_count SET n = n - 1 WHERE old.due_at = " NEVER                               \
    " AND agenda = old.agenda AND reason = coalesce(old.reason, '');"

static const char triggers[] =
    "CREATE TRIGGER lead_is_new AFTER INSERT ON lead_state BEGIN " LIST_ADD " END;"
    "CREATE TRIGGER lead_goes AFTER DELETE ON lead_state BEGIN " LIST_SUBTRACT " END;"
    "CREATE TRIGGER lead_moves AFTER UPDATE OF list ON lead_state WHEN old.list IS NOT new.list"
    " BEGIN " LIST_SUBTRACT LIST_ADD " END;"
    "CREATE TRIGGER lead_changes AFTER UPDATE OF status, in_use, trycnt_1, trycnt_2, trycnt_3,"
    " trycnt_4, trycnt_5, trycnt_6, trycnt_7, trycnt_8 ON lead_state"
    " WHEN old.list IS new.list BEGIN UPDATE list SET"
    " total = total + " TOTAL_OF("new") " - " TOTAL_OF("old") ","
    " dialing = dialing + " DIALING_OF("new") " - " DIALING_OF("old") ","
    " tries = tries + " TRIES_OF("new") " - " TRIES_OF("old") " WHERE id = new.list; END;"
    "CREATE TRIGGER due_is_new AFTER INSERT ON due WHEN new.due_at = " NEVER
    " BEGIN " AGENDA_ADD " END;"
    "CREATE TRIGGER due_goes AFTER DELETE ON due WHEN old.due_at = " NEVER
    " BEGIN " AGENDA_SUBTRACT " END;"
    "CREATE TRIGGER due_changes AFTER UPDATE ON due"
    " WHEN old.due_at = " NEVER " OR new.due_at = " NEVER
    " BEGIN " AGENDA_SUBTRACT AGENDA_ADD " END;"
    "CREATE TRIGGER agenda_goes AFTER DELETE ON agenda"
    " BEGIN DELETE FROM agenda_count WHERE agenda = old.id; END;"
    "CREATE TRIGGER call_is_over AFTER INSERT ON call WHEN new.id NOTNULL"
    " BEGIN INSERT INTO call_over VALUES(new.id); END;";

/* ---- views ---- */

#define NAME(x) "(SELECT text FROM name WHERE id = " x ")"
#define CALL_TEXTS(t)                                                                           \
    NAME(t ".asterisk") " AS asterisk, " NAME(t ".camp") " AS camp_uuid, " NAME(t ".plan")      \
    " AS plan_uuid, coalesce((SELECT uuid FROM lead WHERE id = " t ".lead), " t ".lead)"        \
    " AS lead_uuid"

static const char views[] =
    "CREATE VIEW call_last AS SELECT id, what, tm, tm2, abandoned, max(n) AS n FROM call_step"
    " GROUP BY id, what;"
    /* calls in progress, times in ns */
    "CREATE VIEW call_open AS SELECT b.id, b.uuid, b.other, " CALL_TEXTS("b") ","
    " b.camp, b.dial_index, a.id NOTNULL AS answered, coalesce(j.abandoned, 0) AS abandoned,"
    " b.tm_dialing, a.tm AS tm_dial_begin, a.tm2 AS tm_dial_end, j.tm AS tm_join,"
    " c.tm AS tm_connect, b.frozen FROM call_begin b"
    " LEFT JOIN call_last a ON a.id = b.id AND a.what = 1"
    " LEFT JOIN call_last j ON j.id = b.id AND j.what = 2"
    " LEFT JOIN call_last c ON c.id = b.id AND c.what = 3"
    " WHERE NOT EXISTS (SELECT 1 FROM call_over o WHERE o.id = b.id);"
    "CREATE VIEW dialing AS SELECT c.uuid, c.other AS otherchannelid, " CALL_TEXTS("c") ","
    " c.dial_index, 1 AS state, c.answered, c.res_dial, " NAME("c.res_dial_detail")
    " AS res_dial_detail, c.res_hangup, " NAME("c.res_hangup_detail") " AS res_hangup_detail,"
    " " TIME_OF("c.tm_dialing") " AS tm_dialing, " TIME_OF("c.tm_dial_begin")
    " AS tm_dial_begin, " TIME_OF("c.tm_dial_end") " AS tm_dial_end, " TIME_OF("c.tm_hangup")
    " AS tm_hangup, NULL AS frozen, l.text AS result, " NAME("l.path") " AS result_path,"
    " l.offset AS result_offset, coalesce(l.n <= (SELECT up_to FROM line_written) AND"
    " NOT EXISTS (SELECT 1 FROM line_owed o WHERE o.n = l.n), 0) AS result_written,"
    " " TIME_OF("c.tm_join") " AS tm_join, " TIME_OF("c.tm_connect") " AS tm_connect,"
    " c.abandoned FROM call c LEFT JOIN line l ON l.n = c.n"
    " UNION ALL SELECT uuid, other, asterisk, camp_uuid, plan_uuid, lead_uuid, dial_index, 0,"
    " answered, NULL, NULL, NULL, NULL, " TIME_OF("tm_dialing") ", " TIME_OF("tm_dial_begin")
    ", " TIME_OF("tm_dial_end") ", NULL, frozen, NULL, NULL, NULL, 0, " TIME_OF("tm_join")
    ", " TIME_OF("tm_connect") ", abandoned FROM call_open;";
/* clang-format on */

const char *const sequence_names[ID_KINDS] = {
    [ID_LEAD] = "lead", [ID_AGENDA] = "agenda", [ID_DIALING] = "dialing"};

/* ---- where the fields of a noun lie ---- */

#define FIELD(f) (UINT64_C(1) << (f))
#define LEAD_STILL                                                                 \
    (FIELD(LEAD_UUID) | FIELD(LEAD_NAME) | FIELD(LEAD_DETAIL) | FIELD(LEAD_UKEY) | \
     FIELD(LEAD_VARIABLES) | (FIELD(LEAD_NUMBER_8 + 1) - FIELD(LEAD_NUMBER_1)) |   \
     FIELD(LEAD_EMAIL) | FIELD(LEAD_TM_CREATE) | FIELD(LEAD_TM_DELETE) | FIELD(LEAD_UDATA))
#define LEAD_BOTH (FIELD(LEAD_ID) | FIELD(LEAD_DLMA_UUID))

int schema_parts(const struct noun *n, struct part parts[PARTS_MAX]) {
    uint64_t all = n->count == 64 ? UINT64_MAX : FIELD(n->count) - 1;
    if (n == &noun_lead) {
        parts[0] = (struct part){"lead_state", all & ~LEAD_STILL, true};
        parts[1] = (struct part){"lead", LEAD_STILL | LEAD_BOTH, false};
        return 2;
    }
    parts[0] = (struct part){n->table, all, n->version != 0};
    return 1;
}

enum field_form schema_form(const struct noun *n, int field) {
    if (n == &noun_lead && field == LEAD_DLMA_UUID)
        return FORM_LIST;
    if (n->fields[field].flags & FIELD_TIME)
        return FORM_TIME;
    return n->fields[field].flags & FIELD_FEW ? FORM_NAME : FORM_PLAIN;
}

static const char *schema_column(const struct noun *n, int field) {
    return schema_form(n, field) == FORM_LIST ? "list" : n->fields[field].column;
}

char *schema_insert(const struct noun *n, const struct part *part) {
    struct str sql = {0}, marks = {0};
    for (int i = 0; i < n->count; i++)
        if (part->fields >> i & 1) {
            str_addf(&sql, "%s%s", sql.len ? ", " : "", schema_column(n, i));
            str_addf(&marks, "%s?", marks.len ? ", " : "");
        }
    char *out = xasprintf("INSERT INTO %s(%s) VALUES(%s)", part->table, sql.s, marks.s);
    str_free(&sql);
    str_free(&marks);
    return out;
}

char *schema_update(const struct noun *n, const struct part *part, uint64_t mask,
                    bool is_conditional) {
    struct str sql = {0};
    const char *comma = "";
    str_addf(&sql, "UPDATE %s SET ", part->table);
    for (int i = 0; i < n->count; i++)
        if (mask & part->fields & FIELD(i)) {
            str_addf(&sql, "%s%s = ?", comma, schema_column(n, i));
            comma = ", ";
        }
    if (part->has_version)
        str_addf(&sql, "%s%s = %s + 1", comma, n->fields[n->version].column,
                 n->fields[n->version].column);
    str_addf(&sql, " WHERE %s = ?", n->fields[n->key].column);
    if (is_conditional && part->has_version)
        str_addf(&sql, " AND %s = ?", n->fields[n->version].column);
    return str_take(&sql);
}

/* ---- tables and views of nouns ---- */

static const char *const column_types[] = {
    [FIELD_TEXT] = "TEXT", [FIELD_INT] = "INTEGER", [FIELD_VARS] = "TEXT"};

static const char *schema_constraint(const struct noun *n, int field) {
    if (field == n->key)
        return n->key == 0 ? " PRIMARY KEY NOT NULL" : " PRIMARY KEY";
    return field == 0 ? " NOT NULL UNIQUE" : "";
}

static void schema_add_part(struct str *sql, const struct noun *n, const struct part *part) {
    const char *comma = "";
    str_addf(sql, "CREATE TABLE %s(", part->table);
    for (int i = 0; i < n->count; i++) {
        enum field_form form = schema_form(n, i);
        const char *type = form == FORM_PLAIN ? column_types[n->fields[i].type] : "INTEGER";
        if (!(part->fields & FIELD(i)))
            continue;
        str_addf(sql, "%s%s %s%s", comma, schema_column(n, i), type, schema_constraint(n, i));
        comma = ", ";
    }
    str_add(sql, ");");
}

static void schema_add_time(struct str *sql, const char *column) {
    const char *p = TIME_OF("s.@");
    for (const char *at; (at = strchr(p, '@')); p = at + 1) {
        str_addn(sql, p, (size_t)(at - p));
        str_add(sql, column);
    }
    str_add(sql, p);
}

/* All fields of a lead: for people, with times as texts, or for us, with the number of the
 * list behind them. */
static void schema_add_lead_view(struct str *sql, const char *view, bool is_public) {
    const struct noun *n = &noun_lead;
    str_addf(sql, "CREATE VIEW %s AS SELECT ", view);
    for (int i = 0; i < n->count; i++) {
        const char *column = n->fields[i].column, *comma = i ? ", " : "";
        char from = LEAD_STILL & FIELD(i) || i == LEAD_ID ? 'l' : 's';
        enum field_form form = schema_form(n, i);
        if (form == FORM_LIST)
            str_addf(sql, "%sg.dlma_uuid", comma);
        else if (form == FORM_NAME)
            str_addf(sql, "%s(SELECT text FROM name WHERE id = s.%s) AS %s", comma, column,
                     column);
        else if (form == FORM_TIME && is_public) {
            str_add(sql, comma);
            schema_add_time(sql, column);
            str_addf(sql, " AS %s", column);
        } else
            str_addf(sql, "%s%c.%s", comma, from, column);
    }
    str_addf(sql,
             "%s FROM lead l JOIN lead_state s ON s.id = l.id JOIN list g"
             " ON g.id = l.list;",
             is_public ? "" : ", l.list");
}

/* ---- earlier versions ---- */

/* Who needed an agent, when they got one, whether that was too late. */
#define LIVE                                                               \
    "ALTER TABLE dialing ADD COLUMN tm_join TEXT;"                         \
    "ALTER TABLE dialing ADD COLUMN tm_connect TEXT;"                      \
    "ALTER TABLE dialing ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;" \
    "CREATE INDEX dialing_live ON dialing(camp_uuid, tm_join, abandoned)"  \
    " WHERE tm_join NOTNULL;"                                              \
    "CREATE INDEX dialing_lead ON dialing(lead_uuid, tm_dialing);"

/* What makes version n + 1 of version n. The last step is schema_add_move. */
static const char *const migrations[SCHEMA_VERSION - 1] = {
    [1] = "ALTER TABLE plan ADD COLUMN dial_params TEXT;"
          "ALTER TABLE plan ADD COLUMN retry_params TEXT;"
          "ALTER TABLE plan ADD COLUMN route_params TEXT;"
          "ALTER TABLE plan ADD COLUMN result_params TEXT;"
          "ALTER TABLE plan ADD COLUMN shadow_script TEXT;"
          "ALTER TABLE plan ADD COLUMN shadow_params TEXT;"
          "CREATE TABLE memory(camp_uuid TEXT, hook TEXT, value TEXT,"
          " PRIMARY KEY(camp_uuid, hook)) WITHOUT ROWID;",
    [2] = LIVE "ALTER TABLE campaign ADD COLUMN channels INTEGER DEFAULT 0;"
               "ALTER TABLE campaign ADD COLUMN cps INTEGER DEFAULT 0;",
    [3] = "CREATE INDEX dl_list_reserved ON dl_list(status) WHERE status = 2;",
};

/* clang-format off */
/* The ledger of version 4, one row a call, into that of version 5. */
static const char move_calls[] =
    "INSERT INTO call(uuid, other, asterisk, camp, plan, lead, dial_index, answered,"
    " abandoned, res_dial, res_dial_detail, res_hangup, res_hangup_detail, tm_dialing,"
    " tm_dial_begin, tm_dial_end, tm_hangup, tm_join, tm_connect)"
    " SELECT uuid, otherchannelid, name(asterisk), name(camp_uuid), name(plan_uuid),"
    " coalesce((SELECT id FROM lead WHERE lead.uuid = lead_uuid), lead_uuid), dial_index,"
    " answered, abandoned, res_dial, name(res_dial_detail), res_hangup,"
    " name(res_hangup_detail), ns(tm_dialing), ns(tm_dial_begin), ns(tm_dial_end),"
    " ns(tm_hangup), ns(tm_join), ns(tm_connect) FROM dialing WHERE state = 1"
    " ORDER BY tm_dialing, uuid;"
    "INSERT INTO line SELECT c.n, name(d.result_path), d.result_offset, d.result"
    " FROM call c CROSS JOIN dialing d ON d.uuid = c.uuid WHERE d.result NOTNULL ORDER BY c.n;"
    "INSERT INTO line_owed SELECT n FROM call WHERE uuid IN"
    " (SELECT uuid FROM dialing WHERE result NOTNULL AND result_written = 0);"
    "UPDATE line_written SET up_to = (SELECT coalesce(max(n), 0) FROM line);"
    "INSERT INTO call_begin(uuid, other, asterisk, camp, plan, lead, dial_index, tm_dialing,"
    " frozen) SELECT uuid, otherchannelid, name(asterisk), name(camp_uuid), name(plan_uuid),"
    " coalesce((SELECT id FROM lead WHERE lead.uuid = lead_uuid), lead_uuid), dial_index,"
    " ns(tm_dialing), frozen FROM dialing WHERE state = 0 ORDER BY tm_dialing, uuid;"
    "INSERT INTO call_step(id, what, tm, tm2) SELECT b.id, 1, ns(tm_dial_begin),"
    " ns(tm_dial_end) FROM call_begin b JOIN dialing d USING(uuid) WHERE d.answered;"
    "INSERT INTO call_step(id, what, tm, abandoned) SELECT b.id, 2, ns(tm_join), d.abandoned"
    " FROM call_begin b JOIN dialing d USING(uuid) WHERE d.tm_join NOTNULL;"
    "INSERT INTO call_step(id, what, tm) SELECT b.id, 3, ns(tm_connect)"
    " FROM call_begin b JOIN dialing d USING(uuid) WHERE d.tm_connect NOTNULL;"
    "DROP TABLE dialing;";

static const char move_counts[] =
    "UPDATE list SET total = s.total, dialing = s.dialing, tries = s.tries FROM"
    " (SELECT list, sum" TOTAL_OF("l") " AS total, sum" DIALING_OF("l") " AS dialing,"
    " sum" TRIES_OF("l") " AS tries FROM lead_state l GROUP BY list) s WHERE s.list = list.id;"
    "INSERT INTO agenda_count SELECT agenda, coalesce(reason, '') AS why, count(*)"
    " FROM due WHERE due_at = " NEVER " GROUP BY agenda, why;"
    "UPDATE sequence SET next = 1 + coalesce(CASE name"
    " WHEN 'lead' THEN (SELECT max(id) FROM lead) WHEN 'agenda' THEN (SELECT max(id)"
    " FROM agenda) ELSE (SELECT max(id) FROM call_begin) END, 0);";
/* clang-format on */

/* One row of a lead of version 4 into both tables. */
static void schema_add_move_leads(struct str *sql) {
    static const char *const forms[] = {
        [FORM_PLAIN] = "o.%s",
        [FORM_TIME] = "ns(o.%s)",
        [FORM_NAME] = "name(o.%s)",
        [FORM_LIST] = "coalesce((SELECT id FROM list WHERE list.dlma_uuid = o.%s), 0)"};
    const struct noun *n = &noun_lead;
    struct part parts[PARTS_MAX];
    int count = schema_parts(n, parts);
    for (int p = 0; p < count; p++) {
        char *head = schema_insert(n, &parts[p]), *values = strstr(head, " VALUES(");
        const char *comma = "";
        str_addf(sql, "%.*s SELECT ", (int)(values - head), head);
        for (int i = 0; i < n->count; i++) {
            if (!(parts[p].fields & FIELD(i)))
                continue;
            char *form = xstrdup(i == n->version ? "0" : forms[schema_form(n, i)]);
            char *at = strstr(form, "%s");
            str_addf(sql, "%s%.*s%s%s", comma, at ? (int)(at - form) : 1, form,
                     at ? n->fields[i].column : "", at ? at + 2 : "");
            comma = ", ";
            free(form);
        }
        str_add(sql, " FROM dl_list o ORDER BY o.id;");
        free(head);
    }
}

static void schema_add_leads(struct str *sql) {
    struct part parts[PARTS_MAX];
    int count = schema_parts(&noun_lead, parts);
    for (int p = 0; p < count; p++)
        schema_add_part(sql, &noun_lead, &parts[p]);
}

static void schema_add_end(struct str *sql) {
    str_add(sql, indexes);
    str_add(sql, triggers);
    schema_add_lead_view(sql, "dl_list", true);
    schema_add_lead_view(sql, "lead_row", false);
    str_add(sql, views);
}

/* From version 4 to 5: everything that calls write moves. */
static void schema_add_move(struct str *sql) {
    str_add(sql, tables);
    schema_add_leads(sql);
    str_add(sql, "INSERT INTO list(dlma_uuid) SELECT DISTINCT dlma_uuid FROM dl_list"
                 " WHERE dlma_uuid NOTNULL;");
    schema_add_move_leads(sql);
    str_add(sql, "DROP TABLE dl_list; DROP INDEX due_next; DROP INDEX due_lead;");
    str_add(sql, move_calls);
    str_add(sql, move_counts);
    schema_add_end(sql);
}

/* ---- opening ---- */

static int64_t schema_number(sqlite3 *db, const char *sql) {
    sqlite3_stmt *st = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        number = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return number;
}

int schema_version(sqlite3 *db) { return (int)schema_number(db, "PRAGMA user_version"); }

/* All tables of a new database. */
static void schema_add_all(struct str *sql) {
    struct part parts[PARTS_MAX];
    for (size_t i = 0; i < NOUN_COUNT; i++)
        if (nouns[i] != &noun_lead && schema_parts(nouns[i], parts))
            schema_add_part(sql, nouns[i], &parts[0]);
    str_add(sql, tables);
    str_add(sql, kept_tables);
    schema_add_leads(sql);
    schema_add_end(sql);
}

static int schema_run(sqlite3 *db, const char *sql, char **err) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    *err = xasprintf("cannot make the tables: %s", sqlite3_errmsg(db));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* One transaction: whatever interrupts it, the database is as it was. */
static int schema_upgrade(sqlite3 *db, int version, const struct log *log, char **err) {
    struct timespec from, to;
    struct str sql = {0};
    log_info(log,
             "store: the database is brought from version %d to %d: %lld leads, %lld calls",
             version, SCHEMA_VERSION,
             (long long)schema_number(db, "SELECT count(*) FROM dl_list"),
             (long long)schema_number(db, "SELECT count(*) FROM dialing"));
    clock_gettime(CLOCK_MONOTONIC, &from);
    /* what is new is written once by that, and not into the log first */
    str_add(&sql, "PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE;");
    for (int v = version; v < SCHEMA_VERSION - 1; v++)
        str_add(&sql, migrations[v]);
    schema_add_move(&sql);
    str_addf(&sql, "PRAGMA user_version = %d; COMMIT; PRAGMA journal_mode = WAL;",
             SCHEMA_VERSION);
    int rc = schema_run(db, sql.s, err);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (rc == 0)
        log_info(log, "store: the database is of version %d now; it took %lld s",
                 SCHEMA_VERSION, (long long)(to.tv_sec - from.tv_sec));
    str_free(&sql);
    return rc;
}

int schema_prepare(sqlite3 *db, const struct log *log, char **err) {
    int version = schema_version(db);
    if (version == SCHEMA_VERSION)
        return 0;
    if (version < 0 || version > SCHEMA_VERSION) {
        *err = version < 0 ? xasprintf("%s", sqlite3_errmsg(db))
                           : xasprintf("schema version %d is not known to this program (%d)",
                                       version, SCHEMA_VERSION);
        return -1;
    }
    if (version)
        return schema_upgrade(db, version, log, err);
    struct str sql = {0};
    str_add(&sql, "BEGIN IMMEDIATE;");
    schema_add_all(&sql);
    str_addf(&sql, "PRAGMA user_version = %d; COMMIT;", SCHEMA_VERSION);
    int rc = schema_run(db, sql.s, err);
    str_free(&sql);
    return rc;
}
