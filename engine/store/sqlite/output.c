#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "store/sqlite/inner.h"

/* A result file: where its next line will begin. */
struct output_file {
    int fd; /* -1: it cannot be opened */
    int64_t end;
    bool failed; /* a line did not go in whole: the ones behind it wait too */
};

/* A line that is in the ledger and on its way into the file. */
struct output_line {
    struct output_line *next;
    char *uuid, *text;
    struct output_file *file;
    int64_t offset;
};

enum { PLAN, WRITTEN, UNWRITTEN, SQL_COUNT };

struct outputs {
    sqlite3 *db;
    const struct log *log;
    bool full, is_mute;
    bool is_memory; /* its result files are nobody else's: they stay open */
    sqlite3_stmt *sql[SQL_COUNT];
    struct map files;
    bool owes;                         /* lines of the ledger that did not go into their file */
    struct output_line *lines, **last; /* of the transaction in work */
    struct output_line *written;       /* in the file, to be marked by the next one */
};

struct outputs *outputs_new(sqlite3 *db, const struct log *log, bool full, bool is_memory) {
    struct outputs *o = xcalloc(1, sizeof *o);
    o->db = db;
    o->log = log;
    o->full = full;
    o->is_memory = is_memory;
    o->last = &o->lines;
    return o;
}

void outputs_mute(struct outputs *o) { o->is_mute = true; }
bool outputs_are_written(const struct outputs *o) { return o->written != NULL; }

/* ---- the ledger's side ---- */

static sqlite3_stmt *output_sql(struct outputs *o, int which) {
    static const char *const texts[SQL_COUNT] = {
        [PLAN] = "UPDATE dialing SET result = ?2, result_path = ?3, result_offset = ?4,"
                 " result_written = 0 WHERE uuid = ?1",
        [WRITTEN] = "UPDATE dialing SET result_written = 1 WHERE uuid = ?1",
        [UNWRITTEN] = "SELECT uuid, result, result_path, result_offset FROM dialing"
                      " WHERE result IS NOT NULL AND result_written = 0"
                      " ORDER BY result_path, result_offset"};
    if (o->sql[which] == NULL)
        sqlite3_prepare_v3(o->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &o->sql[which],
                           NULL);
    return o->sql[which];
}

