/* Inside of the console: who is connected, what the nouns look like from there, and the
 * functions that the engine lends to the prelude. */
#ifndef CONSOLE_INNER_H
#define CONSOLE_INNER_H

#include <sys/queue.h>
#include <sys/types.h>

#include "io/listener.h"
#include "dialer/core/attr.h"
#include "dialer/core/engine.h"
#include "script/shell/shell.h"

struct console {
    struct engine *engine;
    struct listener *listener;
    LIST_HEAD(, peer) peers;
    unsigned count;
    gid_t group; /* of the socket */
};

/* One connection. */
struct peer {
    LIST_ENTRY(peer) list;
    struct console *console;
    struct conn *conn;
    struct shell *shell;
    struct str in;
    uid_t uid;
    bool json, closing;
    int64_t width;    /* columns of its terminal, 0 = none */
    int64_t line;     /* the job of the line that runs, 0 = none */
    bool hears;       /* wants events */
    uint64_t dropped; /* events that it lost */
    LIST_HEAD(, alarm) alarms;
    int64_t alarm_ids;
    struct task close;
};

/* ---- nouns as the console sees them ---- */

/* Called with each resource; false ends the walk. */
typedef bool kind_visit(void *ctx, const char *key, const void *value);

struct kind {
    const char *name, *help;
    const char *key;          /* the field that names one */
    const struct noun *noun;  /* a table of the store, or */
    const struct attr *attrs; /* what is shown of it */
    /* Walks over all of them; not for leads. */
    void (*each)(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
};

/* All of them, ended by {0}. */
extern const struct kind kinds[];
const struct kind *kind_find(const char *name);
/* One resource of the kind as plain values; nulls are left out. */
json_t *kind_json(const struct kind *k, const void *value);
/* The same of a row, and of what has these attributes. */
json_t *kind_row(const struct row *row);
json_t *kind_attrs(const struct attr *attrs, const void *subject);

/* The walks (live.c). */
void each_dialing(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_preview(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_agent(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_queue(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_asterisk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_trunk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_strategy(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_shadow(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);

/* ---- the lent functions; arg is the struct peer ---- */

extern const struct lent console_nouns[], console_live[], console_whys[], console_alarms[];
extern const struct lent *const console_lent[];
/* The texts of scripts/console*.lua. */
extern const struct shell_source console_prelude[];

/* Writes to the log what this peer did. */
void peer_note(const struct peer *p, const char *fmt, ...) PRINTF(2, 3);
/* An argument as text; "" if it is no text. */
const char *arg_text(json_t *args, size_t i);
/* An argument as an integer; `otherwise` if it is none. */
int64_t arg_int(json_t *args, size_t i, int64_t otherwise);
void alarms_free(struct peer *p);

#endif
