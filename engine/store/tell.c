/* What came back, told to who asked, and noted where a run is recorded. */
#include "store/backend.h"

/* ---- telling ---- */

/* Batches that are told now, up to the next read: noted as one input. How many. */
static int64_t tell_note_batches(struct store *s, const struct jobs *jobs) {
    const struct job *j;
    int64_t n = 0;
    TAILQ_FOREACH (j, jobs, link) {
        if (j->is_read)
            break;
        n++;
    }
    s->rec.told += n;
    record_input(s->rec.record, RECORD_WAKE, &s->rec.port, s->rec.told, NULL, 0);
    return n;
}

static void tell_note_read(struct store *s, const struct read *r) {
    struct str text = {0};
    if (r->end == READ_FAILED)
        str_addf(&text, "failed: %s", read_error(r->rows));
    else
        str_addf(&text, "%lld%s", (long long)r->saw, r->is_stale ? " stale" : "");
    record_input(s->rec.record, RECORD_READ, &s->rec.port, r->number, text.s, text.len);
    str_free(&text);
}

static void store_tell_batch(struct batch *b) {
    if (b->done)
        b->done(b->arg, b->end);
    batch_free(b);
}

static void store_tell_read(struct store *s, struct read *r, bool noted) {
    if (!r->cancelled) {
        if (noted)
            tell_note_read(s, r);
        if (r->is_stale)
            rows_set_stale(r->rows);
        r->done(r->arg, r->end, r->rows);
    }
    read_free(r);
}

void store_tell(struct store *s, struct jobs *jobs) {
    bool noted = s->rec.record && !record_is_replayed(s->rec.record);
    int64_t batches = 0;
    for (struct job *j; (j = TAILQ_FIRST(jobs));) {
        if (!j->is_read && noted && batches == 0)
            batches = tell_note_batches(s, jobs);
        batches -= !j->is_read;
        TAILQ_REMOVE(jobs, j, link);
        if (j->is_read)
            store_tell_read(s, job_read(j), noted);
        else
            store_tell_batch(job_batch(j));
    }
}

/* ---- failing ---- */

void store_set_failing(struct store *s, bool *failing, bool now, const char *why) {
    if (__atomic_exchange_n(failing, now, __ATOMIC_ACQ_REL) == now)
        return;
    if (now)
        log_error(loop_log(s->loop), "store: %s; no call starts until it works", why);
    else
        log_info(loop_log(s->loop), "store: works again");
}
