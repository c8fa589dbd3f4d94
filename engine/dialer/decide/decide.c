#include "dialer/decide/decide.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialer/core/event.h"
#include "dialer/call/dialing.h"
#include "dialer/core/schedule.h"
#include "dialer/list/agenda.h"
#include "dialer/pace/limits.h"
#include "dialer/pace/pace.h"
#include "dialer/pace/preview.h"

#define RESERVATION_AGE SECONDS(2) /* at most, from the decision to the Originate */

/* ---- states ---- */

/* The counts of its agenda remain after the stop. */
static void decide_keep_counts(struct campaign *c) {
    struct batch *b = batch_new();
    batch_statement(b, &write_campaign_counts,
                    BIND(ARG_TEXT("campaign", row_uuid(c->item.row)),
                         ARG_INT("agenda", c->agenda->id)));
    store_submit(c->engine->store, b, NULL, NULL);
}

/* A campaign has an agenda from its start to its stop. */
static void decide_set_agenda(struct campaign *c) {
    struct plan *p = campaign_plan(c);
    struct item *dlma = campaign_dlma(c);
    bool wanted = campaign_status(c) != CAMPAIGN_STOP && p && dlma;
    struct agenda *a = wanted ? agenda_hold(p, row_uuid(dlma->row)) : NULL;
    if (c->agenda && a == NULL && c->agenda->complete)
        decide_keep_counts(c);
    agenda_release(c->agenda);
    campaign_set_agenda(c, a);
}

/* A change of a campaign's status that is being written. */
struct step {
    struct campaign *campaign;
    struct row *row; /* for the event: the row as of this step */
};

static void decide_on_step(void *arg, enum batch_end end) {
    (void)end;
    struct step *s = arg;
    event_tell(s->campaign->engine, EVENT_CAMPAIGN_UPDATE, s->row);
    campaign_step_over(s->campaign);
    row_free(s->row);
    free(s);
}

/* A step that nobody asked for: it is written, then its event is sent. */
static void decide_step(struct campaign *c, int64_t status) {
    campaign_set_status(c, status);
    decide_set_agenda(c);
    struct step *s = xcalloc(1, sizeof *s);
    s->campaign = c;
    s->row = row_copy(c->item.row);
    campaign_step_begins(c);
    struct batch *b = batch_new();
    batch_row(b, c->item.row);
    store_submit(c->engine->store, b, decide_on_step, s);
}

static const struct {
    int64_t asked, becomes;
} asks[] = {
    {CAMPAIGN_START, CAMPAIGN_STARTING}, {CAMPAIGN_STARTING, CAMPAIGN_STARTING},
    {CAMPAIGN_STOP, CAMPAIGN_STOPPING},  {CAMPAIGN_STOPPING, CAMPAIGN_STOPPING},
    {CAMPAIGN_PAUSE, CAMPAIGN_PAUSING},  {CAMPAIGN_PAUSING, CAMPAIGN_PAUSING},
    {CAMPAIGN_KILL, CAMPAIGN_STOPPING},
};

static void decide_hang_up_all(struct campaign *c) {
    for (struct map_entry *e = c->engine->dialings.first, *next; e; e = next) {
        next = e->next;
        struct dialing *d = e->value;
        if (d->campaign == c)
            dialing_hangup(d);
    }
}

static size_t decide_place_of(int64_t asked) {
    size_t i = 0;
    while (i < ARRAY_LEN(asks) && asks[i].asked != asked)
        i++;
    return i;
}

bool decide_knows(int64_t asked) { return decide_place_of(asked) < ARRAY_LEN(asks); }

bool decide_ask(struct campaign *c, int64_t asked, struct batch *b) {
    size_t i = decide_place_of(asked);
    if (i == ARRAY_LEN(asks))
        return false;
    /* a stop by hand lasts for as long as the schedule is open */
    campaign_set_hold(c, asks[i].becomes != CAMPAIGN_STARTING);
    campaign_set_status(c, asks[i].becomes);
    decide_set_agenda(c);
    if (asked == CAMPAIGN_KILL)
        decide_hang_up_all(c);
    batch_row(b, c->item.row);
    return true;
}

/* ---- the schedule ---- */

static void decide_local_time(const struct campaign *c, struct tm *tm) {
    time_t now = (time_t)(engine_wall(c->engine) / NS_PER_S);
    localtime_r(&now, tm); /* TZ is set to the configured zone */
}

