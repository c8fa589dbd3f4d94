#include "dialer/plan/shadow.h"

#include <math.h>
#include <stdlib.h>

#include "dialer/plan/memory.h"

void shadow_free(struct shadow *s) {
    if (s == NULL)
        return;
    script_free(s->script);
    version_clear(&s->version);
    map_free(&s->copied);
    free(s->why);
    free(s);
}

/* Takes the version. */
static struct shadow *shadow_new(struct engine *e, struct version v) {
    struct shadow *s = xcalloc(1, sizeof *s);
    char *err = NULL;
    s->version = v;
    s->since = engine_wall(e);
    s->env = e->scripts;
    s->env.chance = &s->chance;
    chance_seed(&s->chance, 1);
    s->script = script_new(&s->env);
    if (script_load_source(s->script, v.source, v.values, &err))
        s->why = err;
    return s;
}

/* Reads the version that the row names; the present one is not tested again. */
static bool shadow_read_wanted(struct plan *p, struct reading *files, const char *name,
                               struct version *v, char **err) {
    const struct row *r = p->item.row;
    bool params;
    if (!version_read(files, HOOK_DIAL, name, row_vars(r, PLAN_VARIABLES),
                      row_text(r, PLAN_SHADOW_PARAMS), v, err, &params))
        return false;
    if ((p->shadow && version_same(v, &p->shadow->version)) || version_test(files, v, err))
        return true;
    version_clear(v);
    return false;
}

void shadow_update(struct plan *p, struct reading *files, bool force) {
    const struct row *r = p->item.row;
    const char *name = row_text(r, PLAN_SHADOW_SCRIPT);
    struct version v = {0};
    char *err = NULL;
    if (name && !shadow_read_wanted(p, files, name, &v, &err)) {
        strategy_tell(p->engine, row_uuid(r), HOOK_DIAL, name, "", err, 0, p->shadow != NULL);
        free(err);
        return; /* the present one stays */
    }
    bool is_asked = p->shadow && p->shadow->why == NULL;
    if (name && p->shadow && version_same(&v, &p->shadow->version) && (is_asked || !force)) {
        version_clear(&v);
        return;
    }
    shadow_free(p->shadow);
    p->shadow = name ? shadow_new(p->engine, v) : NULL;
}

/* The first time it is called for a campaign, it gets a copy of the hook's memory. */
static void shadow_copy_memory(struct plan *p, struct shadow *s, const char *campaign) {
    char *err = NULL;
    if (map_get(&s->copied, campaign))
        return;
    json_t *copy = memory_copy(p->engine, HOOK_DIAL, campaign);
    if (script_remember(s->script, HOOK_DIAL, campaign, copy, &err))
        free(err); /* then it begins with an empty memory */
    json_decref(copy);
    map_put(&s->copied, campaign, s);
}

void shadow_forget(struct plan *p, const char *campaign) {
    if (p->shadow && map_take(&p->shadow->copied, campaign))
        script_forget(p->shadow->script, HOOK_DIAL, campaign);
}

static void shadow_note(struct shadow *s, int64_t wall, int64_t first, int64_t own) {
    double apart = fabs((double)own - (double)first);
    s->decisions++;
    s->same += own == first;
    s->first += (double)first;
    s->own += (double)own;
    s->apart += apart;
    s->worst = apart > s->worst ? apart : s->worst;
    s->pairs[s->next].wall = wall;
    s->pairs[s->next].first = first;
    s->pairs[s->next].own = own;
    s->next = (s->next + 1) % SHADOW_PAIRS;
}

/* Takes err. Logs the first error and the last, after which the shadow is not called again. */
static void shadow_note_error(struct plan *p, char *err, bool last) {
    struct shadow *s = p->shadow;
    if (s->errors++ == 0 || last)
        log_warn(p->engine->log, "plan %s: shadow: %s%s", row_uuid(p->item.row), err,
                 last ? "; taken out of service" : "");
    if (last)
        s->why = err;
    else
        free(err);
}

void shadow_decide(struct plan *p, const char *campaign, void *arg, json_t *view,
                   int64_t decided) {
    struct shadow *s = p->shadow;
    json_t *out = NULL;
    char *err = NULL;
    bool odd;
    double ask_in;
    if (s == NULL || s->why)
        return;
    shadow_copy_memory(p, s, campaign);
    struct cost cost = strategy_cost_begin(p->engine);
    int rc = script_call(s->script, HOOK_DIAL, &(struct script_use){campaign, arg}, view, &out,
                         &err);
    strategy_cost_end(p->engine, &cost);
    char *slow = strategy_overrun(p->engine, &cost, &s->overruns_row);
    if (rc) {
        shadow_note_error(p, err, slow || script_was_killed(s->script));
        free(slow);
        return;
    }
    if (slow)
        shadow_note_error(p, slow, true);
    shadow_note(s, engine_wall(p->engine), decided, dialanswer_calls(out, &ask_in, &odd));
    json_decref(out);
}

