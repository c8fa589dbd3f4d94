#include "dialer/plan/strategy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"
#include "dialer/core/event.h"
#include "dialer/plan/memory.h"
#include "dialer/plan/plan.h"

#define TELL_AFTER SECONDS(5) /* between two events about errors of one hook */
#define ERRORS_MAX 10         /* in a row: then the version is taken out of service */
#define OVERRUNS_MAX 3        /* of time, in a row (of instructions or memory: one) */

/* ---- events ---- */

/* Splits "dial/x.lua:12: text" into the place and the text, which is returned. */
static const char *plan_strategy_split_place(const char *err, char place[120]) {
    const char *colon = strstr(err, ".lua:");
    size_t digits = colon ? strspn(colon + 5, "0123456789") : 0;
    place[0] = '\0';
    if (colon == NULL || digits == 0 || strchr(err, ' ') < colon ||
        strncmp(colon + 5 + digits, ": ", 2))
        return err;
    snprintf(place, 120, "%.*s", (int)(colon + 5 + (int)digits - err), err);
    return colon + 5 + digits + 2;
}

void strategy_tell(struct engine *e, const char *plan, enum hook h, const char *name,
                   const char *hash, const char *err, int64_t repeated, bool in_service) {
    char place[120];
    struct strategy_error told = {.plan = plan,
                                  .hook = hook_name(h),
                                  .script = name,
                                  .hash = hash,
                                  .message = plan_strategy_split_place(err, place),
                                  .place = place,
                                  .repeated = repeated,
                                  .in_service = in_service ? "yes" : "no"};
    log_error(e->log, "plan %s, %s hook: %s%s", plan, hook_name(h), err,
              in_service ? "" : "; not in service");
    event_tell(e, EVENT_STRATEGY_ERROR, &told);
}

static void plan_strategy_tell_swap(struct plan *p, enum hook h, const char *old_hash) {
    const struct version *v = &p->strategies[h].now;
    struct strategy_swap told = {.plan = row_uuid(p->item.row),
                                 .hook = hook_name(h),
                                 .script = version_name(v),
                                 .hash = version_hash(v),
                                 .old_hash = old_hash};
    log_info(p->engine->log, "plan %s, %s hook: %s %s is in charge", told.plan, told.hook,
             told.script, told.hash);
    event_tell(p->engine, EVENT_STRATEGY_SWAP, &told);
}

bool strategy_is_odd(struct plan *p, enum hook h) {
    bool first = !p->strategies[h].odd;
    p->strategies[h].odd = true;
    return first;
}

/* ---- versions in charge ---- */

/* Puts a version (taken over) in charge of the hook; the counts begin anew. */
static void plan_strategy_take_charge(struct plan *p, enum hook h, struct version v) {
    struct strategy *s = &p->strategies[h];
    version_clear(&s->now);
    s->now = v;
    s->since = engine_wall(p->engine);
    s->calls = s->errors = s->time = s->worst = s->untold = s->told = 0;
    s->errors_row = s->overruns_row = 0;
    s->odd = false;
}

static void plan_strategy_set_policy(struct plan *p, struct policy *policy) {
    policy_release(p->policy);
    p->policy = policy;
    task_queue(&p->reschedule); /* due dates may depend on it */
}

/* Is the version in charge worth coming back to? It is if its latest calls had no error. If
 * it has not been called yet, it is still better than none. */
static bool plan_strategy_is_good(const struct strategy *s) {
    bool clean = s->errors_row == 0 && s->overruns_row == 0;
    return s->now.source && clean && (s->calls || s->good.source == NULL);
}

/* Reads the version that the row names for the hook. */
static bool plan_strategy_read_wanted(struct plan *p, struct reading *files, enum hook h,
                                      struct version *v, char **err) {
    const struct row *r = p->item.row;
    bool params;
    return version_read(files, h, hooks_file(r, h), row_vars(r, PLAN_VARIABLES),
                        row_text(r, hooks_params_field(h)), v, err, &params);
}

/* The version that the plan names cannot be used (err is taken over): the present one stays. */
static void plan_strategy_refuse(struct plan *p, enum hook h, char *err) {
    struct strategy *s = &p->strategies[h];
    bool known = s->why && strcmp(s->why, err) == 0;
    if (!known)
        strategy_tell(p->engine, row_uuid(p->item.row), h, hooks_file(p->item.row, h), "", err,
                      0, s->now.source != NULL);
    free(s->why);
    s->why = err;
}

