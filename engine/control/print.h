/* The dialer's nouns and events as AMI text: the only place where that is made. */
#ifndef CONTROL_PRINT_H
#define CONTROL_PRINT_H

#include "ami/server.h"
#include "dialer/events.h"

/* Adds the headers of an event or list entry: a row of the store, in the tutorial's order,
 * what the tutorial does not know only once it is set; or the attributes of a subject. */
void print_row(const struct row *r, struct str *packet);
void print_attrs(const struct attr *attrs, const void *subject, struct str *packet);
/* The whole packet of an event. */
void print_event(const struct event *ev, struct str *packet);
/* Sends an event to all sessions that hear it; nothing is printed if there are none. */
void print_to_all(struct server *sv, const struct event *ev);

#endif
