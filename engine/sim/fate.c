#include "sim/fate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER 3600.0        /* s: a far end that stays */
#define NETWORK_TIMEOUT 120.0 /* s: no network lets a phone ring longer */
#define REDRAWS 64            /* of a ring time beyond the cut */

enum {
    R_486,
    R_503,
    R_404,
    R_480,
    R_603,
    R_403,
    R_408,
    R_484,
    R_488,
    R_410,
    R_500,
    R_502,
    R_NO_ROUTE, /* these two only from a dialplan: Hangup(3), Hangup(20) */
    R_ABSENT
};

/* Measured, Asterisk 16 and 22 with chan_sip and chan_pjsip. */
static const struct refusal refusals[] = {
    [R_486] = {486, 17, 5, "BUSY", "BUSY"},
    [R_503] = {503, 34, 8, "CONGESTION", "CONGESTION"},
    [R_404] = {404, 1, 0, "NOANSWER", "NOANSWER"},
    [R_480] = {480, 19, 5, "BUSY", "NOANSWER"},
    [R_603] = {603, 21, 5, "BUSY", "NOANSWER"},
    [R_403] = {403, 21, 0, "NOANSWER", "NOANSWER"},
    [R_408] = {408, 18, 0, "NOANSWER", "NOANSWER"},
    [R_484] = {484, 28, 0, "NOANSWER", "NOANSWER"},
    [R_488] = {488, 58, 0, "NOANSWER", "NOANSWER"},
    [R_410] = {410, 22, 8, "CONGESTION", "NOANSWER"},
    [R_500] = {500, 38, 8, "CONGESTION", "NOANSWER"},
    [R_502] = {502, 27, 8, "CONGESTION", "NOANSWER"},
    [R_NO_ROUTE] = {404, 3, 0, "CHANUNAVAIL", "CHANUNAVAIL"},
    [R_ABSENT] = {480, 20, 0, "CHANUNAVAIL", "CHANUNAVAIL"},
};

/* What a call that fails early fails of. */
static const int early[] = {R_480, R_603, R_486, R_404};

/* The outcomes by name, for special numbers. */
static const struct word {
    const char *word;
    enum outcome outcome;
    int refusal;
    bool rings;
} words[] = {
    {"answer", OUTCOME_ANSWER, -1, true},
    {"human", OUTCOME_ANSWER, -1, true},
    {"machine", OUTCOME_ANSWER, -1, true},
    {"busy", OUTCOME_BUSY, R_486, false},
    {"ringbusy", OUTCOME_BUSY, R_486, true},
    {"congestion", OUTCOME_CONGESTION, R_503, false},
    {"ring", OUTCOME_NO_ANSWER, R_480, true},
    {"dead", OUTCOME_DEAD, R_408, false},
    {"reject", OUTCOME_REFUSED, R_603, false},
    {"notfound", OUTCOME_REFUSED, R_404, false},
    {"noservice", OUTCOME_REFUSED, R_503, false},
    {"unavailable", OUTCOME_REFUSED, R_480, false},
    {"nosuch", OUTCOME_UNKNOWN, R_404, false},
    {"nopeer", OUTCOME_NO_PEER, -1, false},
};

/* One value of a duration. */
static double fate_draw_once(struct chance *c, const struct duration *d, double t) {
    double mean = schedule_at(&d->mean, t), cv = schedule_at(&d->cv, t);
    if (d->is_exponential)
        return -mean * log(1.0 - chance_unit(c));
    double s = chance_lognormal(c, mean, cv);
    return cv > 0 ? s : mean; /* without rounding: tests count seconds */
}

/* Draws from a duration: at most cut, which is kept to by drawing again. */
static double fate_draw_value(struct chance *c, const struct duration *d, double t,
                              double cut) {
    for (int i = 0; i < REDRAWS; i++) {
        double s = fate_draw_once(c, d, t);
        if (s <= cut)
            return s;
    }
    return cut;
}

/* Uniform between two bounds. */
static double fate_between(struct chance *c, double low, double high) {
    return low + (high - low) * chance_unit(c);
}

/* Makes it a call that is not answered, without ringing. */
static void fate_refuse(struct fate *f, enum outcome outcome, int refusal, double delay) {
    f->outcome = outcome;
    f->refusal = refusal < 0 ? NULL : &refusals[refusal];
    f->delay = delay;
    f->rings = false;
}

