/* Persistence, for a loop that never waits for a disk. Three verbs:
 *
 * submit: a batch of writes. It is all or nothing, and its owner hears when it is durable.
 * read: a statement and its arguments. The rows come in one callback.
 * scan: the same for what takes long; one at a time, holding up nobody (LANE_SCAN).
 *
 * All functions are called on the loop, and all callbacks come from the loop, never from
 * within the function that asked. Nothing here knows which database it is: that is the
 * backend's (store/sqlite). */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"
#include "store/noun.h"
#include "store/statement.h"

struct store;
struct batch;
struct read;
struct rows;
struct backend;

struct store_config {
    const struct backend *backend; /* &sqlite_backend */
    const char *path;              /* of the database's file */
    bool full; /* synced to the disk at each commit; else at checkpoints only */
    /* No thread: everything is carried out at the end of the turn, in the order in which it
     * was asked for. A batch that the disk does not take is told so (BATCH_WRONG) and not
     * tried again; the store is failing until something goes through. */
    bool inline_;
    bool memory; /* inline, and path is not used: nothing is kept but by store_save */
    /* When the loop replays a recording: the database as store_save wrote it then. It is
     * read into memory; batches become durable and reads come back when they did, result
     * lines go nowhere. */
    const char *replay;
    int64_t scan_limit; /* ns that one scan may take; 0 = 10 s. Not when inline. */
    /* Bytes that the log of writes may have before they wait for who reads, so that it can
     * be folded into the file; 0 = 256 MB. */
    int64_t log_limit;
};

/* Opens (and creates, or brings up to date) the database. NULL with *err (free it). */
struct store *store_open(struct loop *l, const struct store_config *config,
                         char **err) MUST_CHECK;
/* Carries out everything that was asked for, tells it, carries out what was asked for by
 * that, and so on until nothing is left; then closes. May wait for the disk; what a disk
 * that fails does not take now ends as BATCH_WRONG. */
void store_close(struct store *s);
/* Writes all that is durable now into a new file. Waits: for start and end only. False
 * with *err. */
bool store_save(struct store *s, const char *path, char **err) MUST_CHECK;
/* True while writes cannot be made durable (disk full, I/O error), or since a read met an
 * error of the disk until something goes through: nothing may be dialled then. Writes are
 * kept and tried again. */
bool store_is_failing(struct store *s);

/* Ids, ascending; none is given twice, whatever happens and however many engines work on
 * one database. They come out of blocks that are reserved ahead, durably. 0: none is left
 * at the moment, since the disk has taken nothing for half a block. */
enum id_kind { ID_LEAD, ID_AGENDA, ID_DIALING, ID_KINDS };
int64_t store_next_id(struct store *s, enum id_kind kind);

/* ---- writing ---- */

struct batch *batch_new(void);
/* One that is not submitted after all. */
void batch_free(struct batch *b);
/* Inserts a row that the store does not have, else writes the fields that were changed
 * since it came from the store or was last written (copied); nothing if none were. Each
 * write of a lead raises its version. The row is then taken for what the store has: if the
 * batch ends in any other way than durable, the row is not to be trusted any more and has
 * to be read again. */
void batch_row(struct batch *b, struct row *r);
/* The same on condition that the store's row still has that version; else the whole batch
 * is refused. For nouns with versions (leads), and rows that the store has. */
void batch_row_if(struct batch *b, struct row *r, int64_t version);
/* One statement with its arguments (copied). */
void batch_statement(struct batch *b, const struct statement *st, const struct bind *args);
/* The view of a dlma's leads; table is its dl_table. */
void batch_view(struct batch *b, const char *table, const char *dlma_uuid);
/* Appends line (and a newline) to the file once, after the batch is durable; the ledger
 * keeps it, with the place where it stands. call is the id of a call that is over: the batch
 * should have closed it just before. */
void batch_output(struct batch *b, int64_t call, const char *path, const char *line);

/* How a batch ended. */
enum batch_end {
    BATCH_DURABLE,
    BATCH_REFUSED, /* a condition of it did not hold: nothing of it holds */
    BATCH_WRONG,   /* a constraint was broken, or it was given up: nothing of it holds */
};
typedef void batch_done(void *arg, enum batch_end end);

/* Hands it over; done(arg, end) comes from the loop, in the order of submission. done may
 * be NULL. The batch is the store's afterwards. */
void store_submit(struct store *s, struct batch *b, batch_done *done, void *arg);

