#include "dialer/campaign/campaign.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "dialer/plan/plan.h"

static const char *const reasons[REASON_COUNT] = {
    [REASON_NONE] = "dialling",
    [REASON_STATUS] = "not started",
    [REASON_SCHEDULE] = "outside its schedule",
    [REASON_QUIET] = "quiet hours",
    [REASON_INCOMPLETE] = "plan, dlma or destination is missing or incomplete",
    [REASON_STORE] = "the database cannot be written",
    [REASON_ASTERISK] = "Asterisk is away",
    [REASON_RESTING] = "Asterisk refuses what the engine needs, the log says what",
    [REASON_ORIGINATES] = "as many originates under way as Asterisk may have",
    [REASON_CHANNELS] = "as many calls up as Asterisk may have",
    [REASON_CPS] = "as many calls a second as are allowed",
    [REASON_TRUNK] = "the trunk is full",
    [REASON_CAMPAIGN] = "as many calls up or a second as the campaign may have",
    [REASON_CONGESTION] = "calls end in congestion: none for a moment",
    [REASON_AGENTS] = "no agent is logged in to the queue",
    [REASON_STRATEGY] = "the dial strategy wants no call now",
    [REASON_ABANDON] = "as many people as may be found no agent: one call for each free agent",
    [REASON_PREVIEW] = "leads are offered to agents, who have not decided yet",
    [REASON_BUILDING] = "the list is being read",
    [REASON_WAITING] = "all leads left wait for their next try",
    [REASON_LIST_END] = "no lead is left",
};

const char *reason_text(enum reason r) { return reasons[r]; }

/* ---- what it refers to ---- */

struct plan *campaign_plan(const struct campaign *c) {
    return map_get(&c->engine->plans, row_text(c->item.row, CAMPAIGN_PLAN));
}

struct item *campaign_dlma(const struct campaign *c) {
    return map_get(&c->engine->dlmas, row_text(c->item.row, CAMPAIGN_DLMA));
}

struct item *campaign_destination(const struct campaign *c) {
    return map_get(&c->engine->destinations, row_text(c->item.row, CAMPAIGN_DEST));
}

struct asterisk *campaign_asterisk(const struct campaign *c, struct trunk **trunk) {
    struct engine *e = c->engine;
    struct plan *p = campaign_plan(c);
    const char *name = p ? row_text(p->item.row, PLAN_TRUNK_NAME) : NULL;
    struct trunk *t = name ? map_get(&e->trunks, name) : NULL;
    if (trunk)
        *trunk = t;
    if (t)
        return map_get(&e->asterisks, t->conf->asterisk);
    return e->asterisks.first ? e->asterisks.first->value : NULL;
}

const char *campaign_fault(const struct campaign *c) {
    struct plan *p = campaign_plan(c);
    struct item *dest = campaign_destination(c);
    if (p == NULL || campaign_dlma(c) == NULL || dest == NULL)
        return "plan, dlma or destination is gone";
    if (row_text(p->item.row, PLAN_TECH_NAME) == NULL &&
        row_text(p->item.row, PLAN_ROUTE_SCRIPT) == NULL)
        return "the plan has no TechName";
    bool app = row_int(dest->row, DESTINATION_TYPE) == 1;
    if (row_text(dest->row, app ? DESTINATION_APPLICATION : DESTINATION_EXTEN) == NULL &&
        row_text(p->item.row, PLAN_ROUTE_SCRIPT) == NULL)
        return app ? "the destination has no Application" : "the destination has no Exten";
    return NULL;
}

const char *campaign_queue(const struct campaign *c, char buf[128]) {
    struct item *dest = campaign_destination(c);
    if (dest == NULL)
        return NULL;
    /* An extension (AMD first, say) may name the queue that it leads to in the same way:
     * nothing else reads these two of it. */
    const char *app = row_text(dest->row, DESTINATION_APPLICATION);
    const char *data = row_text(dest->row, DESTINATION_DATA);
    if (app == NULL || strcasecmp(app, "queue") || data == NULL)
        return NULL;
    snprintf(buf, 128, "%.*s", (int)strcspn(data, ","), data);
    return buf;
}

/* ---- states ---- */

int64_t campaign_status(const struct campaign *c) {
    return row_int(c->item.row, CAMPAIGN_STATUS);
}

static void campaign_on_wake(void *arg) { campaign_kick(arg); }

void campaign_kick(struct campaign *c) { task_queue(&c->decide); }

