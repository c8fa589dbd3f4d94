/* The report as one page of HTML: figures, a table, plots. It needs no script, no font
 * and no file but itself, and follows the reader's light or dark. */
#include "lab/report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lab/curve.h"
#include "lab/plot.h"
#include "lab/sum.h"

#define POINTS 96 /* of a curve */

static const char style[] =
    ":root{color-scheme:light dark;--ground:#fafaf8;--card:#fff;--ink:#1d2327;--soft:#667078;"
    "--rule:#e3e5e3;--c0:#1f6fb8;--c1:#d0690b;--bad:#b3261e;--good:#1b7f4b}"
    "@media(prefers-color-scheme:dark){:root{--ground:#14181b;--card:#1d2226;--ink:#e8eaeb;"
    "--soft:#9aa5ac;--rule:#30373c;--c0:#6db3f2;--c1:#f5a04c;--bad:#ff8a80;--good:#6fd39b}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--ground);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"
    "main{max-width:1200px;margin:0 auto;padding:28px 20px 48px}"
    "h1{font-size:24px;margin:0 0 4px;font-weight:650}h2{font-size:15px;margin:0 0 2px;"
    "font-weight:650}p{margin:0 0 10px}.soft,figcaption{color:var(--soft)}"
    "figcaption{font-size:13px;margin-bottom:8px}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(360px,100%),1fr));"
    "gap:16px;"
    "margin:20px 0}.card,figure{background:var(--card);border:1px solid var(--rule);"
    "border-radius:10px;padding:16px 18px;margin:0}"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(480px,100%),1fr));"
    "gap:16px}.card h2{display:flex;align-items:center;gap:8px}"
    ".figures{display:flex;flex-wrap:wrap;gap:8px 28px;margin-top:8px}"
    ".figures b{display:block;font-size:24px;font-weight:650;font-variant-numeric:tabular-nums}"
    ".figures span{font-size:13px;color:var(--soft)}"
    ".bad{color:var(--bad)}.good{color:var(--good)}"
    ".key{display:inline-block;width:12px;height:12px;border-radius:3px}"
    ".key.c0{background:var(--c0)}.key.c1{background:var(--c1)}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums;font-size:14px}"
    "th,td{text-align:right;padding:5px 10px;border-bottom:1px solid var(--rule)}"
    "th{color:var(--soft);font-weight:500}th:first-child,td:first-child{text-align:left}"
    "tr.mean td{font-weight:650}details{margin-top:16px}summary{cursor:pointer}"
    "svg{display:block;width:100%;height:auto;font-size:11.5px}"
    "svg text{fill:var(--soft);font-family:inherit}.grid{stroke:var(--rule);stroke-width:1}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}"
    ".line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.spread{opacity:.16}"
    ".spread.c0,.point.c0{fill:var(--c0)}.spread.c1,.point.c1{fill:var(--c1)}"
    ".point{opacity:.75}line.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:2 3}"
    "svg text.limit{fill:var(--bad)}"
    ".legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--soft);"
    "margin-top:6px}.legend span{display:inline-flex;align-items:center;gap:6px}";

/* ---- words and figures ---- */

/* v with so many digits and what stands behind it. */
static void report_add_figure(struct str *b, const char *name, const char *tone, double v,
                              int digits, const char *unit) {
    str_addf(b, "<div><b%s%s%s>", *tone ? " class=\"" : "", tone, *tone ? "\"" : "");
    str_addf(b, "%.*f%s</b><span>%s</span></div>", digits, v, unit, name);
}

/* One card a trial: what it reaches, and whether it keeps to the line. */
static void report_add_card(struct str *b, const struct lab_trial *t, int i) {
    struct labsum_spread u = labsum_spread(t->runs, "utilisation");
    struct labsum_spread a = labsum_spread(t->runs, "abandoned");
    struct labsum_spread w = labsum_spread(t->runs, "wait_mean");
    size_t over = labsum_over(t->runs, "abandoned", LEGAL_SHARE);
    str_addf(b, "<section class=\"card\"><h2><i class=\"key c%d\"></i>", i);
    plot_text(b, t->plan.title);
    str_add(b, "</h2><div class=\"figures\">");
    report_add_figure(b, "of the agents&#39; time in talk and wrap-up", "", 100 * u.mean, 1,
                      "%");
    report_add_figure(b, "of live answers abandoned", a.mean > LEGAL_SHARE ? "bad" : "good",
                      100 * a.mean, 2, "%");
    report_add_figure(b, "in the worst run", a.high > LEGAL_SHARE ? "bad" : "good",
                      100 * a.high, 2, "%");
    report_add_figure(b, "of the runs over 3%", over ? "bad" : "good", (double)over, 0, "");
    report_add_figure(b, "seconds between two calls", "", w.mean, 1, "");
    str_add(b, "</div></section>");
}

