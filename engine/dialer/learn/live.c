#include "dialer/learn/live.h"

#include "base/str.h"

static int64_t learn_live_hour_of(int64_t wall) { return wall / (3600 * NS_PER_S); }

void live_init(struct live *l, const struct conf *conf, int64_t now) {
    *l = (struct live){.conf = conf, .hour = learn_live_hour_of(now)};
}

/* The counts of that hour leave the window. */
static void learn_live_drop(struct live *l, int64_t hour) {
    int i = (int)(hour % LIVE_HOURS);
    l->in_window -= l->answers[i];
    l->lost_in_window -= l->abandoned[i];
    l->machines_in_window -= l->machines[i];
    l->answers[i] = l->abandoned[i] = l->machines[i] = 0;
}

void live_advance(struct live *l, int64_t now) {
    int64_t hour = learn_live_hour_of(now), window = l->conf->limits.abandon_window;
    if (hour - l->hour >= LIVE_HOURS)
        l->hour = hour - LIVE_HOURS; /* each slot is dropped once, no more */
    for (; l->hour < hour; l->hour++)
        if (l->hour + 1 >= window)
            learn_live_drop(l, l->hour + 1 - window);
}

static bool learn_live_is_inside(const struct live *l, int64_t at) {
    int64_t age = l->hour - learn_live_hour_of(at);
    return age >= 0 && age < l->conf->limits.abandon_window;
}

void live_add(struct live *l, int64_t at, int answers, int abandoned) {
    l->all += answers;
    l->lost += abandoned;
    live_advance(l, at);
    if (!learn_live_is_inside(l, at))
        return;
    l->answers[learn_live_hour_of(at) % LIVE_HOURS] += answers;
    l->abandoned[learn_live_hour_of(at) % LIVE_HOURS] += abandoned;
    l->in_window += answers;
    l->lost_in_window += abandoned;
}

void live_add_machine(struct live *l, int64_t at) {
    live_advance(l, at);
    if (!learn_live_is_inside(l, at))
        return;
    l->machines[learn_live_hour_of(at) % LIVE_HOURS]++;
    l->machines_in_window++;
}

double live_limit(const struct live *l) { return l->conf->limits.abandon_limit / 100; }

bool live_is_full(const struct live *l) {
    double limit = live_limit(l);
    return limit > 0 && l->in_window >= l->conf->limits.abandon_after &&
           (double)(l->lost_in_window + 1) > limit * (double)l->in_window;
}
