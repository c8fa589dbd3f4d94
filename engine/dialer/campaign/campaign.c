#include "dialer/campaign/campaign.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "dialer/plan/plan.h"

static const char *const reasons[REASON_COUNT] = {
    [REASON_NONE] = "dialing",
    [REASON_STATUS] = "not started",
    [REASON_SCHEDULE] = "outside its schedule",
    [REASON_QUIET] = "quiet hours",
    [REASON_INCOMPLETE] = "plan, dlma or destination is missing or incomplete",
    [REASON_STORE] = "the database cannot be written",
    [REASON_ASTERISK] = "Asterisk is disconnected",
    [REASON_RESTING] = "Asterisk refuses what the engine needs; the log says what",
    [REASON_ORIGINATES] = "the limit of Originates without an answer is reached",
    [REASON_CHANNELS] = "this Asterisk's limit of calls at once is reached",
    [REASON_CPS] = "this Asterisk's limit of calls per second is reached",
    [REASON_TRUNK] = "the trunk is full",
    [REASON_CAMPAIGN] = "the campaign's limit of calls at once or per second is reached",
    [REASON_CONGESTION] = "calls end in congestion: waiting for a moment",
    [REASON_AGENTS] = "no agent is logged in to the queue",
    [REASON_STRATEGY] = "the dial script wants no further call now",
    [REASON_ABANDON] = "the limit of abandoned calls is reached: one call per free agent",
    [REASON_PREVIEW] = "leads are offered to agents, who have not decided yet",
    [REASON_BUILDING] = "the list is being read",
    [REASON_WAITING] = "all remaining leads are waiting for their next attempt",
    [REASON_LIST_END] = "no lead is left",
};

/* What a campaign that is not started does instead. */
static const char *const states[] = {
    [CAMPAIGN_PAUSE] = "paused",
    [CAMPAIGN_STOPPING] = "stopping",
    [CAMPAIGN_STARTING] = "starting",
    [CAMPAIGN_PAUSING] = "pausing",
};

const char *reason_text(enum reason r) { return reasons[r]; }

/* ---- why no call begins ---- */

void campaign_decided(struct campaign *c, const struct decided *d) {
    c->decided = *d;
    c->reason = d->reason;
    c->reasons[d->reason]++;
}

void campaign_set_reason(struct campaign *c, enum reason r) { c->reason = r; }

/* The clock of the configured time zone (TZ is set to it), and the date of another day. */
static void campaign_clock_text(char out[32], int64_t wall, int64_t now) {
    time_t at = (time_t)(wall / NS_PER_S), today = (time_t)(now / NS_PER_S);
    struct tm tm, tm_now;
    localtime_r(&at, &tm);
    localtime_r(&today, &tm_now);
    if (tm.tm_yday == tm_now.tm_yday && tm.tm_year == tm_now.tm_year)
        strftime(out, 32, "%H:%M:%S", &tm);
    else
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

static const char *campaign_state_text(const struct campaign *c, char buf[REASON_TEXT]) {
    int64_t status = campaign_status(c);
    char at[32];
    if (status >= 0 && status < (int64_t)ARRAY_LEN(states) && states[status])
        return states[status];
    if (c->ended_at == 0)
        return reasons[REASON_STATUS];
    campaign_clock_text(at, c->ended_at, engine_wall(c->engine));
    snprintf(buf, REASON_TEXT, "finished: end of list at %s", at);
    return buf;
}

const char *campaign_why(const struct campaign *c, char buf[REASON_TEXT]) {
    int64_t agents = c->decided.agents, due = c->decided.due_at;
    char at[32];
    if (c->reason == REASON_STATUS)
        return campaign_state_text(c, buf);
    if (c->reason == REASON_STRATEGY && agents > 0 && c->live > 0) {
        snprintf(buf, REASON_TEXT,
                 "enough calls in progress for the agents (%lld call%s, %lld agent%s)",
                 (long long)c->live, c->live == 1 ? "" : "s", (long long)agents,
                 agents == 1 ? "" : "s");
        return buf;
    }
    if (c->reason != REASON_WAITING || due == 0)
        return reasons[c->reason];
    campaign_clock_text(at, due, engine_wall(c->engine));
    snprintf(buf, REASON_TEXT, "%s (first at %s)", reasons[REASON_WAITING], at);
    return buf;
}

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
        return "its plan, dlma or destination does not exist";
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
    /* A destination of type extension may name the queue that the extension leads to (after
     * AMD, for example) in the same two fields: nothing else reads them for it. */
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

static bool campaign_calls(const struct campaign *c, const char *dlma_uuid) {
    const char *dlma = row_text(c->item.row, CAMPAIGN_DLMA);
    return dlma && strcmp(dlma, dlma_uuid) == 0;
}

void campaigns_kick_dlma(struct engine *e, const char *dlma_uuid) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        if (campaign_calls(i->value, dlma_uuid))
            campaign_kick(i->value);
}

void campaigns_kick_short(struct engine *e, const char *dlma_uuid) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        if (c->reason >= REASON_BUILDING && campaign_calls(c, dlma_uuid))
            campaign_kick(c);
    }
}

#define SHARERS 64 /* campaigns of one queue that are put in order */

/* The campaign whose latest call is longest ago decides first. Else the first campaign of
 * the map would get every agent. */
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
    c->begun_at = engine_now(c->engine);
    cap_take(&c->cap, c->begun_at);
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

void campaign_step_begins(struct campaign *c) { c->steps++; }

void campaign_step_over(struct campaign *c) {
    c->steps--;
    campaign_kick(c);
}

bool campaign_is_at_rest(const struct campaign *c) {
    return campaign_status(c) == CAMPAIGN_STOP && c->open == 0 && c->steps == 0;
}

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
    cap_set(&c->cap, row_int(c->item.row, CAMPAIGN_CHANNELS),
            (double)row_int(c->item.row, CAMPAIGN_CPS));
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
    if (status == CAMPAIGN_STARTING)
        c->ended_at = 0;
}

void campaign_list_ended(struct campaign *c) { c->ended_at = engine_wall(c->engine); }

void campaign_set_hold(struct campaign *c, bool hold) {
    row_set_int(c->item.row, CAMPAIGN_SC_HOLD, hold);
}

void campaign_set_agenda(struct campaign *c, struct agenda *a) { c->agenda = a; }

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
