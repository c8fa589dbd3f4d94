/* How something went over a shift: its mean and its spread over the runs. */
#ifndef LAB_CURVE_H
#define LAB_CURVE_H

#include <jansson.h>
#include <stddef.h>

enum curve_kind {
    CURVE_UTILISATION, /* share of logged-in time in talk and wrap-up */
    CURVE_ABANDONED,   /* of the live answers so far, the share abandoned so far */
    CURVE_RINGING,     /* calls that nobody has answered yet */
    CURVE_UP,          /* calls that were answered */
    CURVE_AGENTS,      /* logged in */
    CURVE_BUSY,        /* of them, in talk or wrap-up */
    CURVE_CPS,         /* calls begun per second */
    CURVE_DONE,        /* share of the list that needs no call; without an end: calls so far */
    CURVE_WAITS,       /* share of the waits between two calls, by seconds */
    CURVE_COUNT
};

/* Point i stands for (x0 + i * step) hours; seconds for CURVE_WAITS. */
struct curve {
    size_t n;
    double x0, step;
    double *mean, *low, *high;
};

/* Of runs with at most so many points; n 0 where there is nothing to tell. */
void curve_make(struct curve *c, const json_t *runs, enum curve_kind kind, size_t points);
void curve_free(struct curve *c);

#endif
