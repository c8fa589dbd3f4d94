/* Databases as earlier versions of the program made them: a plan, a campaign, a list with
 * leads in every state, calls that are over, in progress and without their line in the file,
 * an agenda of it. */
#ifndef TESTS_OLDSCHEMA_H
#define TESTS_OLDSCHEMA_H

#include "tool.h"

#include <sqlite3.h>

/* clang-format off */
static const char old_tables[] = /* of version 4 */
    "CREATE TABLE campaign(uuid TEXT PRIMARY KEY NOT NULL, name TEXT, detail TEXT, status"
    " INTEGER, plan TEXT, dlma TEXT, dest TEXT, sc_mode INTEGER, sc_time_start TEXT,"
    " sc_time_end TEXT, sc_date_start TEXT, sc_date_end TEXT, sc_date_list TEXT,"
    " sc_date_list_except TEXT, sc_day_list TEXT, tm_create TEXT, tm_delete TEXT,"
    " tm_update TEXT, variables TEXT, next_campaign TEXT, channels INTEGER, cps INTEGER,"
    " in_use INTEGER, sc_hold INTEGER);"
    "CREATE TABLE plan(uuid TEXT PRIMARY KEY NOT NULL, name TEXT, detail TEXT, dial_mode"
    " INTEGER, dial_timeout INTEGER, caller_id TEXT, dl_end_handle INTEGER, retry_delay"
    " INTEGER, trunk_name TEXT, tech_name TEXT, variables TEXT, max_retry_cnt_1 INTEGER,"
    " max_retry_cnt_2 INTEGER, max_retry_cnt_3 INTEGER, max_retry_cnt_4 INTEGER,"
    " max_retry_cnt_5 INTEGER, max_retry_cnt_6 INTEGER, max_retry_cnt_7 INTEGER,"
    " max_retry_cnt_8 INTEGER, tm_create TEXT, tm_delete TEXT, tm_update TEXT,"
    " service_level INTEGER, early_media TEXT, codecs TEXT, uui_field TEXT, dial_script"
    " TEXT, retry_script TEXT, route_script TEXT, result_script TEXT, dial_params TEXT,"
    " retry_params TEXT, route_params TEXT, result_params TEXT, shadow_script TEXT,"
    " shadow_params TEXT, in_use INTEGER);"
    "CREATE TABLE dl_list_ma(uuid TEXT PRIMARY KEY NOT NULL, name TEXT, detail TEXT,"
    " dl_table TEXT, variables TEXT, tm_create TEXT, tm_delete TEXT, tm_update TEXT,"
    " in_use INTEGER);"
    "CREATE TABLE dl_list(uuid TEXT NOT NULL UNIQUE, dlma_uuid TEXT, name TEXT, detail"
    " TEXT, status INTEGER, ukey TEXT, variables TEXT, dialing_uuid TEXT,"
    " dialing_camp_uuid TEXT, dialing_plan_uuid TEXT, number_1 TEXT, number_2 TEXT,"
    " number_3 TEXT, number_4 TEXT, number_5 TEXT, number_6 TEXT, number_7 TEXT, number_8"
    " TEXT, email TEXT, trycnt_1 INTEGER, trycnt_2 INTEGER, trycnt_3 INTEGER, trycnt_4"
    " INTEGER, trycnt_5 INTEGER, trycnt_6 INTEGER, trycnt_7 INTEGER, trycnt_8 INTEGER,"
    " res_dial INTEGER, res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT,"
    " tm_create TEXT, tm_delete TEXT, tm_update TEXT, udata TEXT, resv_target TEXT,"
    " tm_last_dial TEXT, tm_last_hangup TEXT, in_use INTEGER, id INTEGER PRIMARY KEY,"
    " faults INTEGER, fault_index INTEGER);"
    "CREATE TABLE destination(uuid TEXT PRIMARY KEY NOT NULL, name TEXT, detail TEXT,"
    " type INTEGER, exten TEXT, context TEXT, priority TEXT, variables TEXT, application"
    " TEXT, data TEXT, tm_create TEXT, tm_delete TEXT, tm_update TEXT, in_use INTEGER);"
    "CREATE TABLE queue(uuid TEXT PRIMARY KEY NOT NULL, name TEXT, detail TEXT, tm_create"
    " TEXT, tm_delete TEXT, tm_update TEXT, in_use INTEGER);"
    "CREATE TABLE dialing(uuid TEXT PRIMARY KEY, otherchannelid TEXT, asterisk TEXT,"
    " camp_uuid TEXT, plan_uuid TEXT, lead_uuid TEXT, dial_index INTEGER, state INTEGER"
    " NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0, res_dial INTEGER,"
    " res_dial_detail TEXT, res_hangup INTEGER, res_hangup_detail TEXT, tm_dialing TEXT,"
    " tm_dial_begin TEXT, tm_dial_end TEXT, tm_hangup TEXT, frozen TEXT, result TEXT,"
    " result_path TEXT, result_offset INTEGER, result_written INTEGER NOT NULL DEFAULT 0,"
    " tm_join TEXT, tm_connect TEXT, abandoned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE INDEX dialing_open ON dialing(uuid) WHERE state = 0;"
    "CREATE INDEX dialing_unwritten ON dialing(result_path, result_offset) WHERE result"
    " IS NOT NULL AND result_written = 0;"
    "CREATE TABLE agenda(id INTEGER PRIMARY KEY, plan_uuid TEXT, dlma_uuid TEXT, version"
    " TEXT, cursor INTEGER NOT NULL DEFAULT 0, complete INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE due(agenda INTEGER, lead INTEGER, tries INTEGER, due_at INTEGER, number"
    " INTEGER, reason TEXT, PRIMARY KEY(agenda, lead)) WITHOUT ROWID;"
    "CREATE INDEX due_next ON due(agenda, tries, due_at, lead, number);"
    "CREATE INDEX due_lead ON due(lead);"
    "CREATE INDEX dl_list_dlma ON dl_list(dlma_uuid, id) WHERE in_use = 1;"
    "CREATE INDEX dl_list_dialing ON dl_list(status) WHERE status = 1;"
    "CREATE TABLE memory(camp_uuid TEXT, hook TEXT, value TEXT, PRIMARY KEY(camp_uuid,"
    " hook)) WITHOUT ROWID;"
    "CREATE INDEX dialing_live ON dialing(camp_uuid, tm_join, abandoned) WHERE tm_join"
    " NOTNULL;"
    "CREATE INDEX dialing_lead ON dialing(lead_uuid, tm_dialing);"
    "CREATE INDEX dl_list_reserved ON dl_list(status) WHERE status = 2;"
    ;

