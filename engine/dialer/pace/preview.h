/* A preview: a lead reserved for one agent, who looks at it and accepts or skips it before
 * anybody is called. While it is open the lead has status 2 and resv_target in the store;
 * an engine that starts sets such leads free. */
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
    int number;                /* of the lead's, the one whose turn it is */
    int64_t tm_create;         /* wall ns */
    int64_t timeout, again;    /* ns: to decide; before the lead is offered again */
    struct timer limit;
    bool told;  /* OutPreview is out: it may be decided on */
    bool ended; /* decided, on its way to the disk */
    enum preview_result result;
    char *reason;                               /* why it ended so, NULL = nothing to say */
    char dialing[UUID_TEXT];                    /* the call of an accepted one */
    void (*done)(void *arg, const char *error); /* who waits for the end, NULL = nobody */
    void *arg;
};

/* The answer to accept and skip: error NULL when it is durable, else why not. From the
 * loop, or from within when nothing had to be written. */
typedef void preview_done(void *arg, const char *error);

/* Reserves the lead (taken over) for the member and tells so once that is durable. */
void preview_begin(struct campaign *c, const struct queue *q, const struct member *agent,
                   struct lead *lead, int number, const struct offer *offer);
/* The agent wants the lead called, at its number `index` (text of 1 to 8, NULL = the one
 * that was offered). All limits are asked again. */
void preview_accept(struct engine *e, const char *uuid, const char *index, preview_done *done,
                    void *arg);
/* The agent skips the lead; reason (NULL: none) is told in the event. */
void preview_skip(struct engine *e, const char *uuid, const char *reason, preview_done *done,
                  void *arg);

/* Does the campaign have one open? */
bool previews_open(const struct campaign *c);
/* Takes back those of the campaign whose agent cannot take the call any more. */
void previews_review(struct campaign *c);
/* Takes back all of the campaign (NULL: of all). */
void previews_withdraw(struct engine *e, struct campaign *c, const char *why);
/* The lead was deleted. */
void previews_forget(struct engine *e, struct lead *lead);

/* What is shown of one: while it is open, and of its end. */
extern const struct attr preview_attrs[], preview_done_attrs[];
/* Frees one that is only forgotten, at the engine's end. */
void preview_free(struct preview *p);

#endif
