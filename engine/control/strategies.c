#include "control/strategies.h"

#include "ami/message.h"
#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"
#include "control/actions.h"
#include "control/entry.h"
#include "control/print.h"

/* The plan that header Plan names, if there is one. False: refused. */
static bool strategies_find_plan(struct engine *e, struct answer *a, const struct message *m,
                                 struct plan **plan) {
    const char *uuid = message_get(m, "Plan");
    *plan = uuid ? map_get(&e->plans, uuid) : NULL;
    if (uuid == NULL || *plan)
        return true;
    entry_refuse(a, "No such plan", NULL);
    return false;
}

static void strategies_run_show(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    unsigned long items = 0;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    answer_list(a, "Strategy List will follow");
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        if (only && i->value != only)
            continue;
        for (int h = 0; h < HOOK_COUNT; h++, items++) {
            struct str b = {0};
            entry_begin(a, &b, "OutStrategyEntry");
            print_attrs(strategy_attrs, &(struct hook_of){i->value, (enum hook)h}, &b);
            entry_end(a, &b);
        }
    }
    answer_complete(a, "OutStrategyListComplete", items);
}

static void strategies_run_shadows(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    unsigned long items = 0;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    answer_list(a, "Strategy Shadow List will follow");
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        const struct plan *p = i->value;
        if ((only && p != only) || p->shadow == NULL)
            continue;
        struct str b = {0};
        entry_begin(a, &b, "OutStrategyShadowEntry");
        print_attrs(shadow_attrs, p, &b);
        entry_end(a, &b);
        items++;
    }
    answer_complete(a, "OutStrategyShadowListComplete", items);
}

static void strategies_run_reload(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    int refused;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    int swapped = plans_reload(e, only, true, &refused);
    struct str b = {0};
    answer_head(a, &b, "Success", "Strategies reloaded");
    header_int(&b, "Swapped", swapped);
    header_int(&b, "Refused", refused);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}

const struct action strategy_actions[] = {
    {"OutStrategyShow", ACTIONS_NEED, strategies_run_show,
     "Lists what runs in each hook of the plans."},
    {"OutStrategyShadowShow", ACTIONS_NEED, strategies_run_shadows,
     "Lists what shadows would have done."},
    {"OutStrategyReload", ACTIONS_NEED, strategies_run_reload,
     "Reads the strategies' files again."},
    {0},
};
