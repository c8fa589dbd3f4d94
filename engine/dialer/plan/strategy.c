#include "dialer/plan/strategy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ami/message.h"
#include "record/record.h"
#include "dialer/plan/memory.h"
#include "dialer/plan/plan.h"

#define TELL_AFTER SECONDS(5) /* between two events about errors of one hook */
#define ERRORS_MAX 10         /* in a row: then it is taken out of service */
#define OVERRUNS_MAX 3        /* in a row, of time; of instructions or memory one is enough */

/* ---- telling ---- */

/* "dial/x.lua:12: text" -> the place and the text behind it. */
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
    struct str b = {0};
    char place[120];
    const char *text = plan_strategy_split_place(err, place);
    log_error(e->log, "plan %s, %s: %s%s", plan, hook_name(h), err,
              in_service ? "" : "; out of service");
    if (!engine_is_heard(e))
        return;
    engine_event_begin(&b, "OutStrategyError");
    header_add(&b, "Plan", plan);
    header_add(&b, "Hook", hook_name(h));
    header_add(&b, "Script", name);
    header_add(&b, "Hash", hash);
    header_add(&b, "Message", text);
    header_add(&b, "Place", place);
    header_int(&b, "Repeated", repeated);
    header_add(&b, "InService", in_service ? "yes" : "no");
    engine_event_end(e, &b);
}

static void plan_strategy_tell_swap(struct plan *p, enum hook h, const char *old_hash) {
    struct engine *e = p->engine;
    const struct version *v = &p->strategies[h].now;
    struct str b = {0};
    log_info(e->log, "plan %s, %s: %s %s is in charge", row_uuid(p->item.row), hook_name(h),
             version_name(v), version_hash(v));
    if (!engine_is_heard(e))
        return;
    engine_event_begin(&b, "OutStrategySwap");
    header_add(&b, "Plan", row_uuid(p->item.row));
    header_add(&b, "Hook", hook_name(h));
    header_add(&b, "Script", version_name(v));
    header_add(&b, "Hash", version_hash(v));
    header_add(&b, "OldHash", old_hash);
    engine_event_end(e, &b);
}

bool strategy_is_odd(struct plan *p, enum hook h) {
    bool first = !p->strategies[h].odd;
    p->strategies[h].odd = true;
    return first;
}

/* ---- versions in charge ---- */

/* A new version (taken over) is in charge of the hook; its counts begin. */
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
    task_queue(&p->reschedule); /* another version decides what is due next */
}

/* Worth coming back to: it ran, and without an error at last. One that was not called
 * yet is better than none. */
static bool plan_strategy_is_good(const struct strategy *s) {
    bool clean = s->errors_row == 0 && s->overruns_row == 0;
    return s->now.source && clean && (s->calls || s->good.source == NULL);
}

/* Reads what the row names for a hook. */
static bool plan_strategy_read_wanted(struct plan *p, struct reading *files, enum hook h,
                                      struct version *v, char **err) {
    const struct row *r = p->item.row;
    bool params;
    return version_read(files, h, hooks_file(r, h), row_vars(r, PLAN_VARIABLES),
                        row_text(r, hooks_params_field(h)), v, err, &params);
}

/* What the plan names cannot be taken (err is taken over): what runs stays. */
static void plan_strategy_refuse(struct plan *p, enum hook h, char *err) {
    struct strategy *s = &p->strategies[h];
    bool known = s->why && strcmp(s->why, err) == 0;
    if (!known)
        strategy_tell(p->engine, row_uuid(p->item.row), h, hooks_file(p->item.row, h), "",
                      err, 0, s->now.source != NULL);
    free(s->why);
    s->why = err;
}

/* Is there a new version for this hook? It is put into *next. */
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

/* Old versions that ran well are remembered, the new ones take charge. */
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
    } else if (n) { /* each loads alone, together they are too large */
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

/* Does the change reach what the hook is made of? */
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
    if (params == false && file == NULL) { /* a broken file that nobody named is not refused */
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
        *why = xstrdup("has no ShadowScript to go to");
        return "ShadowParams";
    }
    return shadow ? plan_strategy_check_one(e, row, HOOK_DIAL, shadow, PLAN_SHADOW_SCRIPT,
                                            PLAN_SHADOW_PARAMS, why)
                  : NULL;
}

/* ---- calling ---- */

/* Out of service: the last good version is in charge, or the built-in. Calls that began
 * under the bad one do not come back to it either. */
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
    if (policy == NULL) { /* the good one does not fit any more: the built-in always does */
        free(why);
        next[h] = (struct version){0};
        policy = policy_new(p->engine, next, &why, &bad);
    }
    p->policy->out[h] = true;
    if (policy == NULL) { /* nor does that: the old state goes on without this hook */
        free(why);
        return;
    }
    plan_strategy_take_charge(p, h, version_hold(&next[h]));
    version_clear(&s->good);
    plan_strategy_set_policy(p, policy);
    plan_strategy_tell_swap(p, h, old_hash);
}

/* An error: told, not too often, and the end of the strategy if it goes on like this. */
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

/* The machine's clocks, not the engine's; a virtual clock's run must not depend on them. */
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
                               : xasprintf("over %lld ms %d times in a row",
                                           (long long)e->conf->scripts.overrun, OVERRUNS_MAX);
}

/* Counts it; text to be freed when it was the last that is borne with, else NULL. */
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
    } else if (rc) { /* an old one, under which a call ends: it is not in charge any more */
        log_error(e->log, "plan %s, %s of %s: %s", row_uuid(p->item.row), hook_name(h), hash,
                  err);
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

/* ---- what OutStrategyShow says ---- */

void strategy_print(const struct plan *p, enum hook h, struct str *packet) {
    const struct strategy *s = &p->strategies[h];
    char since[TIME_TEXT];
    const char *about = script_about(p->policy->script, h);
    time_text(since, s->since);
    header_add(packet, "Plan", row_uuid(p->item.row));
    header_add(packet, "PlanName", row_text(p->item.row, PLAN_NAME));
    header_add(packet, "Hook", hook_name(h));
    header_add(packet, "Wanted", hooks_file(p->item.row, h));
    header_add(packet, "Script", version_name(&s->now));
    header_add(packet, "Hash", version_hash(&s->now));
    header_add(packet, "About", s->now.source && about ? about : "");
    char *params =
        s->now.values ? json_dumps(s->now.values, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    header_add(packet, "Params", params ? params : "{}");
    free(params);
    header_add(packet, "Since", since);
    header_int(packet, "Calls", s->calls);
    header_int(packet, "Errors", s->errors);
    header_int(packet, "MeanUs", s->calls ? s->time / s->calls / 1000 : 0);
    header_int(packet, "WorstUs", s->worst / 1000);
    header_add(packet, "InService", s->why ? "no" : "yes");
    header_add(packet, "Why", s->why ? s->why : "");
}
