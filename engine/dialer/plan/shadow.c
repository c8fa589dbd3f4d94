#include "dialer/plan/shadow.h"

#include <math.h>
#include <stdlib.h>

#include "ami/message.h"
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

/* Reads what the row names; one that is in charge is not tested again. */
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
        return; /* the old one goes on */
    }
    bool is_asked = p->shadow && p->shadow->why == NULL;
    if (name && p->shadow && version_same(&v, &p->shadow->version) && (is_asked || !force)) {
        version_clear(&v);
        return;
    }
    shadow_free(p->shadow);
    p->shadow = name ? shadow_new(p->engine, v) : NULL;
}

/* The first time it is asked for a campaign it gets a copy of what is remembered. */
static void shadow_copy_memory(struct plan *p, struct shadow *s, const char *campaign) {
    char *err = NULL;
    if (map_get(&s->copied, campaign))
        return;
    json_t *copy = memory_copy(p->engine, HOOK_DIAL, campaign);
    if (script_remember(s->script, HOOK_DIAL, campaign, copy, &err))
        free(err); /* then it begins with none */
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

/* Takes err. The first is said, and the last: then it is not asked any more. */
static void shadow_note_error(struct plan *p, char *err, bool last) {
    struct shadow *s = p->shadow;
    if (s->errors++ == 0 || last)
        log_warn(p->engine->log, "plan %s, its shadow: %s%s", row_uuid(p->item.row), err,
                 last ? "; out of service" : "");
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

void shadow_print(const struct plan *p, struct str *packet) {
    const struct shadow *s = p->shadow;
    char since[TIME_TEXT], when[TIME_TEXT];
    double n = s->decisions ? (double)s->decisions : 1;
    time_text(since, s->since);
    header_add(packet, "Plan", row_uuid(p->item.row));
    header_add(packet, "PlanName", row_text(p->item.row, PLAN_NAME));
    header_add(packet, "Script", version_name(&p->strategies[HOOK_DIAL].now));
    header_add(packet, "Hash", version_hash(&p->strategies[HOOK_DIAL].now));
    header_add(packet, "ShadowScript", version_name(&s->version));
    header_add(packet, "ShadowHash", version_hash(&s->version));
    header_add(packet, "Since", since);
    header_int(packet, "Decisions", s->decisions);
    header_int(packet, "Same", s->same);
    header_int(packet, "Errors", s->errors);
    header_addf(packet, "MeanCalls", "%.3f", s->first / n);
    header_addf(packet, "ShadowMeanCalls", "%.3f", s->own / n);
    header_addf(packet, "MeanDifference", "%.3f", s->apart / n);
    header_addf(packet, "WorstDifference", "%.0f", s->worst);
    header_add(packet, "InService", s->why ? "no" : "yes");
    header_add(packet, "Why", s->why ? s->why : "");
    for (int i = 0; i < SHADOW_PAIRS; i++) { /* the oldest first */
        int at = (s->next + i) % SHADOW_PAIRS;
        if (s->pairs[at].wall == 0)
            continue;
        time_text(when, s->pairs[at].wall);
        header_addf(packet, "Pair", "%s %lld %lld", when, (long long)s->pairs[at].first,
                    (long long)s->pairs[at].own);
    }
}
