/* A queue of the simulated Asterisk: the callers who wait, and its rows of members. */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "sim/inner.h"
#include "sim/call.h"

#define QUEUES_MAX 64 /* they are made when they are named */

/* A row of a queue: an agent, who may stand in several queues. */
struct simmember {
    TAILQ_ENTRY(simmember) link;
    LIST_ENTRY(simmember) of_agent;
    struct simqueue *queue;
    struct simagent *agent;
    bool paused; /* by an action; in wrap-up an agent is paused as well */
    char *reason;
    int penalty;
    unsigned taken;
    long long last_call, last_pause, login;
};

struct simqueue {
    STAILQ_ENTRY(simqueue) link;
    struct sim *sim;
    char *name;
    TAILQ_HEAD(, simcall) waiting; /* the line, by in_line */
    unsigned count;
    TAILQ_HEAD(, simmember) members;
    unsigned completed, abandoned;
    long long hold_time, talk_time; /* s, of all completed calls */
};

/* The queue of that name; where the world names none, it is made. NULL: no such queue.
 */
struct simqueue *simqueue_get(struct sim *sim, const char *name);
struct simqueue *simqueue_find(struct sim *sim, const char *name);
void simqueue_free(struct simqueue *q);

/* A call enters; data is Queue()'s, "name,,,,timeout". False: no such queue. */
bool simqueue_join(struct simcall *c, const char *data);
/* The call in the queue, or with an agent out of it, is hung up. */
void simqueue_gone(struct simcall *c);
/* The caller's patience, or the queue's timeout, is over. */
void simqueue_due(struct simcall *c);
/* Callers and free agents: rings who can be rung. */
void simqueue_serve(struct simqueue *q);
/* An agent has answered: the caller is out of the line. */
void simqueue_connect(struct simcall *c);

/* ---- members (member.c) ---- */

struct simmember *simmember_find(struct simqueue *q, const struct simagent *a);
/* With QueueMemberAdded if told. */
struct simmember *simmember_add(struct simqueue *q, struct simagent *a, int penalty, bool told);
void simmember_remove(struct simmember *m);
void simmember_free(struct simmember *m);
/* QueuePause's part; QueueMemberPause follows in any case. */
void simmember_pause(struct simmember *m, bool paused, const char *reason);
/* Not paused, and the phone is free. */
bool simmember_is_free(const struct simmember *m);
/* One of QueueMemberStatus, QueueMemberPause, QueueMemberAdded, QueueMemberRemoved. */
void simmember_event(struct simmember *m, const char *event);
/* The headers that lists and events share; in a list Name and Location. */
void simmember_print(struct str *b, const struct simmember *m, bool in_list);

#endif
