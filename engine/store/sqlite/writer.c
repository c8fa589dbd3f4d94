/* The writing connection: batches into transactions. Used by one thread at a time. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/sqlite/inner.h"

#define BUSY_MS 5
#define WAIT_MS 11000 /* for whoever reads: longer than a scan may take */
#define PAGE 4096
#define SOFT_PAGES 1000
#define HARD_PAGES 65536
#define CACHE "PRAGMA cache_size = -64000" /* kB of pages in memory */

/* Prepared INSERTs and UPDATEs of rows: as many shapes as are in use at a time. */
#define SHAPES 64
#define SHAPE_WAYS 4

struct shape {
    const struct noun *noun;
    int part;
    enum op_kind kind;
    uint64_t changed;
    bool is_conditional;
    unsigned used; /* when, by a counter */
    sqlite3_stmt *st;
};

enum verb { BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO, COUNT, VERB_COUNT };

/* Calls of the ledger that are over are taken out of those that have begun, all together:
 * when so many have come to an end, and at least a part of those that are in progress. */
#define SWEEP_MIN 1000
#define SWEEP_PART 10

struct writer {
    sqlite3 *db;
    const struct log *log;
    struct names *names;
    struct outputs *outputs;
    sqlite3_stmt *verbs[VERB_COUNT], *block;
    struct prepared statements[STATEMENT_COUNT];
    struct shape shapes[SHAPES];
    unsigned shape_uses;
    bool counts;
    struct {
        int64_t open, ended; /* calls in progress; ended since the last sweep */
        int64_t id, n;       /* the call that was closed last, and its number */
    } ledger;
    struct {
        int pages;      /* in the log */
        int folded;     /* as many were in it when it was folded last */
        int soft, hard; /* it is folded as far as it goes; it is waited for */
        int wait_at;    /* so many pages, for the next time */
    } wal;
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

/* What the sweep and the result lines need to know of the ledger. */
static void writer_note_call(struct writer *w, const struct op *o) {
    if (o->statement == &write_ledger_open)
        w->ledger.open++;
    if (o->statement != &write_ledger_close)
        return;
    w->ledger.open--;
    w->ledger.ended++;
    w->ledger.id = o->args[0].num;
    w->ledger.n = sqlite3_last_insert_rowid(w->db);
}

static int writer_run_statement(struct writer *w, const struct op *o) {
    struct prepared *p = &w->statements[o->statement->number];
    int rc = prepared_get(p, w->db, o->statement);
    if (rc != SQLITE_OK)
        return rc;
    prepared_bind(p, o->args, o->count);
    rc = writer_step(p->st);
    if (rc == SQLITE_OK && sqlite3_changes(w->db))
        writer_note_call(w, o);
    return rc;
}

/* ---- rows ---- */

static bool writer_is_shape(const struct shape *s, const struct op *o, int part) {
    return s->st && s->noun == o->noun && s->part == part && s->kind == o->kind &&
           s->changed == o->changed && s->is_conditional == o->is_conditional;
}

/* The place of that shape: where it is, else a free one, else that of the one which was not
 * used for longest. */
static struct shape *writer_place_of(struct writer *w, const struct op *o, int part) {
    uint64_t hash =
        (o->changed ^ (uintptr_t)o->noun >> 4 ^ o->is_conditional ^ (uint64_t)part << 1) *
        UINT64_C(0x9e3779b97f4a7c15);
    struct shape *set = &w->shapes[(hash >> 32) % (SHAPES / SHAPE_WAYS) * SHAPE_WAYS];
    struct shape *oldest = set;
    for (struct shape *s = set; s < set + SHAPE_WAYS; s++) {
        if (writer_is_shape(s, o, part))
            return s;
        if (s->st == NULL || (oldest->st && s->used < oldest->used))
            oldest = s;
    }
    return oldest;
}

static int writer_shape_of(struct writer *w, const struct op *o, const struct part *p, int part,
                           sqlite3_stmt **out) {
    struct shape *s = writer_place_of(w, o, part);
    int rc = SQLITE_OK;
    s->used = ++w->shape_uses;
    if (!writer_is_shape(s, o, part)) {
        sqlite3_finalize(s->st);
        *s = (struct shape){o->noun,           part,    o->kind, o->changed,
                            o->is_conditional, s->used, NULL};
        char *sql = o->kind == OP_INSERT
                        ? schema_insert(o->noun, p)
                        : schema_update(o->noun, p, o->changed, o->is_conditional);
        rc = sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->st, NULL);
        free(sql);
    }
    *out = s->st;
    return rc;
}

