/* Queues and their agents, followed through events after one QueueStatus. A periodic
 * QueueStatus corrects what the events do not tell. */
#ifndef DIALER_PBX_QUEUE_H
#define DIALER_PBX_QUEUE_H

#include "ami/message.h"
#include "dialer/core/engine.h"

/* What a member is doing, as far as the queue's events tell. */
enum doing { DOING_NOTHING, DOING_TALK, DOING_WRAPUP, DOING_OTHER /* a break, another call */ };

struct member {
    char *interface, *caller; /* caller: Uniqueid of the call they took; NULL = none */
    int status;               /* device state, as in QueueMember */
    bool paused, ringing, in_call;
    bool wraps_up; /* paused with the reason "wrapup" */
    enum doing doing;
    double since, counted; /* monotonic s: began doing that; counted by worktime up to here */
    char campaign[UUID_TEXT]; /* of the call they have or had last; "" = none of the engine's */
    bool seen, known;         /* on the list that is being read; on an earlier list */
    int64_t ready_at;         /* monotonic ns of the end of the wrap-up; 0 = none */
};

struct queue {
    struct asterisk *asterisk;
    char *name;
    struct map members; /* interface -> struct member */
    int64_t waiting;    /* callers */
    double performance; /* service-level performance, 0 to 1; negative = unknown */
    struct timer wrapup;
};

struct queue_count {
    int64_t logged_in, available, busy, paused;
    int64_t offered;   /* their phone rings for a waiting caller */
    int64_t previewed; /* available, and have been offered a lead */
};

/* The queue of that name, made if it is not known. NULL for a name that is NULL or empty. */
struct queue *queue_get(struct asterisk *a, const char *name);
void queue_free(struct queue *q);
/* Counts members as QueueSummary does, except that agents in wrap-up and those who have
 * accepted a lead are not available. */
struct queue_count queue_count(struct queue *q);
/* The agent who is free, has no offer and has been idle for the longest time; NULL = none. */
const struct member *queue_idle(const struct queue *q);
/* Why the agent of that interface cannot take a call now (static text); NULL if they can. */
const char *queue_why_not(const struct queue *q, const char *interface);
/* A call for this agent alone, of which no queue knew, has ended: their wrap-up begins, in all
 * of their queues. */
void queues_rest(struct asterisk *a, const char *interface);
/* Handles an event; false if it is not a queue's. */
bool queue_event(struct asterisk *a, const struct message *m);
/* Handles an item of QueueStatus. queues_begin comes before the list, queues_end after it;
 * members that are not on the list are removed. */
void queues_begin(struct asterisk *a);
void queue_item(struct asterisk *a, const struct message *m);
void queues_end(struct asterisk *a);

#endif
