/* One Asterisk: the connection to its AMI port, its limits, its queues, and the events of its
 * calls. */
#ifndef DIALER_PBX_ASTERISK_H
#define DIALER_PBX_ASTERISK_H

#include "ami/client.h"
#include "dialer/core/cap.h"
#include "dialer/core/engine.h"

struct preview;

/* Calls into the room that knows the calls (call/calls.h). */
struct asterisk_events {
    /* Any event; it may be about a channel of one of the engine's calls. */
    void (*event)(struct asterisk *a, const struct message *m);
    /* The list of channels that asterisk_look asked for is complete: a->present. */
    void (*looked)(struct asterisk *a);
    /* The uuid of the campaign whose call the channel is; "" = not one of the engine's. */
    const char *(*campaign_of)(const struct asterisk *a, const char *channel);
};

struct asterisk {
    struct engine *engine;
    const struct asterisk_events *events;
    const struct conf_asterisk *conf;
    struct client *client;
    struct tls *tls; /* NULL = the connection is not encrypted */
    struct cap cap;
    int64_t asked;          /* Originates without an answer, reservations included */
    int64_t originates;     /* how many of them are allowed now */
    int64_t faults;         /* recent calls that failed before a channel existed */
    int64_t fault_time;     /* monotonic ns of the latest of them */
    bool synced;            /* channels and queues have been read since the last login */
    bool looking, counting; /* a list of channels, of queues, has been asked for */
    bool resting;           /* it refused an action: the next is sent after a while */
    int64_t rest;           /* ns of the next such wait; doubles each time */
    struct timer wake;
    /* While the list of channels is read: id of one of the engine's calls -> U (up) or D
     * (dialing), followed by the channel's name */
    struct map present;
    int64_t look_time;  /* ns since 1970 at which the list was asked for */
    struct map queues;  /* name -> struct queue */
    struct map offered; /* agent's interface -> struct preview that they have to decide on */
    struct map claimed; /* agent's interface -> struct dialing that they have accepted */
    struct timer check;
};

/* NULL with *err if its TLS files cannot be used. */
struct asterisk *asterisk_new(struct engine *e, const struct conf_asterisk *conf,
                              const struct asterisk_events *events, char **err) MUST_CHECK;
void asterisk_free(struct asterisk *a);
/* The configuration has changed: its limits follow. */
void asterisk_conf_changed(struct asterisk *a);
/* Is it connected, and are its channels and queues known? Calls may begin then. */
bool asterisk_is_ready(const struct asterisk *a);
/* It refused an action for a reason of its own (a missing right, a shutdown): no call begins
 * for a while. The first refusal in a row is logged. */
void asterisk_rest(struct asterisk *a, const char *action, const char *why);
/* Does the reply refuse the action? */
bool asterisk_is_error(enum reply_kind kind, const struct message *m);
/* Asks Asterisk to hang up a channel, by name or id. */
void asterisk_hangup(struct asterisk *a, const char *channel);
/* Asks Asterisk for the list of its channels: calls that are not on it have ended. */
void asterisk_look(struct asterisk *a);
/* Room for an Originate is taken; the Originate has been answered, or will not be sent. */
void asterisk_ask(struct asterisk *a);
void asterisk_answer(struct asterisk *a);
/* A call failed before a channel existed; a call got its channel. Both adapt the number of
 * Originates that may be without an answer at once. */
void asterisk_fault(struct asterisk *a);
void asterisk_good(struct asterisk *a);

/* ---- its agents ---- */
/* A lead is offered to the agent of that interface; the offer is closed. */
void asterisk_offer_begins(struct asterisk *a, const char *agent, struct preview *p);
void asterisk_offer_ends(struct asterisk *a, const char *agent);
bool asterisk_is_offered(const struct asterisk *a, const char *agent);
/* The agent has accepted a lead: its call is for them alone. It has ended: false if another
 * call is theirs by now. */
void asterisk_claim(struct asterisk *a, const char *agent, struct dialing *d);
bool asterisk_unclaim(struct asterisk *a, const char *agent, const struct dialing *d);
bool asterisk_is_claimed(const struct asterisk *a, const char *agent);

#endif
