/* Agents, shadowed from queue events after one QueueStatus. Never polled; a periodic
 * check repairs what events cannot tell. */
#ifndef DIALER_PBX_QUEUE_H
#define DIALER_PBX_QUEUE_H

#include "ami/message.h"
#include "dialer/core/engine.h"

/* What a member is at, as far as the queue tells. */
enum doing { DOING_NOTHING, DOING_TALK, DOING_WRAPUP, DOING_OTHER /* a break, another call */ };

struct member {
    char *interface, *caller; /* caller: Uniqueid of the call it took, NULL if none */
    int status;               /* device state as QueueMember has it */
    bool paused, ringing, in_call;
    bool wraps_up; /* paused for that reason */
    enum doing doing;
    double since, counted;    /* s on the loop's clock: began it; told the learner up to here */
    char campaign[UUID_TEXT]; /* whose call it takes or took last, "" = none of ours */
    bool seen, known;         /* on the list that is being read; on an earlier one */
    int64_t ready_at;         /* monotonic ns, end of the wrap-up; 0 = no wrap-up */
};

struct queue {
    struct asterisk *asterisk;
    char *name;
    struct map members; /* interface -> struct member */
    int64_t waiting;    /* callers */
    double performance; /* service-level performance, 0..1; below 0 unknown */
    struct timer wrapup;
};

struct queue_count {
    int64_t logged_in, available, busy, paused;
    int64_t offered;   /* being rung for a caller who waits */
    int64_t previewed; /* of the available: have a lead offered and are to decide */
};

/* The queue of that name, made if it is not known; NULL name gives NULL. */
struct queue *queue_get(struct asterisk *a, const char *name);
void queue_free(struct queue *q);
/* Counts members as QueueSummary does, but wrap-up and calls under way count too. */
struct queue_count queue_count(struct queue *q);
/* The member who is free and has no lead offered, longest idle first; NULL: nobody. */
const struct member *queue_idle(const struct queue *q);
/* Why the agent of that interface cannot take a call that is for him now, NULL if he can;
 * a static text. */
const char *queue_why_not(const struct queue *q, const char *interface);
/* A call for him that no queue knew of has ended: his wrap-up begins, wherever he is. */
void queues_rest(struct asterisk *a, const char *interface);
/* One of Asterisk's queue events; false if it is none. */
bool queue_event(struct asterisk *a, const struct message *m);
/* An item of QueueStatus; queues_begin before the list, queues_end after it (says and
 * repairs what had drifted). */
void queues_begin(struct asterisk *a);
void queue_item(struct asterisk *a, const struct message *m);
void queues_end(struct asterisk *a);

#endif