void campaigns_kick(struct engine *e) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        campaign_kick(i->value);
}

void campaigns_kick_room(struct engine *e, struct campaign *own) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        if (c == own || (c->reason >= REASON_ORIGINATES && c->reason <= REASON_CAMPAIGN))
            campaign_kick(c);
    }
}

void campaigns_kick_dlma(struct engine *e, const char *dlma_uuid) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        const char *dlma = row_text(c->item.row, CAMPAIGN_DLMA);
        if (dlma && strcmp(dlma, dlma_uuid) == 0)
            campaign_kick(c);
    }
}

#define SHARERS 64 /* campaigns of one queue that are put in order */

/* Whose latest call is longest ago decides first, or the first campaign of the map would
 * take every agent. */
void campaigns_kick_queue(struct engine *e, const struct asterisk *a, const char *queue) {
    struct campaign *sharers[SHARERS];
    int n = 0;
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        char buf[128];
        const char *mine = campaign_queue(c, buf);
        if (mine == NULL || strcasecmp(mine, queue) || campaign_asterisk(c, NULL) != a)
            continue;
        if (n == SHARERS) {
            campaign_kick(c);
            continue;
        }
        int at = n++;
        for (; at > 0 && sharers[at - 1]->begun_at > c->begun_at; at--)
            sharers[at] = sharers[at - 1];
        sharers[at] = c;
    }
    for (int k = 0; k < n; k++)
        campaign_kick(sharers[k]);
}

void campaigns_save(struct engine *e, bool at_once) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        observer_save(((struct campaign *)i->value)->observer, at_once);
}

/* ---- calls and offers ---- */

void campaign_call_begins(struct campaign *c) {
    c->live++;
    c->open++;
    cap_take(&c->cap, engine_now(c->engine));
}

void campaign_call_answered(struct campaign *c) { c->answered++; }

void campaign_call_ends(struct campaign *c, bool was_answered) {
    c->live--;
    c->answered -= was_answered;
    cap_give(&c->cap);
}

void campaign_call_over(struct campaign *c) {
    c->open--;
    campaign_kick(c);
}

void campaign_offer_begins(struct campaign *c) {
    c->open++;
    c->offers++;
}

void campaign_offer_ends(struct campaign *c) { c->offers--; }

/* ---- life ---- */

static void campaign_drop_frozen(struct campaign *c) {
    json_decref(c->item.frozen);
    c->item.frozen = NULL;
}

static struct observed campaign_observed(const struct campaign *c) {
    const struct plan *p = campaign_plan(c);
    return (struct observed){
        .plan = row_text(c->item.row, CAMPAIGN_PLAN),
        .dest = row_text(c->item.row, CAMPAIGN_DEST),
        .timeout = p ? (double)row_int(p->item.row, PLAN_DIAL_TIMEOUT) / 1000 : 30,
    };
}

static void campaign_read_caps(struct campaign *c) {
    c->cap.channels = row_int(c->item.row, CAMPAIGN_CHANNELS);
    c->cap.cps = (double)row_int(c->item.row, CAMPAIGN_CPS);
}

void campaign_refresh(struct campaign *c) {
    struct observed with = campaign_observed(c);
    campaign_read_caps(c);
    campaign_drop_frozen(c);
    observer_renew(c->observer, &with);
}

void campaign_set_status(struct campaign *c, int64_t status) {
    char now[TIME_TEXT];
    time_text(now, engine_wall(c->engine));
    row_set_int(c->item.row, CAMPAIGN_STATUS, status);
    row_set_text(c->item.row, CAMPAIGN_TM_UPDATE, now);
    campaign_drop_frozen(c);
}

static void campaign_on_decide(void *arg) {
    struct campaign *c = arg;
    c->engine->up.decide(c);
}

struct campaign *campaign_new(struct engine *e, struct row *row, bool stored) {
    struct campaign *c = xcalloc(1, sizeof *c);
    c->engine = e;
    c->item.row = row;
    task_init(&c->decide, e->loop, campaign_on_decide, c);
    timer_init(&c->wake, e->loop, campaign_on_wake, c);
    struct observed with = campaign_observed(c);
    c->observer = observer_new(e, row_uuid(row), &with, stored);
    campaign_read_caps(c);
    return c;
}

void campaign_free(struct campaign *c) {
    task_cancel(&c->decide);
    timer_stop(&c->wake);
    row_free(c->item.row);
    campaign_drop_frozen(c);
    observer_free(c->observer);
    free(c);
}