static void report_add_cells(struct str *b, const char *name, const json_t *r, bool is_mean) {
    double a = labsum_of(r, "abandoned");
    str_addf(b, "<tr%s><td>%s</td><td>%.2f%%</td>", is_mean ? " class=\"mean\"" : "", name,
             100 * labsum_of(r, "utilisation"));
    str_addf(b, "<td%s>%.2f%%</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.1f</td></tr>",
             a > LEGAL_SHARE ? " class=\"bad\"" : "", 100 * a, labsum_of(r, "answers"),
             labsum_of(r, "abandoned_calls"), labsum_of(r, "dials"), labsum_of(r, "wait_mean"));
}

static void report_add_table(struct str *b, const struct lab_trial *t) {
    str_add(b, "<details><summary>");
    plot_text(b, t->plan.title);
    str_add(b, ", run by run</summary><div class=\"scroll\"><table><thead><tr><th>seed</th>"
               "<th>utilisation</th><th>abandoned</th><th>live answers</th><th>abandoned</th>"
               "<th>calls</th><th>s between calls</th></tr></thead><tbody>");
    for (size_t i = 0; i < json_array_size(t->runs); i++) {
        const json_t *run = json_array_get(t->runs, i);
        char name[24];
        snprintf(name, sizeof name, "%.0f", labsum_of(run, "seed"));
        report_add_cells(b, name, run, false);
    }
    json_t *mean = labsum_mean(t->runs);
    report_add_cells(b, "mean", mean, true);
    json_decref(mean);
    str_add(b, "</tbody></table></div></details>");
}

/* ---- plots ---- */

struct page {
    struct str html;
    const struct lab_setting *setting;
    const struct lab_trial *trials;
    size_t count;
};

static void report_figure_begin(struct page *p, const char *title, const char *caption) {
    str_addf(&p->html, "<figure><h2>%s</h2><figcaption>%s</figcaption>", title, caption);
}

/* dashes: what solid and dashed lines are; NULL = there are none of these. */
static void report_figure_end(struct page *p, const char *dashes) {
    str_add(&p->html, "<div class=\"legend\">");
    for (size_t i = 0; i < p->count; i++) {
        str_addf(&p->html, "<span><i class=\"key c%zu\"></i>", i);
        plot_text(&p->html, p->trials[i].plan.title);
        str_add(&p->html, "</span>");
    }
    if (dashes)
        str_addf(&p->html, "<span>%s</span>", dashes);
    str_add(&p->html, "</div></figure>");
}

/* The highest value of all trials' curves. */
static double report_highest(const struct curve *curves, size_t n) {
    double high = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < curves[i].n; k++)
            high = curves[i].high[k] > high ? curves[i].high[k] : high;
    return high;
}

/* How high shares go once they are shares of more than a few calls. */
static double report_settled(const struct curve *curves, size_t n) {
    double high = 0.05;
    for (size_t i = 0; i < n; i++)
        for (size_t k = curves[i].n / 8; k < curves[i].n; k++)
            high = fmax(high, 1.2 * curves[i].mean[k]);
    return high;
}

