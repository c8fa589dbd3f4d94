#include "lab/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 560.0
#define HEIGHT 260.0
#define LEFT 52.0
#define RIGHT 14.0
#define TOP 14.0
#define BOTTOM 40.0
#define TICKS 5

void plot_text(struct str *out, const char *text) {
    static const char *const marks[][2] = {{"&", "&amp;"},
                                           {"<", "&lt;"},
                                           {">", "&gt;"},
                                           {"\"", "&quot;"}};
    for (; *text; text++) {
        size_t i = 0;
        while (i < ARRAY_LEN(marks) && *marks[i][0] != *text)
            i++;
        if (i < ARRAY_LEN(marks))
            str_add(out, marks[i][1]);
        else
            str_addc(out, *text);
    }
}

static double plot_place_x(const struct plot *p, double x) {
    return LEFT + (x - p->x_min) / (p->x_max - p->x_min) * (WIDTH - LEFT - RIGHT);
}

static double plot_place_y(const struct plot *p, double y) {
    double in = fmin(fmax(y, p->y_min), p->y_max);
    return HEIGHT - BOTTOM - (in - p->y_min) / (p->y_max - p->y_min) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that about TICKS of it make the range. */
static double plot_round_step(double range) {
    static const double steps[] = {1, 2, 5};
    double raw = range / TICKS, power = pow(10, floor(log10(raw)));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (raw / power <= steps[i])
            return power * steps[i];
    return power * 10;
}

/* A tick's number: whole, or with the digits that its step needs. */
static void plot_add_number(struct str *out, double v, double step, bool percent) {
    double shown = percent ? 100 * v : v, s = percent ? 100 * step : step;
    int digits = s < 0.999 ? (int)ceil(-log10(s) - 1e-9) : 0;
    if (!percent && shown >= 10000)
        str_addf(out, "%.*fk", fmod(shown, 1000) > 0, shown / 1000);
    else
        str_addf(out, "%.*f%s", digits, shown, percent ? "%" : "");
}

static void plot_y_axis(struct plot *p) {
    double step = plot_round_step(p->y_max - p->y_min);
    p->y_max = p->y_min + ceil((p->y_max - p->y_min) / step - 1e-9) * step;
    int ticks = (int)((p->y_max - p->y_min) / step + 0.5);
    for (int i = 0; i <= ticks; i++) {
        double v = p->y_min + i * step, y = plot_place_y(p, v);
        str_addf(p->out,
                 "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                 WIDTH - RIGHT, y, y);
        str_addf(p->out, "<text class=\"tick\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">",
                 LEFT - 6, y + 4);
        plot_add_number(p->out, v, step, p->percent);
        str_add(p->out, "</text>");
    }
}

static void plot_x_axis(struct plot *p, bool percent) {
    double step = plot_round_step(p->x_max - p->x_min);
    int ticks = (int)((p->x_max - p->x_min) / step + 1e-6);
    for (int i = 0; i <= ticks; i++) {
        double v = p->x_min + i * step;
        str_addf(p->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">",
                 plot_place_x(p, v), HEIGHT - BOTTOM + 16);
        plot_add_number(p->out, v, step, percent);
        str_add(p->out, "</text>");
    }
    str_addf(p->out, "<text class=\"axis\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">",
             WIDTH - RIGHT, HEIGHT - 6);
    plot_text(p->out, p->x_title);
    str_add(p->out, "</text>");
}

void plot_begin(struct plot *p) {
    if (!(p->y_max > p->y_min))
        p->y_max = p->y_min + 1;
    if (!(p->x_max > p->x_min))
        p->x_max = p->x_min + 1;
    str_addf(p->out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", WIDTH,
             HEIGHT);
    plot_text(p->out, p->y_title);
    str_add(p->out, "\">");
    plot_y_axis(p);
    plot_x_axis(p, strchr(p->x_title, '%') != NULL);
}

void plot_end(struct plot *p) { str_add(p->out, "</svg>"); }

static void plot_add_path(struct plot *p, const struct curve *c, const double *y, bool back,
                          const char *first) {
    for (size_t k = 0; k < c->n; k++) {
        size_t i = back ? c->n - 1 - k : k;
        double x = c->x0 + (double)i * c->step;
        str_addf(p->out, "%s%.1f %.1f", k ? "L" : first,
                 plot_place_x(p, x < p->x_max ? x : p->x_max), plot_place_y(p, y[i]));
    }
}

void plot_curve(struct plot *p, const struct curve *c, int trial, bool dashed) {
    if (c->n == 0)
        return;
    str_addf(p->out, "<path class=\"spread c%d\" d=\"", trial);
    plot_add_path(p, c, c->high, false, "M");
    plot_add_path(p, c, c->low, true, "L");
    str_addf(p->out, "Z\"/><path class=\"line c%d%s\" d=\"", trial, dashed ? " dashed" : "");
    plot_add_path(p, c, c->mean, false, "M");
    str_add(p->out, "\"/>");
}

void plot_point(struct plot *p, double x, double y, int trial, const char *text) {
    str_addf(p->out, "<circle class=\"point c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>",
             trial, plot_place_x(p, x), plot_place_y(p, y));
    plot_text(p->out, text);
    str_add(p->out, "</title></circle>");
}

void plot_limit(struct plot *p, double y, const char *name) {
    double at = plot_place_y(p, y);
    str_addf(p->out, "<line class=\"limit\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>",
             LEFT, WIDTH - RIGHT, at, at);
    str_addf(p->out, "<text class=\"limit\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">",
             WIDTH - RIGHT - 4, at - 5);
    plot_text(p->out, name);
    str_add(p->out, "</text>");
}

void plot_limit_x(struct plot *p, double x, const char *name) {
    double at = plot_place_x(p, x);
    str_addf(p->out, "<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\"/>",
             at, at, TOP, HEIGHT - BOTTOM);
    str_addf(p->out, "<text class=\"limit\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"end\">", at - 5,
             TOP + 10);
    plot_text(p->out, name);
    str_add(p->out, "</text>");
}
