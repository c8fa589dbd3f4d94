#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

/* Ids reserved at a time. A clean end gives the rest back. */
static const int64_t blocks[ID_KINDS] = {
    [ID_LEAD] = 1000000, [ID_AGENDA] = 1000, [ID_DIALING] = 1000000};

/* ---- failing ---- */

bool store_is_failing(struct store *s) {
    int64_t now;
    if (s->rec.record == NULL)
        return s->executor->is_failing(s);
    if (record_is_replayed(s->rec.record)) {
        if (record_noted(s->rec.record, RECORD_FAILING, &now, NULL))
            s->rec.failing = now != 0;
        return s->rec.failing;
    }
    bool failing = s->executor->is_failing(s);
    if (failing != s->rec.failing)
        record_note(s->rec.record, RECORD_FAILING, failing, NULL);
    return s->rec.failing = failing;
}

/* ---- submitting ---- */

void store_submit(struct store *s, struct batch *b, batch_done *done, void *arg) {
    b->done = done;
    b->arg = arg;
    s->batches++;
    s->executor->submit(s, &b->job);
}

/* ---- ids ---- */

/* The block that came of it. */
static void store_take_block(struct ids *ids, const struct batch *b) {
    const struct op *o = STAILQ_FIRST(&b->ops);
    ids->more = o->args[0].num;
    ids->more_end = ids->more + o->args[1].num;
}

static void store_on_block(void *arg, enum batch_end end) {
    struct ids *ids = arg;
    if (end == BATCH_DURABLE)
        store_take_block(ids, ids->asked);
    ids->asked = NULL;
}

static void store_ask_block(struct ids *ids) {
    ids->asked = batch_of_block(ids->kind, blocks[ids->kind]);
    store_submit(ids->store, ids->asked, store_on_block, ids);
}

int64_t store_next_id(struct store *s, enum id_kind kind) {
    struct ids *ids = &s->ids[kind];
    if (ids->next == ids->end) {
        ids->next = ids->more;
        ids->end = ids->more_end;
        ids->more = ids->more_end = 0;
    }
    if (ids->more == 0 && ids->asked == NULL && ids->end - ids->next <= blocks[kind] / 2)
        store_ask_block(ids);
    return ids->next < ids->end ? ids->next++ : 0;
}

/* The first block of each kind, before anything else. */
static bool store_open_ids(struct store *s, char **err) {
    for (int kind = 0; kind < ID_KINDS; kind++) {
        struct jobs one = TAILQ_HEAD_INITIALIZER(one);
        struct batch *b = batch_of_block((enum id_kind)kind, blocks[kind]);
        TAILQ_INSERT_TAIL(&one, &b->job, link);
        bool ok = s->backend->write(s->writer, &one, err) && b->end == BATCH_DURABLE;
        s->ids[kind] = (struct ids){.store = s, .kind = (enum id_kind)kind};
        if (ok)
            store_take_block(&s->ids[kind], b);
        batch_free(b);
        if (!ok && *err == NULL)
            *err = xasprintf("%s: no ids can be reserved", s->config.path);
        if (!ok)
            return false;
    }
    return true;
}

/* What comes next, if it is not used before an end. */
static void store_next_ids(const struct store *s, int64_t *next) {
    for (int kind = 0; kind < ID_KINDS; kind++) {
        const struct ids *ids = &s->ids[kind];
        next[kind] = ids->next < ids->end ? ids->next : ids->more;
    }
}

/* ---- life ---- */

static void store_play(void *arg, const struct record_item *item) {
    struct store *s = arg;
    s->executor->play(s, item);
}

static bool store_open_all(struct store *s, char **err) {
    const struct store_config *c = &s->config;
    bool memory = c->memory || c->replay;
    const struct backend_config bc = {.path = memory ? ":memory:" : c->path,
                                      .full = c->full && !memory,
                                      .log_limit = c->log_limit,
                                      .log = loop_log(s->loop)};
    s->writer = s->backend->open(&bc, err);
    return s->writer && (!c->replay || s->backend->restore(s->writer, c->replay, err)) &&
           s->backend->complete(s->writer, err) && store_open_ids(s, err) &&
           (!s->rec.record || c->replay || s->backend->count(s->writer, err)) &&
           (s->reader = s->backend->connect(s->writer, c->inline_ || memory, err)) &&
           s->executor->open(s, err);
}

struct store *store_open(struct loop *l, const struct store_config *config, char **err) {
    struct store *s = xcalloc(1, sizeof *s);
    bool is_inline = config->inline_ || config->memory;
    s->loop = l;
    s->config = *config;
    s->backend = config->backend;
    s->executor = is_inline ? &executor_inline : &executor_threads;
    if (config->replay)
        s->executor = &executor_replay;
    s->rec.record = is_inline && !config->replay ? NULL : loop_record(l);
    record_add(s->rec.record, &s->rec.port, store_play, s);
    TAILQ_INIT(&s->turn.todo);
    TAILQ_INIT(&s->turn.done);
    s->is_open = store_open_all(s, err);
    if (s->is_open)
        return s;
    store_close(s);
    return NULL;
}

bool store_save(struct store *s, const char *path, char **err) {
    int64_t next[ID_KINDS];
    if (s->executor == &executor_inline)
        turn_carry_out(s);
    store_next_ids(s, next);
    return s->backend->save(s->reader, path, next, err);
}

/* The end of what was reserved, and where it may begin again. */
static void store_give_back(const struct ids *ids, struct batch *b) {
    int64_t next = ids->next, end = ids->end;
    if (ids->more == end && ids->more)
        end = ids->more_end;
    else if (ids->more) { /* another engine came between: the rest of the first is lost */
        next = ids->more;
        end = ids->more_end;
    }
    if (next < end)
        batch_give_back(b, ids->kind, next, end);
}

/* Last words: ids that were not used, and what is in the result files by now. */
static void store_settle(struct store *s) {
    struct jobs one = TAILQ_HEAD_INITIALIZER(one);
    struct batch *b = batch_new();
    char *err = NULL;
    for (int kind = 0; kind < ID_KINDS; kind++)
        store_give_back(&s->ids[kind], b);
    TAILQ_INSERT_TAIL(&one, &b->job, link);
    if (!s->backend->write(s->writer, &one, &err))
        free(err);
    batch_free(b);
    s->backend->checkpoint(s->writer, true);
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    s->rec.record = NULL; /* what is told now is told to nobody who decides */
    if (s->is_open)
        s->executor->finish(s);
    s->executor->close(s);
    if (s->reader)
        s->backend->disconnect(s->reader);
    if (s->is_open)
        store_settle(s);
    if (s->writer)
        s->backend->close(s->writer);
    free(s);
}
