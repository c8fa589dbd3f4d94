#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/record.h"
#include "store/batch.h"
#include "store/schema.h"

/* Batches that wait, in order. */
struct queue {
    struct batch *first, **last;
};

struct store {
    struct loop *loop;
    struct writer *writer;
    sqlite3 *reader;
    sqlite3_stmt *reads[STATEMENT_COUNT];
    int64_t lead_ids, agenda_ids;
    bool is_inline, has_thread;
    struct {
        struct record *record; /* NULL: nothing is recorded */
        struct source_port port;
        sqlite3_stmt *count;   /* of batches that a query sees */
        int queries;           /* under way: they all see the same */
        int64_t visible, told; /* batches, as noted last; run: carried out in a replay */
        int64_t run;
        bool failing;
    } rec;
    /* shared with the thread, under the lock */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct queue todo, done;
    bool stopping, failing;
    struct waker *waker; /* of the thread */
    struct task told;    /* of an inline store */
};

static void store_append(struct queue *q, struct batch *b) {
    b->next = NULL;
    *q->last = b;
    q->last = &b->next;
}

static struct batch *store_take_all(struct queue *q) {
    struct batch *b = q->first;
    q->first = NULL;
    q->last = &q->first;
    return b;
}

/* There is one. */
static struct batch *store_take_first(struct queue *q) {
    struct batch *b = q->first;
    q->first = b->next;
    if (b->next == NULL)
        q->last = &q->first;
    b->next = NULL;
    return b;
}

/* ---- carrying out ---- */

/* Runs them all; a disk that fails is asked again and again, nothing is dropped. */
static void store_run(struct store *s, struct batch *batches, bool (*wait)(struct store *s)) {
    char *err = NULL;
    while (!writer_run(s->writer, batches, &err)) {
        if (!s->failing)
            log_error(loop_log(s->loop), "store: %s; no call starts until it works", err);
        free(err);
        err = NULL;
        __atomic_store_n(&s->failing, true, __ATOMIC_RELEASE);
        writer_checkpoint(s->writer, true); /* a full disk may have room in the log */
        if (!wait(s)) {                     /* given up: none of them holds */
            for (struct batch *b = batches; b; b = b->next)
                b->ok = false;
            return;
        }
    }
    if (s->failing)
        log_info(loop_log(s->loop), "store: works again");
    __atomic_store_n(&s->failing, false, __ATOMIC_RELEASE);
}

/* In the thread: rest a moment before the next try; give up when asked to stop. */
static bool store_wait_thread(struct store *s) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 200 * (long)NS_PER_MS;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    pthread_mutex_lock(&s->lock);
    if (!s->stopping)
        pthread_cond_timedwait(&s->work, &s->lock, &until);
    bool go_on = !s->stopping;
    pthread_mutex_unlock(&s->lock);
    waker_wake(s->waker); /* lets the dialer see that it is failing */
    return go_on;
}

static bool store_wait_inline(struct store *s) {
    (void)s;
    return false;
}

