#include "dialer/learn/hazard.h"

#include <math.h>

#define MEMORY 500.0 /* ends after which the weight of an old one is 1/e */
#define BELIEF 0.3   /* ends that each bin starts with, before any is observed */

/* Edges at equal steps of the square root: narrow where most ends are, wide in the tail. */
void hazard_init(struct hazard *h, double last, double mean) {
    *h = (struct hazard){.mean = mean};
    for (int i = 0; i <= HAZARD_BINS; i++)
        h->edges[i] = last * pow((double)i / HAZARD_BINS, 2);
    for (int i = 0; i < HAZARD_BINS; i++) {
        h->ends[i] = BELIEF;
        h->lived[i] = BELIEF * mean;
    }
    hazard_refresh(h);
}

static int hazard_bin_of(const struct hazard *h, double age) {
    int i = (int)(sqrt(age / h->edges[HAZARD_BINS]) * HAZARD_BINS);
    if (!(i > 0))
        return 0;
    if (i >= HAZARD_BINS)
        return HAZARD_BINS - 1;
    /* rounding may have put an age that is at an edge into the next bin */
    if (age < h->edges[i])
        i--;
    return i;
}

void hazard_live(struct hazard *h, double from, double to) {
    for (int i = hazard_bin_of(h, from); from < to; i++) {
        double end = i >= HAZARD_BINS - 1 || h->edges[i + 1] > to ? to : h->edges[i + 1];
        h->lived[i < HAZARD_BINS ? i : HAZARD_BINS - 1] += end - from;
        from = end;
    }
}

void hazard_end(struct hazard *h, double at) {
    for (int i = 0; i < HAZARD_BINS; i++) {
        /* fade towards the belief, not towards 0: a bin without ends keeps a finite rate */
        h->ends[i] += (BELIEF - h->ends[i]) / MEMORY;
        h->lived[i] += (BELIEF * h->mean - h->lived[i]) / MEMORY;
    }
    h->ends[hazard_bin_of(h, at)] += 1;
}

void hazard_refresh(struct hazard *h) {
    for (int i = 0; i < HAZARD_BINS; i++) {
        h->rate[i] = h->ends[i] / h->lived[i];
        h->sum[i + 1] = h->sum[i] + h->rate[i] * (h->edges[i + 1] - h->edges[i]);
    }
}

static double hazard_cumulated(const struct hazard *h, double age) {
    int i = hazard_bin_of(h, age);
    return h->sum[i] + h->rate[i] * (age - h->edges[i]);
}

double hazard_ends(const struct hazard *h, double age, double more) {
    return more > 0 ? 1 - exp(hazard_cumulated(h, age) - hazard_cumulated(h, age + more)) : 0;
}

/* The area under the survival function, bin by bin; the last bin's rate holds for ever. */
double hazard_mean(const struct hazard *h) {
    double mean = 0;
    for (int i = 0; i < HAZARD_BINS; i++) {
        double width = h->edges[i + 1] - h->edges[i];
        double ends = i == HAZARD_BINS - 1 ? 1 : -expm1(-h->rate[i] * width);
        mean += exp(-h->sum[i]) * ends / h->rate[i];
    }
    return mean;
}

double hazard_seen(const struct hazard *h) {
    double seen = 0;
    for (int i = 0; i < HAZARD_BINS; i++)
        seen += h->ends[i] - BELIEF;
    return seen > 0 ? seen : 0;
}

static json_t *hazard_save_cells(const double *v, int n) {
    json_t *a = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(a, json_real(v[i]));
    return a;
}

json_t *hazard_save(const struct hazard *h) {
    return json_pack("{s:o, s:o}", "ends", hazard_save_cells(h->ends, HAZARD_BINS), "lived",
                     hazard_save_cells(h->lived, HAZARD_BINS));
}

void hazard_load(struct hazard *h, const json_t *saved) {
    const json_t *ends = json_object_get(saved, "ends"),
                 *lived = json_object_get(saved, "lived");
    if (json_array_size(ends) != HAZARD_BINS || json_array_size(lived) != HAZARD_BINS)
        return;
    for (size_t i = 0; i < HAZARD_BINS; i++) {
        double e = json_number_value(json_array_get(ends, i));
        double l = json_number_value(json_array_get(lived, i));
        if (e > 0 && l > 0) {
            h->ends[i] = e;
            h->lived[i] = l;
        }
    }
    hazard_refresh(h);
}
