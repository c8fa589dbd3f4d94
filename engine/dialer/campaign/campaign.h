/* A campaign: its states, what it refers to, what it counts. What follows from them is
 * decided above (decide/decide.h). */
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

/* Why no call begins now: one deciding reason. */
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

struct campaign {
    struct engine *engine;
    struct item item;
    struct agenda *agenda; /* while it is not stopped */
    struct observer *observer;
    struct cap cap;   /* its own Channels and Cps */
    int64_t begun_at; /* monotonic ns of its latest call */
    struct task decide;
    struct timer wake; /* schedule, cps, due leads, ask_in */
    int64_t live;      /* calls up */
    int64_t answered;  /* of those */
    int64_t open;      /* calls whose result, offers whose end is not durable yet */
    int64_t offers;    /* leads that agents have to decide on */
    int64_t steps;     /* changes of its status that are not durable yet */
    enum reason reason;
    int64_t reasons[REASON_COUNT]; /* decisions by reason */
};

/* Takes the row. stored: it is of an earlier run, and so is what was learnt. Free with
 * campaign_free. */
struct campaign *campaign_new(struct engine *e, struct row *row, bool stored);
void campaign_free(struct campaign *c);
int64_t campaign_status(const struct campaign *c);
/* Sets its status in memory, and when that was. */
void campaign_set_status(struct campaign *c, int64_t status);
/* Its row or what it refers to changed: what was copied from there follows. */
void campaign_refresh(struct campaign *c);
/* Something changed that its decision reads: decide at the end of this turn. */
void campaign_kick(struct campaign *c);
void campaigns_kick(struct engine *e);
/* There is room again: for those that waited for it, and for the one whose call it was. */
void campaigns_kick_room(struct engine *e, struct campaign *own);
void campaigns_kick_dlma(struct engine *e, const char *dlma_uuid);
void campaigns_kick_queue(struct engine *e, const struct asterisk *a, const char *queue);
/* What was learnt of all of them goes to the disk (observer_save). */
void campaigns_save(struct engine *e, bool at_once);

/* ---- its counts ---- */
/* A call is reserved; is answered; ends, and its result is on its way to the disk. */
void campaign_call_begins(struct campaign *c);
void campaign_call_answered(struct campaign *c);
void campaign_call_ends(struct campaign *c, bool was_answered);
/* A call's result, or an offer's end, is durable. */
void campaign_call_over(struct campaign *c);
/* A lead is offered to an agent; nobody decides on it any more. */
void campaign_offer_begins(struct campaign *c);
void campaign_offer_ends(struct campaign *c);

/* ---- what it refers to ---- */
/* What is missing for it to dial at all, NULL if nothing is (static text). */
const char *campaign_fault(const struct campaign *c);
struct plan *campaign_plan(const struct campaign *c);
struct item *campaign_dlma(const struct campaign *c);
struct item *campaign_destination(const struct campaign *c);
/* The server its calls go to, and the trunk's limits (may be NULL). */
struct asterisk *campaign_asterisk(const struct campaign *c, struct trunk **trunk);
/* The queue it dials for, NULL if its destination is none. */
const char *campaign_queue(const struct campaign *c, char buf[128]);
const char *reason_text(enum reason r);

#endif
