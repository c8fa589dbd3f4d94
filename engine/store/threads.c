/* Three threads: one writes, one reads, one scans; each with a connection of its own. What
 * they share with the loop is under one lock. They finish jobs into one list, in the order
 * in which they come to an end, and wake the loop, which tells them. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "store/backend.h"

#define RETRY (200 * NS_PER_MS)
#define SCAN_LIMIT SECONDS(10)
#define TOLD_AT_ONCE 256 /* jobs that one turn tells their owners */

struct worker {
    struct threads *threads;
    pthread_t thread;
    bool has_thread, is_busy;
    bool rests; /* waits for wake; who changes what it looks at nudges it */
    pthread_cond_t wake;
    void (*work)(struct worker *w, struct jobs *jobs); /* not under the lock */
    struct jobs todo;
    /* of those that read */
    struct reader *reader;
    int64_t limit;
    struct read *failed; /* one that met an error of the disk, to be tried again */
};

enum { WRITER, READER, SCANNER, WORKERS };

struct threads {
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t ended_one; /* a worker has ended a job while the store closes */
    struct worker workers[WORKERS];
    struct jobs done;
    int64_t ended; /* batches that came to an end */
    bool closing;  /* nothing waits for a disk any more */
    bool quit;
    bool is_recorded;
    bool writes_fail, reads_fail; /* atomic */
    struct waker *waker;
};

/* ---- waiting ---- */

/* Lets it look again. One waiter and one signal at a time, so that the loop never waits here:
 * to broadcast while others of the same condition are still waking up does wait for them. */
static void threads_nudge(struct worker *w) {
    if (!w->rests)
        return;
    w->rests = false;
    pthread_cond_signal(&w->wake);
}

static void threads_nudge_readers(struct threads *t) {
    threads_nudge(&t->workers[READER]);
    threads_nudge(&t->workers[SCANNER]);
}

static void threads_nudge_all(struct threads *t) {
    threads_nudge(&t->workers[WRITER]);
    threads_nudge_readers(t);
}

static void threads_wait(struct worker *w) {
    w->rests = true;
    pthread_cond_wait(&w->wake, &w->threads->lock);
    w->rests = false;
}

static void threads_pause(struct worker *w) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += RETRY;
    until.tv_sec += until.tv_nsec / NS_PER_S;
    until.tv_nsec %= NS_PER_S;
    w->rests = true;
    pthread_cond_timedwait(&w->wake, &w->threads->lock, &until);
    w->rests = false;
}

static bool threads_flag(const bool *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }

/* ---- writing ---- */

/* Before the next try: a moment, or until the store closes, which gives up. */
static bool threads_try_again(struct worker *w) {
    struct threads *t = w->threads;
    waker_wake(t->waker); /* lets the dialer see that it is failing */
    pthread_mutex_lock(&t->lock);
    threads_nudge_readers(t); /* who may do without */
    if (!t->closing)
        threads_pause(w);
    bool again = !t->closing;
    pthread_mutex_unlock(&t->lock);
    return again;
}

/* A disk that fails is asked again and again, nothing is dropped. */
static void threads_write(struct worker *w, struct jobs *batches) {
    struct threads *t = w->threads;
    struct store *s = t->store;
    char *err = NULL;
    struct job *j;
    bool ok;
    while (!(ok = s->backend->write(s->writer, batches, &err))) {
        store_set_failing(s, &t->writes_fail, true, err);
        free(err);
        err = NULL;
        s->backend->checkpoint(s->writer, true); /* a full disk may have room in the log */
        if (!threads_try_again(w))
            break;
    }
    if (ok) {
        store_set_failing(s, &t->writes_fail, false, NULL);
        store_set_failing(s, &t->reads_fail, false, NULL);
        return;
    }
    TAILQ_FOREACH (j, batches, link) {
        job_batch(j)->end = BATCH_WRONG;
    }
}

/* ---- reading ---- */

