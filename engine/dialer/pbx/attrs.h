/* The fields of servers, trunks, queues and agents. They appear in the console only, not in
 * AMI. */
#ifndef DIALER_PBX_ATTRS_H
#define DIALER_PBX_ATTRS_H

#include "dialer/core/attr.h"
#include "dialer/pbx/queue.h"

/* An agent as a member of one queue. */
struct seat {
    struct queue *queue;
    struct member *member;
};

extern const struct attr agent_attrs[];    /* of a struct seat */
extern const struct attr queue_attrs[];    /* of a struct queue */
extern const struct attr asterisk_attrs[]; /* of a struct asterisk */
extern const struct attr trunk_attrs[];    /* of a struct trunk */

#endif