/* One plot over the shift; a second kind is dashed. */
static void report_over_time(struct page *p, enum curve_kind kind, enum curve_kind second,
                             struct plot plot) {
    struct curve curves[4];
    bool two = second != CURVE_COUNT;
    size_t n = 0;
    for (int k = 0; k <= two; k++)
        for (size_t i = 0; i < p->count; i++)
            curve_make(&curves[n++], p->trials[i].runs, k ? second : kind, POINTS);
    plot.out = &p->html;
    plot.x_title = "hours";
    plot.x_max = p->setting->hours;
    if (plot.y_max == 0)
        plot.y_max = report_highest(curves, n);
    if (kind == CURVE_ABANDONED)
        plot.y_max = report_settled(curves, n);
    plot_begin(&plot);
    for (size_t i = 0; i < n; i++)
        plot_curve(&plot, &curves[i], (int)(i % p->count), i >= p->count);
    if (kind == CURVE_ABANDONED)
        plot_limit(&plot, LEGAL_SHARE, "3% of live answers");
    plot_end(&plot);
    for (size_t i = 0; i < n; i++)
        curve_free(&curves[i]);
}

/* Each run as a point: how well against how lawful. */
static void report_spread(struct page *p) {
    double high = 0.05, low = 1, top = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct labsum_spread a = labsum_spread(p->trials[i].runs, "abandoned");
        struct labsum_spread u = labsum_spread(p->trials[i].runs, "utilisation");
        high = fmax(high, a.high * 1.1);
        low = fmin(low, u.low);
        top = fmax(top, u.high);
    }
    struct plot plot = {.out = &p->html,
                        .x_title = "% of live answers abandoned",
                        .y_title = "utilisation",
                        .x_max = high,
                        .percent = true,
                        .y_min = floor(low * 20 - 0.5) / 20,
                        .y_max = ceil(top * 20 + 0.5) / 20};
    plot.y_min = fmax(plot.y_min, 0);
    plot_begin(&plot);
    plot_limit_x(&plot, LEGAL_SHARE, "3%");
    for (size_t i = 0; i < p->count; i++)
        for (size_t r = 0; r < json_array_size(p->trials[i].runs); r++) {
            const json_t *run = json_array_get(p->trials[i].runs, r);
            char text[96];
            double a = labsum_of(run, "abandoned"), u = labsum_of(run, "utilisation");
            snprintf(text, sizeof text, "seed %.0f: %.2f%% utilisation, %.2f%% abandoned",
                     labsum_of(run, "seed"), 100 * u, 100 * a);
            plot_point(&plot, a, u, (int)i, text);
        }
    plot_end(&plot);
}

static void report_wait_plot(struct page *p) {
    struct curve curves[2] = {0};
    const size_t count = p->count;
    for (size_t i = 0; i < count; i++)
        curve_make(&curves[i], p->trials[i].runs, CURVE_WAITS, POINTS);
    double high = 0;
    for (size_t i = 0; i < count; i++) /* the last bin is "longer": it is told in words */
        for (size_t k = 0; k + 1 < curves[i].n; k++)
            high = fmax(high, curves[i].mean[k]);
    struct plot plot = {.out = &p->html,
                        .x_title = "seconds",
                        .y_title = "waits",
                        .x_max = (double)curves[0].n - 1,
                        .y_max = high,
                        .percent = true};
    plot_begin(&plot);
    for (size_t i = 0; i < count; i++) {
        struct curve c = curves[i];
        c.n = c.n ? c.n - 1 : 0;
        c.low = c.high = c.mean; /* the spread of single seconds would only be noise */
        plot_curve(&plot, &c, (int)i, false);
    }
    plot_end(&plot);
    str_add(&p->html, "<figcaption>Longer than two minutes:");
    for (size_t i = 0; i < count; i++) {
        str_addf(&p->html, "%s ", i ? "," : "");
        plot_text(&p->html, p->trials[i].plan.title);
        str_addf(&p->html, " %.1f%%", 100 * curves[i].mean[curves[i].n - 1]);
    }
    str_add(&p->html, ".</figcaption>");
    for (size_t i = 0; i < count; i++)
        curve_free(&curves[i]);
}

