/* Inside of the store: what a batch is made of, and how it is carried out. */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include <sqlite3.h>

#include "store/store.h"

enum op_kind { OP_STATEMENT, OP_ROW, OP_SQL, OP_OUTPUT };

struct op {
    struct op *next;
    enum op_kind kind;
    int statement;           /* OP_STATEMENT */
    const struct noun *noun; /* OP_ROW */
    int count;
    struct arg {
        char *text; /* NULL and !is_int = null */
        int64_t num;
        bool is_int;
    } args[];
};

struct batch {
    struct batch *next;
    struct op *first, **last;
    void (*done)(void *arg, bool ok);
    void *arg;
    bool ok;
};

void batch_free(struct batch *b);

/* ---- the writing side: a connection and its prepared statements ---- */
struct writer;

struct writer *writer_open(const char *path, bool full, const struct log *log, char **err);
/* Every transaction from here on says in the database how many batches were before it and
 * in it, so that a query knows how many it sees. */
bool writer_count(struct writer *w, char **err);
/* All result lines go nowhere. */
void writer_mute(struct writer *w);
#define WRITER_COUNT "SELECT batches FROM recorded"
void writer_close(struct writer *w);
sqlite3 *writer_db(struct writer *w);
/* Carries out all batches in one transaction, commits, then writes their output lines.
 * False: nothing was kept (the disk); all may be tried again. Sets each batch's ok. */
bool writer_run(struct writer *w, struct batch *batches, char **err);
/* At start: output lines that the ledger has and the file may not have. */
bool writer_complete(struct writer *w, char **err);
/* After the last batch, and now and then: folds the log into the file. */
void writer_checkpoint(struct writer *w, bool all);

#endif
