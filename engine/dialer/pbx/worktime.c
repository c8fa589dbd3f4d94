#include "dialer/pbx/worktime.h"

#include "dialer/campaign/campaign.h"
#include "dialer/pbx/asterisk.h"

/* Where the campaign of the member's current or last call learns how long this activity takes.
 * NULL if that call is not one of the engine's, or nothing is learned of the activity. */
static struct hazard *worktime_hazard(const struct queue *q, const struct member *m) {
    struct campaign *c = map_get(&q->asterisk->engine->campaigns, m->campaign);
    if (c == NULL)
        return NULL;
    if (m->doing == DOING_TALK)
        return &c->observer->learn.talk;
    return m->doing == DOING_WRAPUP ? &c->observer->learn.wrapup : NULL;
}

/* Adds the time since the member was last counted. */
static void worktime_add(const struct queue *q, struct member *m) {
    struct hazard *h = worktime_hazard(q, m);
    double now = engine_seconds(q->asterisk->engine);
    if (h)
        hazard_live(h, m->counted - m->since, now - m->since);
    m->counted = now;
}

void worktime_change(struct queue *q, struct member *m, enum doing next) {
    struct hazard *h = worktime_hazard(q, m);
    if (h)
        worktime_add(q, m);
    if (h && (m->doing == DOING_TALK || next == DOING_NOTHING)) /* a break hides the end */
        hazard_end(h, m->counted - m->since);
    m->doing = next;
    m->since = m->counted = engine_seconds(q->asterisk->engine);
}

void worktime_count(struct queue *q) {
    for (struct map_entry *e = q->members.first; e; e = e->next)
        worktime_add(q, e->value);
}
