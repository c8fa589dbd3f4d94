#include "dialer/core/event.h"

void event_tell(struct engine *e, enum event_kind kind, const void *subject) {
    if (e->out.event)
        e->out.event(e->out.arg, &(struct event){kind, subject});
}
