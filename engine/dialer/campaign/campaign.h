/* A campaign: its states, its schedule, and the decision to begin calls. */
#ifndef DIALER_CAMPAIGN_CAMPAIGN_H
#define DIALER_CAMPAIGN_CAMPAIGN_H

#include "dialer/list/agenda.h"
#include "dialer/core/cap.h"
#include "dialer/core/engine.h"

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

struct campaign *campaign_new(struct engine *e, struct row *row);
void campaign_free(struct campaign *c);
int64_t campaign_status(const struct campaign *c);
/* Is it a Status that may be asked for? */
bool campaign_knows(int64_t asked);
/* Carries out an asked Status (0, 1, 2, 10, 11, 12, 30); false for any other. The
 * first step is put into the batch, the others follow by themselves. */
bool campaign_ask(struct campaign *c, int64_t asked, struct batch *b) MUST_CHECK;
/* Its row or what it refers to changed. */
void campaign_changed(struct campaign *c);
/* Something changed that its decision reads: decide at the end of this turn. */
void campaign_kick(struct campaign *c);
void campaigns_kick(struct engine *e);
/* There is room again: for those that waited for it, and for the one whose call it was. */
void campaigns_kick_room(struct engine *e, struct campaign *own);
void campaigns_kick_dlma(struct engine *e, const char *dlma_uuid);
void campaigns_kick_plan(struct engine *e, const struct plan *p);
void campaigns_kick_queue(struct engine *e, const struct asterisk *a, const char *queue);
/* A call's result is durable. */
void campaign_call_over(struct campaign *c);
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