static void *store_thread_main(void *arg) {
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (s->todo.first == NULL && !s->stopping)
            pthread_cond_wait(&s->work, &s->lock);
        struct batch *batches = store_take_all(&s->todo);
        if (batches == NULL)
            break;
        pthread_mutex_unlock(&s->lock);
        store_run(s, batches, store_wait_thread);
        pthread_mutex_lock(&s->lock);
        while (batches) {
            struct batch *next = batches->next;
            store_append(&s->done, batches);
            batches = next;
        }
        pthread_cond_broadcast(&s->work);
        waker_wake(s->waker);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* A replayed one takes what the disk had taken by then. */
static void store_run_until(struct store *s, int64_t batches) {
    while (s->todo.first && s->rec.run < batches) {
        struct batch *b = store_take_first(&s->todo);
        store_run(s, b, store_wait_inline);
        store_append(&s->done, b);
        s->rec.run++;
    }
}

/* Tells the owners, in order. */
static void store_tell(struct batch *b) {
    while (b) {
        struct batch *next = b->next;
        if (b->done)
            b->done(b->arg, b->ok);
        batch_free(b);
        b = next;
    }
}

/* On the loop. */
static void store_deliver(void *arg) {
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    struct batch *b = store_take_all(&s->done);
    pthread_mutex_unlock(&s->lock);
    if (b && s->rec.record) {
        for (struct batch *i = b; i; i = i->next)
            s->rec.told++;
        record_input(s->rec.record, RECORD_WAKE, &s->rec.port, s->rec.told, NULL, 0);
    }
    store_tell(b);
}

/* Queries may have seen more by then than what was told: that waits. */
static void store_play(void *arg, const struct record_item *item) {
    struct store *s = arg;
    struct queue now = {.last = &now.first};
    int64_t until = item->b;
    store_run_until(s, until);
    for (; s->done.first && s->rec.told < until; s->rec.told++)
        store_append(&now, store_take_first(&s->done));
    store_tell(now.first);
}

void store_submit(struct store *s, struct batch *b, void (*done)(void *arg, bool ok),
                  void *arg) {
    b->done = done;
    b->arg = arg;
    if (record_is_replayed(s->rec.record)) {
        store_append(&s->todo, b);
        return;
    }
    if (s->is_inline) {
        b->next = NULL;
        store_run(s, b, store_wait_inline);
        store_append(&s->done, b);
        task_queue(&s->told);
        return;
    }
    pthread_mutex_lock(&s->lock);
    store_append(&s->todo, b);
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
}

bool store_is_failing(struct store *s) {
    int64_t now;
    if (s->rec.record == NULL)
        return __atomic_load_n(&s->failing, __ATOMIC_ACQUIRE);
    if (record_is_replayed(s->rec.record)) {
        if (record_noted(s->rec.record, RECORD_FAILING, &now, NULL))
            s->rec.failing = now != 0;
        return s->rec.failing;
    }
    bool failing = __atomic_load_n(&s->failing, __ATOMIC_ACQUIRE);
    if (failing != s->rec.failing)
        record_note(s->rec.record, RECORD_FAILING, failing, NULL);
    return s->rec.failing = failing;
}

int64_t store_next_lead_id(struct store *s) { return ++s->lead_ids; }

int64_t store_next_agenda_id(struct store *s) { return ++s->agenda_ids; }

/* ---- reading ---- */

static sqlite3_stmt *store_read_statement(struct store *s, enum statement st) {
    if (s->reads[st] == NULL) {
        char *sql = statement_text(st);
        if (sqlite3_prepare_v3(s->reader, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->reads[st],
                               NULL) != SQLITE_OK)
            log_error(loop_log(s->loop), "store: %s: %s", sqlite3_errmsg(s->reader), sql);
        free(sql);
    }
    return s->reads[st];
}

/* Which batches does the query see? Those that the thread had committed by now, so that is
 * noted. The statement stays open: it holds what is seen until the last query has ended. */
static void store_look(struct store *s) {
    int64_t batches;
    if (record_noted(s->rec.record, RECORD_VISIBLE, &batches, NULL))
        store_run_until(s, batches);
    if (s->rec.count == NULL || s->rec.queries++)
        return;
    batches = sqlite3_step(s->rec.count) == SQLITE_ROW ? sqlite3_column_int64(s->rec.count, 0)
                                                       : s->rec.visible;
    if (batches != s->rec.visible)
        record_note(s->rec.record, RECORD_VISIBLE, batches, NULL);
    s->rec.visible = batches;
}

void query_begin(struct query *q, struct store *s, enum statement st, ...) {
    q->store = s;
    if (s->rec.record)
        store_look(s);
    q->stmt = store_read_statement(s, st);
    va_list ap;
    va_start(ap, st);
    int i = 0;
    for (const char *letter = statement_args(st); *letter && q->stmt; letter++)
        if (*letter == 'i')
            sqlite3_bind_int64(q->stmt, ++i, va_arg(ap, int64_t));
        else
            sqlite3_bind_text(q->stmt, ++i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
    va_end(ap);
}

bool query_step(struct query *q) {
    if (q->stmt == NULL)
        return false;
    int rc = sqlite3_step(q->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        log_error(loop_log(q->store->loop), "store: %s", sqlite3_errmsg(q->store->reader));
    return rc == SQLITE_ROW;
}

int64_t query_int(const struct query *q, int column) {
    return sqlite3_column_int64(q->stmt, column);
}

const char *query_text(const struct query *q, int column) {
    return (const char *)sqlite3_column_text(q->stmt, column);
}

struct row *query_row(const struct query *q, int column, const struct noun *n) {
    struct row *r = row_new(n);
    for (int i = 0; i < n->count; i++) {
        const char *text = query_text(q, column + i);
        if (n->fields[i].type == FIELD_INT) {
            r->v[i].num = query_int(q, column + i);
            r->v[i].null = text == NULL;
        } else if (n->fields[i].type == FIELD_VARS) {
            r->v[i].vars = text ? json_loads(text, 0, NULL) : NULL;
        } else {
            row_set_text(r, i, text);
        }
    }
    return r;
}

void query_end(struct query *q) {
    if (q->stmt) {
        sqlite3_reset(q->stmt);
        sqlite3_clear_bindings(q->stmt);
    }
    if (q->stmt && q->store->rec.count && --q->store->rec.queries == 0)
        sqlite3_reset(q->store->rec.count);
    q->stmt = NULL;
}

/* ---- life ---- */

static int64_t store_read_number(struct store *s, enum statement st) {
    struct query q;
    query_begin(&q, s, st);
    int64_t n = query_step(&q) ? query_int(&q, 0) : 0;
    query_end(&q);
    return n;
}

/* An inline store reads between its writes: one connection is enough. */
static bool store_open_reader(struct store *s, const char *path, char **err) {
    if (s->is_inline) {
        s->reader = writer_db(s->writer);
    } else if (sqlite3_open_v2(path, &s->reader, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(s->reader));
        return false;
    } else {
        sqlite3_busy_timeout(s->reader, 5);
    }
    for (int st = 0; st < STATEMENT_COUNT; st++) { /* all at start: checks the schema too */
        sqlite3_stmt *stmt = store_read_statement(s, (enum statement)st);
        size_t args = strlen(statement_args((enum statement)st));
        if (stmt == NULL || (size_t)sqlite3_bind_parameter_count(stmt) != args) {
            *err = xasprintf("%s: statement %d does not fit the database", path, st);
            return false;
        }
    }
    return true;
}

/* A recording begins: from here on it is noted what queries see. */
static bool store_begin_record(struct store *s, char **err) {
    if (s->is_inline || s->rec.record == NULL)
        return true;
    if (!writer_count(s->writer, err))
        return false;
    if (sqlite3_prepare_v3(s->reader, WRITER_COUNT, -1, SQLITE_PREPARE_PERSISTENT,
                           &s->rec.count, NULL) == SQLITE_OK)
        return true;
    *err = xasprintf("the database: %s", sqlite3_errmsg(s->reader));
    return false;
}

/* All of the file at path, which store_save wrote. */
static bool store_restore(struct store *s, const char *path, char **err) {
    sqlite3 *from = NULL;
    sqlite3_backup *copy = NULL;
    if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        copy = sqlite3_backup_init(writer_db(s->writer), "main", from, "main");
    bool ok = copy && sqlite3_backup_step(copy, -1) == SQLITE_DONE;
    ok = copy && sqlite3_backup_finish(copy) == SQLITE_OK && ok;
    if (!ok)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(copy ? writer_db(s->writer) : from));
    sqlite3_close(from);
    writer_mute(s->writer);
    return ok;
}

/* Signals belong to the loop's thread. */
static bool store_start_thread(struct store *s) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    s->has_thread = pthread_create(&s->thread, NULL, store_thread_main, s) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return s->has_thread;
}

/* Waits by the monotonic clock: a wall clock that is set back must not make a wait longer. */
static void store_init_work(pthread_cond_t *work) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(work, &attr);
    pthread_condattr_destroy(&attr);
}

