#include "dialer/list/stats.h"

#include <stdlib.h>

#include "dialer/list/agenda.h"

struct asked {
    stats_done *done;
    void *arg;
};

static void stats_on_rows(void *arg, enum read_end end, const struct rows *rows) {
    struct asked *asked = arg;
    if (end == READ_FAILED) {
        asked->done(asked->arg, NULL, read_error(rows));
    } else {
        struct stats s = {.total = rows_int(rows, 0, "total"),
                          .finished = rows_int(rows, 0, "finished"),
                          .dialing = rows_int(rows, 0, "dialing"),
                          .tries = rows_int(rows, 0, "tries")};
        asked->done(asked->arg, &s, NULL);
    }
    free(asked);
}

void stats_read(const struct campaign *c, stats_done *done, void *arg) {
    const struct row *p = campaign_plan(c)->item.row;
    struct asked *asked = xmalloc(sizeof *asked);
    *asked = (struct asked){done, arg};
    const int f = PLAN_MAX_RETRY_CNT_1;
    store_read(c->engine->store, LANE_SCAN | READ_DURABLE, &read_lead_stats,
               BIND(ARG_TEXT("dlma", row_uuid(campaign_dlma(c)->row)),
                    ARG_INT("max_1", row_int(p, f)), ARG_INT("max_2", row_int(p, f + 1)),
                    ARG_INT("max_3", row_int(p, f + 2)), ARG_INT("max_4", row_int(p, f + 3)),
                    ARG_INT("max_5", row_int(p, f + 4)), ARG_INT("max_6", row_int(p, f + 5)),
                    ARG_INT("max_7", row_int(p, f + 6)), ARG_INT("max_8", row_int(p, f + 7)),
                    ARG_INT("agenda", c->agenda ? c->agenda->id : 0)),
               stats_on_rows, asked);
}