/* One of the ways in which a call is not answered. */
static void fate_draw_failure(struct fate *f, const struct world *w, double t, double u,
                              double quick, double slow, int why) {
    const struct {
        const struct schedule *share;
        enum outcome outcome;
        int refusal;
    } ways[] = {
        {&w->busy, OUTCOME_BUSY, R_486},
        {&w->congestion, OUTCOME_CONGESTION, R_503},
        {&w->unknown, OUTCOME_UNKNOWN, R_404},
        {&w->nopeer, OUTCOME_NO_PEER, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        double share = schedule_at(ways[i].share, t);
        if (u < share) {
            fate_refuse(f, ways[i].outcome, ways[i].refusal, quick);
            return;
        }
        u -= share;
    }
    if (u < schedule_at(&w->fail_early, t)) {
        fate_refuse(f, OUTCOME_REFUSED, why, slow);
        if (why == R_486)
            f->outcome = OUTCOME_BUSY;
        f->rings = true;
    } else {
        fate_refuse(f, OUTCOME_NO_ANSWER, R_480, NETWORK_TIMEOUT);
        f->rings = true;
    }
}

/* What AMD makes of the one who answered. */
static void fate_draw_amd(struct fate *f, const struct world *w, double t, double u, double v) {
    bool wrong = v < schedule_at(&w->amd_error, t);
    if (u < schedule_at(&w->amd_notsure, t)) {
        f->amd_status = "NOTSURE";
        f->amd_cause = "TOOLONG-5000";
    } else if (f->machine != wrong) {
        f->amd_status = "MACHINE";
        f->amd_cause = u < 0.5 ? "MAXWORDS-3-2" : "LONGGREETING-1500-1500";
    } else {
        f->amd_status = "HUMAN";
        f->amd_cause = "HUMAN-800-800";
    }
}

/* The refusal with that cause; where there is none, plain rejection. */
static int fate_with_cause(int cause) {
    for (int r = 0; r < (int)ARRAY_LEN(refusals); r++)
        if (refusals[r].cause == cause)
            return r;
    return R_403;
}

/* A word with a number behind it: talk5 answers at once and hangs up after 5 s, late5
 * rings 5 s, answers and stays, hc17 refuses with cause 17. */
static void fate_apply_counted(struct fate *f, const char *number, double quick) {
    static const char *const counted[] = {"talk", "late", "hc"};
    size_t i = 0, n = 0;
    while (i < ARRAY_LEN(counted) && strncmp(number, counted[i], n = strlen(counted[i])))
        i++;
    char *end;
    double value = strtod(number + n, &end);
    if (i == ARRAY_LEN(counted) || number[n] < '0' || number[n] > '9' || *end)
        return;
    f->outcome = OUTCOME_ANSWER;
    f->rings = i == 1;
    f->delay = i == 1 ? value : quick;
    f->talk = i == 0 ? value : FOREVER;
    if (i == 2)
        fate_refuse(f, OUTCOME_REFUSED, fate_with_cause((int)value), quick);
}

/* The outcome a number is listed under, if it is. */
static void fate_apply_word(struct fate *f, const char *name, double ring, double quick) {
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const struct word *w = &words[i];
        if (strcmp(w->word, name))
            continue;
        fate_refuse(f, w->outcome, w->refusal, w->rings ? ring : quick);
        f->rings = w->rings;
        if (w->outcome == OUTCOME_NO_ANSWER || w->outcome == OUTCOME_DEAD)
            f->delay = NETWORK_TIMEOUT;
        if (strcmp(name, "human") == 0 || strcmp(name, "machine") == 0)
            f->machine = *name == 'm';
    }
}

/* Every value is drawn whether it is needed or not and in a fixed order, the ring time
 * last since it may take several draws: so nothing depends on anything else. What a
 * world may leave out comes behind it. */
void fate_draw(struct fate *f, const struct world *w, uint64_t seed, uint64_t k, double t,
               const char *number) {
    struct chance c;
    chance_seed_item(&c, seed, k);
    *f = (struct fate){0};
    double answers = chance_unit(&c), way = chance_unit(&c);
    double quick = fate_between(&c, 0.002, 0.12), slow = fate_between(&c, 1, 8);
    int why = early[chance_next(&c) % ARRAY_LEN(early)];
    f->machine = chance_hit(&c, schedule_at(&w->machines, t));
    double amd_u = chance_unit(&c), amd_v = chance_unit(&c);
    f->amd_time = fate_between(&c, schedule_at(&w->amd_min, t), schedule_at(&w->amd_max, t));
    f->agent_misses = chance_hit(&c, schedule_at(&w->misses, t));
    f->agent_ends = chance_hit(&c, 0.5);
    f->order = chance_unit(&c);
    f->late = chance_unit(&c);
    f->swap = chance_hit(&c, 0.5);
    f->talk = fate_draw_value(&c, &w->talk, t, INFINITY);
    f->wrapup = fate_draw_value(&c, &w->wrapup, t, INFINITY);
    double ring = fate_draw_value(&c, &w->ring, t, schedule_at(&w->ring_cut, t));
    if (f->machine && schedule_at(&w->machine_ring.mean, t) > 0)
        ring = fate_draw_value(&c, &w->machine_ring, t, INFINITY);
    if (schedule_at(&w->fail.mean, t) > 0)
        slow = fate_draw_value(&c, &w->fail, t, INFINITY);

    f->outcome = OUTCOME_ANSWER;
    f->rings = true;
    f->delay = ring;
    if (answers >= schedule_at(&w->answer_rate, t))
        fate_draw_failure(f, w, t, way, quick, slow, why);
    const char *word = world_word(w, number);
    if (word)
        fate_apply_word(f, word, ring, quick);
    else if (number[0] >= 'a' && number[0] <= 'z')
        fate_apply_counted(f, number, quick);
    fate_draw_amd(f, w, t, amd_u, amd_v);
}

bool fate_is_word(const char *word) {
    bool known = strcmp(word, "chance") == 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        known |= strcmp(words[i].word, word) == 0;
    return known;
}

void fate_congest(struct fate *f) { fate_refuse(f, OUTCOME_CONGESTION, R_503, 0.002); }