/* ---- reading ---- */

enum lane {
    LANE_READ, /* short: by a key or an index */
    LANE_SCAN, /* long: one at a time, at most 10 s each, then it fails */
    /* Or-ed to one of these, for people: while the store fails the read is carried out at
     * once on what is durable, and the rows say so if that was not all (rows_are_stale).
     * Without it the read waits until the store works again. */
    READ_DURABLE = 16,
};

enum read_end {
    READ_ROWS,
    READ_FAILED, /* rows has nothing but read_error(rows) */
};
typedef void read_done(void *arg, enum read_end end, const struct rows *rows);

#define ROWS_MAX 10000        /* rows of one answer; a read of more fails: */
#define ROWS_BYTES (16 << 20) /* it has to be asked for in pieces */

/* Asks. The answer has seen all batches that were submitted before, perhaps later ones
 * too, and comes after these have been told. The handle holds until done has been called;
 * rows until done returns. */
struct read *store_read(struct store *s, unsigned lane, const struct statement *st,
                        const struct bind *args, read_done *done, void *arg);
/* done will not be called; a scan under way is interrupted. NULL is none. */
void read_cancel(struct read *r);
/* Why it failed; NULL if it did not. */
const char *read_error(const struct rows *rows);

/* The accessors end the process for a read that failed, for a column that the statement
 * does not have, or one of another type. */
int rows_count(const struct rows *rows);
/* 0 for null. */
int64_t rows_int(const struct rows *rows, int row, const char *column);
/* NULL for null; holds as long as the rows. */
const char *rows_text(const struct rows *rows, int row, const char *column);
bool rows_is_null(const struct rows *rows, int row, const char *column);
/* All fields of the statement's noun; free with row_free. */
struct row *rows_row(const struct rows *rows, int row);
/* Read while the store failed, and without batches that were submitted before. */
bool rows_are_stale(const struct rows *rows);

/* ---- the synchronous reads, which go ---- */

/* On the loop, and on what is durable; an inline store carries out first what it was
 * asked for. Arguments in the order in which the statement declares them. */
struct query {
    struct store *store;
    void *stmt;
    bool failed;
};

void query_begin(struct query *q, struct store *s, const struct statement *st, ...);
/* False after the last row, and after an error. */
bool query_step(struct query *q);
int64_t query_int(const struct query *q, int column);
/* Valid until the next step; NULL for null. */
const char *query_text(const struct query *q, int column);
/* The row that starts at that column, all fields of the noun. Free with row_free. */
struct row *query_row(const struct query *q, int column, const struct noun *n);
/* Always, in the turn of the beginning. False: it met an error, what was read is not all. */
bool query_end(struct query *q);
/* Arguments in the order in which the statement declares them. */
void batch_write(struct batch *b, const struct statement *st, ...);

#define WRITE_LEDGER_OPEN (&write_ledger_open)
#define WRITE_LEDGER_ANSWER (&write_ledger_answer)
#define WRITE_LEDGER_JOIN (&write_ledger_join)
#define WRITE_LEDGER_CONNECT (&write_ledger_connect)
#define WRITE_LEDGER_CLOSE (&write_ledger_close)
#define WRITE_MEMORY (&write_memory)
#define WRITE_MEMORY_DELETE (&write_memory_delete)
#define READ_MEMORY (&read_memory)
#define READ_MEMORIES (&read_memories)
#define READ_LEDGER_OPEN (&read_ledger_open)
#define READ_LIVE (&read_live)
#define READ_DUE_REASONS (&read_due_reasons)
#define READ_LEADS_AFTER (&read_leads_after)
#define READ_LEADS (&read_leads)
#define READ_LEADS_FROM (&read_leads)
#define READ_LEAD_WHYS (&read_lead_whys)
#define READ_DUE_OF_LEAD (&read_due_of_lead)
#define READ_LEAD_STATS (&read_lead_stats)
#define READ_LEADS_DIALING (&read_leads_dialing)
#define READ_LEADS_RESERVED (&read_leads_reserved)
#define READ_ALL_ROWS_CAMPAIGN (&read_all_campaigns)
#define READ_ALL_ROWS_PLAN (&read_all_plans)
#define READ_ALL_ROWS_DLMA (&read_all_dlmas)
#define READ_ALL_ROWS_DESTINATION (&read_all_destinations)
#define READ_ALL_ROWS_QUEUE (&read_all_queues)

#endif
