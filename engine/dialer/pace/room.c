#include "dialer/pace/room.h"

#include "dialer/pace/limits.h"
#include "dialer/plan/plan.h"

#define STORE_WAIT (200 * NS_PER_MS) /* until a store that fails is asked again */

/* Applies a limit: the lowest one counts, and is the reason why no more calls begin. */
static void room_limit(struct room *out, int64_t *room, int64_t allows, enum reason reason) {
    if (allows >= *room)
        return;
    *room = allows > 0 ? allows : 0;
    out->reason = reason;
}

int64_t room_rate_wait(const struct campaign *c, struct asterisk *a, struct trunk *t) {
    int64_t now = engine_now(c->engine), until = cap_wait(&a->cap, now);
    int64_t trunk = t ? cap_wait(&t->cap, now) : 0, own = cap_wait(&c->cap, now);
    until = trunk > until ? trunk : until;
    return own > until ? own : until;
}

static int64_t room_now(const struct campaign *c, struct asterisk *a, struct trunk *t,
                        struct room *out) {
    int64_t now = engine_now(c->engine), room = INT64_MAX;
    room_limit(out, &room, a->originates - a->asked, REASON_ORIGINATES);
    room_limit(out, &room, cap_room(&c->cap, now), REASON_CAMPAIGN);
    room_limit(out, &room, now < c->cap.rest ? 0 : INT64_MAX, REASON_CONGESTION);
    if (a->cap.channels)
        room_limit(out, &room, a->cap.channels - a->cap.up, REASON_CHANNELS);
    room_limit(out, &room, cap_room(&a->cap, now), REASON_CPS);
    if (t)
        room_limit(out, &room, cap_room(&t->cap, now), REASON_TRUNK);
    if (room == 0)
        out->ask_at = room_rate_wait(c, a, t);
    return room;
}

int64_t room_find(const struct campaign *c, struct asterisk *a, struct trunk *t,
                  struct room *out) {
    *out = (struct room){.reason = REASON_NONE};
    if (c->agenda == NULL || a == NULL || campaign_fault(c))
        out->reason = REASON_INCOMPLETE;
    else if (store_is_failing(c->engine->store))
        *out = (struct room){REASON_STORE, engine_now(c->engine) + STORE_WAIT};
    else if (!asterisk_is_ready(a))
        out->reason = a->resting ? REASON_RESTING : REASON_ASTERISK;
    int64_t quiet = limits_quiet(c->engine);
    if (out->reason == REASON_NONE && quiet) {
        out->reason = REASON_QUIET;
        out->ask_at = engine_now(c->engine) + quiet;
    }
    return out->reason == REASON_NONE ? room_now(c, a, t, out) : 0;
}

enum reason room_obstacle(const struct campaign *c) {
    struct trunk *t = NULL;
    struct asterisk *a = campaign_asterisk(c, &t);
    struct room out;
    return room_find(c, a, t, &out) > 0 ? REASON_NONE : out.reason;
}
