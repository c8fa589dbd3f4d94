/* A plot as SVG text: axes with round ticks, curves with their spread, points, lines
 * across. Colours come from the page's style sheet: class c0, c1 ... by trial. */
#ifndef LAB_PLOT_H
#define LAB_PLOT_H

#include "base/str.h"
#include "lab/curve.h"

struct plot {
    struct str *out;
    const char *x_title, *y_title;
    double x_min, x_max, y_min, y_max;
    bool percent; /* of y: shown as per cent */
};

/* Begins the picture; y_max is made round. */
void plot_begin(struct plot *p);
/* The spread as an area, then the mean as a line. */
void plot_curve(struct plot *p, const struct curve *c, int trial, bool dashed);
/* A point with a text that shows when it is pointed at. */
void plot_point(struct plot *p, double x, double y, int trial, const char *text);
/* A line across with its name: a limit. */
void plot_limit(struct plot *p, double y, const char *name);
void plot_limit_x(struct plot *p, double x, const char *name);
void plot_end(struct plot *p);
/* Text of HTML: what might be markup is made harmless. */
void plot_text(struct str *out, const char *text);

#endif
