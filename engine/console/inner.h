/* Inside of the console: who is connected, what the nouns look like from there, and the
 * functions that the engine lends to the prelude. */
#ifndef CONSOLE_INNER_H
#define CONSOLE_INNER_H

#include <sys/types.h>

#include "ami/message.h"
#include "io/listener.h"
#include "dialer/core/engine.h"
#include "script/shell/shell.h"

struct console {
    struct engine *engine;
    struct listener *listener;
    struct peer *peers;
    unsigned count;
    gid_t group; /* of the socket */
};

/* One connection. */
struct peer {
    struct peer *next;
    struct console *console;
    struct conn *conn;
    struct shell *shell;
    struct str in;
    uid_t uid;
    bool json, closing;
    int64_t width;    /* columns of its terminal, 0 = none */
    int64_t line;     /* the job of the line that runs, 0 = none */
    bool hears;       /* wants events */
    uint64_t dropped; /* events it could not take */
    struct alarm *alarms;
    int64_t alarm_ids;
    struct task close;
};

/* ---- nouns as the console sees them ---- */

enum kind_type { KIND_TEXT, KIND_INT, KIND_BOOL, KIND_REAL, KIND_VARS };

/* A field of a noun that is no table of the store. */
struct kind_field {
    const char *name, *header; /* header: as dialing_print writes it */
    enum kind_type type;
    const char *help;
};

/* Sees one resource; false ends the walk. */
typedef bool kind_visit(void *ctx, const char *key, void *value);

struct kind {
    const char *name, *help;
    const char *event;               /* in OutXCreate; NULL = has no events */
    const struct noun *noun;         /* a table of the store, or */
    const struct kind_field *fields; /* these, ended by {0} */
    const char *key;                 /* the field that names one */
    /* Walks over all of them; not for leads. */
    void (*each)(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
    json_t *(*json)(struct engine *e, void *value);
};

/* All of them, ended by {0}. */
extern const struct kind kinds[];
const struct kind *kind_find(const char *name);
/* The kind an event like OutDlListUpdate is about. */
const struct kind *kind_of_event(const char *event);
/* One row as plain values; nulls are left out. */
json_t *kind_row(const struct row *row);
/* The same from the headers of an event or entry. */
json_t *kind_headers(const struct kind *k, const struct message *m);
/* The same from the lines of a packet. */
json_t *kind_packet(const struct kind *k, const struct str *packet);
/* Nouns whose fields are kind_field tables (consolelive.c). */
extern const struct kind_field dialing_fields[], agent_fields[], queue_fields[];
extern const struct kind_field asterisk_fields[], trunk_fields[];
extern const struct kind_field strategy_fields[], shadow_fields[]; /* consolestrategy.c */
extern const struct kind_field preview_fields[];                   /* consolepreview.c */
void each_preview(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
json_t *preview_row(struct engine *e, void *value);
void each_strategy(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_shadow(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
json_t *strategy_row(struct engine *e, void *value);
json_t *shadow_row(struct engine *e, void *value);
void each_dialing(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_agent(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_queue(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_asterisk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
void each_trunk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx);
json_t *dialing_row(struct engine *e, void *value);
json_t *agent_row(struct engine *e, void *value);
json_t *queue_row(struct engine *e, void *value);
json_t *asterisk_row(struct engine *e, void *value);
json_t *trunk_row(struct engine *e, void *value);

/* ---- the lent functions; arg is the struct peer ---- */

extern const struct lent console_nouns[], console_live[], console_whys[], console_alarms[];
extern const struct lent console_strategies[];
extern const struct lent *const console_lent[];
/* The texts of scripts/console*.lua. */
extern const struct shell_source console_prelude[];

/* Says in the log that this peer changed something. */
void peer_note(const struct peer *p, const char *fmt, ...) PRINTF(2, 3);
/* An argument as text, "" if it is none. */
const char *arg_text(json_t *args, size_t i);
/* An argument as number, otherwise if it is none. */
int64_t arg_int(json_t *args, size_t i, int64_t otherwise);
void alarms_free(struct peer *p);

#endif
