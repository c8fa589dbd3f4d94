#include "dialer/core/cap.h"

#include <math.h>

#include "base/str.h"

#define REST_MAX SECONDS(1)
#define LATEST 8.0 /* calls after which the weight of an old one is 1/e */

int64_t cap_room(const struct cap *c, int64_t now) {
    int64_t room = c->channels ? c->channels - c->up : INT64_MAX;
    if (c->cps > 0 && room > 1)
        room = 1;
    if (c->cps > 0 && now < c->next)
        room = 0;
    return room > 0 ? room : 0;
}

void cap_set(struct cap *c, int64_t channels, double cps) {
    c->channels = channels;
    c->cps = cps;
}

int64_t cap_wait(const struct cap *c, int64_t now) {
    int64_t at = c->cps > 0 && now < c->next ? c->next : 0;
    return now < c->rest && c->rest > at ? c->rest : at;
}

void cap_take(struct cap *c, int64_t now) {
    c->up++;
    if (c->cps > 0)
        c->next = (c->next > now ? c->next : now) + (int64_t)((double)NS_PER_S / c->cps);
}

void cap_give(struct cap *c) { c->up--; }

void cap_ended(struct cap *c, int64_t now, bool in_congestion) {
    c->congested += ((in_congestion ? 1 : 0) - c->congested) / LATEST;
    if (in_congestion)
        c->rest = now + (int64_t)((double)REST_MAX * pow(c->congested, 3));
}