static void threads_read(struct worker *w, struct jobs *jobs) {
    struct threads *t = w->threads;
    struct store *s = t->store;
    struct read *r = job_read(TAILQ_FIRST(jobs));
    if (s->backend->read(w->reader, r, t->is_recorded, w->limit) == FATE_DONE) {
        store_set_failing(s, &t->reads_fail, false, NULL);
        return;
    }
    if (w->failed == NULL)
        w->failed = read_new(r->statement, r->args);
    store_set_failing(s, &t->reads_fail, true, read_error(r->rows));
}

/* Nobody reads while the store fails, so it has to find out itself that it works again. */
static void threads_try_read(struct worker *w) {
    struct threads *t = w->threads;
    struct read *r = w->failed;
    rows_free(r->rows);
    r->rows = NULL;
    if (t->store->backend->read(w->reader, r, false, w->limit) == FATE_DONE)
        store_set_failing(t->store, &t->reads_fail, false, NULL);
}

/* ---- a worker ---- */

/* May it be carried out now? */
static bool threads_may_read(struct threads *t, struct read *r) {
    if (t->closing)
        return r->after <= t->ended;
    if (!threads_flag(&t->writes_fail))
        return r->after <= t->ended;
    return r->durable;
}

/* Takes what is to be done next. False if there is nothing. */
static bool threads_take(struct worker *w, struct jobs *jobs) {
    struct threads *t = w->threads;
    struct job *j;
    if (w == &t->workers[WRITER]) {
        TAILQ_CONCAT(jobs, &w->todo, link);
        return !TAILQ_EMPTY(jobs);
    }
    TAILQ_FOREACH (j, &w->todo, link) {
        struct read *r = job_read(j);
        if (!threads_may_read(t, r))
            continue;
        TAILQ_REMOVE(&w->todo, j, link);
        r->is_queued = false;
        r->is_stale = r->after > t->ended;
        TAILQ_INSERT_TAIL(jobs, j, link);
        return true;
    }
    return false;
}

/* Puts them to the done ones; under the lock. */
static void threads_done(struct threads *t, struct jobs *jobs) {
    struct job *j;
    int64_t before = t->ended;
    TAILQ_FOREACH (j, jobs, link) {
        t->ended += !j->is_read;
    }
    TAILQ_CONCAT(&t->done, jobs, link);
    if (t->ended != before)
        threads_nudge_readers(t);
    if (t->closing)
        pthread_cond_signal(&t->ended_one);
    waker_wake(t->waker);
}

static void threads_rest(struct worker *w) {
    struct threads *t = w->threads;
    if (w->failed && !threads_flag(&t->reads_fail)) {
        read_free(w->failed);
        w->failed = NULL;
    }
    if (w->failed == NULL) {
        threads_wait(w);
        return;
    }
    threads_pause(w);
    if (!TAILQ_EMPTY(&w->todo) || t->quit)
        return;
    pthread_mutex_unlock(&t->lock);
    threads_try_read(w);
    pthread_mutex_lock(&t->lock);
    waker_wake(t->waker);
}

