/* Of a recording that is replayed: batches become durable and reads come back when they
 * did. A read is carried out on exactly the batches that it saw, which is known before it
 * comes back: the recording is looked through for that at the start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

struct replay {
    int64_t run;  /* batches carried out */
    int64_t *saw; /* by number of the read; -1: it did not come back, or without rows */
    int64_t reads;
    struct jobs waiting; /* reads */
};

/* ---- what the recording says of a read ---- */

/* "12" or "12 stale", batches that it saw; or "failed: why". */
static int64_t replay_saw(const struct record_item *item) {
    char text[32] = "";
    int64_t saw;
    size_t n = 0;
    while (n < item->n && n < sizeof text - 1 && item->bytes[n] != ' ')
        n++;
    memcpy(text, item->bytes, n);
    return str_int(text, 0, INT64_MAX, &saw) ? saw : -1;
}

static void replay_on_ahead(void *arg, const struct record_item *item) {
    struct replay *p = arg;
    if (item->b < 1 || item->b > (1 << 30))
        return;
    if (item->b >= p->reads) {
        int64_t reads = 2 * item->b + 64;
        p->saw = xrealloc(p->saw, (size_t)reads * sizeof p->saw[0]);
        for (int64_t i = p->reads; i < reads; i++)
            p->saw[i] = -1;
        p->reads = reads;
    }
    p->saw[item->b] = replay_saw(item);
}

/* ---- carrying out ---- */

/* Reads that saw what there is now. */
static void replay_run_reads(struct store *s) {
    struct replay *p = s->replay;
    struct job *j, *next;
    for (j = TAILQ_FIRST(&p->waiting); j; j = next) {
        struct read *r = job_read(j);
        next = TAILQ_NEXT(j, link);
        if (r->rows || r->number >= p->reads || p->saw[r->number] != p->run)
            continue;
        s->backend->read(s->turn.reader, r, false, 0);
    }
}

void replay_until(struct store *s, int64_t batches) {
    struct job *j;
    replay_run_reads(s);
    while (s->replay->run < batches && (j = TAILQ_FIRST(&s->turn.todo))) {
        struct jobs one = TAILQ_HEAD_INITIALIZER(one);
        TAILQ_REMOVE(&s->turn.todo, j, link);
        TAILQ_INSERT_TAIL(&one, j, link);
        turn_write(s, &one);
        s->replay->run++;
        replay_run_reads(s);
    }
}

/* ---- what came in then ---- */

static void replay_told(struct store *s, int64_t until) {
    struct jobs now = TAILQ_HEAD_INITIALIZER(now);
    struct job *j;
    replay_until(s, until);
    for (; (j = TAILQ_FIRST(&s->turn.done)) && s->rec.told < until; s->rec.told++) {
        TAILQ_REMOVE(&s->turn.done, j, link);
        TAILQ_INSERT_TAIL(&now, j, link);
    }
    store_tell(s, &now);
}

static void replay_came_back(struct store *s, struct read *r, const struct record_item *item) {
    struct jobs now = TAILQ_HEAD_INITIALIZER(now);
    char *text = xstrndup(item->bytes, item->n);
    if (r->rows == NULL)
        r->rows = rows_new(r->statement);
    if (str_has_prefix(text, "failed: ")) {
        rows_fail(r->rows, text + strlen("failed: "));
        r->end = READ_FAILED;
    }
    r->is_stale = strstr(text, " stale") != NULL;
    free(text);
    TAILQ_REMOVE(&s->replay->waiting, &r->job, link);
    TAILQ_INSERT_TAIL(&now, &r->job, link);
    store_tell(s, &now);
}

static void replay_play(struct store *s, const struct record_item *item) {
    struct job *j;
    if (item->kind == RECORD_WAKE) {
        replay_told(s, item->b);
        return;
    }
    replay_until(s, replay_saw(item));
    TAILQ_FOREACH (j, &s->replay->waiting, link) {
        if (job_read(j)->number == item->b)
            break;
    }
    if (j)
        replay_came_back(s, job_read(j), item);
    else
        record_stray(s->rec.record, item, "no such read is under way");
}

/* ---- as an executor ---- */

static bool replay_open(struct store *s, char **err) {
    s->replay = xcalloc(1, sizeof *s->replay);
    TAILQ_INIT(&s->replay->waiting);
    record_ahead(s->rec.record, RECORD_READ, replay_on_ahead, s->replay);
    s->turn.reader = s->backend->connect(s->writer, true, err);
    return s->turn.reader != NULL;
}

static void replay_submit(struct store *s, struct job *job) {
    TAILQ_INSERT_TAIL(job->is_read ? &s->replay->waiting : &s->turn.todo, job, link);
}

static bool replay_cancel(struct store *s, struct read *r) {
    struct job *j;
    TAILQ_FOREACH (j, &s->replay->waiting, link) {
        if (j == &r->job)
            break;
    }
    if (j)
        TAILQ_REMOVE(&s->replay->waiting, j, link);
    return j != NULL;
}

static bool replay_is_failing(const struct store *s) { return s->turn.failing; }

/* The recording is over: what is left is carried out as it stands. */
static void replay_finish(struct store *s) {
    struct job *j;
    while (!TAILQ_EMPTY(&s->turn.todo) || !TAILQ_EMPTY(&s->turn.done) ||
           !TAILQ_EMPTY(&s->replay->waiting)) {
        struct jobs now = TAILQ_HEAD_INITIALIZER(now);
        replay_until(s, INT64_MAX);
        TAILQ_FOREACH (j, &s->replay->waiting, link) {
            if (job_read(j)->rows == NULL)
                s->backend->read(s->turn.reader, job_read(j), false, 0);
        }
        TAILQ_CONCAT(&now, &s->turn.done, link);
        TAILQ_CONCAT(&now, &s->replay->waiting, link);
        store_tell(s, &now);
    }
}

static void replay_close(struct store *s) {
    if (s->turn.reader)
        s->backend->disconnect(s->turn.reader);
    if (s->replay)
        free(s->replay->saw);
    free(s->replay);
}

const struct executor executor_replay = {
    .open = replay_open,
    .submit = replay_submit,
    .cancel = replay_cancel,
    .is_failing = replay_is_failing,
    .play = replay_play,
    .finish = replay_finish,
    .close = replay_close,
};
