/* The statements in SQLite's language. :name is an argument; $row stands for the columns
 * of the noun. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/inner.h"

#define STATEMENT(n, ...) \
    const struct statement n = {.name = #n, .number = STATEMENT_##n, __VA_ARGS__}
#define NEVER "9223372036854775807" /* due_at of a lead that is called no more */

/* clang-format off */ /* a statement reads as SQL does */

/* ---- the ledger ---- */

STATEMENT(write_ledger_open,
    .args = {{"uuid", 't'}, {"other", 't'}, {"asterisk", 't'}, {"campaign", 't'},
             {"plan", 't'}, {"lead", 't'}, {"dial_index", 'i'}, {"tm_dialing", 't'},
             {"frozen", 't'}},
    .text = "INSERT INTO dialing(uuid, otherchannelid, asterisk, camp_uuid, plan_uuid,"
            " lead_uuid, dial_index, tm_dialing, frozen)"
            " VALUES(:uuid, :other, :asterisk, :campaign, :plan, :lead, :dial_index,"
            " :tm_dialing, :frozen)");

STATEMENT(write_ledger_answer,
    .args = {{"uuid", 't'}, {"tm_dial_begin", 't'}, {"tm_dial_end", 't'}},
    .text = "UPDATE dialing SET answered = 1, tm_dial_begin = :tm_dial_begin,"
            " tm_dial_end = :tm_dial_end WHERE uuid = :uuid AND state = 0");

STATEMENT(write_ledger_join,
    .args = {{"uuid", 't'}, {"tm_join", 't'}, {"abandoned", 'i'}},
    .text = "UPDATE dialing SET tm_join = :tm_join, abandoned = :abandoned"
            " WHERE uuid = :uuid AND state = 0");

STATEMENT(write_ledger_connect,
    .args = {{"uuid", 't'}, {"tm_connect", 't'}},
    .text = "UPDATE dialing SET tm_connect = :tm_connect WHERE uuid = :uuid AND state = 0");

STATEMENT(write_ledger_close,
    .args = {{"uuid", 't'}, {"res_dial", 'i'}, {"res_dial_detail", 't'},
             {"res_hangup", 'i'}, {"res_hangup_detail", 't'}, {"tm_dial_begin", 't'},
             {"tm_dial_end", 't'}, {"tm_hangup", 't'}, {"asterisk", 't'},
             {"tm_join", 't'}, {"tm_connect", 't'}, {"abandoned", 'i'}},
    .text = "UPDATE dialing SET state = 1, frozen = NULL, res_dial = :res_dial,"
           " res_dial_detail = :res_dial_detail, res_hangup = :res_hangup,"
           " res_hangup_detail = :res_hangup_detail, tm_dial_begin = :tm_dial_begin,"
           " tm_dial_end = :tm_dial_end, tm_hangup = :tm_hangup, asterisk = :asterisk,"
           " tm_join = :tm_join, tm_connect = :tm_connect, abandoned = :abandoned"
           " WHERE uuid = :uuid AND state = 0");

STATEMENT(read_ledger_open,
    .columns = {{"uuid", 't'}, {"other", 't'}, {"asterisk", 't'}, {"campaign", 't'},
                {"plan", 't'}, {"lead", 't'}, {"dial_index", 'i'}, {"answered", 'i'},
                {"tm_dialing", 't'}, {"tm_dial_begin", 't'}, {"tm_dial_end", 't'},
                {"frozen", 't'}, {"tm_join", 't'}, {"tm_connect", 't'},
                {"abandoned", 'i'}},
    .text = "SELECT uuid, otherchannelid AS other, asterisk, camp_uuid AS campaign,"
            " plan_uuid AS plan, lead_uuid AS lead, dial_index, answered, tm_dialing,"
            " tm_dial_begin, tm_dial_end, frozen, tm_join, tm_connect, abandoned"
            " FROM dialing WHERE state = 0 ORDER BY tm_dialing, uuid");

/* Attempts on a lead since then that left this machine. */
STATEMENT(read_attempts,
    .args = {{"lead", 't'}, {"since", 't'}},
    .columns = {{"dial_index", 'i'}, {"tm_dialing", 't'}},
    .text = "SELECT dial_index, tm_dialing FROM dialing WHERE lead_uuid = :lead"
            " AND tm_dialing >= :since AND coalesce(res_dial_detail, '') != 'local'"
            " ORDER BY tm_dialing");

