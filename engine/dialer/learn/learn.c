#include "dialer/learn/learn.h"

#include <math.h>
#include <string.h>

/* Halving or doubling any of these constants changes the agents' utilisation by less than
 * 0.1 % in simulations. */
#define RING_MEMORY 400.0 /* answers after which the weight of an old ring time is 1/e */
#define RING_BELIEF 10.0  /* calls that the first guess of the ring times counts as */
#define FIRST_RATE 0.3    /* answer rate of that guess; it matters for its shape only */
/* Exposure that each of the three estimates of the answer rate keeps. The burst estimate
 * exists because a sudden rise that is noticed late would abandon people. */
#define SLOW_MEMORY 800.0
#define FAST_MEMORY 100.0
#define BURST_MEMORY 25.0
#define BURST_SIGMAS 5.0  /* standard errors that count as a burst */
#define BURST_NEEDS 200.0 /* exposure before that: a rise is not to be a beginning */
#define RATE_BELIEF_ANSWERS 3.0
#define RATE_BELIEF_DIALS 10.0
#define DRIFT_SIGMAS 3.0   /* difference at which the fast estimate replaces the slow one */
#define CAREFUL_SIGMAS 1.5 /* standard errors added to the rate while little is known */
#define ENOUGH_ANSWERS 3   /* answers before which nothing is predicted */
/* Dials without an answer that count as silence: before that many answers; afterwards, at
 * least; and afterwards, as the number of answers that should have come (chance e^-8). */
#define SILENCE_FIRST 20.0
#define SILENCE_LEAST 50.0
#define SILENCE 8.0
#define REFRESH 15.0 /* s after which the tables are made again; earlier at first */

static int64_t learn_bin_of(double at) { return (int64_t)floor(at / LEARN_BIN); }

static int learn_slot(int64_t bin) {
    return (int)(((bin % LEARN_BINS) + LEARN_BINS) % LEARN_BINS);
}

static int learn_age_bins(double now, double begun) {
    double bins = floor((now - begun) / LEARN_BIN);
    if (bins < 0)
        return 0;
    return bins >= LEARN_BINS ? LEARN_BINS - 1 : (int)bins;
}

/* ---- ring times ---- */

/* The share of the answers that come before `at`, until something is known: log-normal with
 * a mean of 12 s and a coefficient of variation of 0.6. */
static double learn_first_guess(double at) {
    double s2 = log(1 + 0.6 * 0.6), mu = log(12) - s2 / 2;
    return at <= 0 ? 0 : 0.5 * erfc((mu - log(at)) / sqrt(2 * s2));
}

static void learn_guess_ring_times(struct learn *l) {
    int last = (int)(l->timeout / LEARN_BIN);
    if (last >= LEARN_BINS)
        last = LEARN_BINS - 1;
    last = last < 1 ? 1 : last;
    double within = learn_first_guess(last * LEARN_BIN), still = RING_BELIEF;
    double answers = RING_BELIEF * FIRST_RATE, others = RING_BELIEF - answers;
    for (int i = 0; i <= last; i++) {
        double share =
            learn_first_guess((i + 1) * LEARN_BIN) - learn_first_guess(i * LEARN_BIN);
        l->rang[i] = still;
        l->answered[i] = i < last ? answers * share / within : 0;
        l->ended[i] = i < last ? others * 0.2 / last : others * 0.8; /* most time out */
        still -= l->answered[i] + l->ended[i];
    }
}

/* The shares of the answers and of the other ends that come before each bin, from the chance
 * of each in every bin that a call reaches (the Kaplan-Meier estimator with two kinds of
 * end). */
static void learn_cumulate(struct learn *l) {
    double still = 1, answers[LEARN_BINS + 1] = {0}, ends[LEARN_BINS + 1] = {0};
    for (int i = 0; i < LEARN_BINS; i++) {
        double rang = l->rang[i] + learn_at(l, i) + 1e-9; /* calls in this bin now count too */
        double answer = l->answered[i] / rang, end = l->ended[i] / rang;
        double scale = answer + end > 1 ? 1 / (answer + end) : 1;
        answers[i + 1] = answers[i] + still * answer * scale;
        ends[i + 1] = ends[i] + still * end * scale;
        still *= 1 - (answer + end) * scale;
    }
    for (int i = 0; i <= LEARN_BINS; i++) {
        l->by_answer[i] = answers[i] / answers[LEARN_BINS];
        l->by_end[i] = ends[i] / ends[LEARN_BINS];
    }
}

/* Called at each answer, not at each call: if few people answer, the few ring times that are
 * known must not fade away. */
