#include "lab/simulate.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "lab/lab.h"
#include "lab/report.h"
#include "lab/sum.h"

#define RUNS_MAX 10000
#define HOURS_MIN 0.001
#define HOURS_MAX 744.0

struct options {
    const char *plan, *compare, *world, *out;
    char *strategies;
    double hours;
    int64_t agents, seed, runs;
    double limit; /* per cent of the answers that may be abandoned; below 0 = as ever */
    bool json, timing;
};

static int simulate_usage(FILE *to) {
    fputs("usage: astout simulate --plan FILE.lua|STRATEGY [--compare FILE.lua|STRATEGY]\n"
          "           [--world FILE.lua|from:DATABASE:CAMPAIGN] [--hours 8] [--agents 50]\n"
          "           [--seed 1] [--runs 20] [--out DIR] [--json] [--strategies DIR]\n"
          "           [--timing] [--abandon-limit PER CENT]    (0: no limit)\n",
          to);
    return to == stdout ? 0 : 2;
}

/* ---- options ---- */

/* NULL, or what the number must be; to be freed. */
static char *simulate_read_decimal(const char *text, double min, double max, double *out) {
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out >= min && *out <= max)
        return NULL;
    return xasprintf("a number, %g to %g", min, max);
}

static char *simulate_read_int(const char *text, int64_t min, int64_t max, int64_t *out) {
    if (str_int(text, min, max, out))
        return NULL;
    return xasprintf("a whole number, %lld to %lld", (long long)min, (long long)max);
}

/* NULL, or what the option must be; to be freed. */
static char *simulate_read_option(struct options *o, int c) {
    switch (c) {
    case 'p':
        o->plan = optarg;
        break;
    case 'c':
        o->compare = optarg;
        break;
    case 'w':
        o->world = optarg;
        break;
    case 'o':
        o->out = optarg;
        break;
    case 'S':
        xreplace(&o->strategies, optarg);
        break;
    case 'j':
        o->json = true;
        break;
    case 't':
        o->timing = true;
        break;
    case 'H':
        return simulate_read_decimal(optarg, HOURS_MIN, HOURS_MAX, &o->hours);
    case 'l':
        return simulate_read_decimal(optarg, 0, 100, &o->limit);
    case 'a':
        return simulate_read_int(optarg, 1, 10000, &o->agents);
    case 's':
        return simulate_read_int(optarg, 0, INT64_MAX - RUNS_MAX, &o->seed);
    case 'r':
        return simulate_read_int(optarg, 1, RUNS_MAX, &o->runs);
    }
    return NULL;
}

/* -1, or the status to exit with. */
static int simulate_read_options(struct options *o, int argc, char **argv) {
    static const struct option known[] = {
        {"plan", required_argument, NULL, 'p'},
        {"compare", required_argument, NULL, 'c'},
        {"world", required_argument, NULL, 'w'},
        {"hours", required_argument, NULL, 'H'},
        {"agents", required_argument, NULL, 'a'},
        {"seed", required_argument, NULL, 's'},
        {"runs", required_argument, NULL, 'r'},
        {"out", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {"strategies", required_argument, NULL, 'S'},
        {"timing", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"abandon-limit", required_argument, NULL, 'l'},
        {0},
    };
    optind = 1;
    for (int c, at; (c = getopt_long(argc, argv, "", known, &at)) != -1;) {
        if (c == 'h')
            return simulate_usage(stdout);
        if (c == '?')
            return simulate_usage(stderr);
        char *wanted = simulate_read_option(o, c);
        if (wanted) {
            fprintf(stderr, "astout simulate: --%s must be %s\n", known[at].name, wanted);
            free(wanted);
            return 2;
        }
    }
    return o->plan && optind == argc ? -1 : simulate_usage(stderr);
}

/* Without --strategies: those of this folder, else those beside the program's folder. */
static char *simulate_usual_strategies(void) {
    if (access("strategies/dial", R_OK | X_OK) == 0)
        return xstrdup("strategies");
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
    }
    return xasprintf("%s/strategies", self);
}

/* ---- running ---- */

/* Files of a shift are named after its seed; those of --compare say so. */
static char *simulate_tag_of(const struct options *o, size_t i) {
    long long seed = (long long)(o->seed + (int64_t)i % o->runs);
    return xasprintf("%s%lld", (int64_t)i >= o->runs ? "compare-" : "", seed);
}

static bool simulate_run_all(const struct options *o, struct lab_trial *trials, size_t count,
                             const json_t *world, const char *scratch, char **err) {
    size_t n = count * (size_t)o->runs;
    struct lab_shift *shifts = xcalloc(n, sizeof *shifts);
    json_t **results = xcalloc(n, sizeof *results);
    for (size_t i = 0; i < n; i++) {
        shifts[i] = (struct lab_shift){.plan = &trials[i / (size_t)o->runs].plan,
                                       .world = world,
                                       .hours = o->hours,
                                       .abandon_limit = o->limit,
                                       .seed = (uint64_t)(o->seed + (int64_t)i % o->runs),
                                       .scratch = scratch,
                                       .out = o->out,
                                       .tag = simulate_tag_of(o, i),
                                       .is_timed = o->timing};
    }
    bool ok = lab_work(shifts, n, results, err);
    for (size_t i = 0; i < n; i++) {
        struct lab_trial *t = &trials[i / (size_t)o->runs];
        if (t->runs == NULL)
            t->runs = json_array();
        if (ok)
            json_array_append_new(t->runs, results[i]);
        free((char *)(uintptr_t)shifts[i].tag);
    }
    free(shifts);
    free(results);
    return ok;
}

