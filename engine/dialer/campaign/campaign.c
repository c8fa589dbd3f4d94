#include "dialer/campaign/campaign.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "dialer/pbx/asterisk.h"
#include "dialer/call/dialing.h"
#include "dialer/call/observe.h"
#include "dialer/pace/pace.h"
#include "dialer/pace/preview.h"
#include "dialer/core/schedule.h"

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

static void campaign_set_row_status(struct campaign *c, int64_t status) {
    char now[TIME_TEXT];
    time_text(now, engine_wall(c->engine));
    row_set_int(c->item.row, CAMPAIGN_STATUS, status);
    row_set_text(c->item.row, CAMPAIGN_TM_UPDATE, now);
    json_decref(c->item.frozen);
    c->item.frozen = NULL;
}

/* Its agenda lives from the start to the stop. */
static void campaign_set_agenda(struct campaign *c) {
    struct plan *p = campaign_plan(c);
    struct item *dlma = campaign_dlma(c);
    bool wanted = campaign_status(c) != CAMPAIGN_STOP && p && dlma;
    struct agenda *a = wanted ? agenda_hold(p, row_uuid(dlma->row)) : NULL;
    agenda_release(c->agenda);
    c->agenda = a;
}

/* A step on its way to the disk, and how it will be told. */
struct step {
    struct campaign *campaign;
    struct str event;
};

static void campaign_on_step(void *arg, enum batch_end end) {
    (void)end;
    struct step *s = arg;
    engine_event_end(s->campaign->engine, &s->event);
    s->campaign->steps--;
    campaign_kick(s->campaign);
    free(s);
}

/* A step that follows by itself: durable, then told. */
static void campaign_step(struct campaign *c, int64_t status) {
    campaign_set_row_status(c, status);
    campaign_set_agenda(c);
    struct step *s = xcalloc(1, sizeof *s);
    s->campaign = c;
    c->steps++;
    engine_event_begin(&s->event, "OutCampaignUpdate");
    row_print(c->item.row, &s->event);
    struct batch *b = batch_new();
    batch_row(b, c->item.row);
    store_submit(c->engine->store, b, campaign_on_step, s);
}

static const struct {
    int64_t asked, becomes;
} asks[] = {
    {CAMPAIGN_START, CAMPAIGN_STARTING}, {CAMPAIGN_STARTING, CAMPAIGN_STARTING},
    {CAMPAIGN_STOP, CAMPAIGN_STOPPING},  {CAMPAIGN_STOPPING, CAMPAIGN_STOPPING},
    {CAMPAIGN_PAUSE, CAMPAIGN_PAUSING},  {CAMPAIGN_PAUSING, CAMPAIGN_PAUSING},
    {CAMPAIGN_KILL, CAMPAIGN_STOPPING},
};

static void campaign_hang_up_all(struct campaign *c) {
    for (struct map_entry *e = c->engine->dialings.first, *next; e; e = next) {
        next = e->next;
        struct dialing *d = e->value;
        if (d->campaign == c)
            dialing_hangup(d);
    }
}

static size_t campaign_place_of(int64_t asked) {
    size_t i = 0;
    while (i < ARRAY_LEN(asks) && asks[i].asked != asked)
        i++;
    return i;
}

bool campaign_knows(int64_t asked) { return campaign_place_of(asked) < ARRAY_LEN(asks); }

bool campaign_ask(struct campaign *c, int64_t asked, struct batch *b) {
    size_t i = campaign_place_of(asked);
    if (i == ARRAY_LEN(asks))
        return false;
    /* by hand: the schedule leaves it alone until its window closes */
    row_set_int(c->item.row, CAMPAIGN_SC_HOLD, asks[i].becomes != CAMPAIGN_STARTING);
    campaign_set_row_status(c, asks[i].becomes);
    campaign_set_agenda(c);
    if (asked == CAMPAIGN_KILL)
        campaign_hang_up_all(c);
    batch_row(b, c->item.row);
    return true;
}

/* ---- the schedule ---- */

static void campaign_local_time(const struct campaign *c, struct tm *tm) {
    time_t now = (time_t)(engine_wall(c->engine) / NS_PER_S);
    localtime_r(&now, tm); /* TZ is the configured one */
}

/* Starts and stops by the window. Returns false while it is closed. */
static bool campaign_follow_schedule(struct campaign *c) {
    if (row_int(c->item.row, CAMPAIGN_SC_MODE) != 1)
        return true;
    struct tm now;
    campaign_local_time(c, &now);
    bool open = schedule_is_open(c->item.row, &now);
    bool hold = row_int(c->item.row, CAMPAIGN_SC_HOLD) != 0;
    int64_t status = campaign_status(c);
    timer_set(&c->wake, schedule_next(c->item.row, &now) * NS_PER_S);
    if (!open && hold) { /* the next window starts it again, also after a restart */
        struct batch *b = batch_new();
        row_set_int(c->item.row, CAMPAIGN_SC_HOLD, 0);
        batch_row(b, c->item.row);
        store_submit(c->engine->store, b, NULL, NULL);
    }
    if (open && !hold && status == CAMPAIGN_STOP)
        campaign_step(c, CAMPAIGN_STARTING);
    else if (!open && status == CAMPAIGN_START)
        campaign_step(c, CAMPAIGN_STOPPING);
    return open;
}