static void learn_fade_ring_times(struct learn *l) {
    for (int i = 0; i < LEARN_BINS; i++) {
        l->rang[i] *= 1 - 1 / RING_MEMORY;
        l->answered[i] *= 1 - 1 / RING_MEMORY;
        l->ended[i] *= 1 - 1 / RING_MEMORY;
    }
}

static void learn_note(struct learn *l, double *bins, int age) {
    bins[age] += 1;
    l->rang[age] += 1; /* the bin in which it ended; learn_step counted the earlier ones */
}

/* ---- which agents are ready when ---- */

static const double shares[LEARN_POINTS] = {0.1, 0.3, 0.5, 0.7, 0.9};

#define AGE_LAST 1500.0 /* s; longer conversations count as this long */

static double learn_age_at(int i) { return AGE_LAST * pow((double)i / LEARN_AGES, 2); }

/* The chance that the conversation and then the wrap-up end within `left`. */
static double learn_talk_then_wrapup(const struct learn *l, double age, double left) {
    enum { STEPS = 8 };
    double chance = 0, before = 0, width = left / STEPS;
    for (int i = 0; i < STEPS; i++) {
        double over = hazard_ends(&l->talk, age, (i + 1) * width);
        chance += (over - before) * hazard_ends(&l->wrapup, 0, left - (i + 0.5) * width);
        before = over;
    }
    return chance;
}

static void learn_tell_readiness(struct learn *l) {
    for (int p = 0; p < LEARN_POINTS; p++) {
        l->points[p] = (int)lround(learn_ring_time(l, shares[p]) / LEARN_BIN);
        double left = l->points[p] * LEARN_BIN + l->grace;
        for (int i = 0; i <= LEARN_AGES; i++) {
            l->talk_ready[p][i] = learn_talk_then_wrapup(l, learn_age_at(i), left);
            l->wrapup_ready[p][i] = hazard_ends(&l->wrapup, learn_age_at(i), left);
        }
    }
}

/* Interpolates linearly between two ages of the table. */
static double learn_read_table(const double table[LEARN_AGES + 1], double age) {
    double at = age > 0 ? sqrt(age / AGE_LAST) * LEARN_AGES : 0;
    if (at >= LEARN_AGES)
        return table[LEARN_AGES];
    int i = (int)at;
    return table[i] + (table[i + 1] - table[i]) * (at - i);
}

double learn_talk_ready(const struct learn *l, int point, double age) {
    return learn_read_table(l->talk_ready[point], age);
}

double learn_wrapup_ready(const struct learn *l, int point, double age) {
    return learn_read_table(l->wrapup_ready[point], age);
}

static void learn_make_tables(struct learn *l, double now) {
    learn_cumulate(l);
    hazard_refresh(&l->talk);
    hazard_refresh(&l->wrapup);
    learn_tell_readiness(l);
    l->refreshed = now;
    l->version++;
}

bool learn_is_due(const struct learn *l, double now) {
    double due = fmin(fmax((now - l->since) / 10, 1), REFRESH);
    return now - l->refreshed >= due;
}

void learn_refresh(struct learn *l, double now) {
    if (learn_is_due(l, now))
        learn_make_tables(l, now);
}

/* ---- the answer rate ---- */

static void learn_fade(struct learn_rate *r, double memory) {
    if (r->exposure <= memory)
        return;
    r->answers *= memory / r->exposure;
    r->exposure = memory;
}

/* A drift shows in the fast estimate first: it replaces the slow one. */
static void learn_follow_drift(struct learn *l) {
    if (l->slow.exposure <= 1.5 * l->fast.exposure || l->fast.exposure <= 0)
        return;
    double p = l->slow.answers / l->slow.exposure, q = l->fast.answers / l->fast.exposure;
    if (fabs(p - q) > DRIFT_SIGMAS * sqrt(p * (1 - p) / (l->fast.exposure + 1)))
        l->slow = l->fast;
}

/* Far more people answer than before: assume so at once, and learn from there. */
static void learn_follow_burst(struct learn *l) {
    double p = learn_answer_rate(l), n = l->burst.exposure;
    if (l->slow.exposure <= BURST_NEEDS ||
        l->burst.answers <= p * n + BURST_SIGMAS * sqrt(p * (1 - p) * (n + 1)) + 1)
        return;
    if (l->burst.exposure < l->burst.answers)
        l->burst.exposure = l->burst.answers;
    l->slow = l->fast = l->burst;
}

/* No answer for a long time: a line that is down, a wrong prefix, a bad part of the list.
 * Nothing is learned from such a time, since it says nothing of the time after it. */
