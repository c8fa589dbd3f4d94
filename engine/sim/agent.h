/* An agent of the simulated Asterisk: a phone, and somebody who picks up, talks and
 * wraps up. */
#ifndef SIM_AGENT_H
#define SIM_AGENT_H

#include "sim/queue.h"

enum agent_state { AGENT_FREE = 1, AGENT_TALKING = 2, AGENT_RINGING = 6 };

struct simagent {
    STAILQ_ENTRY(simagent) link;
    struct sim *sim;
    char *name, *interface;
    enum agent_state state; /* as a device state */
    bool wraps_up;
    bool is_present, is_leaving;    /* of the world's own agents: logged in */
    uint64_t turn;                  /* who has been free longest has the lowest */
    LIST_HEAD(, simmember) members; /* the rows, by of_agent */
    /* the call */
    struct simcall *call;
    struct simmember *row; /* by which the phone was rung */
    struct leg leg;
    struct timer timer;
    int64_t rung, connected, idle; /* idle: since when there is no call */
    bool misses;
};

/* Makes the world's agents and lets their number follow the world. */
void simagents_start(struct sim *sim);
void simagents_free(struct sim *sim);
/* The one with that interface, or NULL. */
struct simagent *simagent_find(struct sim *sim, const char *interface);
struct simagent *simagent_new(struct sim *sim, const char *interface, const char *name);
/* The world's agents who are logged in stand in every queue it makes. */
void simagents_join(struct sim *sim, struct simqueue *q);
void simagent_ring(struct simagent *a, struct simmember *by, struct simcall *c);
/* The phone's channel is hung up. */
void simagent_hangup(struct simagent *a);
/* The caller has hung up: no longer rings, or the talk is over. Where the phone only rang
 * simagent_serve is to follow, once the caller is out of the queue. */
void simagent_drop(struct simagent *a);
/* The agent may be free: looks into all their queues. */
void simagent_serve(struct simagent *a);
/* Ends the wrap-up: the phone can ring again. */
void simagent_ready(struct simagent *a);

#endif
