/* Inside of the simulated Asterisk: what its files share. */
#ifndef SIM_INNER_H
#define SIM_INNER_H

#include <sys/queue.h>

#include "ami/server.h"
#include "base/chance.h"
#include "base/map.h"
#include "conf/users.h"
#include "sim/sim.h"
#include "sim/tally.h"
#include "sim/world.h"

struct simcall;
struct simqueue;
struct simagent;

struct sim {
    struct loop *loop;
    const struct clock *clock;
    const struct log *log;
    struct server *server;
    struct chance chance; /* of the sessions' challenges only */
    struct users users;
    struct world *world;
    uint64_t seed;
    int dialect;
    int64_t start, start_wall;
    uint64_t dials;             /* the k of the next dial's fate */
    unsigned long ids, numbers; /* of Uniqueids and channel names */
    unsigned long turns;        /* of agents */
    unsigned long processed;
    long channels;   /* of customers, for the trunk's limit */
    struct map legs; /* by Uniqueid */
    LIST_HEAD(, simcall) calls;
    STAILQ_HEAD(, simqueue) queues;
    unsigned queue_count;
    STAILQ_HEAD(, simagent) agents;
    unsigned agent_count; /* of the world's own */
    struct timer shift;   /* when the number of agents changes */
    struct tally tally;   /* what really happened */
    struct str out;       /* the event that is being built */
};

/* Seconds since the start: the world's time. */
double sim_time(const struct sim *sim);
/* Now as Asterisk writes it, seconds since 1970. */
long long sim_epoch(const struct sim *sim);

/* Begins an event in sim->out unless nobody would hear it. */
bool event_begin(struct sim *sim, uint32_t need, const char *name);
/* The blank line, and off to the sessions. */
void event_send(struct sim *sim, uint32_t need);

#endif