/* Starts and stops the campaign by its schedule. False while the schedule is closed. */
static bool decide_follow_schedule(struct campaign *c) {
    if (row_int(c->item.row, CAMPAIGN_SC_MODE) != 1)
        return true;
    struct tm now;
    decide_local_time(c, &now);
    bool open = schedule_is_open(c->item.row, &now);
    bool hold = row_int(c->item.row, CAMPAIGN_SC_HOLD) != 0;
    int64_t status = campaign_status(c);
    timer_set(&c->wake, schedule_next(c->item.row, &now) * NS_PER_S);
    if (!open && hold) { /* it starts when the schedule next opens, also after a restart */
        struct batch *b = batch_new();
        campaign_set_hold(c, false);
        batch_row(b, c->item.row);
        store_submit(c->engine->store, b, NULL, NULL);
    }
    if (open && !hold && status == CAMPAIGN_STOP)
        decide_step(c, CAMPAIGN_STARTING);
    else if (!open && status == CAMPAIGN_START)
        decide_step(c, CAMPAIGN_STOPPING);
    return open;
}

/* ---- the decision ---- */

/* No lead is left: stops the campaign and starts the next one, if the plan says so. */
static void decide_end_of_list(struct campaign *c) {
    struct plan *p = campaign_plan(c);
    struct campaign *next =
        map_get(&c->engine->campaigns, row_text(c->item.row, CAMPAIGN_NEXT_CAMPAIGN));
    if (row_int(p->item.row, PLAN_DL_END_HANDLE) != 1)
        return;
    log_info(c->engine->log, "campaign %s: end of its list", row_uuid(c->item.row));
    campaign_set_hold(c, true);
    campaign_list_ended(c);
    decide_step(c, CAMPAIGN_STOPPING);
    if (next && campaign_status(next) == CAMPAIGN_STOP)
        decide_step(next, CAMPAIGN_STARTING);
}

static void decide_wake_at(struct campaign *c, int64_t mono) {
    int64_t now = engine_now(c->engine);
    if (mono == 0 || (timer_is_set(&c->wake) && c->wake.due <= mono))
        return;
    timer_set(&c->wake, mono - now);
}

static void decide_dial(struct campaign *c) {
    struct pace pace;
    pace_decide(c, &pace);
    if (pace.reason != c->reason)
        log_debug(c->engine->log, "campaign %s: %s", row_uuid(c->item.row),
                  reason_text(pace.reason));
    campaign_decided(c, &(struct decided){pace.reason, pace.agents, pace.due_at});
    decide_wake_at(c, pace.ask_at);
    if (pace.reason == REASON_LIST_END && c->open == 0)
        decide_end_of_list(c);
}

/* Withdraws the offers of a campaign that pauses or stops, and those whose agent cannot take
 * the call any more. */
static void decide_look_at_offers(struct campaign *c, bool open) {
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

void decide_turn(struct campaign *c) {
    timer_stop(&c->wake);
    bool open = decide_follow_schedule(c);
    decide_look_at_offers(c, open);
    switch (campaign_status(c)) {
    case CAMPAIGN_STARTING:
        decide_step(c, CAMPAIGN_START);
        break;
    case CAMPAIGN_PAUSING:
        decide_step(c, CAMPAIGN_PAUSE);
        break;
    case CAMPAIGN_STOPPING:
        if (c->open == 0)
            decide_step(c, CAMPAIGN_STOP);
        break;
    case CAMPAIGN_START:
        if (open && !c->engine->leaving)
            decide_dial(c);
        else
            campaign_set_reason(c, REASON_SCHEDULE);
        return;
    default:
        break;
    }
    campaign_set_reason(c, REASON_STATUS);
}

/* ---- the second look ---- */

/* A reservation that waited from 20:59 to 21:30 for a full disk must not dial. */
const char *decide_may_leave(const struct dialing *d) {
    struct campaign *c = d->campaign;
    struct tm now;
    int64_t until;
    decide_local_time(c, &now);
    if (engine_now(c->engine) - d->reserved > RESERVATION_AGE)
        return "writing the reservation took more than 2 s";
    if (campaign_status(c) != CAMPAIGN_START)
        return reason_text(REASON_STATUS);
    if (!schedule_is_open(c->item.row, &now))
        return reason_text(REASON_SCHEDULE);
    if (limits_quiet(c->engine))
        return reason_text(REASON_QUIET);
    const char *number = row_text(d->lead->row, LEAD_NUMBER_1 + d->index - 1);
    if (number == NULL || strcmp(number, dialing_text(d, "dial_addr")))
        return "the number was changed";
    return limits_number(c->engine, d->lead, d->index, &until);
}

/* ---- what it refers to ---- */

void decide_changed(struct campaign *c) {
    campaign_refresh(c);
    decide_set_agenda(c);
    campaign_kick(c);
}

void decide_plan_changed(struct plan *p) {
    for (struct map_entry *i = p->engine->campaigns.first; i; i = i->next)
        if (campaign_plan(i->value) == p)
            decide_changed(i->value);
}

void decide_begin(struct campaign *c) {
    decide_set_agenda(c);
    campaign_kick(c);
}

void decide_end(struct campaign *c) {
    agenda_release(c->agenda);
    campaign_set_agenda(c, NULL);
}
