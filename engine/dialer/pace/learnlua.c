#include "dialer/pace/learnlua.h"

#include "dialer/pace/dialview.h"

#define RISK_MAX 1000 /* calls further; more would take as long as a decision may */

static const struct learn *learnlua_learner(void *arg) {
    return &((struct dialview *)arg)->campaign->observer->learn;
}

/* learn.risk(n): nothing is known of anybody without a queue, so every call is one too many. */
static int learnlua_risk(void *arg, const double *in, int n, double *out) {
    struct dialview *v = arg;
    if (n < 1 || !(in[0] >= 1 && in[0] <= RISK_MAX))
        return -1;
    if (v && v->looked && in[0] - 1 < v->outlook.added)
        v->looked = false; /* asked before, maybe by another script: from the beginning */
    struct outlook *o = v ? dialview_outlook(v) : NULL;
    out[0] = o && learn_knows(o->learn) ? outlook_risk(o, (int)in[0]) : 1;
    return 1;
}

static int learnlua_answer_rate(void *arg, const double *in, int n, double *out) {
    (void)in, (void)n;
    out[0] = arg ? learn_answer_rate(learnlua_learner(arg)) : 0.5;
    out[1] = arg ? (double)learnlua_learner(arg)->answers : 0;
    return 2;
}

static int learnlua_handling(void *arg, const double *in, int n, double *out) {
    (void)in, (void)n;
    out[0] = arg ? hazard_mean(&learnlua_learner(arg)->talk) : 120;
    out[1] = arg ? hazard_mean(&learnlua_learner(arg)->wrapup) : 25;
    return 2;
}

static int learnlua_ring_time(void *arg, const double *in, int n, double *out) {
    double share = n > 0 ? in[0] : 0.5;
    if (!(share > 0 && share < 1))
        return -1;
    out[0] = arg ? learn_ring_time(learnlua_learner(arg), share) : 10;
    return 1;
}

static int learnlua_age(void *arg, const double *in, int n, double *out) {
    (void)in, (void)n;
    const struct learn *l = arg ? learnlua_learner(arg) : NULL;
    struct dialview *v = arg;
    out[0] = l && l->since != 0 ? engine_seconds(v->campaign->engine) - l->since : 0;
    return 1;
}

static int learnlua_counts(void *arg, const double *in, int n, double *out) {
    (void)in, (void)n;
    const struct live *l = arg ? &((struct dialview *)arg)->campaign->observer->live : NULL;
    out[0] = l ? (double)l->all : 0;
    out[1] = l ? (double)l->lost : 0;
    return 2;
}

const struct script_function learn_functions[] = {
    {"risk", "(n)",
     "chance that the nth further call, if it is answered, finds no agent; n up to 1000, "
     "cheapest asked for in rising order. From the free agents, how long each of the others "
     "has talked or wrapped up, and how long each call has rung. 1 before three people have "
     "answered, and when nobody has for long",
     learnlua_risk},
    {"answer_rate", "()",
     "share of the dials that are answered, as known now, careful (too high) at first; and on "
     "how many answers that rests",
     learnlua_answer_rate},
    {"handling", "()", "mean seconds of a talk, and of a wrap-up", learnlua_handling},
    {"ring_time", "(share)",
     "seconds of ringing within which that share of the answers comes (0.5 if left out)",
     learnlua_ring_time},
    {"age", "()", "seconds since the first call of which it learnt; 0 = none yet",
     learnlua_age},
    {"counts", "()",
     "people who answered and, of them, who found no agent in time, since the engine started "
     "or within its window: they only rise",
     learnlua_counts},
    {0}};
