/* Strategies and their shadows, for the console; and `out reload`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"
#include "console/inner.h"

const struct kind_field strategy_fields[] = {
    {"key", NULL, KIND_TEXT, "plan/hook"},
    {"plan", "Plan", KIND_TEXT, "uuid of its plan"},
    {"plan_name", "PlanName", KIND_TEXT, "name of its plan"},
    {"hook", "Hook", KIND_TEXT, "dial, retry, route or result"},
    {"wanted", "Wanted", KIND_TEXT, "file that the plan names"},
    {"script", "Script", KIND_TEXT, "file that is in charge"},
    {"hash", "Hash", KIND_TEXT, "its content hash"},
    {"about", "About", KIND_TEXT, "its own description"},
    {"params", "Params", KIND_TEXT, "parameters in force, as JSON"},
    {"since", "Since", KIND_TEXT, "when this version took charge; the counts start then"},
    {"calls", "Calls", KIND_INT, "calls of the hook"},
    {"errors", "Errors", KIND_INT, "how many of them failed"},
    {"mean_us", "MeanUs", KIND_INT, "microseconds per call, mean"},
    {"worst_us", "WorstUs", KIND_INT, "microseconds of the longest call"},
    {"in_service", "InService", KIND_TEXT, "no: what the plan names is not in charge"},
    {"why", "Why", KIND_TEXT, "the reason"},
    {0},
};

const struct kind_field shadow_fields[] = {
    {"plan", "Plan", KIND_TEXT, "uuid of its plan"},
    {"plan_name", "PlanName", KIND_TEXT, "name of its plan"},
    {"script", "Script", KIND_TEXT, "file that decides"},
    {"hash", "Hash", KIND_TEXT, "its content hash"},
    {"shadow_script", "ShadowScript", KIND_TEXT, "file that is compared"},
    {"shadow_hash", "ShadowHash", KIND_TEXT, "its content hash"},
    {"since", "Since", KIND_TEXT, "when the comparison began"},
    {"decisions", "Decisions", KIND_INT, "decisions that both made"},
    {"same", "Same", KIND_INT, "how many of them were the same"},
    {"errors", "Errors", KIND_INT, "errors of the shadow, without effect"},
    {"mean_calls", "MeanCalls", KIND_TEXT, "calls per decision of the plan's script, mean"},
    {"shadow_mean_calls", "ShadowMeanCalls", KIND_TEXT,
     "calls per decision of the shadow, mean"},
    {"mean_difference", "MeanDifference", KIND_TEXT, "mean absolute difference, in calls"},
    {"worst_difference", "WorstDifference", KIND_TEXT, "largest difference, in calls"},
    {"in_service", "InService", KIND_TEXT, "no: the shadow is no longer called"},
    {"why", "Why", KIND_TEXT, "the reason"},
    {0},
};

/* One hook of a plan, for the time of a visit. */
struct place {
    struct plan *plan;
    enum hook hook;
};

void each_strategy(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->plans.first; i; i = i->next)
        for (int h = 0; h < HOOK_COUNT; h++) {
            struct place at = {i->value, (enum hook)h};
            char key[64];
            snprintf(key, sizeof key, "%.40s/%s", i->key, hook_name(at.hook));
            if (!visit(ctx, key, &at))
                return;
        }
}

void each_shadow(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        struct plan *p = i->value;
        if (p->shadow && !visit(ctx, i->key, p))
            return;
    }
}

json_t *strategy_row(struct engine *e, void *value) {
    (void)e;
    const struct place *at = value;
    struct str b = {0};
    strategy_print(at->plan, at->hook, &b);
    json_t *row = kind_packet(kind_find("strategy"), &b), *key;
    key = json_sprintf("%s/%s", row_uuid(at->plan->item.row), hook_name(at->hook));
    json_object_set_new(row, "key", key);
    str_free(&b);
    return row;
}

json_t *shadow_row(struct engine *e, void *value) {
    (void)e;
    struct str b = {0};
    shadow_print(value, &b);
    json_t *row = kind_packet(kind_find("shadow"), &b);
    str_free(&b);
    return row;
}

/* reload() */
static void console_strategy_lent_reload(void *arg, struct shell_call *c, json_t *args) {
    (void)args;
    struct peer *p = arg;
    struct engine *e = p->console->engine;
    char *said = e->out.reload ? e->out.reload(e->out.arg) : NULL;
    peer_note(p, "reload");
    json_t *text = json_string(said ? said : "");
    free(said);
    shell_answer(c, text ? text : json_string("?"));
}

const struct lent console_strategies[] = {
    {"reload", console_strategy_lent_reload,
     "reload(): configuration, users and strategies, read again."},
    {0},
};
