#include "store/sqlite/ledger.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define BUSY_MS 2000
#define S(column) "coalesce((julianday(" column ") - 2440587.5) * 86400.0, 0)"

static const char find_sql[] = "SELECT uuid FROM campaign WHERE uuid = ?1 OR name = ?1"
                               " ORDER BY uuid = ?1 DESC LIMIT 2";
/* clang-format off */ /* a statement reads as SQL does */
#define CALLS(join, connect)                                                              \
    "SELECT d.answered, d.res_dial, d.res_hangup, coalesce(d.res_dial_detail, ''), "      \
    S("d.tm_dialing") ", " S("d.tm_dial_begin") ", " S("d.tm_dial_end") ", "              \
    S("d.tm_hangup") ", coalesce(p.dial_timeout, 0) / 1000.0, " join ", " connect         \
    " FROM dialing d LEFT JOIN plan p ON p.uuid = d.plan_uuid"                            \
    " WHERE d.camp_uuid = ?1 AND d.state = 1 ORDER BY d.tm_dialing, d.uuid"
/* clang-format on */
static const char calls_sql[] = CALLS(S("d.tm_join"), S("d.tm_connect"));
static const char old_calls_sql[] = CALLS("0", "0"); /* before the ledger knew of agents */

/* The campaign's uuid (free it), or NULL with *err. */
static char *ledger_find(sqlite3 *db, const char *path, const char *campaign, char **err) {
    sqlite3_stmt *st = NULL;
    char *uuid = NULL;
    if (sqlite3_prepare_v2(db, find_sql, -1, &st, NULL) != SQLITE_OK) {
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(db));
        return NULL;
    }
    sqlite3_bind_text(st, 1, campaign, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW)
        uuid = xstrdup((const char *)sqlite3_column_text(st, 0));
    bool several = uuid && strcmp(uuid, campaign) && sqlite3_step(st) == SQLITE_ROW;
    if (uuid == NULL || several) {
        *err = xasprintf("%s: %s campaign %s", path,
                         several ? "there is more than one (give its uuid):" : "there is no",
                         campaign);
        free(uuid);
        uuid = NULL;
    }
    sqlite3_finalize(st);
    return uuid;
}

static void ledger_take(sqlite3_stmt *st, struct ledger_call *c) {
    *c = (struct ledger_call){
        .answered = sqlite3_column_int(st, 0) != 0,
        .res_dial = sqlite3_column_int(st, 1),
        .res_hangup = sqlite3_column_int(st, 2),
        .detail = (const char *)sqlite3_column_text(st, 3),
        .dialing = sqlite3_column_double(st, 4),
        .begin = sqlite3_column_double(st, 5),
        .end = sqlite3_column_double(st, 6),
        .hangup = sqlite3_column_double(st, 7),
        .timeout = sqlite3_column_double(st, 8),
        .join = sqlite3_column_double(st, 9),
        .connect = sqlite3_column_double(st, 10),
    };
}

static bool ledger_read_calls(sqlite3 *db, const char *uuid,
                              void (*call)(void *arg, const struct ledger_call *c), void *arg) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, calls_sql, -1, &st, NULL);
    if (rc != SQLITE_OK)
        rc = sqlite3_prepare_v2(db, old_calls_sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        sqlite3_bind_text(st, 1, uuid, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct ledger_call c;
        ledger_take(st, &c);
        call(arg, &c);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE;
}

static sqlite3 *ledger_open_file(const char *path, bool *ok) {
    sqlite3 *db = NULL;
    *ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    if (*ok)
        sqlite3_busy_timeout(db, BUSY_MS);
    return db;
}

bool ledger_read(const char *path, const char *campaign,
                 void (*call)(void *arg, const struct ledger_call *c), void *arg, char **err) {
    char *uuid = NULL;
    bool ok;
    sqlite3 *db = ledger_open_file(path, &ok);
    if (ok) {
        uuid = ledger_find(db, path, campaign, err);
        ok = uuid && ledger_read_calls(db, uuid, call, arg);
    }
    if (!ok && *err == NULL)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(db));
    free(uuid);
    sqlite3_close(db);
    return ok;
}

char *ledger_memory(const char *path, const char *campaign, const char *hook) {
    static const char sql[] = "SELECT value FROM memory WHERE camp_uuid = ?1 AND hook = ?2";
    char *err = NULL, *value = NULL;
    bool ok;
    sqlite3 *db = ledger_open_file(path, &ok);
    char *uuid = ok ? ledger_find(db, path, campaign, &err) : NULL;
    sqlite3_stmt *st = NULL;
    if (uuid && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_text(st, 1, uuid, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 2, hook, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
            value = xstrdup((const char *)sqlite3_column_text(st, 0));
    }
    sqlite3_finalize(st);
    free(uuid);
    free(err);
    sqlite3_close(db);
    return value;
}
