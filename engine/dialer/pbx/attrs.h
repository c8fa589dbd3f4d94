/* What is shown of servers, trunks, queues and agents. AMI has nothing of them: they are
 * there for the console. */
#ifndef DIALER_PBX_ATTRS_H
#define DIALER_PBX_ATTRS_H

#include "dialer/core/attr.h"
#include "dialer/pbx/queue.h"

/* An agent is a member of one queue. */
struct seat {
    struct queue *queue;
    struct member *member;
};

extern const struct attr agent_attrs[];    /* of a struct seat */
extern const struct attr queue_attrs[];    /* of a struct queue */
extern const struct attr asterisk_attrs[]; /* of a struct asterisk */
extern const struct attr trunk_attrs[];    /* of a struct trunk */

#endif