static void writer_bind_arg(sqlite3_stmt *st, int at, const struct arg *a) {
    if (a->is_int)
        sqlite3_bind_int64(st, at, a->num);
    else
        sqlite3_bind_text(st, at, a->text, -1, SQLITE_STATIC); /* NULL binds null */
}

/* A field's value, in the form in which it is kept. */
static int writer_bind_field(struct writer *w, sqlite3_stmt *st, int at, const struct noun *n,
                             int field, const struct arg *a) {
    enum field_form form = a->is_int ? FORM_PLAIN : schema_form(n, field);
    int rc = SQLITE_OK;
    int64_t num = 0;
    if (form == FORM_LIST)
        num = a->text ? names_id(w->names, NAME_LIST, a->text, &rc) : 0;
    else if (form == FORM_PLAIN || a->text == NULL)
        form = FORM_PLAIN;
    else if (form == FORM_NAME)
        num = names_id(w->names, NAME_ANY, a->text, &rc);
    else if (!time_parse(a->text, &num))
        form = FORM_PLAIN;
    if (form == FORM_PLAIN)
        writer_bind_arg(st, at, a);
    else
        sqlite3_bind_int64(st, at, num);
    return rc;
}

/* One of the tables that the row lies in. */
static int writer_run_part(struct writer *w, const struct op *o, const struct part *p,
                           int part) {
    sqlite3_stmt *st;
    int rc = writer_shape_of(w, o, p, part, &st), at = 0;
    const struct arg *a = o->args;
    for (int i = 0; i < o->noun->count && rc == SQLITE_OK; i++) {
        if (!(o->changed >> i & 1))
            continue;
        if (p->fields >> i & 1)
            rc = writer_bind_field(w, st, ++at, o->noun, i, a);
        a++;
    }
    if (rc != SQLITE_OK)
        return rc;
    for (; a < o->args + o->count; a++) /* the key; and the version, of whom it concerns */
        if (at < sqlite3_bind_parameter_count(st))
            writer_bind_arg(st, ++at, a);
    return writer_step(st);
}

/* *refused: the row is not what the condition says. One that is not there at all is a fault,
 * as a broken constraint is. */