/* By hour: people who were to get an agent, and those who got none in time. */
STATEMENT(read_live,
    .args = {{"campaign", 't'}, {"since", 't'}},
    .columns = {{"hour", 't'}, {"joined", 'i'}, {"abandoned", 'i'}},
    .text = "SELECT substr(tm_join, 1, 13) AS hour, count(*) AS joined,"
            " sum(abandoned) AS abandoned FROM dialing WHERE camp_uuid = :campaign"
            " AND tm_join >= :since AND tm_join NOTNULL GROUP BY 1 ORDER BY 1");

/* ---- agendas and due dates ---- */

STATEMENT(write_agenda,
    .args = {{"agenda", 'i'}, {"plan", 't'}, {"dlma", 't'}, {"version", 't'}},
    .text = "INSERT INTO agenda(id, plan_uuid, dlma_uuid, version)"
            " VALUES(:agenda, :plan, :dlma, :version)");

STATEMENT(write_agenda_cursor,
    .args = {{"agenda", 'i'}, {"cursor", 'i'}, {"complete", 'i'}},
    .text = "UPDATE agenda SET cursor = :cursor, complete = :complete WHERE id = :agenda");

STATEMENT(write_agenda_delete,
    .args = {{"agenda", 'i'}},
    .text = "DELETE FROM agenda WHERE id = :agenda");

STATEMENT(read_agendas,
    .columns = {{"agenda", 'i'}, {"plan", 't'}, {"dlma", 't'}, {"version", 't'},
                {"cursor", 'i'}, {"complete", 'i'}},
    .text = "SELECT id AS agenda, plan_uuid AS plan, dlma_uuid AS dlma, version, cursor,"
            " complete FROM agenda ORDER BY id");

STATEMENT(write_due,
    .args = {{"agenda", 'i'}, {"lead", 'i'}, {"tries", 'i'}, {"due_at", 'i'},
             {"number", 'i'}, {"reason", 't'}},
    .text = "INSERT INTO due(agenda, lead, tries, due_at, number, reason)"
            " VALUES(:agenda, :lead, :tries, :due_at, :number, :reason)"
            " ON CONFLICT(agenda, lead) DO UPDATE SET tries = excluded.tries,"
            " due_at = excluded.due_at, number = excluded.number, reason = excluded.reason");

STATEMENT(write_due_lead_delete,
    .args = {{"lead", 'i'}},
    .text = "DELETE FROM due WHERE lead = :lead");

STATEMENT(write_due_purge,
    .args = {{"agenda", 'i'}, {"limit", 'i'}},
    .text = "DELETE FROM due WHERE agenda = :agenda AND lead IN"
            " (SELECT lead FROM due WHERE agenda = :agenda LIMIT :limit)");

/* The next number of tries that any lead has. */
STATEMENT(read_due_level,
    .args = {{"agenda", 'i'}, {"tries", 'i'}},
    .columns = {{"tries", 'i'}},
    .text = "SELECT tries FROM due WHERE agenda = :agenda AND tries > :tries"
            " ORDER BY tries LIMIT 1");

STATEMENT(read_due,
    .args = {{"agenda", 'i'}, {"tries", 'i'}, {"now", 'i'}},
    .columns = {{"lead", 'i'}, {"number", 'i'}},
    .text = "SELECT lead, number FROM due WHERE agenda = :agenda AND tries = :tries"
            " AND due_at <= :now ORDER BY due_at, lead");

STATEMENT(read_due_of_lead,
    .args = {{"agenda", 'i'}, {"lead", 'i'}},
    .columns = {{"due_at", 'i'}, {"number", 'i'}, {"reason", 't'}},
    .text = "SELECT due_at, number, reason FROM due WHERE agenda = :agenda AND lead = :lead");

STATEMENT(read_due_reasons,
    .args = {{"agenda", 'i'}, {"now", 'i'}},
    .columns = {{"why", 't'}, {"count", 'i'}},
    .text = "SELECT CASE WHEN due_at = " NEVER " THEN reason"
            " WHEN due_at > :now THEN coalesce(reason, 'waiting') ELSE 'ready' END AS why,"
            " count(*) AS count FROM due WHERE agenda = :agenda GROUP BY why ORDER BY why");

