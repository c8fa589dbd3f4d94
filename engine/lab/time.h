/* What decisions cost in this machine's time: the only thing in the laboratory that reads
 * a real clock, and nothing depends on it. */
#ifndef LAB_TIME_H
#define LAB_TIME_H

#include <jansson.h>

#include "dialer/core/engine.h"

struct labtime {
    int64_t begun; /* ns, of the decision in work */
    int64_t count, sum, worst;
};

/* Measures the decisions of that engine from now on; t lives as long as it does. */
void labtime_begin(struct labtime *t, struct engine *e);
/* {decisions, mean_us, worst_us} */
json_t *labtime_json(const struct labtime *t);

#endif
