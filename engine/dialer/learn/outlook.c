#include "dialer/learn/outlook.h"

#include <math.h>
#include <string.h>

#define ZERO OUTLOOK_EXACT /* index of the value 0 in the exact distribution */

void outlook_begin(struct outlook *o, const struct learn *l, int agents, int calls) {
    double rate = learn_answer_rate(l);
    o->learn = l;
    o->exact = agents < OUTLOOK_EXACT && calls < OUTLOOK_EXACT;
    o->added = 0;
    for (int i = 0; i < LEARN_POINTS; i++) {
        struct outlook_point *p = &o->points[i];
        p->mean = p->variance = 0;
        p->answer = learn_soon(l, 0, l->points[i], rate);
        p->low = p->high = ZERO;
        if (o->exact)
            memset(p->chances, 0, sizeof p->chances);
        p->chances[ZERO] = 1;
    }
}

/* ---- sums of independent events ---- */

/* Adds an agent who is ready by then with this chance. */
static void outlook_add_agent(const struct outlook *o, struct outlook_point *p, double chance) {
    p->mean += chance;
    p->variance += chance * (1 - chance);
    if (!o->exact || p->high >= 2 * OUTLOOK_EXACT)
        return;
    p->high++;
    for (int i = p->high; i > p->low; i--)
        p->chances[i] = p->chances[i] * (1 - chance) + p->chances[i - 1] * chance;
    p->chances[p->low] *= 1 - chance;
}

/* Adds a call that is answered by then with this chance. */
static void outlook_add_call(const struct outlook *o, struct outlook_point *p, double chance) {
    p->mean -= chance;
    p->variance += chance * (1 - chance);
    if (!o->exact || chance <= 0)
        return;
    if (p->low == 0) { /* no room for a lower value: it counts as the lowest */
        p->chances[0] += p->chances[1] * chance;
        for (int i = 1; i < p->high; i++)
            p->chances[i] = p->chances[i] * (1 - chance) + p->chances[i + 1] * chance;
        p->chances[p->high] *= 1 - chance;
        return;
    }
    p->low--;
    for (int i = p->low; i < p->high; i++)
        p->chances[i] = p->chances[i] * (1 - chance) + p->chances[i + 1] * chance;
    p->chances[p->high] *= 1 - chance;
}

static void outlook_add_calls(const struct outlook *o, struct outlook_point *p, double chance,
                              int n) {
    for (int k = 0; o->exact && k < n; k++)
        outlook_add_call(o, p, chance);
    if (o->exact)
        return;
    p->mean -= n * chance;
    p->variance += n * chance * (1 - chance);
}

/* ---- agents and calls ---- */

static void outlook_shift(struct outlook *o, double n) {
    int whole = (int)n;
    for (int i = 0; i < LEARN_POINTS; i++)
        for (int k = 0; k < (whole > 0 ? whole : -whole); k++)
            if (whole > 0)
                outlook_add_agent(o, &o->points[i], 1);
            else
                outlook_add_call(o, &o->points[i], 1);
}

void outlook_free_agents(struct outlook *o, double n) { outlook_shift(o, n); }

void outlook_waiting(struct outlook *o, double n) { outlook_shift(o, -n); }

void outlook_wrapping(struct outlook *o, double age) {
    for (int i = 0; i < LEARN_POINTS; i++)
        outlook_add_agent(o, &o->points[i], learn_wrapup_ready(o->learn, i, age));
}

void outlook_talking(struct outlook *o, double age) {
    for (int i = 0; i < LEARN_POINTS; i++)
        outlook_add_agent(o, &o->points[i], learn_talk_ready(o->learn, i, age));
}

void outlook_ringing(struct outlook *o, const struct learn *l) {
    double rate = learn_answer_rate(l);
    for (int age = 0; age < LEARN_BINS; age++) {
        int calls = (int)learn_at(l, age);
        for (int i = 0; calls > 0 && i < LEARN_POINTS; i++) {
            double chance = learn_soon(l, age, o->learn->points[i], rate);
            outlook_add_calls(o, &o->points[i], chance, calls);
        }
    }
}

/* ---- the risk ---- */

/* The chance that the calls answered by then have taken all agents. */
static double outlook_none_left(const struct outlook *o, const struct outlook_point *p) {
    if (!o->exact) {
        if (p->variance <= 0)
            return p->mean > 0.5 ? 0 : 1;
        return 0.5 * erfc((p->mean - 0.5) / sqrt(2 * p->variance));
    }
    double chance = 0;
    for (int i = p->low; i <= ZERO; i++)
        chance += p->chances[i];
    return chance;
}

double outlook_risk(struct outlook *o, int n) {
    for (; o->added < n - 1; o->added++)
        for (int i = 0; i < LEARN_POINTS; i++)
            outlook_add_call(o, &o->points[i], o->points[i].answer);
    double worst = 0;
    for (int i = 0; i < LEARN_POINTS; i++) {
        double risk = outlook_none_left(o, &o->points[i]);
        worst = risk > worst ? risk : worst;
    }
    return worst;
}
