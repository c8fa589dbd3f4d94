/* The engine: everything one running dialer consists of, handed down explicitly. Two
 * of them in one process do not know of each other. It is opened and closed by
 * dialer/dialer.h, above all other rooms of the dialer. */
#ifndef DIALER_CORE_ENGINE_H
#define DIALER_CORE_ENGINE_H

#include <sys/queue.h>

#include "base/chance.h"
#include "conf/conf.h"
#include "io/conn.h"
#include "io/loop.h"
#include "base/map.h"
#include "script/hook/script.h"
#include "store/store.h"

struct agenda;
struct asterisk;
struct campaign;
struct dialing;
struct event;
struct lead;
struct plan;
struct touched;
struct trunk;

/* A dlma or destination: a row and its JSON for the calls that freeze it. */
struct item {
    struct row *row;
    json_t *frozen; /* made on demand, dropped at a change */
};

/* What `run` never changes and a laboratory does. */
struct engine_options {
    const uint64_t *seed; /* of all chance; NULL = the kernel */
    /* The database lives in memory and is written at once (store.h); result lines are
     * made only if there is a file for them (result_filename). */
    bool in_memory;
    /* Where to put the database as it is at the start (a recording's). NULL = nowhere. */
    const char *copy_to;
    /* The loop replays a recording; this is the database of its start. NULL = no replay. */
    const char *replay;
    /* How to reach every Asterisk; NULL = a socket. */
    struct conn *(*dial)(void *arg, const struct conn_events *ev, void *ev_arg);
    void *dial_arg;
};

struct engine {
    struct loop *loop;
    const struct log *log;
    const struct conf *conf;
    struct chance chance;
    struct store *store;
    struct script_env scripts;
    struct map campaigns;    /* uuid -> struct campaign */
    struct map plans;        /* uuid -> struct plan */
    struct map dlmas;        /* uuid -> struct item */
    struct map destinations; /* uuid -> struct item */
    struct map queues;       /* uuid -> struct item, OutQueue* of old scripts */
    struct map dialings;     /* uuid -> struct dialing, in flight */
    struct map previews;     /* uuid -> struct preview, leads offered to agents */
    struct map channels;     /* channel id -> struct dialing, both halves of a Local */
    struct map leads;        /* uuid -> struct lead, those in work only */
    struct map lead_ids;     /* the same by id */
    struct map asterisks;    /* name -> struct asterisk */
    struct map trunks;       /* name -> struct trunk */
    struct map memories;     /* campaign/hook -> what strategies have learnt */
    struct map passed;       /* content hashes of strategies whose own tests passed */
    struct timer memory_save;
    struct watch *watch; /* of the strategies' folders, NULL on a virtual clock */
    LIST_HEAD(, agenda) agendas;
    LIST_HEAD(, touched) reads; /* of leads, under way */
    struct map fetches;         /* uuid -> struct fetch: leads that are being read */
    struct {
        int quiet_from, quiet_to; /* minutes of the day; the same = none */
        struct map do_not_call;   /* digits */
    } limits;
    struct {
        /* Something happened (event.h). NULL = nobody listens. */
        void (*event)(void *arg, const struct event *ev);
        /* One line of JSON for each decision that asked a strategy; NULL = nobody. */
        void (*decision)(void *arg, const char *line);
        /* Reads the configuration again; what came of it in words (free it). NULL = no
         * such thing here. */
        char *(*reload)(void *arg);
        void *arg;
    } out;
    /* What lower rooms tell upper ones; set before anything is loaded. */
    struct {
        /* Something changed that the campaign's decision reads: once, at the end of the turn. */
        void (*decide)(struct campaign *c);
        /* Another version decides what is due next under the plan. */
        void (*rescheduled)(struct plan *p);
        /* A reservation is durable: may its Originate leave? NULL, or why not any more. */
        const char *(*may_leave)(const struct dialing *d);
    } up;
    struct {
        /* Before and after a dial strategy is asked: for who measures. NULL = nobody. */
        void (*asking)(void *arg, bool begins);
        void *arg;
    } probe;
    struct engine_options options;
    int64_t born;    /* monotonic ns */
    bool no_results; /* nobody reads them */
    bool leaving;    /* no call begins any more */
    struct {
        int rounds;
        struct timer limit;
        void (*gone)(void *arg);
        void *arg;
    } leave;
};

int64_t engine_now(const struct engine *e);  /* monotonic ns */
int64_t engine_wall(const struct engine *e); /* ns since 1970 */
double
engine_seconds(const struct engine *e); /* s on the loop's clock, as the learner takes them */
/* A new uuid from the engine's generator. */
void engine_uuid(struct engine *e, char out[UUID_TEXT]);

#endif
