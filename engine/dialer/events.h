/* The events of the dialer as a table: what each is called, when it is told, and what it
 * tells. AMI prints it, the console hands it on, the manual is made of it. */
#ifndef DIALER_EVENTS_H
#define DIALER_EVENTS_H

#include "dialer/core/attr.h"
#include "dialer/core/event.h"

struct event_type {
    const char *name;          /* OutPlanUpdate: of AMI's event, */
    const char *noun;          /* and "plan", */
    const char *verb;          /* "update" of the console's; NULL: an event of no noun */
    const struct noun *stored; /* the subject is a struct row of this noun, or */
    const struct attr *attrs;  /* has these */
    const char *when;
};

/* By enum event_kind. */
extern const struct event_type event_types[EVENT_COUNT];

#endif