static int output_step(sqlite3_stmt *st) {
    if (st == NULL)
        return SQLITE_ERROR;
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int output_plan_row(struct outputs *o, const char *uuid, const char *path,
                           const char *text, int64_t offset) {
    sqlite3_stmt *st = output_sql(o, PLAN);
    sqlite3_bind_text(st, 1, uuid, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 3, path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 4, offset);
    return output_step(st);
}

int outputs_note_written(struct outputs *o) {
    int rc = SQLITE_OK;
    for (struct output_line *l = o->written; l && rc == SQLITE_OK; l = l->next) {
        sqlite3_stmt *st = output_sql(o, WRITTEN);
        sqlite3_bind_text(st, 1, l->uuid, -1, SQLITE_STATIC);
        rc = output_step(st);
    }
    return rc;
}

/* ---- files ---- */

/* Opened anew for each transaction, so that a rotated file is left behind. */
static struct output_file *output_file_of(struct outputs *o, const char *path) {
    struct output_file *f = map_get(&o->files, path);
    if (f)
        return f;
    struct stat st = {0};
    f = xcalloc(1, sizeof *f);
    f->fd = open(o->is_mute ? "/dev/null" : path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (f->fd >= 0 && fstat(f->fd, &st)) {
        close(f->fd);
        f->fd = -1;
    }
    f->failed = f->fd < 0;
    f->end = f->failed ? -1 : st.st_size;
    if (f->failed && !o->owes) /* once; the lines stay in the ledger */
        log_error(o->log, "result file %s: %s", path, strerror(errno));
    map_put(&o->files, path, f);
    return f;
}

static void output_close_files(struct outputs *o) {
    for (struct map_entry *e = o->files.first; e; e = e->next) {
        struct output_file *f = e->value;
        if (f->fd >= 0)
            close(f->fd);
        free(f);
    }
    map_free(&o->files);
}

static void output_free_lines(struct output_line **list) {
    for (struct output_line *l = *list, *next; l; l = next) {
        next = l->next;
        free(l->uuid);
        free(l->text);
        free(l);
    }
    *list = NULL;
}

void outputs_free(struct outputs *o) {
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(o->sql[i]);
    output_free_lines(&o->lines);
    output_free_lines(&o->written);
    output_close_files(o);
    free(o);
}

/* ---- planned, committed, written ---- */

/* Without a place if the file cannot be opened: then it is owed. */
int outputs_plan(struct outputs *o, const char *uuid, const char *path, const char *text) {
    struct output_file *f = output_file_of(o, path);
    int rc = output_plan_row(o, uuid, path, text, f->end);
    if (rc != SQLITE_OK || f->fd < 0) {
        o->owes |= f->fd < 0;
        return rc;
    }
    struct output_line *l = xcalloc(1, sizeof *l);
    *l = (struct output_line){NULL, xstrdup(uuid), xasprintf("%s\n", text), f, f->end};
    f->end += (int64_t)strlen(l->text);
    *o->last = l;
    o->last = &l->next;
    return SQLITE_OK;
}

struct output_line **outputs_mark(struct outputs *o) {
    return o->last;
}

void outputs_undo(struct outputs *o, struct output_line **mark) {
    for (struct output_line *l = *mark; l; l = l->next)
        if (l->offset < l->file->end)
            l->file->end = l->offset;
    output_free_lines(mark);
    o->last = mark;
}

static bool output_write_at(int fd, const char *s, int64_t offset) {
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
static void output_give_up(struct outputs *o, const struct output_line *l) {
    log_error(o->log, "result of %s: %s (kept in the ledger)", l->uuid, strerror(errno));
    if (!l->file->failed && ftruncate(l->file->fd, l->offset))
        log_error(o->log, "result file: %s", strerror(errno));
    l->file->failed = o->owes = true;
}

/* The lines go where the ledger says. One that fails stays unmarked, and is completed
 * before the next transaction or by the next start. */
static void output_write_lines(struct outputs *o) {
    while (o->lines) {
        struct output_line *l = o->lines;
        o->lines = l->next;
        if (!l->file->failed && output_write_at(l->file->fd, l->text, l->offset)) {
            l->next = o->written;
            o->written = l;
        } else {
            output_give_up(o, l);
            l->next = NULL;
            output_free_lines(&l);
        }
    }
    o->last = &o->lines;
}

void outputs_committed(struct outputs *o) {
    output_free_lines(&o->written);
    output_write_lines(o);
    for (struct map_entry *e = o->files.first; e && o->full; e = e->next)
        if (((struct output_file *)e->value)->fd >= 0)
            fdatasync(((struct output_file *)e->value)->fd);
    if (!o->is_memory)
        output_close_files(o);
}

void outputs_rolled_back(struct outputs *o) {
    output_free_lines(&o->lines);
    o->last = &o->lines;
    output_close_files(o);
}

/* ---- what a crash or a full disk left between ledger and file ---- */

/* How much of the line stands at its place already? */
static size_t output_present(int fd, const char *line, size_t n, int64_t offset) {
    char *there = xmalloc(n);
    ssize_t k = pread(fd, there, n, offset);
    size_t same = 0;
    while (k > 0 && same < (size_t)k && there[same] == line[same])
        same++;
    free(there);
    return k >= 0 && same == (size_t)k ? same : SIZE_MAX;
}

/* Whole: nothing to do. A beginning of it at the very end: the rest is added. Anything
 * else (a rotated file): the line goes to the end. False: it did not go in, and nothing
 * behind it may. */
static bool output_complete_line(struct outputs *o, const char *uuid, const char *text,
                                 const char *path, int64_t offset) {
    struct output_file *f = output_file_of(o, path);
    if (f->failed)
        return false;
    char *line = xasprintf("%s\n", text);
    size_t n = strlen(line), there = output_present(f->fd, line, n, offset);
    bool at_end = there != SIZE_MAX && offset + (int64_t)there == f->end;
    if (there != n) {
        offset = at_end ? offset : f->end;
        f->failed = !output_write_at(f->fd, line, offset);
        f->end = offset + (int64_t)n;
    }
    free(line);
    if (f->failed)
        return false;
    if (there != n)
        log_info(o->log, "result of %s completed in %s", uuid, path);
    struct output_line *l = xcalloc(1, sizeof *l);
    *l = (struct output_line){o->written, xstrdup(uuid), NULL, NULL, 0};
    o->written = l;
    return true;
}

bool outputs_complete(struct outputs *o) {
    sqlite3_stmt *st = output_sql(o, UNWRITTEN);
    bool ok = true;
    int rc = SQLITE_ERROR;
    while (st && (rc = sqlite3_step(st)) == SQLITE_ROW)
        ok &= output_complete_line(o, (const char *)sqlite3_column_text(st, 0),
                                   (const char *)sqlite3_column_text(st, 1),
                                   (const char *)sqlite3_column_text(st, 2),
                                   sqlite3_column_int64(st, 3));
    sqlite3_reset(st);
    output_close_files(o);
    o->owes = !ok || rc != SQLITE_DONE;
    return rc == SQLITE_DONE;
}

/* A failing ledger is told by the transaction that follows. */
void outputs_pay(struct outputs *o) {
    if (!o->owes)
        return;
    output_free_lines(&o->written); /* they are found again, in the file */
    outputs_complete(o);
}
