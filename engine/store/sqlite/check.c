#include <stdlib.h>
#include <string.h>

#include "store/sqlite/inner.h"
#include "store/sqlite/sqlite.h"

#define BUSY_MS 2000

struct check {
    sqlite3 *db;
    void (*fault)(void *arg, const char *line);
    void *arg;
};

static int check_structure(const struct check *c) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->db, "PRAGMA quick_check", -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(st, 0);
        if (strcmp(line, "ok"))
            c->fault(c->arg, line);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc;
}

static int check_counts(const struct check *c) {
    struct prepared p = {0};
    int rc = prepared_get(&p, c->db, &read_count_faults);
    while (rc == SQLITE_OK && (rc = sqlite3_step(p.st)) == SQLITE_ROW) {
        char *line = xasprintf("%s: counted as %s, there are %s", sqlite3_column_text(p.st, 0),
                               sqlite3_column_text(p.st, 1), sqlite3_column_text(p.st, 2));
        c->fault(c->arg, line);
        free(line);
        rc = SQLITE_OK;
    }
    prepared_free(&p);
    return rc;
}

bool sqlite_check(const char *path, void (*fault)(void *arg, const char *line), void *arg,
                  char **err) {
    struct check c = {NULL, fault, arg};
    int rc = sqlite3_open_v2(path, &c.db, SQLITE_OPEN_READONLY, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(c.db, BUSY_MS);
    int version = rc == SQLITE_OK ? schema_version(c.db) : -1;
    if (version >= 0 && version != SCHEMA_VERSION) {
        *err = xasprintf("%s: schema version %d; this program checks %d, which it makes of an"
                         " older one when it starts",
                         path, version, SCHEMA_VERSION);
        sqlite3_close(c.db);
        return false;
    }
    if (version >= 0 && (rc = check_structure(&c)) == SQLITE_DONE)
        rc = check_counts(&c);
    if (rc != SQLITE_DONE)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(c.db));
    sqlite3_close(c.db);
    return rc == SQLITE_DONE;
}