/* ---- leads ---- */

/* "number time,number time": the attempts on a lead since then that left this machine. */
#define ATTEMPTS                                                                          \
    "CASE WHEN :since NOTNULL THEN (SELECT group_concat(dial_index || ' ' || tm_dialing)" \
    " FROM dialing WHERE lead_uuid = dl_list.uuid AND tm_dialing >= :since"               \
    " AND coalesce(res_dial_detail, '') != 'local') END AS attempts"

/* The levels of an agenda in their order, each found by a look-up. */
#define LEVELS                                                                             \
    "WITH RECURSIVE level(tries) AS (SELECT min(tries) FROM due WHERE agenda = :agenda"    \
    " UNION ALL SELECT (SELECT min(tries) FROM due WHERE agenda = :agenda"                 \
    " AND tries > level.tries) FROM level WHERE level.tries NOTNULL) "

/* The leads of an agenda that may be called, in the order in which they are: level by level,
 * each in the order of its index. */
STATEMENT(read_window,
    .noun = &noun_lead,
    .args = {{"agenda", 'i'}, {"now", 'i'}, {"since", 't'}, {"limit", 'i'}},
    .columns = {{"number", 'i'}, {"tries", 'i'}, {"due_at", 'i'}, {"attempts", 't'}},
    .text = LEVELS "SELECT $row, due.number, due.tries, due.due_at, " ATTEMPTS
            " FROM level CROSS JOIN due ON due.agenda = :agenda AND due.tries = level.tries"
            " AND due.due_at <= :now CROSS JOIN dl_list ON dl_list.id = due.lead"
            " WHERE level.tries NOTNULL LIMIT :limit");

/* For each level, when the first of those that wait is due. */
STATEMENT(read_levels,
    .args = {{"agenda", 'i'}, {"now", 'i'}},
    .columns = {{"tries", 'i'}, {"due_at", 'i'}},
    .text = LEVELS "SELECT level.tries AS tries, (SELECT min(due_at) FROM due"
            " WHERE agenda = :agenda AND due.tries = level.tries AND due_at > :now) AS due_at"
            " FROM level WHERE level.tries NOTNULL");

STATEMENT(read_lead_by_uuid,
    .noun = &noun_lead,
    .args = {{"uuid", 't'}, {"since", 't'}},
    .columns = {{"attempts", 't'}},
    .text = "SELECT $row, " ATTEMPTS " FROM dl_list WHERE uuid = :uuid");

/* Those of one list behind an id, for its agendas. */
STATEMENT(read_leads_to_place,
    .noun = &noun_lead,
    .args = {{"dlma", 't'}, {"after", 'i'}, {"since", 't'}, {"limit", 'i'}},
    .columns = {{"attempts", 't'}},
    .text = "SELECT $row, " ATTEMPTS " FROM dl_list WHERE dlma_uuid = :dlma AND id > :after"
            " AND in_use = 1 ORDER BY id LIMIT :limit");

/* Those of one list, or of all, behind an id. */
STATEMENT(read_leads_after,
    .noun = &noun_lead,
    .args = {{"dlma", 't'}, {"after", 'i'}, {"limit", 'i'}},
    .text = "SELECT $row FROM dl_list WHERE dlma_uuid = :dlma AND id > :after AND in_use = 1"
            " ORDER BY id LIMIT :limit");

STATEMENT(read_leads,
    .noun = &noun_lead,
    .args = {{"after", 'i'}, {"limit", 'i'}},
    .text = "SELECT $row FROM dl_list WHERE id > :after AND in_use = 1"
            " ORDER BY id LIMIT :limit");

STATEMENT(read_leads_dialing,
    .noun = &noun_lead,
    .text = "SELECT $row FROM dl_list WHERE status = 1");

STATEMENT(read_leads_reserved,
    .noun = &noun_lead,
    .text = "SELECT $row FROM dl_list WHERE status = 2");

