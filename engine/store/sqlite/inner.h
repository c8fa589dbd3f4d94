/* Inside of the SQLite backend. */
#ifndef STORE_SQLITE_INNER_H
#define STORE_SQLITE_INNER_H

#include <sqlite3.h>

#include "store/backend.h"

/* ---- statements (statements.c) ---- */

/* A prepared one, and where its declared arguments stand in the text. */
struct prepared {
    sqlite3_stmt *st;
    unsigned char place[STATEMENT_NAMES];
};

/* Prepares it once. SQLITE_OK, or what sqlite3_errmsg explains. */
int prepared_get(struct prepared *p, sqlite3 *db, const struct statement *st);
/* Texts are borrowed until the statement is reset. */
void prepared_bind(const struct prepared *p, const struct arg *args, int count);
void prepared_free(struct prepared *p);
/* NULL, or what is wrong. */
char *statements_check(sqlite3 *db);
/* The text of a statement, $row written out; to be freed. */
char *statement_text(const struct statement *st);

/* ---- tables (schema.c) ---- */

/* Kept in the file (PRAGMA user_version); older files are brought up to it. */
#define SCHEMA_VERSION 5

/* Of that file; -1 if it cannot be read. */
int schema_version(sqlite3 *db);
/* Brings the file to SCHEMA_VERSION. 0, or -1 with *err. */
int schema_prepare(sqlite3 *db, char **err) MUST_CHECK;
/* INSERT of a whole row; UPDATE of the fields of the mask, found by the key, and if it is
 * conditional by the version. To be freed. */
char *schema_insert(const struct noun *n);
char *schema_update(const struct noun *n, uint64_t mask, bool is_conditional);
extern const char *const sequence_names[ID_KINDS];

/* ---- result lines (output.c) ---- */

/* Files that lines of results go to: first into the ledger with the place that they will
 * have, with the batch; after the commit into the file; with the next commit the ledger is
 * told that they are there. */
struct outputs;

struct outputs *outputs_new(sqlite3 *db, const struct log *log, bool full, bool is_memory);
void outputs_free(struct outputs *o);
/* Lines go nowhere from here on. */
void outputs_mute(struct outputs *o);
/* Within a transaction. SQLITE_OK, or what the ledger says. */
int outputs_plan(struct outputs *o, const char *uuid, const char *path, const char *text);
int outputs_note_written(struct outputs *o);
/* Lines that were planned from there on are forgotten: their batch was undone. */
struct output_line **outputs_mark(struct outputs *o);
void outputs_undo(struct outputs *o, struct output_line **mark);
/* The transaction is over. */
void outputs_committed(struct outputs *o);
void outputs_rolled_back(struct outputs *o);
/* Lines that the ledger has and their file may not have: puts them in, file by file. Those
 * of a file that takes none are owed, and tried again by outputs_pay, before a transaction.
 * False: the ledger cannot be read. */
bool outputs_complete(struct outputs *o);
void outputs_pay(struct outputs *o);
/* Are there lines that the next transaction has to mark? */
bool outputs_are_written(const struct outputs *o);

/* ---- the connection that writes (writer.c) ---- */

struct writer *writer_open(const char *path, bool full, const struct log *log, char **err);
bool writer_restore(struct writer *w, const char *path, char **err);
bool writer_complete(struct writer *w, char **err);
bool writer_count(struct writer *w, char **err);
bool writer_write(struct writer *w, struct jobs *batches, char **err);
void writer_checkpoint(struct writer *w, bool all);
void writer_close(struct writer *w);
sqlite3 *writer_db(struct writer *w);

#define WRITER_COUNT "SELECT batches FROM recorded"

/* ---- those that read (reader.c) ---- */

struct reader {
    sqlite3 *db;
    bool is_shared; /* the writer's connection */
    const struct log *log;
    struct prepared prepared[STATEMENT_COUNT];
    sqlite3_stmt *count;
    const struct read *now; /* under way */
    int64_t until;          /* monotonic ns; 0 = any time */
};

struct reader *reader_connect(struct writer *w, bool shared, char **err);
enum read_fate reader_read(struct reader *r, struct read *read, bool is_recorded,
                           int64_t limit);
bool reader_save(struct reader *r, const char *path, const int64_t *next, char **err);
void reader_disconnect(struct reader *r);

#endif
