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

/* A line that is in the ledger and on its way into the file; or that was, and is to be
 * noted. */
struct output_line {
    struct output_line *next;
    int64_t call;
    char *text;
    struct output_file *file;
    int64_t offset;
    bool was_owed;
};

enum { PLAN, UP_TO, OWE, PAID, UNWRITTEN, SQL_COUNT };

struct outputs {
    sqlite3 *db;
    const struct log *log;
    struct names *names;
    bool full, is_mute;
    bool is_memory; /* its result files are nobody else's: they stay open */
    sqlite3_stmt *sql[SQL_COUNT];
    struct map files;
    bool owes;                         /* lines of the ledger that did not go into their file */
    struct output_line *lines, **last; /* of the transaction in work */
    /* to be noted by the next one: in the file; not in it */
    struct output_line *written, *missed;
};

struct outputs *outputs_new(sqlite3 *db, const struct log *log, struct names *names, bool full,
                            bool is_memory) {
    struct outputs *o = xcalloc(1, sizeof *o);
    o->db = db;
    o->log = log;
    o->names = names;
    o->full = full;
    o->is_memory = is_memory;
    o->last = &o->lines;
    return o;
}

void outputs_mute(struct outputs *o) { o->is_mute = true; }
bool outputs_have_news(const struct outputs *o) { return o->written || o->missed; }

/* ---- the ledger's side ---- */

static sqlite3_stmt *output_sql(struct outputs *o, int which) {
    static const char *const texts[SQL_COUNT] = {
        [PLAN] = "INSERT INTO line(n, path, offset, text) VALUES(?1, ?2, ?3, ?4)",
        [UP_TO] = "UPDATE line_written SET up_to = ?1 WHERE up_to < ?1",
        [OWE] = "INSERT OR IGNORE INTO line_owed VALUES(?1)",
        [PAID] = "DELETE FROM line_owed WHERE n = ?1",
        [UNWRITTEN] = "SELECT l.n, c.uuid, l.text, (SELECT text FROM name WHERE id = l.path)"
                      " AS file, l.offset, l.was_owed FROM (SELECT *, 0 AS was_owed FROM line"
                      " WHERE n > (SELECT up_to FROM line_written) UNION ALL SELECT line.*, 1"
                      " FROM line_owed CROSS JOIN line USING(n)) l JOIN call c ON c.n = l.n"
                      " ORDER BY file, l.offset"};
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

static int output_plan_row(struct outputs *o, int64_t call, const char *path, const char *text,
                           int64_t offset) {
    int rc;
    sqlite3_stmt *st = output_sql(o, PLAN);
    int64_t file = names_id(o->names, NAME_ANY, path, &rc);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(st, 1, call);
    sqlite3_bind_int64(st, 2, file);
    sqlite3_bind_int64(st, 3, offset);
    sqlite3_bind_text(st, 4, text, -1, SQLITE_STATIC);
    return output_step(st);
}

static int output_note(struct outputs *o, int which, int64_t call) {
    sqlite3_stmt *st = output_sql(o, which);
    sqlite3_bind_int64(st, 1, call);
    return output_step(st);
}

/* Each of a list, and the highest number that was met. */
static int output_note_all(struct outputs *o, const struct output_line *list, int which,
                           int64_t *up_to) {
    int rc = SQLITE_OK;
    for (const struct output_line *l = list; l && rc == SQLITE_OK; l = l->next) {
        *up_to = l->call > *up_to ? l->call : *up_to;
        if (l->was_owed == (which == PAID))
            rc = output_note(o, which, l->call);
    }
    return rc;
}

int outputs_note_written(struct outputs *o) {
    int64_t up_to = 0;
    int rc = output_note_all(o, o->written, PAID, &up_to);
    if (rc == SQLITE_OK)
        rc = output_note_all(o, o->missed, OWE, &up_to);
    return rc == SQLITE_OK && up_to ? output_note(o, UP_TO, up_to) : rc;
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
    output_free_lines(&o->missed);
    output_close_files(o);
    free(o);
}

/* ---- planned, committed, written ---- */

static struct output_line *output_line_new(int64_t call, char *text, struct output_file *f) {
    struct output_line *l = xcalloc(1, sizeof *l);
    *l = (struct output_line){.call = call, .text = text, .file = f, .offset = f->end};
    return l;
}

/* Without a place if the file cannot be opened: then it is owed. */
int outputs_plan(struct outputs *o, int64_t call, const char *path, const char *text) {
    struct output_file *f = output_file_of(o, path);
    int rc = output_plan_row(o, call, path, text, f->end);
    if (rc != SQLITE_OK)
        return rc;
    struct output_line *l = output_line_new(call, xasprintf("%s\n", text), f);
    if (f->fd >= 0)
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
    if (!l->file->failed)
        log_error(o->log, "result file: %s (the lines are kept in the ledger)",
                  strerror(errno));
    if (!l->file->failed && ftruncate(l->file->fd, l->offset))
        log_error(o->log, "result file: %s", strerror(errno));
    l->file->failed = o->owes = true;
}

/* The lines go where the ledger says. One that fails is owed: it is completed before the
 * next transaction or by the next start. */
static void output_write_lines(struct outputs *o) {
    while (o->lines) {
        struct output_line *l = o->lines, **to = &o->written;
        o->lines = l->next;
        if (l->file->failed || !output_write_at(l->file->fd, l->text, l->offset)) {
            output_give_up(o, l);
            to = &o->missed;
        }
        free(l->text);
        l->text = NULL;
        l->next = *to;
        *to = l;
    }
    o->last = &o->lines;
}

void outputs_committed(struct outputs *o) {
    output_free_lines(&o->written);
    output_free_lines(&o->missed);
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
static bool output_complete_line(struct outputs *o, struct output_file *f, const char *uuid,
                                 const char *path, const char *line, int64_t offset) {
    if (f->failed)
        return false;
    size_t n = strlen(line), there = output_present(f->fd, line, n, offset);
    bool at_end = there != SIZE_MAX && offset + (int64_t)there == f->end;
    if (there == n)
        return true;
    offset = at_end ? offset : f->end;
    f->failed = !output_write_at(f->fd, line, offset);
    f->end = offset + (int64_t)n;
    if (f->failed)
        return false;
    log_info(o->log, "result of %s completed in %s", uuid, path);
    return true;
}

/* The one that the statement stands on. */
static bool output_complete_row(struct outputs *o, sqlite3_stmt *st) {
    const char *path = (const char *)sqlite3_column_text(st, 3);
    struct output_file *f = output_file_of(o, path);
    struct output_line *l = output_line_new(sqlite3_column_int64(st, 0),
                                            xasprintf("%s\n", sqlite3_column_text(st, 2)), f);
    l->was_owed = sqlite3_column_int(st, 5) != 0;
    bool ok = output_complete_line(o, f, (const char *)sqlite3_column_text(st, 1), path,
                                   l->text, sqlite3_column_int64(st, 4));
    struct output_line **to = ok ? &o->written : &o->missed;
    l->next = *to;
    *to = l;
    return ok;
}

bool outputs_complete(struct outputs *o) {
    sqlite3_stmt *st = output_sql(o, UNWRITTEN);
    bool ok = true;
    int rc = SQLITE_ERROR;
    while (st && (rc = sqlite3_step(st)) == SQLITE_ROW)
        ok &= output_complete_row(o, st);
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
    output_free_lines(&o->missed);
    outputs_complete(o);
}
