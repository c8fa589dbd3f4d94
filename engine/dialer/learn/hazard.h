/* How much longer something lasts that has lasted for a while: a hazard rate (ends per
 * second) for each bin of elapsed time, learned from the ends and from the time lived
 * through in each bin. What has not ended yet counts too, so that short durations do not
 * bias the rates. Pure. All times are in seconds. Source: the piecewise-exponential model
 * of survival analysis. */
#ifndef DIALER_LEARN_HAZARD_H
#define DIALER_LEARN_HAZARD_H

#include <jansson.h>

#define HAZARD_BINS 22

struct hazard {
    double mean; /* assumed until ends are observed */
    double edges[HAZARD_BINS + 1];
    double ends[HAZARD_BINS];    /* ends observed; older ones fade */
    double lived[HAZARD_BINS];   /* seconds lived through; they fade in the same way */
    double sum[HAZARD_BINS + 1]; /* cumulated hazard up to each edge */
    double rate[HAZARD_BINS];
};

/* Bins from 0 to `last`, each wider than the one before; starts from a mean of `mean`. */
void hazard_init(struct hazard *h, double last, double mean);
/* Something that had lasted `from` has now lasted `to`. */
void hazard_live(struct hazard *h, double from, double to);
/* Something ended after `at`. */
void hazard_end(struct hazard *h, double at);
/* Brings the tables that the functions below read up to date. */
void hazard_refresh(struct hazard *h);
/* The chance that something which has lasted `age` ends within `more`. */
double hazard_ends(const struct hazard *h, double age, double more);
/* The mean duration, as learned. */
double hazard_mean(const struct hazard *h);
/* On how many ends the answers are based; older ones count less. */
double hazard_seen(const struct hazard *h);
/* What was learned, as JSON (new reference). */
json_t *hazard_save(const struct hazard *h);
/* Restores what hazard_save returned. Anything that does not fit is ignored. */
void hazard_load(struct hazard *h, const json_t *saved);

#endif
