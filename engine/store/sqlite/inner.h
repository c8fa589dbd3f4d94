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
/* Brings the file to SCHEMA_VERSION. 0, or -1 with *err. The functions of names.h are
 * known to db. */
int schema_prepare(sqlite3 *db, const struct log *log, char **err) MUST_CHECK;

/* A noun lies in one table, or in several that have its key in common. */
#define PARTS_MAX 2
struct part {
    const char *table;
    uint64_t fields; /* a bit each */
    bool has_version;
};
/* How many; the one with the version is the first. */
int schema_parts(const struct noun *n, struct part parts[PARTS_MAX]);
/* How a field is kept: as it is, or as a number that stands for its text. */
enum field_form { FORM_PLAIN, FORM_TIME, FORM_NAME, FORM_LIST };
enum field_form schema_form(const struct noun *n, int field);
/* INSERT of a part of a row; UPDATE of the fields of the mask that are in it, found by the
 * key, and if it is conditional and the version is there, by that. To be freed. */
char *schema_insert(const struct noun *n, const struct part *part);
char *schema_update(const struct noun *n, const struct part *part, uint64_t mask,
                    bool is_conditional);
extern const char *const sequence_names[ID_KINDS];

/* SQL for the text form of a time that is kept as ns UTC; what is kept as text is text. */
#define TIME_OF(x)                                                            \
    "CASE typeof(" x ") WHEN 'integer' THEN strftime('%Y-%m-%dT%H:%M:%S', " x \
    " / 1000000000, 'unixepoch') || printf('.%09dZ', " x " % 1000000000) ELSE " x " END"

/* ---- texts as numbers (names.c) ---- */

/* Of one connection that writes, which knows the functions name() and ns() by that. */
struct names;
enum name_kind { NAME_ANY, NAME_LIST, NAME_KINDS };

struct names *names_new(sqlite3 *db);
void names_free(struct names *n);
/* The number of that text, given now if it has none; 0 with *rc if the database fails. */
int64_t names_id(struct names *n, enum name_kind kind, const char *text, int *rc);
/* Something was undone: what it had given is not true any more. */
void names_forget(struct names *n);
/* ns() for a connection that reads. */
bool names_add_ns(sqlite3 *db);
/* Exactly the form that time_text makes; ns UTC. */
bool time_parse(const char *text, int64_t *ns);

/* ---- result lines (output.c) ---- */

/* Files that lines of results go to: first into the ledger with the place that they will
 * have, with the batch; after the commit into the file; with the next commit the ledger is
 * told that they are there. A line has the number of its call in the ledger. */
struct outputs;

struct outputs *outputs_new(sqlite3 *db, const struct log *log, struct names *names, bool full,
                            bool is_memory);
void outputs_free(struct outputs *o);
/* Lines go nowhere from here on. */
void outputs_mute(struct outputs *o);
/* Within a transaction. SQLITE_OK, or what the ledger says. */
int outputs_plan(struct outputs *o, int64_t call, const char *path, const char *text);
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
/* Has the next transaction anything to note? */
bool outputs_have_news(const struct outputs *o);

/* ---- the connection that writes (writer.c) ---- */

struct writer *writer_open(const struct backend_config *config, char **err);
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
