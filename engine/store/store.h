/* Persistence. Writes go in batches, asynchronously: what is in a batch becomes
 * durable together, and the loop hears of it. Reads are prepared SELECTs on a
 * connection of their own and see what is durable. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"
#include "store/noun.h"

struct store;
struct batch;

struct store_config {
    const char *path; /* of the SQLite file */
    bool full;        /* synced to the disk at each commit; else at checkpoints only */
    /* No thread: store_submit itself writes, its caller hears of it at the end of the
     * turn. A batch that the disk does not take is told so (ok false) and not tried
     * again; the store is failing until one goes through. */
    bool inline_;
    bool memory; /* inline, and path is not used: nothing is kept but by store_save */
    /* When the loop replays a recording: the database as store_save wrote it then. It is
     * read into memory; batches become durable when they did, result lines go nowhere. */
    const char *replay;
};

/* Opens (and creates, or brings up to date) the database. NULL with *err (free it). */
struct store *store_open(struct loop *l, const struct store_config *config,
                         char **err) MUST_CHECK;
/* Waits for everything submitted, calls back, closes. */
void store_close(struct store *s);
/* Writes all there is, as of now, into a new file. False with *err. */
bool store_save(struct store *s, const char *path, char **err) MUST_CHECK;
/* True while writes cannot be made durable (disk full, I/O error): nothing may be
 * dialled then. They are kept and tried again. */
bool store_is_failing(struct store *s);
/* Ids for new leads, ascending; never given twice. */
int64_t store_next_lead_id(struct store *s);
int64_t store_next_agenda_id(struct store *s);

/* ---- writing ---- */

/* Statements that change something; arguments as the letters say: t text or NULL,
 * i int64_t. Their SQL is in schema.c. */
enum statement {
    WRITE_LEDGER_OPEN,
    WRITE_LEDGER_ANSWER,
    WRITE_LEDGER_JOIN,
    WRITE_LEDGER_CONNECT,
    WRITE_LEDGER_CLOSE,
    WRITE_LEDGER_OUTPUT,  /* the store's own */
    WRITE_LEDGER_WRITTEN, /* the store's own */
    WRITE_DUE,
    WRITE_DUE_LEAD_DELETE,
    WRITE_DUE_PURGE,
    WRITE_AGENDA,
    WRITE_AGENDA_CURSOR,
    WRITE_AGENDA_DELETE,
    WRITE_MEMORY,
    WRITE_MEMORY_DELETE,
    READ_MEMORY,
    READ_MEMORIES,
    READ_LEDGER_OPEN,
    READ_LEDGER_UNWRITTEN,
    READ_ATTEMPTS,
    READ_LIVE,
    READ_AGENDAS,
    READ_DUE_LEVEL,
    READ_DUE,
    READ_DUE_NEXT,
    READ_DUE_REASONS,
    READ_LEAD_BY_UUID,
    READ_LEAD_BY_ID,
    READ_LEADS_AFTER,
    READ_LEADS,
    READ_LEADS_FROM,
    READ_LEAD_WHYS,
    READ_DUE_OF_LEAD,
    READ_LEAD_STATS,
    READ_LEADS_DIALING,
    READ_LEADS_RESERVED,
    READ_ALL_ROWS_CAMPAIGN, /* noun rows that are in use */
    READ_ALL_ROWS_PLAN,
    READ_ALL_ROWS_DLMA,
    READ_ALL_ROWS_DESTINATION,
    READ_ALL_ROWS_QUEUE,
    READ_MAX_LEAD_ID,
    READ_MAX_AGENDA_ID,
    STATEMENT_COUNT
};

struct batch *batch_new(void);
/* Insert or replace one resource (copied). */
void batch_row(struct batch *b, const struct row *r);
/* One statement with its arguments (copied). */
void batch_write(struct batch *b, enum statement st, ...);
/* The view of a dlma's leads; table is its dl_table. */
void batch_view(struct batch *b, const char *table, const char *dlma_uuid);
/* Appends line (and a newline) to the file once, after the batch is durable; the
 * ledger's row of that dialing remembers it until it is there. */
void batch_output(struct batch *b, const char *dialing_uuid, const char *path,
                  const char *line);
/* Hands it over; done(arg, ok) comes from the loop, in the order of submission. ok is
 * false only when the batch itself was wrong (a broken constraint): nothing of it
 * holds then. done may be NULL. The batch is the store's afterwards. */
void store_submit(struct store *s, struct batch *b, void (*done)(void *arg, bool ok),
                  void *arg);

/* ---- reading ---- */

struct query {
    struct store *store;
    void *stmt;
};

/* Begins a SELECT with its arguments. Always end it in the same turn. */
void query_begin(struct query *q, struct store *s, enum statement st, ...);
bool query_step(struct query *q);
int64_t query_int(const struct query *q, int column);
/* Valid until the next step; NULL for null. */
const char *query_text(const struct query *q, int column);
/* The row that starts at that column, all fields of the noun. Free with row_free. */
struct row *query_row(const struct query *q, int column, const struct noun *n);
void query_end(struct query *q);

#endif
