/* A preview: a lead that is reserved for one agent, who accepts or skips it before anybody is
 * called. While the offer is open, the lead has status 2 and a resv_target in the store; the
 * engine sets such leads free when it starts. */
#ifndef DIALER_PACE_PREVIEW_H
#define DIALER_PACE_PREVIEW_H

#include "dialer/campaign/campaign.h"
#include "dialer/core/attr.h"
#include "dialer/list/lead.h"
#include "dialer/plan/plan.h"
#include "dialer/pbx/queue.h"

enum preview_result { PREVIEW_ACCEPTED, PREVIEW_SKIPPED, PREVIEW_TIMEOUT, PREVIEW_WITHDRAWN };

struct preview {
    char uuid[UUID_TEXT];
    struct campaign *campaign;
    struct lead *lead;
    struct asterisk *asterisk; /* server of the agent */
    char *agent, *queue;       /* interface of the agent; queue they are a member of */
    int number;                /* which number of the lead is due, 1 to 8 */
    int64_t tm_create;         /* ns since 1970 */
    int64_t timeout, again;    /* ns to decide; ns before the lead is offered again */
    struct timer limit;
    bool told;  /* OutPreview has been sent: the agent may decide */
    bool ended; /* the offer is closed; its end is being written */
    enum preview_result result;
    char *reason;                               /* why it ended so; may be NULL */
    char dialing[UUID_TEXT];                    /* the call of an accepted offer */
    void (*done)(void *arg, const char *error); /* waits for the end; may be NULL */
    void *arg;
};

/* The answer to accept and skip: error is NULL once the change is durable, else says why
 * not. Called from the loop, or from within the function if nothing had to be written. */
typedef void preview_done(void *arg, const char *error);

/* Reserves the lead (taken over) for the agent and sends OutPreview once that is durable. */
void preview_begin(struct campaign *c, const struct queue *q, const struct member *agent,
                   struct lead *lead, int number, const struct offer *offer);
/* The agent accepts the lead, to be called at its number `index` (text, 1 to 8; NULL = the
 * number that was offered). All limits are checked again. */
void preview_accept(struct engine *e, const char *uuid, const char *index, preview_done *done,
                    void *arg);
/* The agent skips the lead; reason (may be NULL) appears in the event. */
void preview_skip(struct engine *e, const char *uuid, const char *reason, preview_done *done,
                  void *arg);

/* Has the campaign an open offer? */
bool previews_open(const struct campaign *c);
/* Withdraws the campaign's offers whose agent cannot take the call any more. */
void previews_review(struct campaign *c);
/* Withdraws all offers of the campaign; c NULL: of all campaigns. */
void previews_withdraw(struct engine *e, struct campaign *c, const char *why);
/* Withdraws the offer of a lead that was deleted. */
void previews_forget(struct engine *e, struct lead *lead);

/* The fields of an open offer, and of the end of one. */
extern const struct attr preview_attrs[], preview_done_attrs[];
/* Frees a preview without ending it, when the engine closes. */
void preview_free(struct preview *p);

#endif
