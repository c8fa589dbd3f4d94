/* Without threads: jobs are carried out on the loop, at the end of the turn and in the
 * order in which they were submitted. For simulations and tests; and what it does is what
 * a replay does too, at other moments. */
#include "store/backend.h"

void turn_write(struct store *s, struct jobs *batches) {
    char *err = NULL;
    struct job *j;
    bool ok = s->backend->write(s->writer, batches, &err);
    if (!ok) { /* given up at once: there is nobody who could try again */
        s->backend->checkpoint(s->writer, true);
        TAILQ_FOREACH (j, batches, link) {
            job_batch(j)->end = BATCH_WRONG;
        }
    }
    store_set_failing(s, &s->turn.failing, !ok, err);
    free(err);
    TAILQ_CONCAT(&s->turn.done, batches, link);
}

void turn_read(struct store *s, struct read *r) {
    bool ok = r->cancelled || s->backend->read(s->turn.reader, r, false, 0) == FATE_DONE;
    store_set_failing(s, &s->turn.failing, !ok, ok ? NULL : read_error(r->rows));
    TAILQ_INSERT_TAIL(&s->turn.done, &r->job, link);
}

void turn_carry_out(struct store *s) {
    while (!TAILQ_EMPTY(&s->turn.todo)) {
        struct jobs batches = TAILQ_HEAD_INITIALIZER(batches);
        struct job *j;
        while ((j = TAILQ_FIRST(&s->turn.todo)) && !j->is_read) {
            TAILQ_REMOVE(&s->turn.todo, j, link);
            TAILQ_INSERT_TAIL(&batches, j, link);
        }
        if (!TAILQ_EMPTY(&batches))
            turn_write(s, &batches);
        if (j) {
            TAILQ_REMOVE(&s->turn.todo, j, link);
            turn_read(s, job_read(j));
        }
    }
}

static void turn_on_end(void *arg) {
    struct store *s = arg;
    struct jobs now = TAILQ_HEAD_INITIALIZER(now);
    turn_carry_out(s);
    TAILQ_CONCAT(&now, &s->turn.done, link);
    store_tell(s, &now);
}

static bool turn_open(struct store *s, char **err) {
    task_init(&s->turn.task, s->loop, turn_on_end, s);
    s->turn.reader = s->backend->connect(s->writer, true, err);
    return s->turn.reader != NULL;
}

static void turn_submit(struct store *s, struct job *job) {
    TAILQ_INSERT_TAIL(&s->turn.todo, job, link);
    task_queue(&s->turn.task);
}

/* It stands somewhere in the order: it is freed when its turn comes. */
static bool turn_cancel(struct store *s, struct read *r) {
    (void)s, (void)r;
    return false;
}

static bool turn_is_failing(const struct store *s) { return s->turn.failing; }

static void turn_finish(struct store *s) {
    while (!TAILQ_EMPTY(&s->turn.todo) || !TAILQ_EMPTY(&s->turn.done))
        turn_on_end(s);
}

static void turn_close(struct store *s) {
    if (s->turn.task.loop)
        task_cancel(&s->turn.task);
    if (s->turn.reader)
        s->backend->disconnect(s->turn.reader);
}

const struct executor executor_inline = {
    .open = turn_open,
    .submit = turn_submit,
    .cancel = turn_cancel,
    .is_failing = turn_is_failing,
    .finish = turn_finish,
    .close = turn_close,
};
