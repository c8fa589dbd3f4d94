/* An event of the dialer and its subject. The table of dialer/events.h has the names and
 * fields of all events. */
#ifndef DIALER_CORE_EVENT_H
#define DIALER_CORE_EVENT_H

#include "dialer/core/engine.h"

/* First three for each noun of the store, in the order of enum noun_id. */
enum event_kind {
    EVENT_CAMPAIGN_CREATE,
    EVENT_CAMPAIGN_UPDATE,
    EVENT_CAMPAIGN_DELETE,
    EVENT_PLAN_CREATE,
    EVENT_PLAN_UPDATE,
    EVENT_PLAN_DELETE,
    EVENT_DLMA_CREATE,
    EVENT_DLMA_UPDATE,
    EVENT_DLMA_DELETE,
    EVENT_LEAD_CREATE,
    EVENT_LEAD_UPDATE,
    EVENT_LEAD_DELETE,
    EVENT_DESTINATION_CREATE,
    EVENT_DESTINATION_UPDATE,
    EVENT_DESTINATION_DELETE,
    EVENT_QUEUE_CREATE,
    EVENT_QUEUE_UPDATE,
    EVENT_QUEUE_DELETE,
    EVENT_DIALING_CREATE,
    EVENT_DIALING_UPDATE,
    EVENT_DIALING_DELETE,
    EVENT_PREVIEW,
    EVENT_PREVIEW_DONE,
    EVENT_STRATEGY_ERROR,
    EVENT_STRATEGY_SWAP,
    EVENT_COUNT
};

struct event {
    enum event_kind kind;
    /* By kind: a struct row, dialing, preview, strategy_error or strategy_swap. */
    const void *subject;
};

/* Hands the event to the listener, now. The subject need not outlive the call. */
void event_tell(struct engine *e, enum event_kind kind, const void *subject);

#endif
