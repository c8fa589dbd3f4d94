#include "lab/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MINUTES 60.0 /* the runs tell minute by minute */

/* One run's minutes as plain numbers. */
static double curve_at(const json_t *run, const char *key, size_t i) {
    const json_t *series = json_object_get(json_object_get(run, "series"), key);
    return json_number_value(json_array_get(series, i));
}

static double curve_sum(const json_t *run, const char *key, size_t from, size_t to) {
    double s = 0;
    for (size_t i = from; i < to; i++)
        s += curve_at(run, key, i);
    return s;
}

static size_t curve_minutes(const json_t *run) {
    return json_array_size(json_object_get(json_object_get(run, "series"), "dials"));
}

static double curve_ratio(double a, double b) { return b > 0 ? a / b : 0; }

/* The value of one point of one run: minutes from to to, both as places. */
static double curve_value(const json_t *run, enum curve_kind kind, size_t from, size_t to) {
    double n = (double)(to - from);
    switch (kind) {
    case CURVE_UTILISATION:
        return curve_ratio(curve_sum(run, "talking", from, to) +
                               curve_sum(run, "wrapup", from, to),
                           curve_sum(run, "agents", from, to));
    case CURVE_ABANDONED:
        return curve_ratio(curve_sum(run, "abandoned", 0, to),
                           curve_sum(run, "answers", 0, to));
    case CURVE_RINGING:
        return curve_sum(run, "ringing", from, to) / n;
    case CURVE_UP:
        return curve_sum(run, "up", from, to) / n;
    case CURVE_AGENTS:
        return curve_sum(run, "agents", from, to) / n;
    case CURVE_BUSY:
        return (curve_sum(run, "talking", from, to) + curve_sum(run, "wrapup", from, to)) / n;
    case CURVE_CPS:
        return curve_sum(run, "dials", from, to) / n / MINUTES;
    case CURVE_DONE:
        return curve_sum(run, "dials", 0, to);
    default:
        return 0;
    }
}

static double curve_sample(const json_t *run, const char *key, size_t i, const char *whole) {
    double v = json_number_value(json_array_get(json_object_get(run, key), i));
    return curve_ratio(v, json_number_value(json_object_get(run, whole)));
}

/* What point i of the curve is in one run. */
static double curve_point(const json_t *run, enum curve_kind kind, size_t i, size_t per) {
    size_t from = i * per, to = from + per, last = curve_minutes(run);
    if (kind == CURVE_WAITS)
        return curve_sample(run, "waits", i, "connected");
    if (kind == CURVE_DONE && json_number_value(json_object_get(run, "leads")) > 0)
        return curve_sample(run, "finished", i, "leads");
    return curve_value(run, kind, from, to < last ? to : last);
}

/* The number of points, and what lies between two. */
static void curve_measure(struct curve *c, const json_t *run, enum curve_kind kind,
                          size_t points, size_t *per) {
    size_t n = curve_minutes(run), samples = json_array_size(json_object_get(run, "finished"));
    *per = (n + points - 1) / points;
    *per = *per ? *per : 1;
    c->n = (n + *per - 1) / *per;
    c->step = (double)*per / MINUTES;
    c->x0 = c->step / 2;
    if (kind == CURVE_ABANDONED || kind == CURVE_DONE)
        c->x0 = c->step; /* so far: at the end of the stretch */
    if (kind == CURVE_DONE && samples > 1) {
        c->n = samples;
        c->step = (double)n / MINUTES / (double)(samples - 1);
        c->x0 = 0;
    }
    if (kind == CURVE_WAITS) {
        c->n = json_array_size(json_object_get(run, "waits"));
        c->step = 1;
        c->x0 = 0;
    }
}

void curve_make(struct curve *c, const json_t *runs, enum curve_kind kind, size_t points) {
    *c = (struct curve){0};
    size_t per, count = json_array_size(runs);
    if (count == 0)
        return;
    curve_measure(c, json_array_get(runs, 0), kind, points, &per);
    double *all = xcalloc(3 * c->n + 1, sizeof *all);
    c->mean = all;
    c->low = all + c->n;
    c->high = all + 2 * c->n;
    for (size_t i = 0; i < c->n; i++) {
        for (size_t r = 0; r < count; r++) {
            double v = curve_point(json_array_get(runs, r), kind, i, per);
            c->mean[i] += v / (double)count;
            c->low[i] = r == 0 || v < c->low[i] ? v : c->low[i];
            c->high[i] = r == 0 || v > c->high[i] ? v : c->high[i];
        }
    }
}

void curve_free(struct curve *c) {
    free(c->mean);
    *c = (struct curve){0};
}
