/* The synchronous reads of old, on a connection of the loop's own. They go. */
#include <stdarg.h>
#include <stdlib.h>

#include "store/sqlite/inner.h"

/* Which batches does the query see? Those that the thread had committed by now, so that is
 * noted. The statement stays open: it holds what is seen until the last query has ended. */
static void query_look(struct store *s) {
    struct reader *r = s->reader;
    int64_t batches;
    if (record_noted(s->rec.record, RECORD_VISIBLE, &batches, NULL))
        replay_until(s, batches);
    if (record_is_replayed(s->rec.record) || s->rec.queries++)
        return;
    if (r->count == NULL &&
        sqlite3_prepare_v3(r->db, WRITER_COUNT, -1, SQLITE_PREPARE_PERSISTENT, &r->count,
                           NULL) != SQLITE_OK)
        return;
    batches = sqlite3_step(r->count) == SQLITE_ROW ? sqlite3_column_int64(r->count, 0)
                                                   : s->rec.visible;
    if (batches != s->rec.visible)
        record_note(s->rec.record, RECORD_VISIBLE, batches, NULL);
    s->rec.visible = batches;
}

void query_begin(struct query *q, struct store *s, const struct statement *st, ...) {
    struct prepared *p = &s->reader->prepared[st->number];
    *q = (struct query){.store = s};
    if (s->executor == &executor_inline)
        turn_carry_out(s);
    if (s->rec.record)
        query_look(s);
    if (prepared_get(p, s->reader->db, st) != SQLITE_OK) {
        log_error(loop_log(s->loop), "store: %s: %s", st->name, sqlite3_errmsg(s->reader->db));
        q->failed = true;
        return;
    }
    q->stmt = p->st;
    va_list ap;
    va_start(ap, st);
    for (int i = 0; st->args[i].name; i++)
        if (st->args[i].type == 'i')
            sqlite3_bind_int64(p->st, p->place[i], va_arg(ap, int64_t));
        else
            sqlite3_bind_text(p->st, p->place[i], va_arg(ap, const char *), -1,
                              SQLITE_TRANSIENT);
    va_end(ap);
}

bool query_step(struct query *q) {
    if (q->stmt == NULL)
        return false;
    int rc = sqlite3_step(q->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        log_error(loop_log(q->store->loop), "store: %s", sqlite3_errmsg(q->store->reader->db));
        q->failed = true;
    }
    return rc == SQLITE_ROW;
}

int64_t query_int(const struct query *q, int column) {
    return sqlite3_column_int64(q->stmt, column);
}

const char *query_text(const struct query *q, int column) {
    return (const char *)sqlite3_column_text(q->stmt, column);
}

struct row *query_row(const struct query *q, int column, const struct noun *n) {
    struct row *r = row_of_store(n);
    for (int i = 0; i < n->count; i++) {
        char time[TIME_TEXT];
        int64_t num = query_int(q, column + i);
        bool is_time = n->fields[i].type == FIELD_TEXT &&
                       sqlite3_column_type(q->stmt, column + i) == SQLITE_INTEGER;
        const char *text = query_text(q, column + i);
        if (is_time)
            time_text(time, num);
        row_load(r, i, is_time ? time : text, num, text == NULL);
    }
    return r;
}

bool query_end(struct query *q) {
    struct store *s = q->store;
    if (q->stmt) {
        sqlite3_reset(q->stmt);
        sqlite3_clear_bindings(q->stmt);
    }
    if (s->rec.record && !record_is_replayed(s->rec.record) && --s->rec.queries == 0)
        sqlite3_reset(s->reader->count);
    q->stmt = NULL;
    return !q->failed;
}