/* Is there a new version for the hook? If so, it is in *next. */
static bool plan_strategy_find_next(struct plan *p, struct reading *files, enum hook h,
                                    bool force, struct version *next, int *refused) {
    struct strategy *s = &p->strategies[h];
    char *err = NULL;
    if (!plan_strategy_read_wanted(p, files, h, next, &err)) {
        plan_strategy_refuse(p, h, err);
        ++*refused;
        return false;
    }
    bool is_bad = !force && s->bad.source && version_same(next, &s->bad);
    if (is_bad || version_same(next, &s->now)) {
        version_clear(next);
        if (!is_bad)
            xreplace(&s->why, NULL);
        return false;
    }
    if (!version_test(files, next, &err)) {
        version_clear(next);
        plan_strategy_refuse(p, h, err);
        ++*refused;
        return false;
    }
    return true;
}

/* Puts the new versions in charge; good old ones are kept for plan_strategy_fall_back. */
static void plan_strategy_swap(struct plan *p, struct version next[HOOK_COUNT],
                               const bool changed[HOOK_COUNT]) {
    for (int h = 0; h < HOOK_COUNT; h++) {
        struct strategy *s = &p->strategies[h];
        if (!changed[h])
            continue;
        char old_hash[SCRIPT_HASH];
        snprintf(old_hash, sizeof old_hash, "%s", version_hash(&s->now));
        if (plan_strategy_is_good(s)) {
            version_clear(&s->good);
            s->good = version_hold(&s->now);
        }
        version_clear(&s->bad);
        xreplace(&s->why, NULL);
        plan_strategy_take_charge(p, (enum hook)h, version_hold(&next[h]));
        plan_strategy_tell_swap(p, (enum hook)h, old_hash);
    }
}

int strategies_update(struct plan *p, struct reading *files, bool force, int *refused) {
    struct version next[HOOK_COUNT] = {{0}};
    bool changed[HOOK_COUNT];
    enum hook bad;
    char *err = NULL;
    int n = 0;
    for (int h = 0; h < HOOK_COUNT; h++) {
        changed[h] = plan_strategy_find_next(p, files, (enum hook)h, force, &next[h], refused);
        n += changed[h];
        if (!changed[h])
            next[h] = version_hold(&p->strategies[h].now);
    }
    struct policy *policy = n ? policy_new(p->engine, next, &err, &bad) : NULL;
    if (policy) {
        plan_strategy_swap(p, next, changed);
        plan_strategy_set_policy(p, policy);
    } else if (n) { /* each loads alone, but together they need too much memory */
        plan_strategy_refuse(p, bad, err);
        ++*refused;
        n = 0;
    }
    for (int h = 0; h < HOOK_COUNT; h++)
        version_clear(&next[h]);
    return n;
}

void strategies_open(struct plan *p, struct reading *files) {
    struct version all[HOOK_COUNT] = {{0}};
    enum hook bad;
    for (int h = 0; h < HOOK_COUNT; h++) {
        char *err = NULL;
        bool is_read = plan_strategy_read_wanted(p, files, (enum hook)h, &all[h], &err);
        if (is_read && version_test(files, &all[h], &err))
            continue;
        version_clear(&all[h]);
        plan_strategy_refuse(p, (enum hook)h, err);
    }
    char *err = NULL;
    while ((p->policy = policy_new(p->engine, all, &err, &bad)) == NULL) {
        plan_strategy_refuse(p, bad, err);
        version_clear(&all[bad]);
    }
    for (int h = 0; h < HOOK_COUNT; h++)
        plan_strategy_take_charge(p, (enum hook)h, all[h]);
}

void strategies_close(struct plan *p) {
    policy_release(p->policy);
    for (int h = 0; h < HOOK_COUNT; h++) {
        struct strategy *s = &p->strategies[h];
        version_clear(&s->now);
        version_clear(&s->good);
        version_clear(&s->bad);
        free(s->why);
    }
}

/* ---- before a plan is created or changed ---- */

static bool plan_strategy_same_text(const struct row *a, const struct row *b, int field) {
    const char *x = row_text(a, field), *y = row_text(b, field);
    return x == y || (x && y && strcmp(x, y) == 0);
}

/* Does the change concern the hook? */
static bool plan_strategy_reaches(const struct row *row, const struct row *before,
                                  enum hook h) {
    return before == NULL || strcmp(hooks_file(row, h), hooks_file(before, h)) ||
           !plan_strategy_same_text(row, before, hooks_params_field(h)) ||
           !json_equal((json_t *)(uintptr_t)row_vars(row, PLAN_VARIABLES),
                       (json_t *)(uintptr_t)row_vars(before, PLAN_VARIABLES));
}

