/* What one shift of the laboratory consists of: shared by run.c and make.c. */
#ifndef LAB_SHIFT_H
#define LAB_SHIFT_H

#include <stdio.h>

#include "dialer/core/engine.h"
#include "lab/lab.h"
#include "lab/time.h"

struct sim;

#define LEADS_AHEAD 500       /* of an endless list */
#define FEED_EVERY SECONDS(1) /* when more of them are made */

/* Everything that lives as long as the shift. */
struct shift {
    const struct lab_shift *job;
    void (*progress)(void *arg, double share);
    void *arg;
    struct clock clock;
    struct log log;
    int64_t log_lines;
    struct loop *loop;
    struct sim *sim;
    struct conf *conf;
    struct engine *engine;
    char uuids[4][UUID_TEXT]; /* of what was made: made[] */
    struct timer feed, sample, end;
    int64_t leads, wanted; /* made so far; all there are to be, 0 = no end */
    json_t *done;          /* leads finished at each sample, of a list with an end */
    FILE *decisions;
    struct labtime time;
    char *error;
};

/* In the order they are made. */
enum made { MADE_PLAN, MADE_DLMA, MADE_DESTINATION, MADE_CAMPAIGN };

/* Each is false with s->error. */
bool shift_make_plan(struct shift *s) MUST_CHECK;
bool shift_make_rest(struct shift *s) MUST_CHECK;
bool shift_start(struct shift *s) MUST_CHECK;
/* So many more leads. */
void shift_feed(struct shift *s, int64_t count);

#endif
