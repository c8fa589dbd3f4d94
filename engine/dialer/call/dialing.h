/* One call attempt, from the lead's reservation to its result. Its frozen copies do not
 * change when the resources do. */
#ifndef DIALER_CALL_DIALING_H
#define DIALER_CALL_DIALING_H

#include "dialer/core/attr.h"
#include "dialer/core/outcome.h"
#include "dialer/list/lead.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/plan/plan.h"
#include "dialer/campaign/campaign.h"

/* Status only rises; each step is seen in an OutDialingUpdate. */
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

/* Where the attempt stands on our side; changed by dialing_enter, which says what follows. */
enum dialing_stage {
    STAGE_RESERVED, /* its reservation is on its way to the disk */
    STAGE_SENT,     /* its Originate has left, in this run or an earlier one */
    STAGE_MISSING,  /* sent, and not on the last list of channels */
    STAGE_FINISHED  /* its result is on its way to the disk */
};

struct dialing {
    struct engine *engine;
    char uuid[UUID_TEXT], other[UUID_TEXT];
    struct campaign *campaign;
    struct plan *plan;
    struct policy *policy; /* the plan's hooks as they were when it began */
    struct lead *lead;
    struct asterisk *asterisk;
    struct trunk *trunk; /* NULL without a [trunk:] section */
    int status;
    int index, tries;  /* which number, its tries with this one */
    json_t *call;      /* dial_*: what was asked for, as in the result */
    json_t *info;      /* info_*: the frozen rows */
    json_t *variables; /* merged, an object of strings */
    json_t *history;   /* its AMI events, if they are kept */
    char *channel_name, *queue, *agent, *amd, *amd_detail;
    char *target; /* the agent who accepted it as a preview, NULL for other calls */
    struct facts facts;
    struct outcome outcome;
    int64_t reserved;            /* monotonic ns */
    double begun;                /* s on the loop's clock, as the learner has it */
    bool watched;                /* the learner waits for what becomes of it */
    int64_t tm_join, tm_connect; /* wall ns: needed an agent, got one; 0 = not */
    bool abandoned;              /* a person who answered and found no agent in time */
    int64_t tm_create, tm_update, tm_dialing, tm_begin, tm_end,
        tm_hangup; /* wall ns, 0 = not */
    enum dialing_stage stage;
    bool asked;          /* its Originate has not been answered */
    bool recovered;      /* of an earlier run */
    unsigned generation; /* of the connection its Originate went over */
    bool refused;        /* by the Originate's own answer */
    bool blameless;      /* no fault of the number or the call: uncounted */
    bool withheld;       /* reserved, and then not to leave: the lead is as it was */
    bool wants_hangup;   /* to be hung up as soon as its channel is seen */
    struct timer limit;
};

/* Reserves the lead, writes the ledger, and once that is durable sends the Originate.
 * The lead is taken over (held). False, with the lead given back, if it cannot be; then
 * *full, untouched otherwise, is the trunk of the route's choice that has no room: the
 * lead is as it was. */
bool dialing_begin(struct campaign *c, struct lead *lead, int number, struct trunk **full);
/* The same for the agent (his interface) who accepted the lead: he takes the call. */
bool dialing_begin_for(struct campaign *c, struct lead *lead, int number, const char *agent,
                       struct trunk **full);
/* From an open row of the ledger, at start. */
struct dialing *dialing_recover(struct engine *e, struct query *q);
/* An event of Asterisk that names it (main: the dialled channel, not its ;2 half). */
void dialing_event(struct dialing *d, const struct message *m, bool main);
/* DialBegin and DialEnd of what its channel dials once it is answered. */
void dialing_dials(struct dialing *d, const struct message *m);
/* A look at the channels found it alive, dialling still or answered. */
void dialing_found(struct dialing *d, const char *channel, bool is_up);
/* A look did not find it. If its end is not told within a moment, nobody saw it. */
void dialing_missed(struct dialing *d);
/* Asterisk refused the Originate itself: there will be no event. For a reason of the
 * server's own the try is given back and nothing counted. */
void dialing_refused(struct dialing *d, bool servers);
/* Its channel may still appear: asked for over this very connection, no answer yet, and
 * its time is not over (under load a channel was seen to come a minute late). */
bool dialing_may_come(const struct dialing *d, unsigned generation);
/* Hangs it up, or lets it be hung up as soon as that is possible. */
void dialing_hangup(struct dialing *d);

/* ---- its steps, for callevent.c ---- */
/* Something that is printed has changed. */
void dialing_updated(struct dialing *d);
/* The status rises to that, if it is not there yet. */
void dialing_raise(struct dialing *d, int status);
/* Answered: to be called once, whichever of the signs came first. */
void dialing_answered(struct dialing *d);
/* Its Originate has been answered (or is given up): another may leave. */
void dialing_give_asked(struct dialing *d);
/* After each event: is it over, or is something still on its way? */
void dialing_check_end(struct dialing *d);

/* What is shown of one. */
extern const struct attr dialing_attrs[];
/* Frees one that is only forgotten, at the engine's end. */
void dialing_free(struct dialing *d);
/* Has its Originate left, and is its end not known yet? */
bool dialing_is_sent(const struct dialing *d);
bool dialing_is_answered(const struct dialing *d);
/* A text of what was asked for, "" if it has none. */
static inline const char *dialing_text(const struct dialing *d, const char *key) {
    const char *s = json_string_value(json_object_get(d->call, key));
    return s ? s : "";
}

#endif
