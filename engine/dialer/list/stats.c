#include "dialer/list/stats.h"

#include <stdlib.h>

#include "dialer/list/agenda.h"

/* Somebody asked for the stats of one campaign. */
struct stats_asked {
    struct store *store;
    int64_t agenda;
    char campaign[UUID_TEXT];
    struct stats stats;
    stats_done *done;
    void *arg;
};

static void stats_end(struct stats_asked *asked, const char *error) {
    asked->done(asked->arg, error ? NULL : &asked->stats, error);
    free(asked);
}

/* ---- by the counts that the store keeps ---- */

static void stats_on_counts(void *arg, enum read_end end, const struct rows *rows) {
    struct stats_asked *asked = arg;
    if (end == READ_ROWS)
        asked->stats = (struct stats){.total = rows_int(rows, 0, "total"),
                                      .finished = rows_int(rows, 0, "finished"),
                                      .dialing = rows_int(rows, 0, "dialing"),
                                      .tries = rows_int(rows, 0, "tries")};
    stats_end(asked, end == READ_FAILED ? read_error(rows) : NULL);
}

/* In one read: what is called at this moment and what is finished are counted together. */
static void stats_look_up(struct stats_asked *asked, const char *dlma) {
    store_read(asked->store, LANE_READ | READ_DURABLE, &read_list_counts,
               BIND(ARG_TEXT("dlma", dlma), ARG_INT("agenda", asked->agenda),
                    ARG_TEXT("campaign", asked->campaign)),
               stats_on_counts, asked);
}

/* ---- by counting ---- */

struct stats_scan {
    struct stats_asked *asked;
    char dlma[UUID_TEXT];
};

/* A list that is too large to be counted in time has the counts of its last stop. */
static void stats_on_scan(void *arg, enum read_end end, const struct rows *rows) {
    struct stats_scan *scan = arg;
    struct stats_asked *asked = scan->asked;
    if (end == READ_FAILED) {
        stats_look_up(asked, scan->dlma);
    } else {
        asked->stats = (struct stats){.total = rows_int(rows, 0, "total"),
                                      .finished = rows_int(rows, 0, "finished"),
                                      .dialing = rows_int(rows, 0, "dialing"),
                                      .tries = rows_int(rows, 0, "tries")};
        stats_end(asked, NULL);
    }
    free(scan);
}

static void stats_scan(struct stats_asked *asked, const struct campaign *c) {
    const struct row *p = campaign_plan(c)->item.row;
    const int f = PLAN_MAX_RETRY_CNT_1;
    struct stats_scan *scan = xcalloc(1, sizeof *scan);
    scan->asked = asked;
    snprintf(scan->dlma, sizeof scan->dlma, "%s", row_uuid(campaign_dlma(c)->row));
    store_read(asked->store, LANE_SCAN | READ_DURABLE, &read_lead_stats,
               BIND(ARG_TEXT("dlma", scan->dlma), ARG_INT("max_1", row_int(p, f)),
                    ARG_INT("max_2", row_int(p, f + 1)), ARG_INT("max_3", row_int(p, f + 2)),
                    ARG_INT("max_4", row_int(p, f + 3)), ARG_INT("max_5", row_int(p, f + 4)),
                    ARG_INT("max_6", row_int(p, f + 5)), ARG_INT("max_7", row_int(p, f + 6)),
                    ARG_INT("max_8", row_int(p, f + 7)),
                    ARG_INT("agenda", c->agenda ? c->agenda->id : 0)),
               stats_on_scan, scan);
}

void stats_read(const struct campaign *c, stats_done *done, void *arg) {
    struct stats_asked *asked = xcalloc(1, sizeof *asked);
    *asked = (struct stats_asked){.store = c->engine->store,
                                  .agenda = c->agenda ? c->agenda->id : 0,
                                  .done = done,
                                  .arg = arg};
    snprintf(asked->campaign, sizeof asked->campaign, "%s", row_uuid(c->item.row));
    if (c->agenda && c->agenda->complete)
        stats_look_up(asked, row_uuid(campaign_dlma(c)->row));
    else
        stats_scan(asked, c);
}