static void *threads_main(void *arg) {
    struct worker *w = arg;
    struct threads *t = w->threads;
    pthread_mutex_lock(&t->lock);
    while (!t->quit) {
        struct jobs jobs = TAILQ_HEAD_INITIALIZER(jobs);
        if (!threads_take(w, &jobs)) {
            threads_rest(w);
            continue;
        }
        w->is_busy = true;
        pthread_mutex_unlock(&t->lock);
        w->work(w, &jobs);
        pthread_mutex_lock(&t->lock);
        w->is_busy = false;
        threads_done(t, &jobs);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* ---- on the loop ---- */

static void threads_on_wake(void *arg) {
    struct store *s = arg;
    struct threads *t = s->threads;
    struct jobs now = TAILQ_HEAD_INITIALIZER(now);
    pthread_mutex_lock(&t->lock);
    for (int n = 0; n < TOLD_AT_ONCE && !TAILQ_EMPTY(&t->done); n++) {
        struct job *j = TAILQ_FIRST(&t->done);
        TAILQ_REMOVE(&t->done, j, link);
        TAILQ_INSERT_TAIL(&now, j, link);
    }
    bool more = !TAILQ_EMPTY(&t->done);
    pthread_mutex_unlock(&t->lock);
    if (more)
        waker_wake(t->waker);
    store_tell(s, &now);
}

static void threads_submit(struct store *s, struct job *job) {
    struct threads *t = s->threads;
    int who = WRITER;
    if (job->is_read)
        who = job_read(job)->lane == LANE_SCAN ? SCANNER : READER;
    pthread_mutex_lock(&t->lock);
    if (job->is_read)
        job_read(job)->is_queued = true;
    TAILQ_INSERT_TAIL(&t->workers[who].todo, job, link);
    threads_nudge(&t->workers[who]);
    pthread_mutex_unlock(&t->lock);
}

static bool threads_cancel(struct store *s, struct read *r) {
    struct threads *t = s->threads;
    pthread_mutex_lock(&t->lock);
    bool was_queued = r->is_queued;
    if (was_queued)
        TAILQ_REMOVE(&t->workers[r->lane == LANE_SCAN ? SCANNER : READER].todo, &r->job, link);
    pthread_mutex_unlock(&t->lock);
    return was_queued;
}

static bool threads_is_failing(const struct store *s) {
    return threads_flag(&s->threads->writes_fail) || threads_flag(&s->threads->reads_fail);
}

/* ---- life ---- */

/* Under the lock. */
static bool threads_are_idle(const struct threads *t) {
    for (int i = 0; i < WORKERS; i++)
        if (t->workers[i].is_busy || !TAILQ_EMPTY(&t->workers[i].todo))
            return false;
    return true;
}

static void threads_finish(struct store *s) {
    struct threads *t = s->threads;
    bool any;
    pthread_mutex_lock(&t->lock);
    t->closing = true;
    threads_nudge_all(t);
    do {
        while (!threads_are_idle(t))
            pthread_cond_wait(&t->ended_one, &t->lock);
        any = !TAILQ_EMPTY(&t->done);
        pthread_mutex_unlock(&t->lock);
        threads_on_wake(s);
        pthread_mutex_lock(&t->lock);
    } while (any || !threads_are_idle(t));
    pthread_mutex_unlock(&t->lock);
}

static void threads_close(struct store *s) {
    struct threads *t = s->threads;
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    t->quit = true;
    threads_nudge_all(t);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < WORKERS; i++) {
        struct worker *w = &t->workers[i];
        if (w->has_thread)
            pthread_join(w->thread, NULL);
        if (w->reader)
            s->backend->disconnect(w->reader);
        read_free(w->failed);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_cond_destroy(&t->workers[i].wake);
    waker_free(t->waker);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->ended_one);
    free(t);
    s->threads = NULL;
}

/* Signals belong to the loop's thread. */
static bool threads_start(struct worker *w) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    w->has_thread = pthread_create(&w->thread, NULL, threads_main, w) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return w->has_thread;
}

static bool threads_open(struct store *s, char **err) {
    struct threads *t = s->threads = xcalloc(1, sizeof *t);
    pthread_condattr_t monotonic;
    t->store = s;
    t->is_recorded = s->rec.record != NULL;
    TAILQ_INIT(&t->done);
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->ended_one, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_cond_init(&t->workers[i].wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    t->waker = waker_new(s->loop, threads_on_wake, s);
    for (int i = 0; i < WORKERS; i++) {
        struct worker *w = &t->workers[i];
        w->threads = t;
        w->work = i == WRITER ? threads_write : threads_read;
        TAILQ_INIT(&w->todo);
        if (i == SCANNER)
            w->limit = s->config.scan_limit ? s->config.scan_limit : SCAN_LIMIT;
        if (i != WRITER && (w->reader = s->backend->connect(s->writer, false, err)) == NULL)
            return false;
    }
    for (int i = 0; i < WORKERS; i++)
        if (!threads_start(&t->workers[i])) {
            *err = xstrdup("the store: no thread can be started");
            return false;
        }
    return true;
}

const struct executor executor_threads = {
    .open = threads_open,
    .submit = threads_submit,
    .cancel = threads_cancel,
    .is_failing = threads_is_failing,
    .finish = threads_finish,
    .close = threads_close,
};