static bool learn_is_silent(const struct learn *l) {
    if (l->answers < ENOUGH_ANSWERS)
        return l->silence > SILENCE_FIRST;
    double most = SILENCE / learn_answer_rate(l);
    return l->silence > (most > SILENCE_LEAST ? most : SILENCE_LEAST);
}

bool learn_knows(const struct learn *l) {
    return l->answers >= ENOUGH_ANSWERS && !learn_is_silent(l);
}

static void learn_expose(struct learn *l, double dials) {
    l->silence += dials;
    if (learn_is_silent(l))
        return;
    l->slow.exposure += dials;
    l->fast.exposure += dials;
    l->burst.exposure += dials;
    learn_fade(&l->burst, BURST_MEMORY);
    learn_fade(&l->slow, SLOW_MEMORY);
    learn_fade(&l->fast, FAST_MEMORY);
    learn_follow_drift(l);
}

/* An error of this rate affects all ringing calls together, and a large team that waits for
 * its first calls has hundreds of them ringing. The result is therefore the observed rate
 * plus some of its standard errors, without the error that remains with a full memory. */
double learn_answer_rate(const struct learn *l) {
    double known = l->slow.exposure < SLOW_MEMORY ? l->slow.exposure : SLOW_MEMORY;
    double unsure = 1 / (known + RATE_BELIEF_DIALS) - 1 / (SLOW_MEMORY + RATE_BELIEF_DIALS);
    double p = (l->slow.answers + RATE_BELIEF_ANSWERS) / (l->slow.exposure + RATE_BELIEF_DIALS);
    p = fmin(fmax(p, 0.001), 0.999);
    p += CAREFUL_SIGMAS * sqrt(p * (1 - p) * unsure);
    return p > 0.999 ? 0.999 : p;
}

/* ---- time and calls ---- */

/* One bin of time passes: each call is a bin older, and adds to the exposure the share of
 * the answers that come at its new age. */
static void learn_step(struct learn *l) {
    double worth = 0;
    for (int age = 0; age < LEARN_BINS; age++)
        l->rang[age] += l->ringing[learn_slot(l->bin - age)];
    for (int age = 0; age < LEARN_BINS - 1; age++)
        worth +=
            l->dialed[learn_slot(l->bin - age)] * (l->by_answer[age + 1] - l->by_answer[age]);
    learn_expose(l, worth);
    l->bin++;
    int newest = learn_slot(l->bin), oldest = learn_slot(l->bin + 1);
    l->ringing[oldest] += l->ringing[newest]; /* the oldest calls stay in the last bin */
    l->ringing[newest] = l->dialed[newest] = 0;
}

void learn_advance(struct learn *l, double now) {
    int64_t bin = learn_bin_of(now);
    if (bin == l->bin)
        return;
    if (bin - l->bin > 2 * LEARN_BINS) { /* so long ago that no call of then still rings */
        memset(l->dialed, 0, sizeof l->dialed);
        l->bin = bin - LEARN_BINS;
    }
    while (l->bin < bin)
        learn_step(l);
    l->version++;
}

/* The slot of a call that began then. */
static int learn_slot_of(const struct learn *l, double begun) {
    int64_t bin = learn_bin_of(begun);
    return learn_slot(bin <= l->bin - LEARN_BINS ? l->bin - LEARN_BINS + 1 : bin);
}

void learn_begun(struct learn *l, double now) {
    learn_advance(l, now);
    if (l->since == 0)
        l->since = now;
    l->ringing[learn_slot(l->bin)]++;
    l->dialed[learn_slot(l->bin)]++;
    l->version++;
}

static void learn_rings_no_more(struct learn *l, double begun) {
    int at = learn_slot_of(l, begun);
    if (l->ringing[at] >= 1)
        l->ringing[at]--;
    l->version++;
}

void learn_answered(struct learn *l, double now, double begun) {
    learn_advance(l, now);
    learn_rings_no_more(l, begun);
    learn_fade_ring_times(l);
    learn_note(l, l->answered, learn_age_bins(now, begun));
    l->slow.answers++;
    l->fast.answers++;
    l->burst.answers++;
    learn_follow_burst(l);
    l->answers++;
    l->silence = 0;
}

void learn_ended(struct learn *l, double now, double begun) {
    learn_advance(l, now);
    learn_rings_no_more(l, begun);
    learn_note(l, l->ended, learn_age_bins(now, begun));
}

void learn_unsent(struct learn *l, double now, double begun) {
    learn_advance(l, now);
    learn_rings_no_more(l, begun);
    int at = learn_slot_of(l, begun);
    if (l->dialed[at] >= 1)
        l->dialed[at]--;
}