struct store *store_open(struct loop *l, const struct store_config *config, char **err) {
    struct store *s = xcalloc(1, sizeof *s);
    s->loop = l;
    bool memory = config->memory || config->replay;
    s->is_inline = config->inline_ || memory;
    const char *path = memory ? ":memory:" : config->path;
    s->rec.record = !s->is_inline || config->replay ? loop_record(l) : NULL;
    record_add(s->rec.record, &s->rec.port, store_play, s);
    s->todo.last = &s->todo.first;
    s->done.last = &s->done.first;
    pthread_mutex_init(&s->lock, NULL);
    store_init_work(&s->work);
    task_init(&s->told, l, store_deliver, s);
    s->waker = s->is_inline ? NULL : waker_new(l, store_deliver, s);
    s->writer = writer_open(path, config->full && !memory, loop_log(l), err);
    if (s->writer == NULL || (config->replay && !store_restore(s, config->replay, err)) ||
        !writer_complete(s->writer, err) || !store_open_reader(s, path, err) ||
        !store_begin_record(s, err) || (!s->is_inline && !store_start_thread(s))) {
        store_close(s);
        return NULL;
    }
    s->lead_ids = store_read_number(s, READ_MAX_LEAD_ID);
    s->agenda_ids = store_read_number(s, READ_MAX_AGENDA_ID);
    return s;
}

bool store_save(struct store *s, const char *path, char **err) {
    sqlite3 *to = NULL;
    sqlite3_backup *copy = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* names and numbers */
    if (fd >= 0)
        close(fd);
    if (sqlite3_open_v2(path, &to, flags, NULL) == SQLITE_OK)
        copy = sqlite3_backup_init(to, "main", s->reader, "main");
    bool ok = copy && sqlite3_backup_step(copy, -1) == SQLITE_DONE;
    ok = copy && sqlite3_backup_finish(copy) == SQLITE_OK && ok;
    /* one file, that can be read where nothing may be written */
    ok = ok && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok)
        *err = xasprintf("%s: %s", path, sqlite3_errmsg(to));
    sqlite3_close(to);
    return ok;
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    s->rec.record = NULL; /* what is told now is told to nobody who decides */
    if (s->has_thread) {
        pthread_mutex_lock(&s->lock);
        s->stopping = true;
        pthread_cond_broadcast(&s->work);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    do {
        store_run_until(s, INT64_MAX); /* of a replay */
        store_deliver(s);              /* what an inline one is told may make it write more */
    } while (s->done.first);
    task_cancel(&s->told);
    sqlite3_finalize(s->rec.count);
    s->rec.count = NULL;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->reads[i]);
    if (!s->is_inline)
        sqlite3_close(s->reader);
    if (s->writer) {
        char *err = NULL;
        if (!writer_run(s->writer, NULL, &err)) /* marks the last lines as written */
            free(err);
        writer_checkpoint(s->writer, true);
        writer_close(s->writer);
    }
    waker_free(s->waker);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work);
    free(s);
}
