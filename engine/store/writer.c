/* The writing connection: batches into transactions, result lines into files. Used by
 * one thread at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "store/batch.h"
#include "store/schema.h"

#define BUSY_MS 5
#define WAL_PAGES 4000 /* the log is folded in when it has grown to so many pages */

/* A result file: where its next line will begin. */
struct output {
    int fd;
    int64_t end;
    bool failed; /* a line did not go in whole: the ones behind it wait too */
};

/* A line that is in the ledger and on its way into the file. */
struct line {
    struct line *next;
    char *uuid, *text;
    struct output *output;
    int64_t offset;
};

enum verb { BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO, COUNT, VERB_COUNT };

struct writer {
    sqlite3 *db;
    sqlite3_stmt *verbs[VERB_COUNT];
    const struct log *log;
    bool full;
    bool is_memory; /* its result files are nobody else's: they stay open */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct {
        const struct noun *noun;
        sqlite3_stmt *st;
    } upserts[6]; /* one a noun */
    struct map outputs;
    bool counts, is_mute;
    bool owes;                       /* lines of the ledger that did not go into their file */
    struct line *lines, **last_line; /* of the transaction in work */
    struct line *written;            /* in the file, to be marked by the next one */
    int wal_pages;
};

static bool writer_run_sql(struct writer *w, const char *sql) {
    return sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK;
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
    sqlite3_step(w->verbs[v]);
    return sqlite3_reset(w->verbs[v]) == SQLITE_OK;
}

/* ---- statements ---- */

