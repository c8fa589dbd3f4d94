#include "dialer/cap.h"

#include "base/str.h"

int64_t cap_room(const struct cap *c, int64_t now) {
    int64_t room = c->channels ? c->channels - c->up : INT64_MAX;
    if (c->cps > 0 && room > 1)
        room = 1;
    if (c->cps > 0 && now < c->next)
        room = 0;
    return room > 0 ? room : 0;
}

int64_t cap_wait(const struct cap *c, int64_t now) {
    return c->cps > 0 && now < c->next ? c->next : 0;
}

void cap_take(struct cap *c, int64_t now) {
    c->up++;
    if (c->cps > 0)
        c->next = (c->next > now ? c->next : now) + (int64_t)((double)NS_PER_S / c->cps);
}

void cap_give(struct cap *c) { c->up--; }