/* ---- the decision ---- */

/* The list is done: stop, and let the next one start. */
static void campaign_end_of_list(struct campaign *c) {
    struct plan *p = campaign_plan(c);
    struct campaign *next =
        map_get(&c->engine->campaigns, row_text(c->item.row, CAMPAIGN_NEXT_CAMPAIGN));
    if (row_int(p->item.row, PLAN_DL_END_HANDLE) != 1)
        return;
    log_info(c->engine->log, "campaign %s: end of its list", row_uuid(c->item.row));
    row_set_int(c->item.row, CAMPAIGN_SC_HOLD, 1);
    campaign_step(c, CAMPAIGN_STOPPING);
    if (next && campaign_status(next) == CAMPAIGN_STOP)
        campaign_step(next, CAMPAIGN_STARTING);
}

static void campaign_wake_at(struct campaign *c, int64_t mono) {
    int64_t now = engine_now(c->engine);
    if (mono == 0 || (timer_is_set(&c->wake) && c->wake.due <= mono))
        return;
    timer_set(&c->wake, mono - now);
}

static void campaign_dial(struct campaign *c) {
    struct pace pace;
    pace_decide(c, &pace);
    if (pace.reason != c->reason)
        log_debug(c->engine->log, "campaign %s: %s", row_uuid(c->item.row),
                  reason_text(pace.reason));
    c->reason = pace.reason;
    c->reasons[pace.reason]++;
    campaign_wake_at(c, pace.ask_at);
    if (pace.reason == REASON_LIST_END && c->open == 0)
        campaign_end_of_list(c);
}

/* Offers end with the campaign, or with what made them good. */
static void campaign_look_at_offers(struct campaign *c, bool open) {
    int64_t status = campaign_status(c);
    if (c->engine->previews.count == 0)
        return;
    if (status == CAMPAIGN_START && open && !c->engine->leaving)
        previews_review(c);
    else
        previews_withdraw(c->engine, c,
                          status == CAMPAIGN_PAUSE || status == CAMPAIGN_PAUSING
                              ? "the campaign pauses"
                              : "the campaign stops");
}

/* One turn of its life: whatever is due next by its status. */
static void campaign_on_decide(void *arg) {
    struct campaign *c = arg;
    timer_stop(&c->wake);
    bool open = campaign_follow_schedule(c);
    campaign_look_at_offers(c, open);
    switch (campaign_status(c)) {
    case CAMPAIGN_STARTING:
        campaign_step(c, CAMPAIGN_START);
        break;
    case CAMPAIGN_PAUSING:
        campaign_step(c, CAMPAIGN_PAUSE);
        break;
    case CAMPAIGN_STOPPING:
        if (c->open == 0)
            campaign_step(c, CAMPAIGN_STOP);
        break;
    case CAMPAIGN_START:
        if (open && !c->engine->leaving)
            campaign_dial(c);
        else
            c->reason = REASON_SCHEDULE;
        return;
    default:
        break;
    }
    c->reason = REASON_STATUS;
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

void campaigns_kick_plan(struct engine *e, const struct plan *p) {
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        if (campaign_plan(i->value) == p)
            campaign_changed(i->value);
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

void campaign_call_over(struct campaign *c) {
    c->open--;
    campaign_kick(c);
}

static void campaign_read_caps(struct campaign *c) {
    c->cap.channels = row_int(c->item.row, CAMPAIGN_CHANNELS);
    c->cap.cps = (double)row_int(c->item.row, CAMPAIGN_CPS);
}

void campaign_changed(struct campaign *c) {
    campaign_read_caps(c);
    json_decref(c->item.frozen);
    c->item.frozen = NULL;
    observer_renew(c);
    campaign_set_agenda(c);
    campaign_kick(c);
}

/* ---- life ---- */

struct campaign *campaign_new(struct engine *e, struct row *row) {
    struct campaign *c = xcalloc(1, sizeof *c);
    c->engine = e;
    c->item.row = row;
    task_init(&c->decide, e->loop, campaign_on_decide, c);
    timer_init(&c->wake, e->loop, campaign_on_wake, c);
    c->observer = observer_new(c);
    campaign_read_caps(c);
    campaign_set_agenda(c);
    campaign_kick(c);
    return c;
}

void campaign_free(struct campaign *c) {
    task_cancel(&c->decide);
    timer_stop(&c->wake);
    if (!c->engine->leaving)
        agenda_release(c->agenda);
    row_free(c->item.row);
    json_decref(c->item.frozen);
    observer_free(c->observer);
    free(c);
}
