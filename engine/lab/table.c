/* The report in the terminal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lab/curve.h"
#include "lab/report.h"
#include "lab/sum.h"

#define SPARKS 48
#define LEVELS 8

/* May the terminal be shown block characters? */
static bool lab_table_is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *v = NULL;
    for (size_t i = 0; i < ARRAY_LEN(names) && (v == NULL || *v == '\0'); i++)
        v = getenv(names[i]);
    return v && (strcasestr(v, "utf-8") || strcasestr(v, "utf8"));
}

/* A curve as a row of characters between two values. */
static void lab_table_print_spark(const struct curve *c, double low, double high) {
    static const char *const blocks[2][LEVELS] = {{"_", ".", ":", "-", "=", "+", "*", "#"},
                                                  {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}};
    const char *const *set = blocks[lab_table_is_utf8()];
    for (size_t i = 0; i < c->n; i++) {
        double f = high > low ? (c->mean[i] - low) / (high - low) : 0;
        fputs(set[(int)fmin(fmax(f * LEVELS, 0), LEVELS - 1)], stdout);
    }
}

static double lab_table_highest(const struct curve *c) {
    double high = 0;
    for (size_t i = 0; i < c->n; i++)
        high = c->mean[i] > high ? c->mean[i] : high;
    return high;
}

/* What goes up and down over the shift, each with the value of a full block. */
static void lab_table_print_sparks(const struct lab_trial *t) {
    static const struct {
        const char *name;
        enum curve_kind kind;
        double scale, full; /* full 0: its highest point */
        const char *unit;
    } rows[] = {{"utilisation", CURVE_UTILISATION, 100, 1, "%"},
                {"abandoned so far", CURVE_ABANDONED, 100, LEGAL_SHARE, "%"},
                {"calls ringing", CURVE_RINGING, 1, 0, ""},
                {"calls per second", CURVE_CPS, 1, 0, ""}};
    printf("\n%s over the shift\n", t->plan.title);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct curve c;
        curve_make(&c, t->runs, rows[i].kind, SPARKS);
        double full = rows[i].full > 0 ? rows[i].full : lab_table_highest(&c);
        printf("  %-17s ", rows[i].name);
        lab_table_print_spark(&c, 0, full);
        printf("  full = %.3g%s\n", full * rows[i].scale, rows[i].unit);
        curve_free(&c);
    }
}

static void lab_table_print_row(const struct lab_trial *t, int width) {
    struct labsum_spread u = labsum_spread(t->runs, "utilisation");
    struct labsum_spread a = labsum_spread(t->runs, "abandoned");
    json_t *mean = labsum_mean(t->runs);
    size_t over = labsum_over(t->runs, "abandoned", LEGAL_SHARE);
    printf("%-*s %8.3f %7.3f %7.3f %9.2f%% %7.2f%% %5zu/%-3zu %8.1f %9.0f %9.0f\n", width,
           t->plan.title, u.mean, u.low, u.high, 100 * a.mean, 100 * a.high, over,
           json_array_size(t->runs), labsum_of(mean, "wait_mean"), labsum_of(mean, "answers"),
           labsum_of(mean, "dials"));
    json_decref(mean);
}

char *labreport_learned(const struct lab_setting *s) {
    const json_t *l = s->learned;
    if (l == NULL)
        return NULL;
    char *wrapup = json_is_true(json_object_get(l, "wrapup_learnt"))
                       ? xasprintf("wrap-up %.0f s. Unknown:", labsum_of(l, "wrapup_mean"))
                       : xstrdup("Unknown: wrap-up,");
    char *text =
        xasprintf("Learned from %.0f calls: %.1f%% answered, ring %.1f s (cv %.2f), talk %.0f "
                  "s (cv %.2f, %.0f talks), %.0f answered calls reached no agent, at least "
                  "%.0f agents, %s breaks, machines.",
                  labsum_of(l, "calls"), 100 * labsum_of(l, "answer_rate"),
                  labsum_of(l, "ring_mean"), labsum_of(l, "ring_cv"), labsum_of(l, "talk_mean"),
                  labsum_of(l, "talk_cv"), labsum_of(l, "talks"), labsum_of(l, "met_nobody"),
                  labsum_of(l, "agents"), wrapup);
    free(wrapup);
    return text;
}

/* If a strategy failed, the figures are those of what ran instead. */
static void lab_table_print_warnings(const struct lab_trial *t) {
    struct labsum_spread w = labsum_spread(t->runs, "warnings");
    if (w.high > 0)
        printf("\n%s: the engine logged up to %.0f warnings in a shift; they are above\n",
               t->plan.title, w.high);
}

void labreport_print(const struct lab_setting *s, const struct lab_trial *trials,
                     size_t count) {
    int width = 10;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(trials[i].plan.title) > width)
            width = (int)strlen(trials[i].plan.title);
    const json_t *first = json_array_get(trials[0].runs, 0);
    printf("%lld shift%s of %g h, %.1f agents on average, seeds %lld to %lld, world: %s\n\n",
           (long long)s->runs, s->runs == 1 ? "" : "s", s->hours,
           labsum_of(first, "agent_hours") / s->hours, (long long)s->seed,
           (long long)(s->seed + s->runs - 1), s->world ? s->world : "default");
    char *learned = labreport_learned(s);
    if (learned)
        printf("%s\n\n", learned);
    free(learned);
    printf("%-*s %24s %18s %9s %8s %9s %9s\n", width, "", "utilisation", "abandoned", "over 3%",
           "wait s", "answers", "dials");
    printf("%-*s %8s %7s %7s %10s %7s\n", width, "", "mean", "low", "high", "mean", "worst");
    for (size_t i = 0; i < count; i++)
        lab_table_print_row(&trials[i], width);
    for (size_t i = 0; i < count; i++)
        lab_table_print_warnings(&trials[i]);
    for (size_t i = 0; i < count; i++)
        lab_table_print_sparks(&trials[i]);
}
