#include "dialer/pace/learnlua.h"

#include "dialer/pace/dialview.h"

#define RISK_MAX 1000 /* further calls; more would take too long for a decision */

static const struct learn *learnlua_learner(void *arg) {
    return &((struct dialview *)arg)->campaign->observer->learn;
}

/* learn.risk(n). Without a queue no agent is known, so the risk is 1. */
static int learnlua_risk(void *arg, const double *in, int n, double *out) {
    struct dialview *v = arg;
    if (n < 1 || !(in[0] >= 1 && in[0] <= RISK_MAX))
        return -1;
    if (v && v->looked && in[0] - 1 < v->outlook.added)
        v->looked = false; /* n is not rising (a shadow asks again, too): start again */
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
     "chance that the nth further call, if it is answered, finds no agent; n is 1 to 1000 "
     "(rising values are cheapest). It is computed from the number of free agents, from how "
     "long each of the others has talked or wrapped up, and from how long each call has rung. "
     "It is 1 until three people have answered, and after many dials without an answer",
     learnlua_risk},
    {"answer_rate", "()",
     "the share of dials that are answered (rather too high while little is known), and the "
     "number of answers it is based on",
     learnlua_answer_rate},
    {"handling", "()", "mean seconds of a conversation, and of a wrap-up", learnlua_handling},
    {"ring_time", "(share)",
     "seconds of ringing within which that share of the answers comes (default: 0.5)",
     learnlua_ring_time},
    {"age", "()", "seconds since the first call; 0 = there has been none", learnlua_age},
    {"counts", "()",
     "calls that a person answered, and how many of them were abandoned, since the engine "
     "started; both begin with the counts of the window and only rise",
     learnlua_counts},
    {0}};