/* Why each lead of a piece of the list is not called: every one has one reason. */
STATEMENT(read_lead_whys,
    .args = {{"dlma", 't'}, {"after", 'i'}, {"limit", 'i'}, {"agenda", 'i'},
             {"now", 'i'}, {"unknown", 't'}},
    .columns = {{"why", 't'}, {"count", 'i'}, {"last", 'i'}},
    .text = "SELECT CASE WHEN l.status = 1 THEN 'being called'"
            " WHEN l.status = 2 THEN 'reserved' WHEN d.lead IS NULL THEN :unknown"
            " WHEN d.due_at = " NEVER " THEN d.reason"
            " WHEN d.due_at > :now THEN coalesce(d.reason, 'waiting for its next attempt')"
            " ELSE 'ready' END AS why, count(*) AS count, max(l.id) AS last"
            " FROM (SELECT id, status FROM dl_list WHERE dlma_uuid = :dlma AND id > :after"
            " AND in_use = 1 ORDER BY id LIMIT :limit) l"
            " LEFT JOIN due d ON d.agenda = :agenda AND d.lead = l.id"
            " GROUP BY why ORDER BY why");

/* Finished = the agenda says never again; without one: answered, or no number with a try
 * left, which is what the plan itself would say. */
#define TRIES_LEFT(n) "(number_" n " NOTNULL AND trycnt_" n " < :max_" n ")"
STATEMENT(read_lead_stats,
    .args = {{"dlma", 't'}, {"max_1", 'i'}, {"max_2", 'i'}, {"max_3", 'i'},
             {"max_4", 'i'}, {"max_5", 'i'}, {"max_6", 'i'}, {"max_7", 'i'},
             {"max_8", 'i'}, {"agenda", 'i'}},
    .columns = {{"total", 'i'}, {"dialing", 'i'}, {"finished", 'i'}, {"tries", 'i'}},
    .text = "SELECT count(*) AS total, coalesce(sum(status = 1), 0) AS dialing,"
            " coalesce(sum(status != 1 AND CASE WHEN due.lead NOTNULL THEN"
            " due.due_at = " NEVER " ELSE (res_dial = 4"
            " OR coalesce(res_dial_detail, '') = 'unknown' OR NOT ("
            TRIES_LEFT("1") " OR " TRIES_LEFT("2") " OR " TRIES_LEFT("3") " OR "
            TRIES_LEFT("4") " OR " TRIES_LEFT("5") " OR " TRIES_LEFT("6") " OR "
            TRIES_LEFT("7") " OR " TRIES_LEFT("8") ")) END), 0) AS finished,"
            " coalesce(sum(trycnt_1 + trycnt_2 + trycnt_3 + trycnt_4 + trycnt_5 + trycnt_6"
            " + trycnt_7 + trycnt_8), 0) AS tries"
            " FROM dl_list LEFT JOIN due ON due.agenda = :agenda AND due.lead = id"
            " WHERE dlma_uuid = :dlma AND in_use = 1");

/* ---- counters: kept by triggers, in the transaction of what they count ---- */

/* Of a list: its leads, those that are being called, the tries of all; and those that the
 * agenda calls no more or, without one (0), that the campaign had none of at its last stop.
 * One row. */
STATEMENT(read_list_counts,
    .args = {{"dlma", 't'}, {"agenda", 'i'}, {"campaign", 't'}},
    .columns = {{"total", 'i'}, {"dialing", 'i'}, {"tries", 'i'}, {"finished", 'i'}},
    .text = "SELECT coalesce(sum(total), 0) AS total, coalesce(sum(dialing), 0) AS dialing,"
            " coalesce(sum(tries), 0) AS tries, CASE WHEN :agenda THEN"
            " (SELECT coalesce(sum(n), 0) FROM agenda_count WHERE agenda = :agenda) ELSE"
            " (SELECT coalesce(sum(n), 0) FROM campaign_count WHERE camp_uuid = :campaign)"
            " END AS finished FROM list_count WHERE dlma_uuid = :dlma");

/* Leads that an agenda calls no more, by reason. */
STATEMENT(read_agenda_counts,
    .args = {{"agenda", 'i'}},
    .columns = {{"reason", 't'}, {"count", 'i'}},
    .text = "SELECT reason, n AS count FROM agenda_count WHERE agenda = :agenda AND n > 0"
            " ORDER BY reason");

/* Copies these for a campaign that stops; what was there of an earlier run goes. */
STATEMENT(write_campaign_counts,
    .args = {{"campaign", 't'}, {"agenda", 'i'}},
    .text = "INSERT OR REPLACE INTO campaign_count(camp_uuid, reason, n)"
            " SELECT :campaign, reason, coalesce((SELECT n FROM agenda_count"
            " WHERE agenda = :agenda AND agenda_count.reason = r.reason), 0)"
            " FROM (SELECT reason FROM agenda_count WHERE agenda = :agenda UNION"
            " SELECT reason FROM campaign_count WHERE camp_uuid = :campaign) r");

