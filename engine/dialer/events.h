/* The table of the dialer's events: the name of each, when it is sent, and its fields. AMI
 * prints events and the console passes them on by this table; the reference pages are
 * generated from it. */
#ifndef DIALER_EVENTS_H
#define DIALER_EVENTS_H

#include "dialer/core/attr.h"
#include "dialer/core/event.h"

struct event_type {
    const char *name;          /* in AMI: OutPlanUpdate */
    const char *noun;          /* in the console: plan.update; NULL = not there */
    const char *verb;          /* "update" */
    const struct noun *stored; /* the subject is a struct row of this noun; NULL = else */
    const struct attr *attrs;  /* the fields of any other subject */
    const char *when;          /* help: when it is sent */
};

/* By enum event_kind. */
extern const struct event_type event_types[EVENT_COUNT];

#endif