static sqlite3_stmt *writer_prepared(struct writer *w, sqlite3_stmt **slot, char *sql) {
    if (*slot == NULL &&
        sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        log_error(w->log, "store: %s: %s", sqlite3_errmsg(w->db), sql);
    free(sql);
    return *slot;
}

static sqlite3_stmt *writer_statement_of(struct writer *w, const struct op *o) {
    if (o->kind == OP_STATEMENT) {
        sqlite3_stmt **slot = &w->statements[o->statement];
        return *slot ? *slot
                     : writer_prepared(w, slot, statement_text((enum statement)o->statement));
    }
    size_t i = 0;
    while (w->upserts[i].noun && w->upserts[i].noun != o->noun)
        i++;
    w->upserts[i].noun = o->noun;
    sqlite3_stmt **slot = &w->upserts[i].st;
    return *slot ? *slot : writer_prepared(w, slot, statement_upsert(o->noun));
}

static int writer_execute(struct writer *w, const struct op *o) {
    sqlite3_stmt *st = writer_statement_of(w, o);
    if (st == NULL)
        return SQLITE_ERROR;
    for (int i = 0; i < o->count; i++) {
        const struct arg *a = &o->args[i];
        if (a->is_int)
            sqlite3_bind_int64(st, i + 1, a->num);
        else
            sqlite3_bind_text(st, i + 1, a->text, -1, SQLITE_STATIC); /* NULL binds null */
    }
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* A statement of our own with up to five arguments, as in store.h. */
static int writer_execute_output(struct writer *w, const char *uuid, const char *line,
                                 const char *path, int64_t offset) {
    struct op *o = xcalloc(1, sizeof *o + 5 * sizeof o->args[0]);
    *o = (struct op){.kind = OP_STATEMENT, .statement = WRITE_LEDGER_OUTPUT, .count = 5};
    o->args[0].text = (char *)(uintptr_t)uuid;
    o->args[1].text = (char *)(uintptr_t)line;
    o->args[2].text = (char *)(uintptr_t)path;
    o->args[3] = (struct arg){.num = offset, .is_int = true};
    o->args[4] = (struct arg){.num = 0, .is_int = true};
    int rc = writer_execute(w, o);
    free(o);
    return rc;
}

static int writer_execute_written(struct writer *w, char *uuid) {
    struct op *o = xcalloc(1, sizeof *o + sizeof o->args[0]);
    *o = (struct op){.kind = OP_STATEMENT, .statement = WRITE_LEDGER_WRITTEN, .count = 1};
    o->args[0].text = uuid;
    int rc = writer_execute(w, o);
    free(o);
    return rc;
}

/* ---- output files ---- */

/* Opened anew for each transaction, so that a rotated file is left behind. */
static struct output *writer_output_of(struct writer *w, const char *path) {
    struct output *o = map_get(&w->outputs, path);
    if (o)
        return o;
    int fd = open(w->is_mute ? "/dev/null" : path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        if (!w->owes) /* once; the lines stay in the ledger */
            log_error(w->log, "result file %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    o = xcalloc(1, sizeof *o);
    *o = (struct output){fd, st.st_size, false};
    map_put(&w->outputs, path, o);
    return o;
}

static void writer_close_outputs(struct writer *w) {
    for (struct map_entry *e = w->outputs.first; e; e = e->next) {
        struct output *o = e->value;
        close(o->fd);
        free(o);
    }
    map_free(&w->outputs);
}

static void writer_free_lines(struct line **list) {
    for (struct line *l = *list, *next; l; l = next) {
        next = l->next;
        free(l->uuid);
        free(l->text);
        free(l);
    }
    *list = NULL;
}

/* Forgets the lines from there on: their batch was undone. */
static void writer_undo_lines(struct writer *w, struct line **from) {
    for (struct line *l = *from; l; l = l->next)
        if (l->offset < l->output->end)
            l->output->end = l->offset;
    writer_free_lines(from);
    w->last_line = from;
}

/* Puts the line into the ledger with the place it will have; without one if the file
 * cannot be opened: then it is owed. */
static int writer_plan_line(struct writer *w, const char *uuid, const char *path,
                            const char *text) {
    struct output *o = writer_output_of(w, path);
    int rc = writer_execute_output(w, uuid, text, path, o ? o->end : -1);
    if (rc != SQLITE_OK || o == NULL) {
        w->owes |= o == NULL;
        return rc;
    }
    struct line *l = xcalloc(1, sizeof *l);
    *l = (struct line){NULL, xstrdup(uuid), xasprintf("%s\n", text), o, o->end};
    o->end += (int64_t)strlen(l->text);
    *w->last_line = l;
    w->last_line = &l->next;
    return SQLITE_OK;
}

static bool writer_write_at(int fd, const char *s, int64_t offset) {
    size_t n = strlen(s);
    while (n) {
        ssize_t k = pwrite(fd, s, n, offset);
        if (k < 0 && errno != EINTR)
            return false;
        if (k > 0) {
            s += k;
            offset += k;
            n -= (size_t)k;
        }
    }
    return true;
}

/* A piece of a line is taken back, so that the file never holds half of one. */
static void writer_give_up(struct writer *w, const struct line *l) {
    log_error(w->log, "result of %s: %s (kept in the ledger)", l->uuid, strerror(errno));
    if (!l->output->failed && ftruncate(l->output->fd, l->offset))
        log_error(w->log, "result file: %s", strerror(errno));
    l->output->failed = w->owes = true;
}

/* After the commit: the lines go where the ledger says. One that fails stays unmarked
 * and is completed by the next start. */
static void writer_write_lines(struct writer *w) {
    while (w->lines) {
        struct line *l = w->lines;
        w->lines = l->next;
        if (!l->output->failed && writer_write_at(l->output->fd, l->text, l->offset)) {
            l->next = w->written;
            w->written = l;
        } else {
            writer_give_up(w, l);
            l->next = NULL;
            writer_free_lines(&l);
        }
    }
    w->last_line = &w->lines;
    for (struct map_entry *e = w->outputs.first; e && w->full; e = e->next)
        fdatasync(((struct output *)e->value)->fd);
    if (!w->is_memory)
        writer_close_outputs(w);
}

/* ---- what a crash or a full disk left between ledger and file ---- */

/* How much of the line stands at its place already? */
static size_t writer_present(int fd, const char *line, size_t n, int64_t offset) {
    char *there = xmalloc(n);
    ssize_t k = pread(fd, there, n, offset);
    size_t same = 0;
    while (k > 0 && same < (size_t)k && there[same] == line[same])
        same++;
    free(there);
    return k >= 0 && same == (size_t)k ? same : SIZE_MAX;
}

/* Whole: nothing to do. A beginning of it at the very end: the rest is added. Anything
 * else (a rotated file): the line goes to the end. */
static bool writer_complete_line(struct writer *w, const char *uuid, const char *text,
                                 const char *path, int64_t offset) {
    struct output *o = writer_output_of(w, path);
    if (o == NULL)
        return false;
    char *line = xasprintf("%s\n", text);
    size_t n = strlen(line), there = writer_present(o->fd, line, n, offset);
    bool at_end = there != SIZE_MAX && offset + (int64_t)there == o->end;
    bool ok = true;
    if (there != n) {
        offset = at_end ? offset : o->end;
        ok = writer_write_at(o->fd, line, offset);
        o->end = offset + (int64_t)n;
        log_info(w->log, "result of %s completed in %s", uuid, path);
    }
    free(line);
    if (!ok)
        return false;
    struct line *l = xcalloc(1, sizeof *l);
    *l = (struct line){w->written, xstrdup(uuid), NULL, NULL, 0};
    w->written = l;
    return true;
}

/* All lines that the ledger has and the file may not have. */
static bool writer_complete_lines(struct writer *w) {
    sqlite3_stmt *st = writer_prepared(w, &w->statements[READ_LEDGER_UNWRITTEN],
                                       statement_text(READ_LEDGER_UNWRITTEN));
    bool ok = st != NULL;
    while (ok && sqlite3_step(st) == SQLITE_ROW)
        ok = writer_complete_line(w, (const char *)sqlite3_column_text(st, 0),
                                  (const char *)sqlite3_column_text(st, 1),
                                  (const char *)sqlite3_column_text(st, 2),
                                  sqlite3_column_int64(st, 3));
    sqlite3_reset(st);
    writer_close_outputs(w);
    return ok;
}

/* Lines that did not go in are tried again before anything new. */
static void writer_pay_owed(struct writer *w) {
    if (!w->owes)
        return;
    writer_free_lines(&w->written); /* they are found again, in the file */
    w->owes = !writer_complete_lines(w);
}

/* ---- transactions ---- */

static int writer_run_op(struct writer *w, const struct op *o) {
    switch (o->kind) {
    case OP_SQL:
        return sqlite3_exec(w->db, o->args[0].text, NULL, NULL, NULL);
    case OP_OUTPUT:
        return writer_plan_line(w, o->args[0].text, o->args[1].text, o->args[2].text);
    case OP_ROW:
    case OP_STATEMENT:
        break;
    }
    return writer_execute(w, o);
}

/* Is it the batch that is wrong, rather than the disk? */
static bool writer_is_batch_fault(int rc) {
    rc &= 0xff;
    return rc == SQLITE_CONSTRAINT || rc == SQLITE_ERROR || rc == SQLITE_MISMATCH ||
           rc == SQLITE_TOOBIG || rc == SQLITE_RANGE;
}

/* Within its own savepoint, so that a wrong batch takes nobody with it. */
static int writer_run_batch(struct writer *w, struct batch *b) {
    if (!writer_run_verb(w, SAVEPOINT))
        return SQLITE_IOERR;
    struct line **mark = w->last_line;
    int rc = SQLITE_OK;
    for (const struct op *o = b->first; o && rc == SQLITE_OK; o = o->next)
        rc = writer_run_op(w, o);
    b->ok = rc == SQLITE_OK;
    if (rc != SQLITE_OK && writer_is_batch_fault(rc)) {
        log_error(w->log, "store: %s", sqlite3_errmsg(w->db));
        writer_undo_lines(w, mark);
        rc = writer_run_verb(w, ROLLBACK_TO) ? SQLITE_OK : rc;
    }
    if (rc != SQLITE_OK) /* the disk: all of it is tried again */
        return rc;
    return writer_run_verb(w, RELEASE) ? SQLITE_OK : SQLITE_IOERR;
}

static int writer_run_all(struct writer *w, struct batch *batches) {
    int rc = SQLITE_OK;
    for (struct line *l = w->written; l && rc == SQLITE_OK; l = l->next)
        rc = writer_execute_written(w, l->uuid);
    for (struct batch *b = batches; b && rc == SQLITE_OK; b = b->next)
        rc = writer_run_batch(w, b);
    for (struct batch *b = batches; w->counts && b && rc == SQLITE_OK; b = b->next)
        rc = writer_run_verb(w, COUNT) ? SQLITE_OK : SQLITE_IOERR;
    return rc;
}

bool writer_run(struct writer *w, struct batch *batches, char **err) {
    writer_pay_owed(w);
    bool ok = writer_run_verb(w, BEGIN) && writer_run_all(w, batches) == SQLITE_OK &&
              writer_run_verb(w, COMMIT);
    if (!ok) {
        *err = xasprintf("%s", sqlite3_errmsg(w->db));
        if (!sqlite3_get_autocommit(w->db))
            writer_run_verb(w, ROLLBACK);
        writer_free_lines(&w->lines);
        w->last_line = &w->lines;
        writer_close_outputs(w);
        return false;
    }
    writer_free_lines(&w->written);
    writer_write_lines(w);
    if (w->wal_pages > WAL_PAGES)
        writer_checkpoint(w, false);
    return true;
}

bool writer_complete(struct writer *w, char **err) {
    bool ok = writer_complete_lines(w);
    if (!ok)
        *err = xstrdup("the result file cannot be completed");
    return ok && (w->written == NULL || writer_run(w, NULL, err));
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

struct writer *writer_open(const char *path, bool full, const struct log *log, char **err) {
    struct writer *w = xcalloc(1, sizeof *w);
    w->log = log;
    w->full = full;
    w->last_line = &w->lines;
    bool is_file = *path != ':';
    w->is_memory = !is_file;
    int fd = is_file ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
    if (fd >= 0) /* names and numbers: not for everybody to read */
        close(fd);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                (is_file ? SQLITE_OPEN_FULLMUTEX : SQLITE_OPEN_NOMUTEX);
    if (sqlite3_open_v2(path, &w->db, flags, NULL) != SQLITE_OK ||
        !writer_run_sql(w, "PRAGMA journal_mode = WAL") ||
        !writer_run_sql(w,
                        full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL") ||
        !writer_run_sql(w, "PRAGMA wal_autocheckpoint = 0")) {
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(w->db));
        writer_close(w);
        return NULL;
    }
    sqlite3_busy_timeout(w->db, BUSY_MS);
    char *why = NULL;
    if (schema_prepare(w->db, &why)) {
        *err = xasprintf("%s: %s", path, why);
        free(why);
        writer_close(w);
        return NULL;
    }
    sqlite3_wal_hook(w->db, writer_on_wal, w);
    return w;
}

bool writer_count(struct writer *w, char **err) {
    w->counts = writer_run_sql(w, "DROP TABLE IF EXISTS recorded") &&
                writer_run_sql(w, "CREATE TABLE recorded (batches INTEGER NOT NULL)") &&
                writer_run_sql(w, "INSERT INTO recorded VALUES (0)");
    if (!w->counts)
        *err = xasprintf("the database: %s", sqlite3_errmsg(w->db));
    return w->counts;
}

void writer_mute(struct writer *w) { w->is_mute = true; }

sqlite3 *writer_db(struct writer *w) { return w->db; }

void writer_close(struct writer *w) {
    if (w == NULL)
        return;
    if (w->counts)
        writer_run_sql(w, "DROP TABLE IF EXISTS recorded");
    for (size_t i = 0; i < VERB_COUNT; i++)
        sqlite3_finalize(w->verbs[i]);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(w->statements[i]);
    for (size_t i = 0; i < ARRAY_LEN(w->upserts); i++)
        sqlite3_finalize(w->upserts[i].st);
    writer_free_lines(&w->lines);
    writer_free_lines(&w->written);
    writer_close_outputs(w);
    sqlite3_close(w->db);
    free(w);
}
