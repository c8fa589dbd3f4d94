/* Inside of the store: what is asked for, on its way between the loop and the database,
 * and who carries it out. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <sys/queue.h>

#include "base/str.h"
#include "record/record.h"
#include "store/store.h"

/* Ends the process: the program, not its user, has made a mistake. */
_Noreturn void store_misuse(const char *fmt, ...) PRINTF(1, 2);

/* ---- jobs: batches and reads ---- */

struct arg {
    const char *text; /* NULL and !is_int = null */
    int64_t num;
    bool is_int;
};

/* Puts the arguments in the order in which the statement declares them. The texts stay the
 * caller's. */
void statement_bind(const struct statement *st, const struct bind *args, struct arg *out);
int statement_count(const struct statement_name *names);

enum op_kind {
    OP_STATEMENT,
    OP_INSERT, /* args: all fields */
    OP_UPDATE, /* args: the changed fields, the key, the version if it has to be one */
    OP_VIEW,   /* args: table, uuid of the dlma */
    OP_OUTPUT, /* args: id of the dialing, path, line */
    OP_BLOCK,  /* args: enum id_kind, how many; afterwards the first of them */
    OP_BACK    /* args: enum id_kind, the first of the unused ones, the end of the block */
};

/* Its texts lie behind it. */
struct op {
    STAILQ_ENTRY(op) link;
    enum op_kind kind;
    const struct statement *statement;
    const struct noun *noun;
    uint64_t changed; /* OP_INSERT, OP_UPDATE: fields, a bit each */
    bool is_conditional;
    int count;
    struct arg args[];
};

struct job {
    TAILQ_ENTRY(job) link;
    bool is_read;
};
TAILQ_HEAD(jobs, job);

struct batch {
    struct job job;
    STAILQ_HEAD(, op) ops;
    batch_done *done;
    void *arg;
    enum batch_end end;
};

struct read {
    struct job job;
    struct store *store;
    int64_t number, after; /* after: batches that were submitted before */
    int64_t saw;           /* batches that the answer has seen; while recording */
    const struct statement *statement;
    enum lane lane;
    bool durable, is_queued, is_stale;
    bool cancelled; /* atomic: the thread that carries it out looks at it */
    enum read_end end;
    struct rows *rows; /* once it is carried out */
    read_done *done;
    void *arg;
    int count;
    struct arg args[]; /* texts lie behind them */
};

static inline struct batch *job_batch(struct job *j) { return (struct batch *)j; }
static inline struct read *job_read(struct job *j) { return (struct read *)j; }
struct batch *batch_of_block(enum id_kind kind, int64_t count);
/* Ids that were reserved and not used. */
void batch_give_back(struct batch *b, enum id_kind kind, int64_t next, int64_t end);
struct read *read_new(const struct statement *st, const struct arg *args);
void read_free(struct read *r);

/* ---- rows, as the backend makes them ---- */

struct rows *rows_new(const struct statement *st);
void rows_free(struct rows *rows);
/* Begins a row; false: there are too many, and the read has failed by that. */
bool rows_add(struct rows *rows);
void rows_add_null(struct rows *rows);
void rows_add_int(struct rows *rows, int64_t num);
void rows_add_text(struct rows *rows, const char *text, size_t n);
/* The read has failed. */
void rows_fail(struct rows *rows, const char *why);
void rows_set_stale(struct rows *rows);

/* ---- a backend: a database that a thread waits for ---- */

struct writer; /* the connection that writes; used by one thread at a time */
struct reader; /* one that reads */

/* What became of carrying a read out. */
enum read_fate { FATE_DONE, FATE_DISK /* failed, and it is the disk that fails */ };

struct backend_config {
    const char *path; /* ":memory:" = none */
    bool full;
    int64_t log_limit; /* as in struct store_config */
    const struct log *log;
};

struct backend {
    /* Opens, creates, brings up to date; checks all statements. NULL with *err. */
    struct writer *(*open)(const struct backend_config *config, char **err);
    /* Everything that store_save wrote at path, instead of what there is. From then on
     * result lines go nowhere. */
    bool (*restore)(struct writer *w, const char *path, char **err);
    /* Result lines that the ledger has and the file may not have. */
    bool (*complete)(struct writer *w, char **err);
    /* A recording begins: from here on the database says how many batches it has taken. */
    bool (*count)(struct writer *w, char **err);
    /* Carries out batches in one transaction, commits, writes their result lines. False
     * with *err: nothing was kept (the disk); all may be tried again. Sets their end. */
    bool (*write)(struct writer *w, struct jobs *batches, char **err);
    /* Folds the log into the file: as far as readers let it, or all. */
    void (*checkpoint)(struct writer *w, bool all);
    void (*close)(struct writer *w);
    /* A connection of its own, or (shared) the writer's; NULL with *err. Any thread. */
    struct reader *(*connect)(struct writer *w, bool shared, char **err);
    /* Carries it out: rows, end; and saw if it is recorded. limit: ns it may take, 0 = any. */
    enum read_fate (*read)(struct reader *r, struct read *read, bool is_recorded,
                           int64_t limit);
    /* A copy of all there is; next: the ids that come next, by kind. */
    bool (*save)(struct reader *r, const char *path, const int64_t *next, char **err);
    void (*disconnect)(struct reader *r);
};

/* ---- executors: who carries jobs out, and when ---- */

struct executor {
    bool (*open)(struct store *s, char **err);
    void (*submit)(struct store *s, struct job *job);
    /* Not told by now. True: nobody works on it, it may be freed. */
    bool (*cancel)(struct store *s, struct read *r);
    bool (*is_failing)(const struct store *s);
    /* Of a replay: an input of the recording. */
    void (*play)(struct store *s, const struct record_item *item);
    /* Carries out and tells everything; nothing follows. */
    void (*finish)(struct store *s);
    void (*close)(struct store *s);
};

extern const struct executor executor_threads, executor_inline, executor_replay;

struct threads;
struct replay;

/* Ids at hand, and those behind them. */
struct ids {
    struct store *store;
    enum id_kind kind;
    int64_t next, end, more, more_end;
    struct batch *asked;
};

struct store {
    struct loop *loop;
    bool is_open;
    struct store_config config;
    const struct backend *backend;
    const struct executor *executor;
    struct writer *writer;
    struct reader *reader;  /* of the loop */
    int64_t batches, reads; /* submitted so far */
    struct ids ids[ID_KINDS];
    struct {
        struct record *record; /* NULL: nothing is recorded */
        struct source_port port;
        int queries;           /* under way: they all see the same */
        int64_t visible, told; /* batches, as noted last */
        bool failing;
    } rec;
    struct threads *threads;
    struct {
        struct jobs todo, done;
        struct task task;
        struct reader *reader;
        bool failing;
    } turn; /* of an inline one, and of a replay */
    struct replay *replay;
};

/* Tells owners, in order; frees the jobs. Notes it, if that is done. */
void store_tell(struct store *s, struct jobs *jobs);
/* The disk fails: said once. Works again: said once. failing may be shared by threads. */
void store_set_failing(struct store *s, bool *failing, bool now, const char *why);
/* Carries out the jobs of todo on the loop, in order, and puts them to the done ones. */
void turn_carry_out(struct store *s);
/* One batch, or read, of todo. */
void turn_write(struct store *s, struct jobs *batches);
void turn_read(struct store *s, struct read *r);
/* A replay's: carries out what the disk had taken by then. */
void replay_until(struct store *s, int64_t batches);

#endif