void learn_init(struct learn *l, double now, double timeout, double grace) {
    *l = (struct learn){.timeout = timeout, .grace = grace, .bin = learn_bin_of(now)};
    learn_guess_ring_times(l);
    hazard_init(&l->talk, 1400, 120);
    hazard_init(&l->wrapup, 120, 25);
    learn_make_tables(l, now);
}

/* ---- questions ---- */

double learn_ringing(const struct learn *l) {
    double n = 0;
    for (int i = 0; i < LEARN_BINS; i++)
        n += l->ringing[i];
    return n;
}

double learn_ring_time(const struct learn *l, double share) {
    int i = 0;
    while (i < LEARN_BINS && l->by_answer[i + 1] < share)
        i++;
    double width = i < LEARN_BINS ? l->by_answer[i + 1] - l->by_answer[i] : 0;
    return LEARN_BIN * (i + (width > 0 ? (share - l->by_answer[i]) / width : 0));
}

double learn_at(const struct learn *l, int age) { return l->ringing[learn_slot(l->bin - age)]; }

static double learn_before(const double *table, int bin) {
    return table[bin < LEARN_BINS ? bin : LEARN_BINS];
}

double learn_soon(const struct learn *l, int age, int h, double rate) {
    double soon = rate * (learn_before(l->by_answer, age + h) - l->by_answer[age]);
    double still = rate * (1 - l->by_answer[age]) + (1 - rate) * (1 - l->by_end[age]);
    return still > 1e-9 ? soon / still : 0;
}

/* ---- saving and loading ---- */

static json_t *learn_save_bins(const double *bins) {
    json_t *a = json_array();
    int last = LEARN_BINS;
    while (last > 0 && bins[last - 1] < 1e-9)
        last--;
    for (int i = 0; i < last; i++)
        json_array_append_new(a, json_real(bins[i]));
    return a;
}

static bool learn_is_count(const json_t *v) {
    double n = json_number_value(v);
    return json_is_number(v) && n >= 0 && n < 1e12;
}

/* Loads all bins or none: half a histogram would mislead. */
static bool learn_load_bins(double *bins, const json_t *saved) {
    double all[LEARN_BINS] = {0}, sum = 0;
    if (!json_is_array(saved) || json_array_size(saved) > LEARN_BINS)
        return false;
    for (size_t i = 0; i < json_array_size(saved); i++) {
        if (!learn_is_count(json_array_get(saved, i)))
            return false;
        sum += all[i] = json_number_value(json_array_get(saved, i));
    }
    memcpy(bins, all, sizeof all);
    return sum > 0;
}

json_t *learn_save(const struct learn *l, double now) {
    return json_pack("{s:f, s:I, s:o, s:o, s:o, s:[f,f], s:[f,f], s:o, s:o}", "age",
                     l->since != 0 ? now - l->since : 0.0, "answers", (json_int_t)l->answers,
                     "rang", learn_save_bins(l->rang), "answered", learn_save_bins(l->answered),
                     "ended", learn_save_bins(l->ended), "slow", l->slow.answers,
                     l->slow.exposure, "fast", l->fast.answers, l->fast.exposure, "talk",
                     hazard_save(&l->talk), "wrapup", hazard_save(&l->wrapup));
}

static void learn_load_rate(struct learn_rate *r, const json_t *saved) {
    const json_t *answers = json_array_get(saved, 0), *exposure = json_array_get(saved, 1);
    if (learn_is_count(answers) && learn_is_count(exposure))
        *r = (struct learn_rate){json_number_value(answers), json_number_value(exposure)};
}

void learn_load(struct learn *l, double now, const json_t *saved) {
    struct learn before = *l;
    const json_t *age = json_object_get(saved, "age"),
                 *answers = json_object_get(saved, "answers");
    if (!learn_load_bins(l->rang, json_object_get(saved, "rang")) ||
        !learn_load_bins(l->answered, json_object_get(saved, "answered")) ||
        !learn_load_bins(l->ended, json_object_get(saved, "ended")) || !learn_is_count(age) ||
        !learn_is_count(answers)) {
        *l = before;
        return;
    }
    l->since = json_number_value(age) > 0 ? now - json_number_value(age) : 0;
    l->answers = (int64_t)json_number_value(answers);
    learn_load_rate(&l->slow, json_object_get(saved, "slow"));
    learn_load_rate(&l->fast, json_object_get(saved, "fast"));
    l->burst = l->fast;
    learn_fade(&l->burst, BURST_MEMORY);
    hazard_load(&l->talk, json_object_get(saved, "talk"));
    hazard_load(&l->wrapup, json_object_get(saved, "wrapup"));
    learn_make_tables(l, now);
}