STATEMENT(read_campaign_counts,
    .args = {{"campaign", 't'}},
    .columns = {{"reason", 't'}, {"count", 'i'}},
    .text = "SELECT reason, n AS count FROM campaign_count WHERE camp_uuid = :campaign"
            " AND n > 0 ORDER BY reason");

/* Counts everything again: counters that are wrong. */
#define TRIES "coalesce(trycnt_1 + trycnt_2 + trycnt_3 + trycnt_4 + trycnt_5 + trycnt_6" \
              " + trycnt_7 + trycnt_8, 0)"
#define LIST_TEXT(t) "printf('%d leads, %d in work, %d tries', " t ".total, " t ".dialing, " \
                     t ".tries)"
STATEMENT(read_count_faults,
    .columns = {{"what", 't'}, {"is", 't'}, {"should", 't'}},
    .text = "WITH lists AS (SELECT coalesce(dlma_uuid, '') AS dlma_uuid,"
            " sum(in_use IS 1) AS total, sum(in_use IS 1 AND status IS 1) AS dialing,"
            " sum(CASE WHEN in_use IS 1 THEN " TRIES " ELSE 0 END) AS tries"
            " FROM dl_list GROUP BY 1),"
            " finished AS (SELECT agenda, coalesce(reason, '') AS reason, count(*) AS n"
            " FROM due WHERE due_at = " NEVER " GROUP BY 1, 2)"
            " SELECT 'list ' || l.dlma_uuid AS what,"
            " coalesce(" LIST_TEXT("c") ", 'none') AS \"is\", " LIST_TEXT("l") " AS should"
            " FROM lists l LEFT JOIN list_count c USING(dlma_uuid)"
            " WHERE l.total IS NOT c.total OR l.dialing IS NOT c.dialing"
            " OR l.tries IS NOT c.tries"
            " UNION ALL SELECT 'list ' || c.dlma_uuid, " LIST_TEXT("c") ", 'none'"
            " FROM list_count c LEFT JOIN lists l USING(dlma_uuid) WHERE l.dlma_uuid IS NULL"
            " AND (c.total != 0 OR c.dialing != 0 OR c.tries != 0)"
            " UNION ALL SELECT 'agenda ' || f.agenda || ', ' || f.reason,"
            " coalesce(c.n, 0) || ' leads', f.n || ' leads'"
            " FROM finished f LEFT JOIN agenda_count c USING(agenda, reason)"
            " WHERE f.n IS NOT c.n"
            " UNION ALL SELECT 'agenda ' || c.agenda || ', ' || c.reason, c.n || ' leads',"
            " '0 leads' FROM agenda_count c LEFT JOIN finished f USING(agenda, reason)"
            " WHERE f.n IS NULL AND c.n != 0");

/* ---- the other nouns, those in use ---- */

STATEMENT(read_all_campaigns,
    .noun = &noun_campaign,
    .text = "SELECT $row FROM campaign WHERE in_use = 1 ORDER BY tm_create, uuid");

STATEMENT(read_all_plans,
    .noun = &noun_plan,
    .text = "SELECT $row FROM plan WHERE in_use = 1 ORDER BY tm_create, uuid");

STATEMENT(read_all_dlmas,
    .noun = &noun_dlma,
    .text = "SELECT $row FROM dl_list_ma WHERE in_use = 1 ORDER BY tm_create, uuid");

STATEMENT(read_all_destinations,
    .noun = &noun_destination,
    .text = "SELECT $row FROM destination WHERE in_use = 1 ORDER BY tm_create, uuid");

STATEMENT(read_all_queues,
    .noun = &noun_queue,
    .text = "SELECT $row FROM queue WHERE in_use = 1 ORDER BY tm_create, uuid");

/* ---- what hooks, and the engine itself, have learnt ---- */

STATEMENT(write_memory,
    .args = {{"campaign", 't'}, {"hook", 't'}, {"value", 't'}},
    .text = "INSERT OR REPLACE INTO memory(camp_uuid, hook, value)"
            " VALUES(:campaign, :hook, :value)");

