/* Where OriginateResponse comes among the events of its channel: Asterisk sends it from
 * another thread, so it floats. */
#ifndef SIM_ORDER_H
#define SIM_ORDER_H

#include <stdbool.h>

enum slot {
    SLOT_BEFORE_CHANNEL, /* Newchannel */
    SLOT_BEFORE_BEGIN,   /* DialBegin */
    SLOT_BEFORE_END,     /* Newstate Up and DialEnd, or DialEnd */
    SLOT_BEFORE_DIALEND, /* between Newstate Up and DialEnd */
    SLOT_AFTER_END,      /* behind DialEnd; where there is none, before Hangup */
    SLOT_LAST,           /* behind Hangup */
};

enum order_case { ORDER_ANSWERED, ORDER_BUSY, ORDER_REFUSED, ORDER_UNKNOWN, ORDER_TIMEOUT };

/* The place that chance u in [0, 1) gives it. */
enum slot order_slot(enum order_case what, bool is_local, int dialect, double u);

#endif