static const char *plan_strategy_check_one(struct engine *e, const struct row *row, enum hook h,
                                           const char *name, int script_field, int params_field,
                                           char **why) {
    struct version v = {0};
    struct reading files = {.engine = e};
    bool params;
    const char *file = row_text(row, script_field);
    if (file && !script_exists(&e->scripts, h, file)) {
        *why = xstrdup("names a script that does not exist");
        return row->noun->fields[script_field].header;
    }
    char *err = NULL;
    bool is_good = version_read(&files, h, name, row_vars(row, PLAN_VARIABLES),
                                row_text(row, params_field), &v, &err, &params) &&
                   version_test(&files, &v, &err);
    version_clear(&v);
    reading_end(&files);
    if (is_good)
        return NULL;
    if (params == false &&
        file == NULL) { /* the default strategy is broken: not the fault of this row */
        free(err);
        return NULL;
    }
    *why = err;
    return row->noun->fields[params ? params_field : script_field].header;
}

const char *strategies_check(struct engine *e, const struct row *row, const struct row *before,
                             char **why) {
    for (int h = 0; h < HOOK_COUNT; h++) {
        if (!plan_strategy_reaches(row, before, (enum hook)h))
            continue;
        const char *header =
            plan_strategy_check_one(e, row, (enum hook)h, hooks_file(row, (enum hook)h),
                                    hooks_script_field((enum hook)h),
                                    hooks_params_field((enum hook)h), why);
        if (header)
            return header;
    }
    const char *shadow = row_text(row, PLAN_SHADOW_SCRIPT);
    if (shadow == NULL && row_text(row, PLAN_SHADOW_PARAMS)) {
        *why = xstrdup("needs a ShadowScript");
        return "ShadowParams";
    }
    return shadow ? plan_strategy_check_one(e, row, HOOK_DIAL, shadow, PLAN_SHADOW_SCRIPT,
                                            PLAN_SHADOW_PARAMS, why)
                  : NULL;
}

/* ---- calling ---- */

/* Takes the version in charge out of service: the last good version takes over, or the
 * built-in. Calls that began under it do not use it any more either. */
static void plan_strategy_fall_back(struct plan *p, enum hook h, const char *err) {
    struct strategy *s = &p->strategies[h];
    struct version next[HOOK_COUNT];
    enum hook bad;
    char *why = NULL, old_hash[SCRIPT_HASH];
    snprintf(old_hash, sizeof old_hash, "%s", version_hash(&s->now));
    xreplace(&s->why, err);
    version_clear(&s->bad);
    s->bad = version_hold(&s->now);
    for (int i = 0; i < HOOK_COUNT; i++)
        next[i] = i == (int)h ? s->good : p->strategies[i].now;
    struct policy *policy = policy_new(p->engine, next, &why, &bad);
    if (policy == NULL) { /* the good version does not load any more: the built-in */
        free(why);
        next[h] = (struct version){0};
        policy = policy_new(p->engine, next, &why, &bad);
    }
    p->policy->out[h] = true;
    if (policy == NULL) { /* the other hooks do not load any more: the old state stays */
        free(why);
        return;
    }
    plan_strategy_take_charge(p, h, version_hold(&next[h]));
    version_clear(&s->good);
    plan_strategy_set_policy(p, policy);
    plan_strategy_tell_swap(p, h, old_hash);
}

/* Counts an error, sends an event unless one was just sent, and takes the version out of
 * service if the error is fatal or one of too many in a row. */
static void plan_strategy_judge_error(struct plan *p, enum hook h, const char *err,
                                      bool fatal) {
    struct strategy *s = &p->strategies[h];
    int64_t now = engine_now(p->engine);
    s->errors++;
    bool out = fatal || ++s->errors_row >= ERRORS_MAX;
    if (out || s->told == 0 || now - s->told >= TELL_AFTER) {
        strategy_tell(p->engine, row_uuid(p->item.row), h, version_name(&s->now),
                      version_hash(&s->now), err, s->untold, !out);
        s->told = now ? now : 1;
        s->untold = 0;
    } else {
        s->untold++;
    }
    if (out)
        plan_strategy_fall_back(p, h, err);
}

