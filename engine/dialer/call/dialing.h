/* A dialing: one call, from the reservation of its lead to its result. It has frozen copies of
 * the resources, which do not change when these do. */
#ifndef DIALER_CALL_DIALING_H
#define DIALER_CALL_DIALING_H

#include "dialer/core/attr.h"
#include "dialer/core/outcome.h"
#include "dialer/list/lead.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/plan/plan.h"
#include "dialer/campaign/campaign.h"

/* Status only rises; each step sends an OutDialingUpdate. */
enum dialing_status {
    DIALING_NONE = 0,
    DIALING_REQUESTED = 1,
    DIALING_BEGUN = 2,
    DIALING_CHANNEL = 3,
    DIALING_ENDED = 4,
    DIALING_RESPONSE = 5,
    DIALING_HANGUP = 6,
    DIALING_ERROR = 10
};

/* The state of the call in the engine; only dialing_enter changes it. */
enum dialing_stage {
    STAGE_RESERVED, /* its reservation is being written */
    STAGE_SENT,     /* its Originate has been sent, in this run or an earlier one */
    STAGE_MISSING,  /* sent, but its channel was not on the last list */
    STAGE_FINISHED  /* its result is being written */
};

/* What a local failure counts against. */
enum dialing_blame {
    BLAME_CALL,   /* the number, and the Asterisk, which gets fewer Originates at once */
    BLAME_NUMBER, /* the number only: Asterisk refused the Originate itself */
    BLAME_NOBODY  /* nothing was sent, or Asterisk refused for a reason of its own */
};

struct dialing {
    struct engine *engine;
    char uuid[UUID_TEXT], other[UUID_TEXT];
    int64_t ledger; /* its id there */
    struct campaign *campaign;
    struct plan *plan;
    struct policy *policy; /* the plan's hooks as they were when it began */
    struct lead *lead;
    struct asterisk *asterisk;
    struct trunk *trunk; /* NULL without a [trunk:] section */
    int status;
    int index, tries;  /* which number of the lead, 1 to 8; attempts at it with this one */
    json_t *call;      /* dial_*: the call as it was asked for; part of the result */
    json_t *info;      /* info_*: the frozen rows */
    json_t *variables; /* of the channel, merged; an object of strings */
    json_t *history;   /* its AMI events; NULL = they are not kept */
    char *channel_name, *queue, *agent, *amd, *amd_detail;
    char *target; /* the agent who accepted the lead; NULL if it was not a preview */
    struct facts facts;
    struct outcome outcome;
    int64_t reserved;            /* monotonic ns of the reservation */
    double begun;                /* monotonic seconds of the same, for learn.h */
    bool watched;                /* learn.h has been told its beginning, but not its end */
    int64_t tm_join, tm_connect; /* ns since 1970: needed an agent, got one; 0 = not */
    bool abandoned;              /* a person answered and was not connected in time */
    /* ns since 1970; 0 = not */
    int64_t tm_create, tm_update, tm_dialing, tm_begin, tm_end, tm_hangup;
    enum dialing_stage stage;
    enum dialing_blame blame; /* if it fails locally */
    bool asked;               /* it counts as an Originate without an answer */
    bool recovered;           /* from an earlier run */
    unsigned generation;      /* of the connection that its Originate was sent over */
    bool withheld;            /* reserved, and then not to leave: the lead is as it was */
    bool wants_hangup;        /* to be hung up as soon as it has a channel */
    struct timer limit;
};

/* Reserves the lead, writes the ledger, and sends the Originate once that is durable. The
 * lead's hold is taken over. False if the lead cannot be dialed: it is given back then. If
 * the cause is that the trunk that the route hook chose has no room, *full is that trunk and
 * the lead is unchanged; else *full is untouched. */
bool dialing_begin(struct campaign *c, struct lead *lead, int number, struct trunk **full);
/* The same for an agent (by interface) who has accepted the lead and takes the call. */
bool dialing_begin_for(struct campaign *c, struct lead *lead, int number, const char *agent,
                       struct trunk **full);
/* Makes a call of an open row of the ledger, at the start. NULL if that is not possible. */
struct dialing *dialing_recover(struct engine *e, struct query *q);
/* An event about its channel. main: about the dialed channel, not the ;2 half of a Local. */
void dialing_event(struct dialing *d, const struct message *m, bool main);
/* A DialBegin or DialEnd of what its channel dials after it was answered. */
void dialing_dials(struct dialing *d, const struct message *m);
/* A list of channels has its channel: still dialing, or up. */
void dialing_found(struct dialing *d, const char *channel, bool is_up);
/* A list of channels does not have its channel. Unless its end is told within a moment, its
 * outcome is unknown. */
void dialing_missed(struct dialing *d);
/* Asterisk refused the Originate itself, so there will be no event. servers: for a reason of
 * its own, so that the attempt is not counted. */
void dialing_refused(struct dialing *d, bool servers);
/* May its channel still appear? It may if the Originate was sent over this connection, has no
 * answer, and its time is not over. (Under load, channels have appeared a minute late.) */
bool dialing_may_come(const struct dialing *d, unsigned generation);
/* Hangs it up, now or as soon as it has a channel. */
void dialing_hangup(struct dialing *d);

/* ---- its steps, for callevent.c ---- */
/* One of its fields has changed: sends OutDialingUpdate. */
void dialing_updated(struct dialing *d);
/* Raises its status, unless it is as high already. */
void dialing_raise(struct dialing *d, int status);
/* It is answered. To be called once, at the first sign of it. */
void dialing_answered(struct dialing *d);
/* It no longer counts as an Originate without an answer. */
void dialing_give_asked(struct dialing *d);
/* After each event: ends the call if it is over, or sets a time limit for missing events. */
void dialing_check_end(struct dialing *d);

/* The fields of a call. */
extern const struct attr dialing_attrs[];
/* Frees a call without ending it, when the engine closes. */
void dialing_free(struct dialing *d);
/* Has its Originate been sent, and is its end not known yet? */
bool dialing_is_sent(const struct dialing *d);
bool dialing_is_answered(const struct dialing *d);
/* A text of d->call; "" if it has none of that key. */
static inline const char *dialing_text(const struct dialing *d, const char *key) {
    const char *s = json_string_value(json_object_get(d->call, key));
    return s ? s : "";
}

#endif