STATEMENT(write_memory_delete,
    .args = {{"campaign", 't'}},
    .text = "DELETE FROM memory WHERE camp_uuid = :campaign");

STATEMENT(read_memory,
    .args = {{"campaign", 't'}, {"hook", 't'}},
    .columns = {{"value", 't'}},
    .text = "SELECT value FROM memory WHERE camp_uuid = :campaign AND hook = :hook");

STATEMENT(read_memories,
    .columns = {{"campaign", 't'}, {"hook", 't'}, {"value", 't'}},
    .text = "SELECT camp_uuid AS campaign, hook, value FROM memory ORDER BY camp_uuid, hook");

/* clang-format on */

#define STATEMENT_ADDRESS(name) [STATEMENT_##name] = &name,
const struct statement *const statements[STATEMENT_COUNT] = {STATEMENTS(STATEMENT_ADDRESS)};

/* ---- prepared ---- */

char *statement_text(const struct statement *st) {
    struct str out = {0};
    const char *rest = strstr(st->text, "$row");
    if (rest == NULL || st->noun == NULL)
        return xstrdup(st->text);
    str_addn(&out, st->text, (size_t)(rest - st->text));
    for (int i = 0; i < st->noun->count; i++)
        str_addf(&out, "%s%s", i ? ", " : "", st->noun->fields[i].column);
    str_add(&out, rest + strlen("$row"));
    return str_take(&out);
}

static int statements_place(sqlite3_stmt *st, const char *name) {
    char text[64];
    snprintf(text, sizeof text, ":%s", name);
    return sqlite3_bind_parameter_index(st, text);
}

int prepared_get(struct prepared *p, sqlite3 *db, const struct statement *st) {
    if (p->st)
        return SQLITE_OK;
    char *text = statement_text(st);
    int rc = sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &p->st, NULL);
    free(text);
    for (int i = 0; rc == SQLITE_OK && st->args[i].name; i++)
        p->place[i] = (unsigned char)statements_place(p->st, st->args[i].name);
    return rc;
}

void prepared_bind(const struct prepared *p, const struct arg *args, int count) {
    for (int i = 0; i < count; i++)
        if (args[i].is_int)
            sqlite3_bind_int64(p->st, p->place[i], args[i].num);
        else
            sqlite3_bind_text(p->st, p->place[i], args[i].text, -1, SQLITE_STATIC);
}

void prepared_free(struct prepared *p) {
    sqlite3_finalize(p->st);
    p->st = NULL;
}

/* ---- do they fit the database, and what they declare? ---- */

static char *statements_check_columns(const struct statement *st, sqlite3_stmt *is) {
    int noun = st->noun ? st->noun->count : 0, count = noun + statement_count(st->columns);
    if (sqlite3_column_count(is) != count)
        return xasprintf("%s: %d columns, %d are declared", st->name, sqlite3_column_count(is),
                         count);
    for (int i = 0; i < count; i++) {
        const char *name = i < noun ? st->noun->fields[i].column : st->columns[i - noun].name;
        if (strcmp(sqlite3_column_name(is, i), name))
            return xasprintf("%s: column \"%s\" is declared as \"%s\"", st->name,
                             sqlite3_column_name(is, i), name);
    }
    return NULL;
}

static char *statements_check_args(const struct statement *st, sqlite3_stmt *is) {
    int count = statement_count(st->args);
    if (sqlite3_bind_parameter_count(is) != count)
        return xasprintf("%s: %d arguments, %d are declared", st->name,
                         sqlite3_bind_parameter_count(is), count);
    for (int i = 0; i < count; i++)
        if (statements_place(is, st->args[i].name) == 0)
            return xasprintf("%s: does not use its argument \"%s\"", st->name,
                             st->args[i].name);
    return NULL;
}

char *statements_check(sqlite3 *db) {
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        struct prepared p = {0};
        char *why = NULL;
        if (prepared_get(&p, db, statements[i]) != SQLITE_OK)
            why = xasprintf("%s: %s", statements[i]->name, sqlite3_errmsg(db));
        if (why == NULL)
            why = statements_check_args(statements[i], p.st);
        if (why == NULL)
            why = statements_check_columns(statements[i], p.st);
        prepared_free(&p);
        if (why)
            return why;
    }
    return NULL;
}
