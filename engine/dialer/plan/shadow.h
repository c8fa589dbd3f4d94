/* A plan's shadow: a second dial script that sees what the first one sees. What it would
 * have done is counted and compared, and done by nobody. */
#ifndef DIALER_PLAN_SHADOW_H
#define DIALER_PLAN_SHADOW_H

#include "dialer/plan/plan.h"

#define SHADOW_PAIRS 20

struct shadow {
    struct version version;
    struct script_env env; /* the engine's, but with a chance of its own: */
    struct chance chance;  /* the first script's numbers stay what they were */
    struct script *script;
    struct map copied; /* campaigns whose memory it has a copy of */
    char *why;         /* it is not asked any more; NULL = it is */
    int64_t since;     /* wall ns */
    int64_t decisions, same, errors;
    int overruns_row;
    double first, own, apart, worst; /* sums of both, of their distance; the longest one */
    struct {
        int64_t wall, first, own;
    } pairs[SHADOW_PAIRS]; /* the last ones, a ring */
    int next;
};

/* Makes it what the plan's row says: another version begins its counts anew. force: so does
 * one that is not asked any more. */
void shadow_update(struct plan *p, struct reading *files, bool force);
void shadow_free(struct shadow *s);
/* The plan has decided: what would the shadow have? Never touches the plan. */
void shadow_decide(struct plan *p, const char *campaign, void *arg, json_t *view,
                   int64_t decided);
/* The campaign is deleted: so is the copy of its memory. The plan may have no shadow. */
void shadow_forget(struct plan *p, const char *campaign);
/* What is shown of one; of a struct plan that has a shadow. */
extern const struct attr shadow_attrs[];

#endif
