/* The engine: everything that one running dialer consists of, passed explicitly. Several
 * engines in one process are independent. dialer/dialer.h, above all other rooms of the
 * dialer, opens and closes them. */
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

/* A resource with a row, and the row's JSON for the calls that freeze it. */
struct item {
    struct row *row;
    json_t *frozen; /* made on demand, dropped when the row changes */
};

/* Options that `run` leaves as they are and that simulations, recordings and replays set. */
struct engine_options {
    const uint64_t *seed; /* of all random numbers; NULL = from the kernel */
    /* The database is in memory (store.h). Result lines are made only if result_filename
     * is set. */
    bool in_memory;
    /* A file to save the database in at the start, for a recording. NULL = none. */
    const char *copy_to;
    /* The loop replays a recording; this file has the database of its start. NULL = no
     * replay. */
    const char *replay;
    /* Connects to an Asterisk; NULL = through a socket. */
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
    struct map queues;       /* uuid -> struct item: the OutQueue actions of old scripts */
    struct map dialings;     /* uuid -> struct dialing: calls in flight */
    struct map previews;     /* uuid -> struct preview: leads offered to agents */
    struct map channels;     /* channel id -> struct dialing: both halves of a Local channel */
    struct map leads;        /* uuid -> struct lead: leads in work only */
    struct map lead_ids;     /* id -> the same */
    struct map asterisks;    /* name -> struct asterisk */
    struct map trunks;       /* name -> struct trunk */
    struct map memories;     /* campaign/hook -> struct memory of the strategies */
    struct map passed;       /* keys: hook/content hash of strategies whose own tests passed */
    struct timer memory_save;
    struct watch *watch; /* of the strategies' folders; NULL on a virtual clock */
    LIST_HEAD(, agenda) agendas;
    LIST_HEAD(, touched) reads; /* reads of leads in progress */
    struct map fetches;         /* uuid -> struct fetch: leads that are being read */
    struct {
        int quiet_from, quiet_to; /* minutes of the day; equal = no quiet hours */
        struct map do_not_call;   /* keys: digits */
    } limits;
    struct {
        /* Something happened (event.h). NULL = no listener. */
        void (*event)(void *arg, const struct event *ev);
        /* A decision that called a strategy, as a line of JSON. NULL = no listener. */
        void (*decision)(void *arg, const char *line);
        /* Reads the configuration again and returns the outcome in words (free it). NULL =
         * not possible in this process. */
        char *(*reload)(void *arg);
        void *arg;
    } out;
    /* Calls from lower rooms to upper ones; set before anything is loaded. */
    struct {
        /* Something that the campaign's decision depends on has changed. Called once, at the
         * end of the turn. */
        void (*decide)(struct campaign *c);
        /* The plan's due dates are decided by another version from now on. */
        void (*rescheduled)(struct plan *p);
        /* A reservation is durable. NULL if its Originate may leave, else why not. */
        const char *(*may_leave)(const struct dialing *d);
    } up;
    struct {
        /* Called before and after each call of a dial strategy, to measure it. May be NULL. */
        void (*asking)(void *arg, bool begins);
        void *arg;
    } probe;
    struct engine_options options;
    int64_t born;    /* monotonic ns */
    bool no_results; /* no result lines are made */
    bool leaving;    /* no call begins any more */
    struct {
        int rounds;
        struct timer limit;
        void (*gone)(void *arg);
        void *arg;
    } leave;
};

int64_t engine_now(const struct engine *e);    /* monotonic ns */
int64_t engine_wall(const struct engine *e);   /* ns since 1970 */
double engine_seconds(const struct engine *e); /* monotonic seconds, as learn.h takes them */
/* A new uuid from the engine's generator. */
void engine_uuid(struct engine *e, char out[UUID_TEXT]);

#endif
