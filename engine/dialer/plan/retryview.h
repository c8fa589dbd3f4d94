/* The view of the retry hook: an idle lead and its plan. */
#ifndef DIALER_PLAN_RETRYVIEW_H
#define DIALER_PLAN_RETRYVIEW_H

#include "dialer/plan/plan.h"
#include "script/hook/view.h"

struct retryview {
    const struct plan *plan;
    const struct row *lead;
};

extern const struct view_field retryview_fields[];

#endif
