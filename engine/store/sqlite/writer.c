/* The writing connection: batches into transactions. Used by one thread at a time. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/sqlite/inner.h"

#define BUSY_MS 5
#define WAL_PAGES 4000 /* the log is folded in when it has grown to so many pages */

/* Prepared INSERTs and UPDATEs of rows: as many shapes as are in use at a time. */
#define SHAPES 64
#define SHAPE_WAYS 4

struct shape {
    const struct noun *noun;
    enum op_kind kind;
    uint64_t changed;
    bool is_conditional;
    unsigned used; /* when, by a counter */
    sqlite3_stmt *st;
};

enum verb { BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO, COUNT, VERB_COUNT };

struct writer {
    sqlite3 *db;
    const struct log *log;
    struct outputs *outputs;
    sqlite3_stmt *verbs[VERB_COUNT], *block;
    struct prepared statements[STATEMENT_COUNT];
    struct shape shapes[SHAPES];
    unsigned shape_uses;
    bool counts;
    int wal_pages;
};

static bool writer_run_sql(struct writer *w, const char *sql) {
    return sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int writer_step(sqlite3_stmt *st) {
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* What every transaction says, prepared once. */
static bool writer_run_verb(struct writer *w, enum verb v) {
    static const char *const texts[VERB_COUNT] = {"BEGIN IMMEDIATE",
                                                  "COMMIT",
                                                  "ROLLBACK",
                                                  "SAVEPOINT batch",
                                                  "RELEASE batch",
                                                  "ROLLBACK TO batch",
                                                  "UPDATE recorded SET batches = batches + 1"};
    if (w->verbs[v] == NULL &&
        sqlite3_prepare_v3(w->db, texts[v], -1, SQLITE_PREPARE_PERSISTENT, &w->verbs[v],
                           NULL) != SQLITE_OK)
        return false;
    return writer_step(w->verbs[v]) == SQLITE_OK;
}

/* ---- statements ---- */

static int writer_run_statement(struct writer *w, const struct op *o) {
    struct prepared *p = &w->statements[o->statement->number];
    int rc = prepared_get(p, w->db, o->statement);
    if (rc != SQLITE_OK)
        return rc;
    prepared_bind(p, o->args, o->count);
    return writer_step(p->st);
}

/* ---- rows ---- */

static bool writer_is_shape(const struct shape *s, const struct op *o) {
    return s->st && s->noun == o->noun && s->kind == o->kind && s->changed == o->changed &&
           s->is_conditional == o->is_conditional;
}

/* The place of that shape: where it is, else a free one, else that of the one which was not
 * used for longest. */
static struct shape *writer_place_of(struct writer *w, const struct op *o) {
    uint64_t hash = (o->changed ^ (uintptr_t)o->noun >> 4 ^ o->is_conditional) *
                    UINT64_C(0x9e3779b97f4a7c15);
    struct shape *set = &w->shapes[(hash >> 32) % (SHAPES / SHAPE_WAYS) * SHAPE_WAYS];
    struct shape *oldest = set;
    for (struct shape *s = set; s < set + SHAPE_WAYS; s++) {
        if (writer_is_shape(s, o))
            return s;
        if (s->st == NULL || (oldest->st && s->used < oldest->used))
            oldest = s;
    }
    return oldest;
}

static int writer_shape_of(struct writer *w, const struct op *o, struct shape **out) {
    struct shape *s = *out = writer_place_of(w, o);
    s->used = ++w->shape_uses;
    if (writer_is_shape(s, o))
        return SQLITE_OK;
    sqlite3_finalize(s->st);
    *s = (struct shape){o->noun, o->kind, o->changed, o->is_conditional, s->used, NULL};
    char *sql = o->kind == OP_INSERT ? schema_insert(o->noun)
                                     : schema_update(o->noun, o->changed, o->is_conditional);
    int rc = sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->st, NULL);
    free(sql);
    return rc;
}

/* *refused: the row is not what the condition says. One that is not there at all is a fault,
 * as a broken constraint is. */
static int writer_run_row(struct writer *w, const struct op *o, bool *refused) {
    struct shape *s;
    int rc = writer_shape_of(w, o, &s);
    if (rc != SQLITE_OK)
        return rc;
    for (int i = 0; i < o->count; i++)
        if (o->args[i].is_int)
            sqlite3_bind_int64(s->st, i + 1, o->args[i].num);
        else
            sqlite3_bind_text(s->st, i + 1, o->args[i].text, -1, SQLITE_STATIC);
    rc = writer_step(s->st);
    if (rc != SQLITE_OK || o->kind == OP_INSERT || sqlite3_changes(w->db))
        return rc;
    *refused = o->is_conditional;
    if (!*refused)
        log_error(w->log, "store: a %s to be changed is not there", o->noun->table);
    return SQLITE_CONSTRAINT;
}

/* ---- what else a batch may have ---- */

/* Both names go into SQL as text: ours, but be sure. */
static int writer_run_view(struct writer *w, const struct op *o) {
    const char *table = o->args[0].text, *dlma = o->args[1].text;
    if (!str_is_uuid(dlma))
        return SQLITE_OK;
    char *sql = xasprintf("CREATE VIEW IF NOT EXISTS \"%.36s\" AS SELECT * FROM dl_list WHERE"
                          " dlma_uuid = '%s' AND in_use = 1",
                          table, dlma);
    int rc = sqlite3_exec(w->db, sql, NULL, NULL, NULL);
    free(sql);
    return rc;
}

static int writer_run_block(struct writer *w, struct op *o) {
    static const char sql[] = "UPDATE sequence SET next = next + ?2 WHERE name = ?1"
                              " RETURNING next";
    if (w->block == NULL && sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                               &w->block, NULL) != SQLITE_OK)
        return SQLITE_ERROR;
    sqlite3_bind_text(w->block, 1, sequence_names[o->args[0].num], -1, SQLITE_STATIC);
    sqlite3_bind_int64(w->block, 2, o->args[1].num);
    int rc = sqlite3_step(w->block);
    if (rc == SQLITE_ROW)
        o->args[0].num = sqlite3_column_int64(w->block, 0) - o->args[1].num;
    sqlite3_reset(w->block);
    if (rc == SQLITE_DONE) /* no such kind */
        return SQLITE_CONSTRAINT;
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int writer_run_back(struct writer *w, const struct op *o) {
    char *sql = xasprintf("UPDATE sequence SET next = %lld WHERE name = '%s' AND next = %lld",
                          (long long)o->args[1].num, sequence_names[o->args[0].num],
                          (long long)o->args[2].num);
    int rc = sqlite3_exec(w->db, sql, NULL, NULL, NULL);
    free(sql);
    return rc;
}

static int writer_run_op(struct writer *w, struct op *o, bool *refused) {
    switch (o->kind) {
    case OP_VIEW:
        return writer_run_view(w, o);
    case OP_OUTPUT:
        return outputs_plan(w->outputs, o->args[0].text, o->args[1].text, o->args[2].text);
    case OP_BLOCK:
        return writer_run_block(w, o);
    case OP_BACK:
        return writer_run_back(w, o);
    case OP_INSERT:
    case OP_UPDATE:
        return writer_run_row(w, o, refused);
    case OP_STATEMENT:
        break;
    }
    return writer_run_statement(w, o);
}

/* ---- transactions ---- */

/* Is it the batch that is wrong, rather than the disk? */
static bool writer_is_batch_fault(int rc) {
    rc &= 0xff;
    return rc == SQLITE_CONSTRAINT || rc == SQLITE_ERROR || rc == SQLITE_MISMATCH ||
           rc == SQLITE_TOOBIG || rc == SQLITE_RANGE;
}

/* Undone by itself, so that it takes nobody with it. */
static int writer_undo(struct writer *w, struct batch *b, bool refused,
                       struct output_line **mark) {
    if (!refused && sqlite3_errcode(w->db) != SQLITE_OK)
        log_error(w->log, "store: %s", sqlite3_errmsg(w->db));
    b->end = refused ? BATCH_REFUSED : BATCH_WRONG;
    outputs_undo(w->outputs, mark);
    return writer_run_verb(w, ROLLBACK_TO) ? SQLITE_OK : SQLITE_IOERR;
}

/* Within its own savepoint. */
static int writer_run_batch(struct writer *w, struct batch *b) {
    if (!writer_run_verb(w, SAVEPOINT))
        return SQLITE_IOERR;
    struct output_line **mark = outputs_mark(w->outputs);
    bool refused = false;
    struct op *o;
    int rc = SQLITE_OK;
    b->end = BATCH_DURABLE;
    STAILQ_FOREACH (o, &b->ops, link) {
        rc = writer_run_op(w, o, &refused);
        if (rc != SQLITE_OK)
            break;
    }
    if (rc != SQLITE_OK && writer_is_batch_fault(rc))
        rc = writer_undo(w, b, refused, mark);
    if (rc != SQLITE_OK) /* the disk: all of it is tried again */
        return rc;
    return writer_run_verb(w, RELEASE) ? SQLITE_OK : SQLITE_IOERR;
}

static bool writer_run_all(struct writer *w, const struct jobs *batches) {
    struct job *j;
    if (outputs_note_written(w->outputs) != SQLITE_OK)
        return false;
    TAILQ_FOREACH (j, batches, link) {
        if (writer_run_batch(w, job_batch(j)) != SQLITE_OK ||
            (w->counts && !writer_run_verb(w, COUNT)))
            return false;
    }
    return true;
}

bool writer_write(struct writer *w, struct jobs *batches, char **err) {
    outputs_pay(w->outputs);
    bool ok =
        writer_run_verb(w, BEGIN) && writer_run_all(w, batches) && writer_run_verb(w, COMMIT);
    if (!ok) {
        *err = xasprintf("%s", sqlite3_errmsg(w->db));
        if (!sqlite3_get_autocommit(w->db))
            writer_run_verb(w, ROLLBACK);
        outputs_rolled_back(w->outputs);
        return false;
    }
    outputs_committed(w->outputs);
    if (w->wal_pages > WAL_PAGES)
        writer_checkpoint(w, false);
    return true;
}

bool writer_complete(struct writer *w, char **err) {
    struct jobs none = TAILQ_HEAD_INITIALIZER(none);
    bool ok = outputs_complete(w->outputs);
    if (!ok)
        *err = xasprintf("the ledger: %s", sqlite3_errmsg(w->db));
    return ok && (!outputs_are_written(w->outputs) || writer_write(w, &none, err));
}

/* ---- life ---- */

static int writer_on_wal(void *arg, sqlite3 *db, const char *name, int pages) {
    (void)db, (void)name;
    ((struct writer *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

void writer_checkpoint(struct writer *w, bool all) {
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    if (sqlite3_wal_checkpoint_v2(w->db, NULL, mode, NULL, NULL) == SQLITE_OK)
        w->wal_pages = 0;
}

static bool writer_open_file(struct writer *w, const char *path, bool full) {
    bool is_file = *path != ':';
    int fd = is_file ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    if (fd >= 0) /* names and numbers: not for everybody to read */
        close(fd);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    return sqlite3_open_v2(path, &w->db, flags, NULL) == SQLITE_OK &&
           writer_run_sql(w, "PRAGMA journal_mode = WAL") &&
           writer_run_sql(w,
                          full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL") &&
           writer_run_sql(w, "PRAGMA wal_autocheckpoint = 0");
}

struct writer *writer_open(const char *path, bool full, const struct log *log, char **err) {
    struct writer *w = xcalloc(1, sizeof *w);
    w->log = log;
    char *why = NULL;
    if (!writer_open_file(w, path, full)) {
        why = xstrdup(sqlite3_errmsg(w->db));
    } else {
        sqlite3_busy_timeout(w->db, BUSY_MS);
        if (schema_prepare(w->db, &why) == 0)
            why = statements_check(w->db);
    }
    w->outputs = outputs_new(w->db, log, full, *path == ':');
    if (why) {
        *err = xasprintf("%s: %s", path, why);
        free(why);
        writer_close(w);
        return NULL;
    }
    sqlite3_wal_hook(w->db, writer_on_wal, w);
    return w;
}

bool writer_restore(struct writer *w, const char *path, char **err) {
    sqlite3 *from = NULL;
    sqlite3_backup *copy = NULL;
    if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        copy = sqlite3_backup_init(w->db, "main", from, "main");
    bool ok = copy && sqlite3_backup_step(copy, -1) == SQLITE_DONE;
    ok = copy && sqlite3_backup_finish(copy) == SQLITE_OK && ok;
    if (!ok)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(copy ? w->db : from));
    sqlite3_close(from);
    outputs_mute(w->outputs);
    return ok;
}

bool writer_count(struct writer *w, char **err) {
    w->counts = writer_run_sql(w, "DROP TABLE IF EXISTS recorded") &&
                writer_run_sql(w, "CREATE TABLE recorded (batches INTEGER NOT NULL)") &&
                writer_run_sql(w, "INSERT INTO recorded VALUES (0)");
    if (!w->counts)
        *err = xasprintf("the database: %s", sqlite3_errmsg(w->db));
    return w->counts;
}

sqlite3 *writer_db(struct writer *w) { return w->db; }

void writer_close(struct writer *w) {
    if (w->counts)
        writer_run_sql(w, "DROP TABLE IF EXISTS recorded");
    for (size_t i = 0; i < VERB_COUNT; i++)
        sqlite3_finalize(w->verbs[i]);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        prepared_free(&w->statements[i]);
    for (size_t i = 0; i < SHAPES; i++)
        sqlite3_finalize(w->shapes[i].st);
    sqlite3_finalize(w->block);
    outputs_free(w->outputs);
    sqlite3_close(w->db);
    free(w);
}
