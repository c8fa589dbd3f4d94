/* Figures of several shifts together. */
#ifndef LAB_SUM_H
#define LAB_SUM_H

#include <jansson.h>
#include <stddef.h>

/* A number of a run, 0 if it has none of that name. */
double labsum_of(const json_t *run, const char *key);
struct labsum_spread {
    double mean, low, high;
};

/* Of a number over the runs. */
struct labsum_spread labsum_spread(const json_t *runs, const char *key);
/* How many of the runs are above a limit. */
size_t labsum_over(const json_t *runs, const char *key, double limit);
/* Means of the runs' numbers; worst_abandoned is the highest share of any run. */
json_t *labsum_mean(const json_t *runs);
/* The run without its series: what --json prints. */
json_t *labsum_short(const json_t *run);

#endif
