#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/sqlite/inner.h"

#define BUSY_MS 2000 /* of a thread that has nothing else to do */
#define CACHE "PRAGMA cache_size = -16000; PRAGMA mmap_size = 0"
#define PROGRESS 1000 /* steps of SQLite's machine between two looks at the clock */

static int64_t reader_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Nonzero interrupts what is under way. */
static int reader_on_progress(void *arg) {
    struct reader *r = arg;
    if (r->now == NULL)
        return 0;
    return __atomic_load_n(&r->now->cancelled, __ATOMIC_ACQUIRE) ||
           (r->until && reader_now() > r->until);
}

struct reader *reader_connect(struct writer *w, bool shared, char **err) {
    struct reader *r = xcalloc(1, sizeof *r);
    const char *path = sqlite3_db_filename(writer_db(w), "main");
    r->is_shared = shared;
    r->db = writer_db(w);
    if (shared)
        return r;
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(r->db, CACHE, NULL, NULL, NULL) != SQLITE_OK || !names_add_ns(r->db)) {
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(r->db));
        reader_disconnect(r);
        return NULL;
    }
    sqlite3_busy_timeout(r->db, BUSY_MS);
    sqlite3_progress_handler(r->db, PROGRESS, reader_on_progress, r);
    return r;
}

void reader_disconnect(struct reader *r) {
    for (int i = 0; i < STATEMENT_COUNT; i++)
        prepared_free(&r->prepared[i]);
    sqlite3_finalize(r->count);
    if (!r->is_shared)
        sqlite3_close(r->db);
    free(r);
}

/* ---- carrying out ---- */

/* Is a text declared? Then a number stands for a time. */
static bool reader_is_text(const struct statement *st, int column) {
    int noun = st->noun ? st->noun->count : 0;
    if (column < noun)
        return st->noun->fields[column].type == FIELD_TEXT;
    return st->columns[column - noun].type == 't';
}

static void reader_add_int(struct rows *rows, const struct statement *st, int column,
                           int64_t num) {
    char text[TIME_TEXT];
    if (!reader_is_text(st, column)) {
        rows_add_int(rows, num);
        return;
    }
    time_text(text, num);
    rows_add_text(rows, text, strlen(text));
}

static void reader_add_row(struct rows *rows, const struct statement *is, sqlite3_stmt *st) {
    int width = sqlite3_column_count(st);
    for (int i = 0; i < width; i++)
        switch (sqlite3_column_type(st, i)) {
        case SQLITE_NULL:
            rows_add_null(rows);
            break;
        case SQLITE_INTEGER:
            reader_add_int(rows, is, i, sqlite3_column_int64(st, i));
            break;
        default:
            rows_add_text(rows, (const char *)sqlite3_column_text(st, i),
                          (size_t)sqlite3_column_bytes(st, i));
        }
}

/* SQLITE_DONE, or what went wrong. */
static int reader_run(struct reader *r, struct read *read) {
    struct prepared *p = &r->prepared[read->statement->number];
    int rc = prepared_get(p, r->db, read->statement);
    if (rc != SQLITE_OK)
        return rc;
    prepared_bind(p, read->args, read->count);
    while ((rc = sqlite3_step(p->st)) == SQLITE_ROW && rows_add(read->rows))
        reader_add_row(read->rows, read->statement, p->st);
    if (rc == SQLITE_ROW) /* too many: the rows say so */
        rc = SQLITE_DONE;
    else if (rc != SQLITE_DONE)
        rows_fail(read->rows, sqlite3_errmsg(r->db));
    sqlite3_reset(p->st);
    sqlite3_clear_bindings(p->st);
    return rc;
}

static int reader_count(struct reader *r, int64_t *batches) {
    int rc = SQLITE_OK;
    if (r->count == NULL)
        rc = sqlite3_prepare_v3(r->db, WRITER_COUNT, -1, SQLITE_PREPARE_PERSISTENT, &r->count,
                                NULL);
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(r->count);
    *batches = rc == SQLITE_ROW ? sqlite3_column_int64(r->count, 0) : 0;
    sqlite3_reset(r->count);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* The same while recording: one snapshot of the answer and of how many batches it sees. */
static int reader_run_counted(struct reader *r, struct read *read) {
    int rc = sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = reader_count(r, &read->saw);
    if (rc != SQLITE_OK)
        rows_fail(read->rows, sqlite3_errmsg(r->db));
    else
        rc = reader_run(r, read);
    sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
    return rc;
}

/* Is it the disk, rather than the statement or its time? */
static bool reader_is_disk(int rc) {
    switch (rc & 0xff) {
    case SQLITE_DONE:
    case SQLITE_ERROR:
    case SQLITE_INTERRUPT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
        return false;
    default:
        return true;
    }
}

enum read_fate reader_read(struct reader *r, struct read *read, bool is_recorded,
                           int64_t limit) {
    char why[96];
    read->rows = rows_new(read->statement);
    r->now = read;
    r->until = limit ? reader_now() + limit : 0;
    int rc = is_recorded ? reader_run_counted(r, read) : reader_run(r, read);
    r->now = NULL;
    snprintf(why, sizeof why, "%s: took longer than %lld ms", read->statement->name,
             (long long)(limit / NS_PER_MS));
    if ((rc & 0xff) == SQLITE_INTERRUPT)
        rows_fail(read->rows, why);
    read->end = read_error(read->rows) ? READ_FAILED : READ_ROWS;
    return reader_is_disk(rc) ? FATE_DISK : FATE_DONE;
}

/* ---- a copy ---- */

static bool reader_save_ids(sqlite3 *to, const int64_t *next) {
    bool ok = true;
    for (int kind = 0; kind < ID_KINDS && ok; kind++) {
        char *sql = xasprintf("UPDATE sequence SET next = %lld WHERE name = '%s'",
                              (long long)next[kind], sequence_names[kind]);
        ok = sqlite3_exec(to, sql, NULL, NULL, NULL) == SQLITE_OK;
        free(sql);
    }
    return ok;
}

bool reader_save(struct reader *r, const char *path, const int64_t *next, char **err) {
    sqlite3 *to = NULL;
    sqlite3_backup *copy = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* names and numbers */
    if (fd >= 0)
        close(fd);
    if (sqlite3_open_v2(path, &to, flags, NULL) == SQLITE_OK)
        copy = sqlite3_backup_init(to, "main", r->db, "main");
    bool ok = copy && sqlite3_backup_step(copy, -1) == SQLITE_DONE;
    ok = copy && sqlite3_backup_finish(copy) == SQLITE_OK && ok;
    /* one file, that can be read where nothing may be written */
    ok = ok && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK;
    ok = ok && reader_save_ids(to, next);
    if (!ok)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(to));
    sqlite3_close(to);
    return ok;
}