static void report_add_plots(struct page *p) {
    bool has_end = labsum_of(json_array_get(p->trials[0].runs, 0), "leads") > 0;
    str_add(&p->html, "<div class=\"plots\">");
    report_figure_begin(p, "Utilisation",
                        "Talk and wrap-up of logged-in time; line: mean of the runs, "
                        "area: from the lowest to the highest.");
    report_over_time(p, CURVE_UTILISATION, CURVE_COUNT,
                     (struct plot){.y_title = "utilisation", .y_max = 1, .percent = true});
    report_figure_end(p, NULL);
    report_figure_begin(p, "Abandoned so far",
                        "Of the live answers since the start: no agent within "
                        "two seconds.");
    report_over_time(p, CURVE_ABANDONED, CURVE_COUNT,
                     (struct plot){.y_title = "abandoned", .percent = true});
    report_figure_end(p, NULL);
    report_figure_begin(p, "Every run",
                        "Up is better; right of the line is more than US rules "
                        "allow.");
    report_spread(p);
    report_figure_end(p, NULL);
    report_figure_begin(p, "Wait between two calls",
                        "How long agents wait from being ready to the next "
                        "call, share of waits by second.");
    report_wait_plot(p);
    report_figure_end(p, NULL);
    report_figure_begin(p, "Calls in flight", "Minute by minute.");
    report_over_time(p, CURVE_UP, CURVE_RINGING, (struct plot){.y_title = "calls"});
    report_figure_end(p, "solid: answered, dashed: ringing");
    report_figure_begin(p, "Agents", "Minute by minute.");
    report_over_time(p, CURVE_BUSY, CURVE_AGENTS, (struct plot){.y_title = "agents"});
    report_figure_end(p, "solid: in talk or wrap-up, dashed: logged in");
    report_figure_begin(p, "Calls begun per second", "As they leave for Asterisk.");
    report_over_time(p, CURVE_CPS, CURVE_COUNT, (struct plot){.y_title = "calls per second"});
    report_figure_end(p, NULL);
    report_figure_begin(p, has_end ? "List done" : "List worked",
                        has_end ? "Share of the leads that need no further call."
                                : "Calls made; this list has no end.");
    report_over_time(p, CURVE_DONE, CURVE_COUNT,
                     (struct plot){.y_title = "list", .y_max = has_end, .percent = has_end});
    report_figure_end(p, NULL);
    str_add(&p->html, "</div>");
}

/* ---- the page ---- */

static void report_add_head(struct page *p) {
    const struct lab_setting *s = p->setting;
    str_addf(&p->html,
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
             "<title>astout simulate</title><link rel=\"icon\" href=\"data:,\">"
             "<style>%s</style></head><body><main><h1>",
             style);
    for (size_t i = 0; i < p->count; i++) {
        str_add(&p->html, i ? " and " : "");
        plot_text(&p->html, p->trials[i].plan.title);
    }
    str_addf(&p->html,
             " in the laboratory</h1><p class=\"soft\">%lld simulated shift%s of %g hour%s, "
             "%.1f agents on average, seeds %lld to %lld, in ",
             (long long)s->runs, s->runs == 1 ? "" : "s", s->hours, s->hours == 1 ? "" : "s",
             labsum_of(json_array_get(p->trials[0].runs, 0), "agent_hours") / s->hours,
             (long long)s->seed, (long long)(s->seed + s->runs - 1));
    plot_text(&p->html, s->world ? s->world : "the default world");
    str_add(&p->html, ". The same customers for every plan.</p>");
    char *learned = labreport_learned(s);
    if (learned) {
        str_add(&p->html, "<p class=\"soft\">");
        plot_text(&p->html, learned);
        str_add(&p->html, "</p>");
    }
    free(learned);
}

static char *report_render(const struct lab_setting *s, const struct lab_trial *trials,
                           size_t count) {
    struct page p = {.setting = s, .trials = trials, .count = count};
    report_add_head(&p);
    str_add(&p.html, "<div class=\"cards\">");
    for (size_t i = 0; i < count; i++)
        report_add_card(&p.html, &trials[i], (int)i);
    str_add(&p.html, "</div>");
    report_add_plots(&p);
    for (size_t i = 0; i < count; i++)
        report_add_table(&p.html, &trials[i]);
    str_add(&p.html, "</main></body></html>\n");
    return str_take(&p.html);
}

bool labreport_write(const char *path, const struct lab_setting *s,
                     const struct lab_trial *trials, size_t count, char **err) {
    char *text = report_render(s, trials, count);
    FILE *f = fopen(path, "w");
    bool ok = f && fputs(text, f) >= 0;
    ok = f && fclose(f) == 0 && ok;
    if (!ok)
        *err = xasprintf("%s: %s", path, strerror(errno));
    free(text);
    return ok;
}
