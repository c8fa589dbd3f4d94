/* The view of the dial hook: a campaign and its queue. A new field is a row in the table of
 * dialview.c. */
#ifndef DIALER_PACE_DIALVIEW_H
#define DIALER_PACE_DIALVIEW_H

#include "dialer/campaign/campaign.h"
#include "dialer/learn/outlook.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/pbx/worktime.h"
#include "script/hook/view.h"

/* What the rows read. */
struct dialview {
    struct campaign *campaign;
    struct asterisk *asterisk;
    int64_t room; /* calls that the hard limits allow */
    char queue_name[128];
    struct queue *queue;      /* NULL: the destination is not a queue, or it is not known yet */
    struct queue_count count; /* of its members */
    int64_t coming;           /* calls of all campaigns that are on their way to it */
    bool looked;              /* the outlook has been made */
    struct outlook outlook;
};

extern const struct view_field dialview_fields[];

void dialview_begin(struct dialview *v, struct campaign *c, struct asterisk *a, int64_t room);
/* The free agents, minus the waiting callers and the calls on their way. May be negative; 0
 * without a queue. */
int64_t dialview_spare(const struct dialview *v);
/* The outlook of this decision, made when it is first asked for; NULL without a queue. */
struct outlook *dialview_outlook(struct dialview *v);

#endif
