/* A campaign: its states, what it refers to, and its counts. decide/decide.h decides what
 * follows from them. */
#ifndef DIALER_CAMPAIGN_CAMPAIGN_H
#define DIALER_CAMPAIGN_CAMPAIGN_H

#include "dialer/core/cap.h"
#include "dialer/learn/observer.h"

struct agenda;
struct plan;

enum campaign_status {
    CAMPAIGN_STOP = 0,
    CAMPAIGN_START = 1,
    CAMPAIGN_PAUSE = 2,
    CAMPAIGN_STOPPING = 10,
    CAMPAIGN_STARTING = 11,
    CAMPAIGN_PAUSING = 12,
    CAMPAIGN_KILL = 30
};

/* Why no call, or no further call, begins now: the one reason that decides. */
enum reason {
    REASON_NONE,
    REASON_STATUS,
    REASON_SCHEDULE,
    REASON_QUIET,
    REASON_INCOMPLETE,
    REASON_STORE,
    REASON_ASTERISK,
    REASON_RESTING,
    REASON_ORIGINATES,
    REASON_CHANNELS,
    REASON_CPS,
    REASON_TRUNK,
    REASON_CAMPAIGN,
    REASON_CONGESTION,
    REASON_AGENTS,
    REASON_STRATEGY,
    REASON_ABANDON,
    REASON_PREVIEW,
    REASON_BUILDING,
    REASON_WAITING,
    REASON_LIST_END,
    REASON_COUNT
};

/* The result of a decision. */
struct decided {
    enum reason reason;
    int64_t agents; /* logged in to its queue; 0 = none, or it dials for no queue */
    int64_t due_at; /* for REASON_WAITING: ns since 1970 of the first attempt; 0 = not known */
};

struct campaign {
    struct engine *engine;
    struct item item;
    struct agenda *agenda; /* NULL while the campaign is stopped */
    struct observer *observer;
    struct cap cap;   /* its Channels and Cps */
    int64_t begun_at; /* monotonic ns of its latest call */
    int64_t ended_at; /* ns since 1970 at which its list ended, until it is started; 0 = not */
    struct task decide;
    struct timer wake; /* for the schedule, cps, due leads, ask_in */
    int64_t live;      /* calls in progress */
    int64_t answered;  /* how many of them are answered */
    int64_t open;      /* calls and offers whose end is not durable yet */
    int64_t offers;    /* leads offered to agents who have not decided */
    int64_t steps;     /* changes of its status that are not durable yet */
    enum reason reason;
    struct decided decided;        /* the latest decision */
    int64_t reasons[REASON_COUNT]; /* number of decisions by reason */
};

/* Takes the row. stored: the campaign, and what was learned, come from an earlier run. Free
 * with campaign_free. */
struct campaign *campaign_new(struct engine *e, struct row *row, bool stored);
void campaign_free(struct campaign *c);
int64_t campaign_status(const struct campaign *c);
/* Sets the status in memory, and the time of the change. */
void campaign_set_status(struct campaign *c, int64_t status);
/* Its list has ended: campaign_why says so until the campaign is started again. */
void campaign_list_ended(struct campaign *c);
/* While held, the open schedule does not start it. In memory only. */
void campaign_set_hold(struct campaign *c, bool hold);
/* The campaign takes over the hold of the agenda (NULL: none); the caller has released the
 * one before. */
void campaign_set_agenda(struct campaign *c, struct agenda *a);
/* Its row, or a resource that it refers to, has changed: copies of their values follow. */
void campaign_refresh(struct campaign *c);
/* Something that its decision depends on has changed: it decides at the end of this turn. */
void campaign_kick(struct campaign *c);
void campaigns_kick(struct engine *e);
/* There is room for a call again: kicks the campaigns that waited for it, and `own`, whose
 * call has left it. */
void campaigns_kick_room(struct engine *e, struct campaign *own);
void campaigns_kick_dlma(struct engine *e, const char *dlma_uuid);
/* A lead of that list can be called again: for those that found none. */
void campaigns_kick_short(struct engine *e, const char *dlma_uuid);
void campaigns_kick_queue(struct engine *e, const struct asterisk *a, const char *queue);
/* Saves what was learned for all of them (observer_save). */
void campaigns_save(struct engine *e, bool at_once);

/* ---- why no call begins ---- */
/* Notes and counts a decision. */
void campaign_decided(struct campaign *c, const struct decided *d);
/* Its status or schedule forbids calls: there is no decision to count. */
void campaign_set_reason(struct campaign *c, enum reason r);
/* The reason as a text without numbers. */
const char *reason_text(enum reason r);
#define REASON_TEXT 128
/* Why no call begins now, in words, with numbers and times: a static text, or buf. */
const char *campaign_why(const struct campaign *c, char buf[REASON_TEXT]);

/* ---- its counts ---- */
/* A call is reserved; is answered; has ended, and its result is being written. */
void campaign_call_begins(struct campaign *c);
void campaign_call_answered(struct campaign *c);
void campaign_call_ends(struct campaign *c, bool was_answered);
/* A call's result, or an offer's end, is durable. */
void campaign_call_over(struct campaign *c);
/* A lead is offered to an agent; the offer is closed. */
void campaign_offer_begins(struct campaign *c);
void campaign_offer_ends(struct campaign *c);
/* A change of its status is being written; is durable. */
void campaign_step_begins(struct campaign *c);
void campaign_step_over(struct campaign *c);
/* Is it stopped, with nothing of it in progress or on its way to the disk? */
bool campaign_is_at_rest(const struct campaign *c);

/* ---- what it refers to ---- */
/* Why it could never dial as it is (static text); NULL if it could. */
const char *campaign_fault(const struct campaign *c);
struct plan *campaign_plan(const struct campaign *c);
struct item *campaign_dlma(const struct campaign *c);
struct item *campaign_destination(const struct campaign *c);
/* The server that its calls go to; *trunk (trunk may be NULL) is the [trunk:] section that its
 * plan names, NULL if it names none. */
struct asterisk *campaign_asterisk(const struct campaign *c, struct trunk **trunk);
/* The queue that it dials for; NULL if its destination is not a queue. */
const char *campaign_queue(const struct campaign *c, char buf[128]);

#endif
