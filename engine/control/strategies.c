#include "control/strategies.h"

#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"
#include "control/entry.h"

/* Finds the plan that header Plan names; *plan is NULL without that header. False: there is
 * no such plan, and the action has been refused. */
static bool strategies_find_plan(struct engine *e, struct answer *a, const struct message *m,
                                 struct plan **plan) {
    const char *uuid = message_get(m, "Plan");
    *plan = uuid ? map_get(&e->plans, uuid) : NULL;
    if (uuid == NULL || *plan)
        return true;
    entry_refuse(a, NULL);
    return false;
}

void strategy_action_show(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    unsigned long items = 0;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    entries_begin(a);
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        if (only && i->value != only)
            continue;
        for (int h = 0; h < HOOK_COUNT; h++, items++)
            entry_send(a, &(struct hook_of){i->value, (enum hook)h});
    }
    entries_end(a, items);
}

void strategy_action_shadows(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    unsigned long items = 0;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    entries_begin(a);
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        const struct plan *p = i->value;
        if ((only && p != only) || p->shadow == NULL)
            continue;
        entry_send(a, p);
        items++;
    }
    entries_end(a, items);
}

void strategy_action_reload(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    struct plan *only;
    int refused;
    if (!strategies_find_plan(e, a, m, &only))
        return;
    int swapped = plans_reload(e, only, true, &refused);
    struct str b = {0};
    answer_head(a, &b, "Success", about_of(a)->success);
    header_int(&b, "Swapped", swapped);
    header_int(&b, "Refused", refused);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}