/* The clocks of the machine. On a virtual clock 0, so that the run does not depend on them. */
static int64_t plan_strategy_machine_time(const struct engine *e, clockid_t which) {
    struct timespec t = {0};
    if (!loop_clock(e->loop)->is_virtual)
        clock_gettime(which, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct cost strategy_cost_begin(const struct engine *e) {
    return (struct cost){plan_strategy_machine_time(e, CLOCK_MONOTONIC),
                         plan_strategy_machine_time(e, CLOCK_THREAD_CPUTIME_ID)};
}

void strategy_cost_end(const struct engine *e, struct cost *c) {
    struct record *r = loop_record(e->loop);
    c->cpu = plan_strategy_machine_time(e, CLOCK_THREAD_CPUTIME_ID) - c->cpu;
    c->wall = plan_strategy_machine_time(e, CLOCK_MONOTONIC) - c->wall;
    c->wall = record_value(r, RECORD_WALL_TIME, c->wall);
    c->cpu = record_value(r, RECORD_CPU_TIME, c->cpu);
}

char *strategy_overrun(const struct engine *e, const struct cost *c, int *row) {
    *row = c->cpu > e->conf->scripts.overrun * NS_PER_MS ? *row + 1 : 0;
    return *row < OVERRUNS_MAX ? NULL
                               : xasprintf("took more than %lld ms %d times in a row",
                                           (long long)e->conf->scripts.overrun, OVERRUNS_MAX);
}

/* Counts a call. NULL, or (free it) why it was one overrun too many. */
static char *plan_strategy_judge_time(struct plan *p, enum hook h, const struct cost *c) {
    struct strategy *s = &p->strategies[h];
    s->calls++;
    s->time += c->wall;
    s->worst = c->wall > s->worst ? c->wall : s->worst;
    return strategy_overrun(p->engine, c, &s->overruns_row);
}

json_t *strategy_call(struct plan *p, struct policy *under, enum hook h, const char *campaign,
                      void *arg, json_t *view) {
    struct engine *e = p->engine;
    struct policy *policy = under && !under->out[h] ? under : p->policy;
    const char *hash = script_hash(policy->script, h);
    if (hash == NULL || policy->out[h])
        return NULL;
    bool is_present = strcmp(hash, version_hash(&p->strategies[h].now)) == 0;
    json_t *out = NULL;
    char *err = NULL;
    policy_hold(policy);
    if (script_is_broken(policy->script))
        memories_leave(e, policy->script);
    if (campaign)
        memory_hand(e, policy->script, h, campaign);
    struct cost cost = strategy_cost_begin(e);
    int rc =
        script_call(policy->script, h, &(struct script_use){campaign, arg}, view, &out, &err);
    strategy_cost_end(e, &cost);
    bool killed = rc && script_was_killed(policy->script);
    char *slow = is_present ? plan_strategy_judge_time(p, h, &cost) : NULL;
    if (rc && is_present) {
        plan_strategy_judge_error(p, h, err, killed);
    } else if (rc) { /* an earlier version, under which a call ends */
        log_error(e->log, "plan %s, %s hook, earlier version %s: %s", row_uuid(p->item.row),
                  hook_name(h), hash, err);
        policy->out[h] = policy->out[h] || killed;
    } else if (slow) {
        plan_strategy_judge_error(p, h, slow, true);
    } else if (is_present) {
        p->strategies[h].errors_row = 0;
    }
    free(err);
    free(slow);
    policy_release(policy);
    return rc ? NULL : out;
}

/* ---- its fields ---- */

static const struct strategy *plan_strategy_of(const struct hook_of *at) {
    return &at->plan->strategies[at->hook];
}

static void plan_strategy_get_key(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    const struct hook_of *at = subject;
    attr_set_made(v, "%s/%s", row_uuid(at->plan->item.row), hook_name(at->hook));
}

static void plan_strategy_get_plan(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    v->text = row_text(((const struct hook_of *)subject)->plan->item.row, (int)a->at);
}

static void plan_strategy_get_hook(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    v->text = hook_name(((const struct hook_of *)subject)->hook);
}

static void plan_strategy_get_wanted(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    const struct hook_of *at = subject;
    v->text = hooks_file(at->plan->item.row, at->hook);
}

static void plan_strategy_get_script(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    v->text = version_name(&plan_strategy_of(subject)->now);
}

static void plan_strategy_get_hash(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    v->text = version_hash(&plan_strategy_of(subject)->now);
}

static void plan_strategy_get_about(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    const struct hook_of *at = subject;
    const char *about = script_about(at->plan->policy->script, at->hook);
    v->text = plan_strategy_of(at)->now.source && about ? about : "";
}

static void plan_strategy_get_params(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    const json_t *values = plan_strategy_of(subject)->now.values;
    char *params = values ? json_dumps(values, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    attr_set_made(v, "%s", params ? params : "{}");
    free(params);
}

/* Members of the struct strategy, by offset. */
static void plan_strategy_get_time(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    attr_get_time(plan_strategy_of(subject), a, v);
}

static void plan_strategy_get_int64(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    attr_get_int64(plan_strategy_of(subject), a, v);
}

static void plan_strategy_get_mean(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    const struct strategy *s = plan_strategy_of(subject);
    v->num = s->calls ? s->time / s->calls / 1000 : 0;
}

static void plan_strategy_get_worst(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    v->num = plan_strategy_of(subject)->worst / 1000;
}

static void plan_strategy_get_in_service(const void *subject, const struct attr *a,
                                         struct attr_value *v) {
    (void)a;
    v->text = plan_strategy_of(subject)->why ? "no" : "yes";
}

static void plan_strategy_get_why(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    const char *why = plan_strategy_of(subject)->why;
    v->text = why ? why : "";
}

#define AT(member) offsetof(struct strategy, member)

const struct attr strategy_attrs[] = {
    {"key", NULL, ATTR_TEXT, 0, "plan/hook", plan_strategy_get_key, 0},
    {"plan", "Plan", ATTR_TEXT, 0, "uuid of its plan", plan_strategy_get_plan, PLAN_UUID},
    {"plan_name", "PlanName", ATTR_TEXT, 0, "name of its plan", plan_strategy_get_plan,
     PLAN_NAME},
    {"hook", "Hook", ATTR_TEXT, 0, "dial, retry, route or result", plan_strategy_get_hook, 0},
    {"wanted", "Wanted", ATTR_TEXT, 0, "file that the plan names", plan_strategy_get_wanted, 0},
    {"script", "Script", ATTR_TEXT, 0, "file that is in charge", plan_strategy_get_script, 0},
    {"hash", "Hash", ATTR_TEXT, 0, "its content hash", plan_strategy_get_hash, 0},
    {"about", "About", ATTR_TEXT, 0, "its own description", plan_strategy_get_about, 0},
    {"params", "Params", ATTR_TEXT, 0, "parameters in force, as JSON", plan_strategy_get_params,
     0},
    {"since", "Since", ATTR_TEXT, 0, "when this version took charge; the counts start then",
     plan_strategy_get_time, AT(since)},
    {"calls", "Calls", ATTR_INT, 0, "calls of the hook", plan_strategy_get_int64, AT(calls)},
    {"errors", "Errors", ATTR_INT, 0, "how many of them failed", plan_strategy_get_int64,
     AT(errors)},
    {"mean_us", "MeanUs", ATTR_INT, 0, "microseconds per call, mean", plan_strategy_get_mean,
     0},
    {"worst_us", "WorstUs", ATTR_INT, 0, "microseconds of the longest call",
     plan_strategy_get_worst, 0},
    {"in_service", "InService", ATTR_TEXT, 0, "no: what the plan names is not in charge",
     plan_strategy_get_in_service, 0},
    {"why", "Why", ATTR_TEXT, 0, "the reason", plan_strategy_get_why, 0},
    {0},
};

#undef AT
#define AT(member) offsetof(struct strategy_error, member)

const struct attr strategy_error_attrs[] = {
    {"plan", "Plan", ATTR_TEXT, 0, "uuid of its plan", attr_get_text, AT(plan)},
    {"hook", "Hook", ATTR_TEXT, 0, "dial, retry, route or result", attr_get_text, AT(hook)},
    {"script", "Script", ATTR_TEXT, 0, "name of the script", attr_get_text, AT(script)},
    {"hash", "Hash", ATTR_TEXT, 0, "its content hash", attr_get_text, AT(hash)},
    {"message", "Message", ATTR_TEXT, 0, "error message", attr_get_text, AT(message)},
    {"place", "Place", ATTR_TEXT, 0, "file:line", attr_get_text, AT(place)},
    {"repeated", "Repeated", ATTR_INT, 0,
     "errors since the last such event, for which no event was sent", attr_get_int64,
     AT(repeated)},
    {"in_service", "InService", ATTR_TEXT, 0,
     "no: it was taken out of service, or could not be put into service", attr_get_text,
     AT(in_service)},
    {0},
};

#undef AT
#define AT(member) offsetof(struct strategy_swap, member)

const struct attr strategy_swap_attrs[] = {
    {"plan", "Plan", ATTR_TEXT, 0, "uuid of its plan", attr_get_text, AT(plan)},
    {"hook", "Hook", ATTR_TEXT, 0, "dial, retry, route or result", attr_get_text, AT(hook)},
    {"script", "Script", ATTR_TEXT, 0, "script that is in charge now", attr_get_text,
     AT(script)},
    {"hash", "Hash", ATTR_TEXT, 0, "its content hash", attr_get_text, AT(hash)},
    {"old_hash", "OldHash", ATTR_TEXT, 0, "content hash of the one before; empty: the built-in",
     attr_get_text, AT(old_hash)},
    {0},
};