/* ---- what is shown of one ---- */

static void shadow_get_plan(const void *subject, const struct attr *a, struct attr_value *v) {
    v->text = row_text(((const struct plan *)subject)->item.row, (int)a->at);
}

static void shadow_get_script(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    v->text = version_name(&((const struct plan *)subject)->strategies[HOOK_DIAL].now);
}

static void shadow_get_hash(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    v->text = version_hash(&((const struct plan *)subject)->strategies[HOOK_DIAL].now);
}

static const struct shadow *shadow_of(const void *subject) {
    return ((const struct plan *)subject)->shadow;
}

static void shadow_get_own_script(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    v->text = version_name(&shadow_of(subject)->version);
}

static void shadow_get_own_hash(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    v->text = version_hash(&shadow_of(subject)->version);
}

/* Members of the struct shadow, by offset. */
static void shadow_get_time(const void *subject, const struct attr *a, struct attr_value *v) {
    attr_get_time(shadow_of(subject), a, v);
}

static void shadow_get_int64(const void *subject, const struct attr *a, struct attr_value *v) {
    attr_get_int64(shadow_of(subject), a, v);
}

/* A member that is a sum over all decisions, as a mean. */
static void shadow_get_mean(const void *subject, const struct attr *a, struct attr_value *v) {
    const struct shadow *s = shadow_of(subject);
    double sum = *(const double *)((const char *)s + a->at);
    attr_set_made(v, "%.3f", sum / (s->decisions ? (double)s->decisions : 1));
}

static void shadow_get_worst(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    attr_set_made(v, "%.0f", shadow_of(subject)->worst);
}

static void shadow_get_in_service(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    v->text = shadow_of(subject)->why ? "no" : "yes";
}

static void shadow_get_why(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    v->text = shadow_of(subject)->why ? shadow_of(subject)->why : "";
}

static void shadow_get_pairs(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    const struct shadow *s = shadow_of(subject);
    char when[TIME_TEXT];
    for (int i = 0; i < SHADOW_PAIRS; i++) { /* the oldest first */
        int at = (s->next + i) % SHADOW_PAIRS;
        if (s->pairs[at].wall == 0)
            continue;
        time_text(when, s->pairs[at].wall);
        str_addf(&v->made, "%s %lld %lld\n", when, (long long)s->pairs[at].first,
                 (long long)s->pairs[at].own);
    }
}

#define AT(member) offsetof(struct shadow, member)

const struct attr shadow_attrs[] = {
    {"plan", "Plan", ATTR_TEXT, 0, "uuid of its plan", shadow_get_plan, PLAN_UUID},
    {"plan_name", "PlanName", ATTR_TEXT, 0, "name of its plan", shadow_get_plan, PLAN_NAME},
    {"script", "Script", ATTR_TEXT, 0, "file that decides", shadow_get_script, 0},
    {"hash", "Hash", ATTR_TEXT, 0, "its content hash", shadow_get_hash, 0},
    {"shadow_script", "ShadowScript", ATTR_TEXT, 0, "file that is compared",
     shadow_get_own_script, 0},
    {"shadow_hash", "ShadowHash", ATTR_TEXT, 0, "its content hash", shadow_get_own_hash, 0},
    {"since", "Since", ATTR_TEXT, 0, "when the comparison began", shadow_get_time, AT(since)},
    {"decisions", "Decisions", ATTR_INT, 0, "decisions that both made", shadow_get_int64,
     AT(decisions)},
    {"same", "Same", ATTR_INT, 0, "how many of them were the same", shadow_get_int64, AT(same)},
    {"errors", "Errors", ATTR_INT, 0, "errors of the shadow, without effect", shadow_get_int64,
     AT(errors)},
    {"mean_calls", "MeanCalls", ATTR_TEXT, 0, "calls per decision of the plan's script, mean",
     shadow_get_mean, AT(first)},
    {"shadow_mean_calls", "ShadowMeanCalls", ATTR_TEXT, 0,
     "calls per decision of the shadow, mean", shadow_get_mean, AT(own)},
    {"mean_difference", "MeanDifference", ATTR_TEXT, 0, "mean absolute difference, in calls",
     shadow_get_mean, AT(apart)},
    {"worst_difference", "WorstDifference", ATTR_TEXT, 0, "largest difference, in calls",
     shadow_get_worst, 0},
    {"in_service", "InService", ATTR_TEXT, 0, "no: the shadow is no longer called",
     shadow_get_in_service, 0},
    {"why", "Why", ATTR_TEXT, 0, "the reason", shadow_get_why, 0},
    {"pairs", "Pair", ATTR_LIST, ATTR_SOMETIMES,
     "the last twenty: time, calls of the plan's script, calls of the shadow", shadow_get_pairs,
     0},
    {0},
};