/* What version n + 1 added to version n, taken away again. */
static const char *const old_undo[] = {
    [3] = "DROP INDEX dl_list_reserved;",
    [2] = "DROP INDEX dialing_live; DROP INDEX dialing_lead;"
          "ALTER TABLE campaign DROP COLUMN channels; ALTER TABLE campaign DROP COLUMN cps;"
          "ALTER TABLE dialing DROP COLUMN tm_join; ALTER TABLE dialing DROP COLUMN tm_connect;"
          "ALTER TABLE dialing DROP COLUMN abandoned;",
    [1] = "DROP TABLE memory;"
          "ALTER TABLE plan DROP COLUMN dial_params; ALTER TABLE plan DROP COLUMN retry_params;"
          "ALTER TABLE plan DROP COLUMN route_params; ALTER TABLE plan DROP COLUMN result_params;"
          "ALTER TABLE plan DROP COLUMN shadow_script;"
          "ALTER TABLE plan DROP COLUMN shadow_params;",
};

#define OLD_DLMA "dddddddd-2222-4333-8444-000000000001"

/* Ten leads; number i has i tries: the first is being called, the second reserved, the third
 * deleted, the fourth finished. */
static const char old_rows[] =
    "INSERT INTO plan(uuid, name, max_retry_cnt_1, variables, tm_create, in_use)"
    " VALUES('p-1', 'old', 3, '{\"a\":\"b\"}', '2016-11-15T02:00:00.000000000Z', 1);"
    "INSERT INTO campaign(uuid, name, status, plan, dlma, in_use)"
    " VALUES('c-1', 'spring', 1, 'p-1', '" OLD_DLMA "', 1);"
    "INSERT INTO dl_list_ma(uuid, name, dl_table, in_use)"
    " VALUES('" OLD_DLMA "', 'list', 'dddddddd_2222_4333_8444_000000000001', 1);"
    "CREATE VIEW \"dddddddd_2222_4333_8444_000000000001\" AS SELECT * FROM dl_list WHERE"
    " dlma_uuid = '" OLD_DLMA "' AND in_use = 1;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)"
    " INSERT INTO dl_list(uuid, dlma_uuid, name, status, dialing_uuid, number_1, number_2,"
    " trycnt_1, trycnt_2, trycnt_3, trycnt_4, trycnt_5, trycnt_6, trycnt_7, trycnt_8,"
    " res_dial, res_dial_detail, res_hangup, tm_create, tm_last_hangup, in_use, id, faults,"
    " fault_index, resv_target)"
    " SELECT printf('eeeeeeee-2222-4333-8444-%012d', i), '" OLD_DLMA "', 'lead ' || i,"
    " CASE i WHEN 1 THEN 1 WHEN 2 THEN 2 ELSE 0 END, CASE i WHEN 1 THEN 'open' END,"
    " 3000 + i, NULL, i, 0, 0, 0, 0, 0, 0, 0, CASE i WHEN 4 THEN 4 ELSE 0 END,"
    " CASE i WHEN 4 THEN 'answered' END, 0, '2016-11-15T02:00:00.000000000Z',"
    " '2016-11-15T02:10:00.000000000Z', i != 3, 2 * i, 0, 1, CASE i WHEN 2 THEN 'ann' END"
    " FROM n;"
    "INSERT INTO dialing(uuid, otherchannelid, asterisk, camp_uuid, plan_uuid, lead_uuid,"
    " dial_index, state, answered, res_dial, res_dial_detail, res_hangup, tm_dialing,"
    " tm_dial_begin, tm_dial_end, tm_hangup, frozen, result, result_path, result_offset,"
    " result_written) VALUES"
    " ('over', 'o-1', 'main', 'c-1', 'p-1', 'eeeeeeee-2222-4333-8444-000000000004', 1, 1, 1,"
    " 4, 'answered', 16, '2016-11-15T02:09:00.000000000Z', '2016-11-15T02:09:01.000000000Z',"
    " '2016-11-15T02:09:05.500000000Z', '2016-11-15T02:10:00.000000000Z', NULL,"
    " '{\"result\":1}', 'RESULTS', 0, 1),"
    " ('unwritten', 'o-2', 'main', 'c-1', 'p-1', 'eeeeeeee-2222-4333-8444-000000000005', 1, 1,"
    " 0, 3, 'no answer', 19, '2016-11-15T02:08:00.000000000Z', NULL, NULL,"
    " '2016-11-15T02:08:30.000000000Z', NULL, '{\"result\":2}', 'RESULTS', 13, 0),"
    " ('open', 'o-3', 'main', 'c-1', 'p-1', 'eeeeeeee-2222-4333-8444-000000000001', 1, 0, 1,"
    " NULL, NULL, NULL, '2016-11-15T02:10:30.000000000Z', '2016-11-15T02:10:31.000000000Z',"
    " NULL, NULL, '{\"call\":{}}', NULL, NULL, NULL, 0);"
    "INSERT INTO agenda VALUES(7, 'p-1', '" OLD_DLMA "', 'v-1', 20, 1);"
    "INSERT INTO due SELECT 7, id, trycnt_1, CASE id WHEN 8 THEN 9223372036854775807"
    " ELSE 1000 * id END, 1, CASE id WHEN 8 THEN 'answered' END FROM dl_list"
    " WHERE in_use = 1 AND status = 0;";
/* clang-format on */

/* A database of that version, with result lines in that file. */
TOOL void old_make(const char *path, int version, const char *lines) {
    sqlite3 *old;
    char *err = NULL, *sql = NULL;
    assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
    if (sqlite3_exec(old, old_tables, NULL, NULL, &err) != SQLITE_OK ||
        sqlite3_exec(old, old_rows, NULL, NULL, &err) != SQLITE_OK)
        fail_msg("%s", err);
    for (int v = 3; v >= version; v--)
        if (sqlite3_exec(old, old_undo[v], NULL, NULL, &err) != SQLITE_OK)
            fail_msg("%s", err);
    sql = sqlite3_mprintf("UPDATE dialing SET result_path = %Q WHERE result_path NOTNULL;"
                          "PRAGMA user_version = %d",
                          lines, version);
    assert_int_equal(sqlite3_exec(old, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    sqlite3_close(old);
}

#endif
