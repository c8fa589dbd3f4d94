/* A plan's shadow: a second dial script that sees what the first one sees. What it returns is
 * counted and compared, and never acted on. */
#ifndef DIALER_PLAN_SHADOW_H
#define DIALER_PLAN_SHADOW_H

#include "dialer/plan/plan.h"

#define SHADOW_PAIRS 20

struct shadow {
    struct version version;
    struct script_env env; /* the engine's, but with random numbers of its own, so that those */
    struct chance chance;  /* of the first script are the same with and without a shadow */
    struct script *script;
    struct map copied; /* campaigns whose memory has been copied */
    char *why;         /* why it is not called any more; NULL = it is */
    int64_t since;     /* ns since 1970 */
    int64_t decisions, same, errors;
    int overruns_row;
    double first, own;   /* sums of the calls wanted by the plan's script, by the shadow */
    double apart, worst; /* sum of the absolute differences; the largest difference */
    struct {
        int64_t wall, first, own;
    } pairs[SHADOW_PAIRS]; /* the last decisions, a ring */
    int next;
};

/* Makes the shadow the version that the plan's row names; a new version begins its counts
 * anew. force: also one that was taken out of service. */
void shadow_update(struct plan *p, struct reading *files, bool force);
void shadow_free(struct shadow *s);
/* The plan has decided: calls the shadow and notes what it would have decided. */
void shadow_decide(struct plan *p, const char *campaign, void *arg, json_t *view,
                   int64_t decided);
/* The campaign is deleted, and with it the copy of its memory. The plan may have no shadow. */
void shadow_forget(struct plan *p, const char *campaign);
/* The fields of a shadow; the subject is a struct plan that has one. */
extern const struct attr shadow_attrs[];

#endif
