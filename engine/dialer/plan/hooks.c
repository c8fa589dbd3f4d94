#include "dialer/plan/hooks.h"

/* The dial strategy of each DialMode, if the plan names no DialScript. */
static const char *const modes[] = {"none",  "predictive", "preview",
                                    "power", "robo",       "redirect"};

static const struct {
    int script, params;
    const char *standard;
} hooks[HOOK_COUNT] = {
    [HOOK_DIAL] = {PLAN_DIAL_SCRIPT, PLAN_DIAL_PARAMS, "none"},
    [HOOK_RETRY] = {PLAN_RETRY_SCRIPT, PLAN_RETRY_PARAMS, "standard"},
    [HOOK_ROUTE] = {PLAN_ROUTE_SCRIPT, PLAN_ROUTE_PARAMS, "standard"},
    [HOOK_RESULT] = {PLAN_RESULT_SCRIPT, PLAN_RESULT_PARAMS, "json"},
};

int hooks_script_field(enum hook h) { return hooks[h].script; }

int hooks_params_field(enum hook h) { return hooks[h].params; }

const char *hooks_file(const struct row *row, enum hook h) {
    const char *name = row_text(row, hooks[h].script);
    if (name == NULL && h == HOOK_DIAL)
        return modes[row_int(row, PLAN_DIAL_MODE)];
    return name ? name : hooks[h].standard;
}