/* ---- telling ---- */

/* The cost of decisions is this machine's and this moment's: it goes to stderr and into
 * nothing that is to be the same again. */
static void simulate_tell_timing(const struct lab_trial *t) {
    double count = 0, sum = 0, worst = 0;
    for (size_t i = 0; i < json_array_size(t->runs); i++) {
        json_t *run = json_array_get(t->runs, i), *time = json_object_get(run, "timing");
        double n = labsum_of(time, "decisions"), high = labsum_of(time, "worst_us");
        count += n;
        sum += n * labsum_of(time, "mean_us");
        worst = high > worst ? high : worst;
        json_object_del(run, "timing");
    }
    fprintf(stderr, "%s: %.0f decisions, %.1f us each, %.0f us the slowest\n", t->plan.title,
            count, count > 0 ? sum / count : 0, worst);
}

static json_t *simulate_trial_json(const struct lab_trial *t) {
    json_t *runs = json_array();
    for (size_t i = 0; i < json_array_size(t->runs); i++)
        json_array_append_new(runs, labsum_short(json_array_get(t->runs, i)));
    json_t *mean = labsum_mean(runs);
    return json_pack("{s:s, s:o, s:o}", "plan", t->plan.title, "runs", runs, "mean", mean);
}

static void simulate_print_json(const struct lab_setting *s, const struct lab_trial *trials,
                                size_t count) {
    json_t *all = simulate_trial_json(&trials[0]);
    json_object_set_new(all, "hours", json_real(s->hours));
    if (s->learned)
        json_object_set(all, "learned", (json_t *)(uintptr_t)s->learned);
    if (count > 1)
        json_object_set_new(all, "compare", simulate_trial_json(&trials[1]));
    char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    puts(text);
    free(text);
    json_decref(all);
}

/* report.html and report.json of --out. */
static bool simulate_write_reports(const struct options *o, const struct lab_setting *setting,
                                   const struct lab_trial *trials, size_t count, char **err) {
    if (o->out == NULL)
        return true;
    char *html = xasprintf("%s/report.html", o->out),
         *path = xasprintf("%s/report.json", o->out);
    bool ok = labreport_write(html, setting, trials, count, err);
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, json_pack("{s:s, s:O, s:O}", "plan", trials[i].plan.title,
                                             "headers", trials[i].plan.headers, "runs",
                                             trials[i].runs));
    json_t *page = json_pack("{s:O, s:O*, s:o}", "world", setting->table, "learned",
                             setting->learned, "trials", all);
    if (ok && json_dump_file(page, path, JSON_REAL_PRECISION(9) | JSON_INDENT(1))) {
        *err = xasprintf("%s: %s", path, strerror(errno));
        ok = false;
    }
    json_decref(page);
    free(html);
    free(path);
    return ok;
}

/* ---- the command ---- */

static bool simulate_make_folder(const char *path, char **err) {
    if (path == NULL || mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    *err = xasprintf("%s: %s", path, strerror(errno));
    return false;
}

static bool simulate(const struct options *o, const char *scratch, char **err) {
    struct lab_trial trials[2] = {0};
    const char *names[] = {o->plan, o->compare};
    size_t count = o->compare ? 2 : 1;
    json_t *learned = NULL, *world = lab_world_load(o->world, o->agents, &learned, err);
    bool ok = world && simulate_make_folder(o->out, err);
    for (size_t i = 0; i < count && ok; i++)
        ok = lab_plan_load(&trials[i].plan, names[i], o->strategies, scratch, err);
    ok = ok && simulate_run_all(o, trials, count, world, scratch, err);
    for (size_t i = 0; i < count && ok && o->timing; i++)
        simulate_tell_timing(&trials[i]);
    const struct lab_setting setting = {.world = o->world,
                                        .table = world,
                                        .learned = learned,
                                        .hours = o->hours,
                                        .seed = o->seed,
                                        .runs = o->runs};
    ok = ok && simulate_write_reports(o, &setting, trials, count, err);
    if (ok && o->json)
        simulate_print_json(&setting, trials, count);
    else if (ok)
        labreport_print(&setting, trials, count);
    if (ok && fflush(stdout) && errno != EPIPE) { /* a reader may have seen enough */
        *err = xasprintf("standard output: %s", strerror(errno));
        ok = false;
    }
    for (size_t i = 0; i < count; i++) {
        lab_plan_free(&trials[i].plan);
        json_decref(trials[i].runs);
    }
    json_decref(world);
    json_decref(learned);
    return ok;
}

int simulate_main(int argc, char **argv) {
    struct options o = {.hours = 8, .seed = 1, .runs = 20, .limit = -1};
    int status = simulate_read_options(&o, argc, argv);
    if (status >= 0) {
        free(o.strategies);
        return status;
    }
    if (o.strategies == NULL)
        o.strategies = simulate_usual_strategies();
    signal(SIGPIPE, SIG_IGN); /* whoever reads it may have seen enough: still clean up */
    char *err = NULL, *scratch = lab_scratch_new(&err);
    bool ok = scratch && simulate(&o, scratch, &err);
    if (!ok)
        fprintf(stderr, "astout simulate: %s\n", err);
    lab_scratch_free(scratch);
    free(o.strategies);
    free(err);
    return ok ? 0 : 1;
}
