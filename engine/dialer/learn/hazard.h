/* How long something lasts that has gone on for a while: a hazard (ends per second) for
 * each stretch of elapsed time, learnt from ends and from the time lived through. What
 * still goes on counts too, so short ones do not bias it. Pure. All times in seconds.
 * Source: the piecewise-exponential model of survival analysis. */
#ifndef DIALER_LEARN_HAZARD_H
#define DIALER_LEARN_HAZARD_H

#include <jansson.h>

#define HAZARD_BINS 22

struct hazard {
    double mean; /* believed in before any end is seen */
    double edges[HAZARD_BINS + 1];
    double ends[HAZARD_BINS];    /* ends seen, older ones fade */
    double lived[HAZARD_BINS];   /* seconds lived through, fading likewise */
    double sum[HAZARD_BINS + 1]; /* cumulated hazard up to each edge */
    double rate[HAZARD_BINS];
};

/* Stretches from 0 to `last`, growing evenly; a weak belief in a mean of `mean`. */
void hazard_init(struct hazard *h, double last, double mean);
/* Something that had lasted `from` has now lasted `to`. */
void hazard_live(struct hazard *h, double from, double to);
/* And it ended there. */
void hazard_end(struct hazard *h, double at);
/* Takes what was learnt into the tables that the questions below are answered from. */
void hazard_refresh(struct hazard *h);
/* Chance that what has lasted `age` ends within `more`. */
double hazard_ends(const struct hazard *h, double age, double more);
/* Mean duration as learnt. */
double hazard_mean(const struct hazard *h);
/* Ends seen, older ones faded: on how many the answers rest. */
double hazard_seen(const struct hazard *h);
json_t *hazard_save(const struct hazard *h);
/* Takes up what hazard_save gave; anything else is ignored. */
void hazard_load(struct hazard *h, const json_t *saved);

#endif
