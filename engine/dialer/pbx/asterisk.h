/* One Asterisk server: the AMI connection, its limits, its queues, and the events that
 * belong to our calls. */
#ifndef DIALER_PBX_ASTERISK_H
#define DIALER_PBX_ASTERISK_H

#include "ami/client.h"
#include "dialer/core/cap.h"
#include "dialer/core/engine.h"

/* What is told to the room that knows the calls. */
struct asterisk_events {
    /* Any event: it may name a channel of ours. */
    void (*event)(struct asterisk *a, const struct message *m);
    /* The list of channels that asterisk_look asked for has come; it is a->present. */
    void (*looked)(struct asterisk *a);
    /* The uuid of the campaign whose call that channel is, "" = no call of ours. */
    const char *(*campaign_of)(const struct asterisk *a, const char *channel);
};

struct asterisk {
    struct engine *engine;
    const struct asterisk_events *events;
    const struct conf_asterisk *conf;
    struct client *client;
    struct tls *tls; /* of the way to it, NULL = plain */
    struct cap cap;
    int64_t asked;      /* Originates without an answer, reservations included */
    int64_t originates; /* how many of them are allowed now */
    int64_t faults;     /* failures without a channel, lately */
    int64_t fault_time;
    bool synced;            /* calls and queues are known since the last login */
    bool looking, counting; /* a list of channels, of queues is under way */
    bool resting;           /* it refuses what we need: asked again after a while */
    int64_t rest;           /* ns of the next rest; doubles */
    struct timer wake;
    struct map
        present; /* of that list: id of a call of ours -> U or D (up, dialling) and its name */
    int64_t look_time;  /* wall ns when it was asked for */
    struct map queues;  /* name -> struct queue */
    struct map offered; /* agent's interface -> struct preview: he has to decide */
    struct map claimed; /* agent's interface -> struct dialing: the call that is for him */
    struct timer check;
};

/* NULL with *err when its TLS files cannot be used. */
struct asterisk *asterisk_new(struct engine *e, const struct conf_asterisk *conf,
                              const struct asterisk_events *events, char **err) MUST_CHECK;
void asterisk_free(struct asterisk *a);
/* Connected, and everything known: calls may begin. */
bool asterisk_is_ready(const struct asterisk *a);
/* It refused an action for a reason of its own (no right, shutting down): nothing is
 * begun for a while. The first of a row is logged. */
void asterisk_rest(struct asterisk *a, const char *action, const char *why);
/* Does the reply refuse the action? */
bool asterisk_is_error(enum reply_kind kind, const struct message *m);
/* Asks for a channel (its name or id) to be hung up. */
void asterisk_hangup(struct asterisk *a, const char *channel);
/* Asks which channels there are: calls not among them have ended. */
void asterisk_look(struct asterisk *a);
/* An Originate is reserved for; it has been answered, or will not leave. */
void asterisk_ask(struct asterisk *a);
void asterisk_answer(struct asterisk *a);
/* A call was refused without a channel, or got one: adapts the number of Originates. */
void asterisk_fault(struct asterisk *a);
void asterisk_good(struct asterisk *a);

#endif
