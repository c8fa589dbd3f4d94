/* Texts as numbers: names (of campaigns, plans, servers, files, outcomes), lists, times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "store/sqlite/inner.h"

#define KEPT_MAX 10000 /* names of each kind that are kept in memory */

struct names {
    sqlite3 *db;
    struct map kept[NAME_KINDS]; /* text -> id */
    sqlite3_stmt *find[NAME_KINDS], *add[NAME_KINDS];
};

/* ---- names ---- */

static sqlite3_stmt *names_prepared(struct names *n, sqlite3_stmt **slot, const char *sql) {
    if (*slot == NULL)
        sqlite3_prepare_v3(n->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    return *slot;
}

/* The first column of its row, or 0 if there is none; *rc if it fails. */
static int64_t names_ask(sqlite3_stmt *st, const char *text, int *rc) {
    int64_t id = 0;
    if (st == NULL) {
        *rc = SQLITE_ERROR;
        return 0;
    }
    sqlite3_bind_text(st, 1, text, -1, SQLITE_STATIC);
    int step = sqlite3_step(st);
    if (step == SQLITE_ROW)
        id = sqlite3_column_int64(st, 0);
    else if (step != SQLITE_DONE)
        *rc = step;
    sqlite3_reset(st);
    return id;
}

int64_t names_id(struct names *n, enum name_kind kind, const char *text, int *rc) {
    static const char *const find[NAME_KINDS] = {[NAME_ANY] =
                                                     "SELECT id FROM name WHERE text = ?",
                                                 [NAME_LIST] =
                                                     "SELECT id FROM list WHERE dlma_uuid = ?"};
    static const char *const add[NAME_KINDS] = {
        [NAME_ANY] = "INSERT INTO name(text) VALUES(?) RETURNING id",
        [NAME_LIST] = "INSERT INTO list(dlma_uuid) VALUES(?) RETURNING id"};
    *rc = SQLITE_OK;
    int64_t id = (int64_t)(intptr_t)map_get(&n->kept[kind], text);
    if (id)
        return id;
    id = names_ask(names_prepared(n, &n->find[kind], find[kind]), text, rc);
    if (id == 0 && *rc == SQLITE_OK)
        id = names_ask(names_prepared(n, &n->add[kind], add[kind]), text, rc);
    if (n->kept[kind].count > KEPT_MAX)
        map_free(&n->kept[kind]);
    if (id)
        map_put(&n->kept[kind], text, (void *)(intptr_t)id);
    return id;
}

void names_forget(struct names *n) {
    for (int kind = 0; kind < NAME_KINDS; kind++)
        map_free(&n->kept[kind]);
}

/* ---- times ---- */

/* A number of so many digits; -1 if there are others. */
static int64_t names_digits(const char *s, int n) {
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        sum = 10 * sum + s[i] - '0';
    }
    return sum;
}

/* Days from 1970 to that day of the Gregorian calendar. */
static int64_t names_days(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool time_parse(const char *text, int64_t *ns) {
    static const char form[] = "0000-00-00T00:00:00.000000000Z";
    static const struct {
        int at, digits;
        int64_t min, max;
    } parts[] = {{0, 4, 1970, 2261}, {5, 2, 1, 12},  {8, 2, 1, 31},        {11, 2, 0, 23},
                 {14, 2, 0, 59},     {17, 2, 0, 59}, {20, 9, 0, 999999999}};
    int64_t v[ARRAY_LEN(parts)];
    if (strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] != '0' && text[i] != form[i])
            return false;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        v[i] = names_digits(text + parts[i].at, parts[i].digits);
        if (v[i] < parts[i].min || v[i] > parts[i].max)
            return false;
    }
    char back[TIME_TEXT];
    int64_t s = ((names_days(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 + v[5];
    *ns = s * NS_PER_S + v[6];
    time_text(back, *ns);
    return strcmp(back, text) == 0; /* no 31st of February */
}

/* ---- in SQL: name('text') and ns('2016-11-15T02:10:52.930031700Z') ---- */

static void names_sql_name(sqlite3_context *ctx, int count, sqlite3_value **args) {
    (void)count;
    const char *text = (const char *)sqlite3_value_text(args[0]);
    int rc = SQLITE_OK;
    if (text == NULL)
        return;
    int64_t id = names_id(sqlite3_user_data(ctx), NAME_ANY, text, &rc);
    if (rc == SQLITE_OK)
        sqlite3_result_int64(ctx, id);
    else
        sqlite3_result_error_code(ctx, rc);
}

/* What is no time stays what it is. */
static void names_sql_ns(sqlite3_context *ctx, int count, sqlite3_value **args) {
    (void)count;
    const char *text = (const char *)sqlite3_value_text(args[0]);
    int64_t ns;
    if (text && time_parse(text, &ns))
        sqlite3_result_int64(ctx, ns);
    else if (text)
        sqlite3_result_value(ctx, args[0]);
}

bool names_add_ns(sqlite3 *db) {
    return sqlite3_create_function(db, "ns", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                   names_sql_ns, NULL, NULL) == SQLITE_OK;
}

struct names *names_new(sqlite3 *db) {
    struct names *n = xcalloc(1, sizeof *n);
    n->db = db;
    sqlite3_create_function(db, "name", 1, SQLITE_UTF8, n, names_sql_name, NULL, NULL);
    return n;
}

void names_free(struct names *n) {
    for (int kind = 0; kind < NAME_KINDS; kind++) {
        sqlite3_finalize(n->find[kind]);
        sqlite3_finalize(n->add[kind]);
        map_free(&n->kept[kind]);
    }
    free(n);
}