static int writer_run_row(struct writer *w, const struct op *o, bool *refused) {
    struct part parts[PARTS_MAX];
    int count = schema_parts(o->noun, parts), rc = SQLITE_OK;
    for (int i = 0; i < count && rc == SQLITE_OK; i++) {
        const struct part *p = &parts[i];
        if (o->kind == OP_UPDATE && !p->has_version && !(p->fields & o->changed))
            continue;
        rc = writer_run_part(w, o, p, i);
        if (rc != SQLITE_OK || o->kind == OP_INSERT || sqlite3_changes(w->db))
            continue;
        *refused = o->is_conditional && p->has_version;
        if (!*refused)
            log_error(w->log, "store: a %s to be changed is not there", o->noun->table);
        rc = SQLITE_CONSTRAINT;
    }
    return rc;
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

/* The number that a call has in the ledger, once it is over. */
static int writer_find_call(struct writer *w, int64_t id, int64_t *n) {
    static const char sql[] = "SELECT max(n) FROM call WHERE id = ?";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(w->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(st, 1, id);
    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        rc = SQLITE_OK;
    *n = rc == SQLITE_OK ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return rc == SQLITE_OK && *n == 0 ? SQLITE_CONSTRAINT : rc;
}

/* The line is that of the call which was closed just before: anything else takes a while. */
static int writer_run_output(struct writer *w, const struct op *o) {
    int64_t n = w->ledger.n;
    int rc = SQLITE_OK;
    if (w->ledger.id != o->args[0].num)
        rc = writer_find_call(w, o->args[0].num, &n);
    return rc == SQLITE_OK ? outputs_plan(w->outputs, n, o->args[1].text, o->args[2].text) : rc;
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
        return writer_run_output(w, o);
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
    names_forget(w->names);
    w->ledger.id = 0;
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

/* Calls that are over leave those that have begun: of the older ones, which nearly all are
 * over, so that whole pages become free. */
static int writer_sweep(struct writer *w) {
    static const char oldest[] =
        "SELECT coalesce((SELECT b.id FROM call_begin b WHERE NOT EXISTS (SELECT 1 FROM call_over o"
        " WHERE o.id = b.id) ORDER BY b.id LIMIT 1 OFFSET %lld), 9223372036854775807)";
    if (w->ledger.ended < SWEEP_MIN || w->ledger.ended < w->ledger.open / SWEEP_PART)
        return SQLITE_OK;
    char *limit = xasprintf(oldest, (long long)(w->ledger.open / SWEEP_PART));
    char *sql = xasprintf("CREATE TEMP TABLE IF NOT EXISTS swept(id INTEGER PRIMARY KEY);"
                          "INSERT INTO swept SELECT id FROM call_over WHERE id < (%s);"
                          "DELETE FROM call_begin WHERE id IN (SELECT id FROM swept);"
                          "DELETE FROM call_step WHERE id IN (SELECT id FROM swept);"
                          "DELETE FROM call_over WHERE id IN (SELECT id FROM swept);"
                          "DELETE FROM swept",
                          limit);
    int rc = sqlite3_exec(w->db, sql, NULL, NULL, NULL);
    free(sql);
    free(limit);
    w->ledger.ended = 0;
    return rc;
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
    return writer_sweep(w) == SQLITE_OK;
}

/* ---- the log ---- */

void writer_checkpoint(struct writer *w, bool all) {
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3_wal_checkpoint_v2(w->db, NULL, mode, NULL, NULL);
    w->wal.folded = all ? 0 : w->wal.pages;
}

/* After a commit. The log is folded into the file as it grows, as far as those who read let
 * it; somebody who reads for long holds it up, and then it grows. At the hard limit the
 * writer waits for them, a scan at the longest; who is not one of us may read for ever, so
 * that it waits again only when as much has come to it. */
static void writer_fold(struct writer *w) {
    if (w->wal.pages < w->wal.folded) { /* it has begun anew */
        w->wal.folded = 0;
        w->wal.wait_at = w->wal.hard;
    }
    if (w->wal.pages - w->wal.folded > w->wal.soft)
        writer_checkpoint(w, false);
    if (w->wal.pages <= w->wal.wait_at)
        return;
    sqlite3_busy_timeout(w->db, WAIT_MS);
    int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(w->db, BUSY_MS);
    w->wal.wait_at = rc == SQLITE_OK ? w->wal.hard : w->wal.pages + w->wal.hard;
    if (rc != SQLITE_OK)
        log_warn(w->log,
                 "store: somebody has been reading the database for over %d s; its log has"
                 " %lld MB and cannot be folded into it",
                 WAIT_MS / 1000, (long long)w->wal.pages * PAGE >> 20);
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
        names_forget(w->names);
        w->ledger.id = 0;
        return false;
    }
    outputs_committed(w->outputs);
    writer_fold(w);
    return true;
}

bool writer_complete(struct writer *w, char **err) {
    struct jobs none = TAILQ_HEAD_INITIALIZER(none);
    bool ok = outputs_complete(w->outputs);
    if (!ok)
        *err = xasprintf("the ledger: %s", sqlite3_errmsg(w->db));
    return ok && (!outputs_have_news(w->outputs) || writer_write(w, &none, err));
}

/* ---- life ---- */

static int writer_on_wal(void *arg, sqlite3 *db, const char *name, int pages) {
    (void)db, (void)name;
    ((struct writer *)arg)->wal.pages = pages;
    return SQLITE_OK;
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
           writer_run_sql(w, "PRAGMA wal_autocheckpoint = 0") && writer_run_sql(w, CACHE) &&
           writer_run_sql(w, "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY");
}

/* As an earlier run left them. */
static void writer_count_calls(struct writer *w) {
    static const char sql[] = "SELECT (SELECT count(*) FROM call_begin), (SELECT count(*) FROM"
                              " call_over)";
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(w->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        w->ledger.ended = sqlite3_column_int64(st, 1);
        w->ledger.open = sqlite3_column_int64(st, 0) - w->ledger.ended;
    }
    sqlite3_finalize(st);
}

struct writer *writer_open(const struct backend_config *c, char **err) {
    struct writer *w = xcalloc(1, sizeof *w);
    char *why = NULL;
    w->log = c->log;
    w->wal.soft = SOFT_PAGES;
    w->wal.hard = c->log_limit ? (int)(c->log_limit / PAGE) : HARD_PAGES;
    w->wal.wait_at = w->wal.hard;
    if (!writer_open_file(w, c->path, c->full)) {
        why = xstrdup(sqlite3_errmsg(w->db));
    } else {
        sqlite3_busy_timeout(w->db, BUSY_MS);
        w->names = names_new(w->db);
        names_add_ns(w->db);
        if (schema_prepare(w->db, w->log, &why) == 0)
            why = statements_check(w->db);
    }
    w->outputs = outputs_new(w->db, w->log, w->names, c->full, *c->path == ':');
    if (why) {
        *err = xasprintf("%s: %s", c->path, why);
        free(why);
        writer_close(w);
        return NULL;
    }
    writer_count_calls(w);
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
    if (w->names)
        names_free(w->names);
    sqlite3_close(w->db);
    free(w);
}
