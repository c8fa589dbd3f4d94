/* What the dial hook sees of a campaign and its queue. To show it more, add a row to the
 * table in dialview.c; the manual follows. */
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
    int64_t room; /* calls that the hard limits let through */
    char queue_name[128];
    struct queue *queue;      /* NULL: the destination is no queue, or not seen yet */
    struct queue_count count; /* of its members */
    int64_t coming;           /* calls on their way to it, of every campaign */
    bool looked;              /* outlook is made */
    struct outlook outlook;
};

extern const struct view_field dialview_fields[];

void dialview_begin(struct dialview *v, struct campaign *c, struct asterisk *a, int64_t room);
/* Agents free for a call that begins now: less the callers who wait and the calls on their
 * way. May be negative; without a queue there are none. */
int64_t dialview_spare(const struct dialview *v);
/* Agents and calls as the risk is asked from, made at the first question of a decision. */
struct outlook *dialview_outlook(struct dialview *v);

#endif
