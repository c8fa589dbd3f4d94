/* A channel: one leg of a call, and the events that tell of it. */
#ifndef SIM_LEG_H
#define SIM_LEG_H

#include "sim/inner.h"

enum leg_state { LEG_DOWN = 0, LEG_RING = 4, LEG_RINGING = 5, LEG_UP = 6, LEG_BUSY = 7 };

struct leg {
    struct sim *sim;
    struct simcall *call;   /* whose leg it is, or whom the agent serves */
    struct simagent *agent; /* of an agent's leg */
    char *name, *id, *linked;
    char *num, *caller; /* NULL: unknown */
    bool has_connected; /* the connected line is the same as the caller */
    char *account, *context, *exten;
    int priority;
    enum leg_state state;
    const char *app, *data; /* what it runs; somebody else's text */
    int64_t since;
};

/* Makes it known by its id. A NULL id is made up. */
void leg_open(struct leg *l, struct sim *sim, const char *name, const char *id,
              const char *linked, const char *context, const char *exten);
/* Forgets it, without an event. */
void leg_close(struct leg *l);
/* The leg of that Uniqueid or name, or NULL. */
struct leg *leg_find(struct sim *sim, const char *which);
void leg_caller(struct leg *l, const char *num, const char *name);

/* ---- its part of an event ---- */

enum leg_prefix { LEG_PLAIN, LEG_DEST, LEG_LOCAL_ONE, LEG_LOCAL_TWO };
/* The channel headers of an event; a prefix tells several legs apart. */
void leg_print(struct str *b, const struct leg *l, enum leg_prefix prefix);

/* ---- whole events ---- */

void leg_newchannel(struct leg *l);
void leg_newexten(struct leg *l, const char *exten, const char *app, const char *data);
void leg_varset(struct leg *l, const char *name, const char *value);
void leg_newcallerid(struct leg *l);
/* Moves on to a state, with Newstate. */
void leg_newstate(struct leg *l, enum leg_state state);
/* DialBegin, DialState, DialEnd; by is the caller of an agent's leg, NULL otherwise. */
void leg_dial(struct leg *l, const struct leg *by, const char *event, const char *header,
              const char *value);
/* HangupRequest or SoftHangupRequest; a cause below zero is not told. */
void leg_request(struct leg *l, const char *event, int cause, int sip);
/* Hangup, and the leg is closed. sip: its code where the driver tells it, else 0. */
void leg_hangup(struct leg *l, int cause, int sip);
void leg_bridge(struct leg *one, struct leg *two, const char *context, const char *exten);

#endif
