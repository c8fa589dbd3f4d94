#include "dialer/call/dialing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/core/event.h"
#include "dialer/list/agenda.h"
#include "dialer/call/observe.h"
#include "dialer/call/originate.h"
#include "dialer/pbx/queue.h"
#include "dialer/call/result.h"

/* Events of a call may come in another order, and late: */
#define LATE_CHANNEL SECONDS(1.5) /* a Newchannel after the response that tells a failure */
#define LATE_RESPONSE SECONDS(5)  /* the response after the Hangup */
#define OVERDUE SECONDS(30)       /* any end of the call after its dial timeout */
#define MISSED SECONDS(1)         /* the Hangup after a list of channels without the call */
#define YOUNG SECONDS(3)          /* the channel after its Originate */
#define FAULTS_FORGIVEN 3         /* local failures in a row whose attempts are not counted */

bool dialing_is_sent(const struct dialing *d) {
    return d->stage == STAGE_SENT || d->stage == STAGE_MISSING;
}

bool dialing_is_answered(const struct dialing *d) { return facts_answered(&d->facts); }

/* ---- its events and its status ---- */

void dialing_updated(struct dialing *d) {
    d->tm_update = engine_wall(d->engine);
    event_tell(d->engine, EVENT_DIALING_UPDATE, d);
}

void dialing_raise(struct dialing *d, int status) {
    if (status <= d->status)
        return;
    d->status = status;
    dialing_updated(d);
}

/* The only place where the stage changes. It only advances, except for a missing call that is
 * found again. */
static void dialing_enter(struct dialing *d, enum dialing_stage next) {
    if (next >= d->stage || (d->stage == STAGE_MISSING && next == STAGE_SENT))
        d->stage = next;
}

/* ---- beginning ---- */

static void dialing_forget(struct dialing *d) {
    struct engine *e = d->engine;
    timer_stop(&d->limit);
    map_take(&e->dialings, d->uuid);
    map_take(&e->channels, d->uuid);
    map_take(&e->channels, d->other);
    dialing_free(d);
}

void dialing_free(struct dialing *d) {
    timer_stop(&d->limit);
    policy_release(d->policy);
    plan_release(d->plan);
    lead_release(d->lead);
    json_decref(d->call);
    json_decref(d->info);
    json_decref(d->variables);
    json_decref(d->history);
    free(d->channel_name);
    free(d->queue);
    free(d->agent);
    free(d->target);
    free(d->amd);
    free(d->amd_detail);
    free(d);
}

/* The limits count a call from its reservation. */
static void dialing_take_room(struct dialing *d) {
    int64_t now = engine_now(d->engine);
    campaign_call_begins(d->campaign);
    cap_take(&d->asterisk->cap, now);
    asterisk_ask(d->asterisk);
    d->asked = true;
    if (d->trunk)
        cap_take(&d->trunk->cap, now);
    if (d->target)
        asterisk_claim(d->asterisk, d->target, d);
}

/* The agent who accepted the call is free for others, after their wrap-up. */
static void dialing_give_agent(struct dialing *d) {
    if (d->target && asterisk_unclaim(d->asterisk, d->target, d))
        queues_rest(d->asterisk, d->target);
}

void dialing_give_asked(struct dialing *d) {
    if (!d->asked)
        return;
    d->asked = false;
    asterisk_answer(d->asterisk);
    campaigns_kick_room(d->engine, d->campaign);
}

static void dialing_give_room(struct dialing *d) {
    dialing_give_asked(d);
    campaign_call_ends(d->campaign, facts_answered(&d->facts));
    cap_give(&d->asterisk->cap);
    if (d->trunk)
        cap_give(&d->trunk->cap);
    dialing_give_agent(d);
    campaigns_kick_room(d->engine, d->campaign);
}

static void dialing_finish(struct dialing *d);

static void dialing_lose(struct dialing *d) {
    log_warn(d->engine->log,
             "dialing %s: ended while Asterisk was disconnected; outcome unknown", d->uuid);
    d->facts.lost = true;
    dialing_finish(d);
}

static void dialing_on_limit(void *arg) {
    struct dialing *d = arg;
    if (d->stage == STAGE_MISSING && !d->facts.hangup) {
        dialing_lose(d);
    } else if (d->facts.hangup || (d->facts.response && !d->facts.channel)) {
        dialing_finish(d); /* the events that are missing do not come any more */
    } else if (!facts_answered(&d->facts)) {
        log_warn(d->engine->log,
                 "dialing %s: no end %lld s after its dial timeout; looking for its channel",
                 d->uuid, (long long)(OVERDUE / NS_PER_S));
        asterisk_look(d->asterisk);
        timer_set(&d->limit, OVERDUE);
    }
}

static struct dialing *dialing_new(struct engine *e, struct campaign *c, struct plan *p,
                                   struct lead *l, struct asterisk *a) {
    struct dialing *d = xcalloc(1, sizeof *d);
    d->engine = e;
    d->campaign = c;
    d->plan = plan_hold(p);
    d->policy = policy_hold(p->policy);
    d->lead = l;
    d->asterisk = a;
    d->tm_create = engine_wall(e);
    d->reserved = engine_now(e);
    timer_init(&d->limit, e->loop, dialing_on_limit, d);
    return d;
}

static void dialing_add_to_maps(struct dialing *d) {
    map_put(&d->engine->dialings, d->uuid, d);
    map_put(&d->engine->channels, d->uuid, d);
    map_put(&d->engine->channels, d->other, d);
}

/* The reservation was refused because somebody else has written the lead. No event is sent. The
 * lead is read again, and called as it is now when its turn comes. */
static void dialing_withdraw(struct dialing *d) {
    struct campaign *c = d->campaign;
    log_warn(d->engine->log,
             "campaign %s, lead %s: not called: somebody else changed the lead meanwhile",
             row_uuid(c->item.row), row_uuid(d->lead->row));
    dialing_enter(d, STAGE_FINISHED);
    observe_unsent(d);
    dialing_give_room(d);
    agenda_put_anew(d->lead, d->target);
    dialing_forget(d);
    campaign_call_over(c);
}

/* Checks again what may have changed while the reservation was being written. */
static bool dialing_may_leave(const struct dialing *d) {
    if (d->wants_hangup || d->engine->leaving)
        return false;
    const char *why = d->engine->up.may_leave(d);
    if (why)
        log_info(d->engine->log, "campaign %s, lead %s: not called after all: %s",
                 row_uuid(d->campaign->item.row), row_uuid(d->lead->row), why);
    return why == NULL;
}

/* The ledger has the attempt, durably: the Originate may leave. */
static void dialing_on_reserved(void *arg, enum batch_end end) {
    struct dialing *d = arg;
    lead_written(d->lead);
    if (end == BATCH_REFUSED) {
        dialing_withdraw(d);
        return;
    }
    lead_tell(d->lead);
    event_tell(d->engine, EVENT_DIALING_CREATE, d);
    d->tm_dialing = engine_wall(d->engine);
    d->withheld = end == BATCH_DURABLE && !dialing_may_leave(d);
    if (end == BATCH_DURABLE && !d->withheld && originate_send(d, dialing_refused)) {
        dialing_enter(d, STAGE_SENT);
        int64_t timeout = json_integer_value(json_object_get(d->call, "dial_timeout"));
        timer_set(&d->limit, timeout * NS_PER_MS + OVERDUE);
        dialing_raise(d, DIALING_REQUESTED);
    } else {
        dialing_raise(d, DIALING_ERROR); /* nothing was sent: the attempt is not counted */
        dialing_finish(d);
    }
}

static void dialing_reserve_lead(struct dialing *d) {
    struct row *l = d->lead->row;
    char now[TIME_TEXT];
    time_text(now, d->tm_create);
    row_set_int(l, LEAD_STATUS, 1);
    row_set_int(l, LEAD_TRYCNT_1 + d->index - 1, d->tries);
    row_set_text(l, LEAD_DIALING_UUID, d->uuid);
    row_set_text(l, LEAD_DIALING_CAMP_UUID, row_uuid(d->campaign->item.row));
    row_set_text(l, LEAD_DIALING_PLAN_UUID, row_uuid(d->plan->item.row));
    row_set_text(l, LEAD_TM_LAST_DIAL, now);
    row_set_text(l, LEAD_TM_UPDATE, now);
}

/* What the result of the call is made of, to survive a crash. */
static char *dialing_frozen_text(const struct dialing *d) {
    json_t *o = json_pack("{s:O, s:O, s:O, s:I, s:s*, s:s*}", "call", d->call, "info", d->info,
                          "variables", d->variables, "tm_create", (json_int_t)d->tm_create,
                          "trunk", d->trunk ? d->trunk->conf->name : NULL, "agent", d->target);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

static void dialing_count_fault(struct dialing *d, bool ours);

static void dialing_on_refused(void *arg, enum batch_end end) {
    (void)end;
    lead_tell(arg);
    lead_written(arg);
}

/* The lead cannot be dialed as it is: it waits as after a local failure. */
static void dialing_refuse(struct dialing *d, const char *why) {
    struct row *l = d->lead->row;
    char now[TIME_TEXT];
    time_text(now, d->tm_create);
    log_warn(d->engine->log, "campaign %s, lead %s: cannot be dialed: %s",
             row_uuid(d->campaign->item.row), row_uuid(l), why);
    dialing_count_fault(d, true);
    row_set_text(l, LEAD_RES_DIAL_DETAIL, "local");
    row_set_text(l, LEAD_TM_LAST_HANGUP, now);
    struct batch *b = batch_new();
    agenda_write(d->lead, b);
    store_submit(d->engine->store, b, dialing_on_refused, d->lead);
    dialing_free(d);
}

bool dialing_begin(struct campaign *c, struct lead *lead, int number, struct trunk **full) {
    return dialing_begin_for(c, lead, number, NULL, full);
}

bool dialing_begin_for(struct campaign *c, struct lead *lead, int number, const char *agent,
                       struct trunk **full) {
    struct engine *e = c->engine;
    struct trunk *trunk = NULL;
    struct asterisk *a = campaign_asterisk(c, &trunk);
    struct dialing *d = dialing_new(e, c, campaign_plan(c), lead, a);
    d->trunk = trunk;
    d->target = xstrdup(agent);
    d->index = number;
    d->tries = (int)row_int(lead->row, LEAD_TRYCNT_1 + number - 1) + 1;
    engine_uuid(e, d->uuid);
    engine_uuid(e, d->other);
    d->ledger = store_next_id(e->store, ID_DIALING);
    const char *fault = originate_plan(d);
    if (fault) {
        dialing_refuse(d, fault);
        return false;
    }
    if (d->trunk &&
        cap_room(&d->trunk->cap, engine_now(e)) == 0) { /* the route hook chose it */
        *full = d->trunk;
        dialing_free(d);
        return false;
    }
    d->info = result_freeze(d);
    dialing_reserve_lead(d);
    dialing_take_room(d);
    if (agent == NULL) /* the learned values are for calls whose agent is not known yet */
        observe_begun(d);
    dialing_add_to_maps(d);
    /* a ledger in memory is never recovered */
    char tm[TIME_TEXT], *frozen = e->options.in_memory ? NULL : dialing_frozen_text(d);
    time_text(tm, d->tm_create);
    struct batch *b = batch_new();
    attempts_add(&lead->attempts, number, d->tm_create);
    agenda_write_if(lead, b);
    batch_statement(b, &write_ledger_open,
                    BIND(ARG_INT("id", d->ledger), ARG_TEXT("uuid", d->uuid),
                         ARG_TEXT("other", d->other), ARG_TEXT("asterisk", a->conf->name),
                         ARG_TEXT("campaign", row_uuid(c->item.row)),
                         ARG_TEXT("plan", row_uuid(d->plan->item.row)),
                         ARG_INT("lead", row_int(lead->row, LEAD_ID)),
                         ARG_INT("dial_index", number), ARG_TEXT("tm_dialing", tm),
                         ARG_TEXT("frozen", frozen)));
    store_submit(e->store, b, dialing_on_reserved, d);
    free(frozen);
    return true;
}

/* ---- ending ---- */

static void dialing_on_closed(void *arg, enum batch_end end) {
    struct dialing *d = arg;
    struct campaign *c = d->campaign;
    lead_written(d->lead);
    if (end != BATCH_DURABLE) {
        log_error(d->engine->log, "dialing %s: the database refused its result", d->uuid);
        agenda_put_anew(d->lead, NULL);
    }
    lead_tell(d->lead);
    event_tell(d->engine, EVENT_DIALING_DELETE, d);
    campaigns_kick_short(d->engine, row_text(d->lead->row, LEAD_DLMA_UUID));
    dialing_forget(d);
    campaign_call_over(c);
}

/* The attempt of a local failure is not counted, up to three times in a row at one number.
 * Then it is, so that a mistyped number cannot keep a campaign open for ever. */
static void dialing_count_fault(struct dialing *d, bool ours) {
    struct row *l = d->lead->row;
    if (ours && d->blame == BLAME_NOBODY) {
        row_set_int(l, LEAD_TRYCNT_1 + d->index - 1, d->tries - 1);
        return;
    }
    bool same = row_int(l, LEAD_LAST_INDEX) == d->index;
    int64_t before = same ? row_int(l, LEAD_FAULTS) : 0, faults = ours ? before + 1 : 0;
    bool forgiven = ours && faults <= FAULTS_FORGIVEN;
    row_set_int(l, LEAD_TRYCNT_1 + d->index - 1, forgiven ? d->tries - 1 : d->tries);
    row_set_int(l, LEAD_FAULTS, faults);
    row_set_int(l, LEAD_LAST_INDEX, d->index);
}

/* Sets the lead free, with the outcome of the call. A lead that was withheld waits for nothing
 * and has no new outcome. */
static void dialing_free_lead(struct dialing *d) {
    struct row *l = d->lead->row;
    char now[TIME_TEXT];
    time_text(now, d->tm_hangup);
    dialing_count_fault(d, d->outcome.ours);
    if (d->outcome.ours)
        attempts_give_back(&d->lead->attempts);
    row_set_int(l, LEAD_STATUS, 0);
    row_set_text(l, LEAD_DIALING_UUID, NULL);
    row_set_text(l, LEAD_DIALING_CAMP_UUID, NULL);
    row_set_text(l, LEAD_DIALING_PLAN_UUID, NULL);
    row_set_text(l, LEAD_TM_UPDATE, now);
    if (d->withheld)
        return;
    row_set_int(l, LEAD_RES_DIAL, d->outcome.res_dial);
    row_set_text(l, LEAD_RES_DIAL_DETAIL, d->outcome.res_dial_detail);
    row_set_int(l, LEAD_RES_HANGUP, d->outcome.res_hangup);
    row_set_text(l, LEAD_RES_HANGUP_DETAIL, d->outcome.res_hangup_detail);
    row_set_text(l, LEAD_TM_LAST_HANGUP, now);
}

/* ResDialDetail, which tells a retry script of answered calls without a conversation. */
static const char *dialing_detail_of(const struct dialing *d) {
    const char *detail = d->outcome.res_dial_detail;
    if (d->outcome.res_dial != RES_ANSWERED)
        return detail;
    if (d->amd && strcmp(d->amd, "MACHINE") == 0)
        return "machine";
    return d->abandoned && d->tm_connect == 0 ? "abandoned" : detail;
}

static const char *dialing_time_or_null(char buf[TIME_TEXT], int64_t wall) {
    if (wall == 0)
        return NULL;
    time_text(buf, wall);
    return buf;
}

static void dialing_write_end(const struct dialing *d, struct batch *b) {
    char begin[TIME_TEXT], end[TIME_TEXT], hangup[TIME_TEXT];
    char join[TIME_TEXT], connect[TIME_TEXT];
    batch_statement(b, &write_ledger_close,
                    BIND(ARG_INT("id", d->ledger),
                         ARG_INT("answered", facts_answered(&d->facts)),
                         ARG_INT("res_dial", d->outcome.res_dial),
                         ARG_TEXT("res_dial_detail", d->outcome.res_dial_detail),
                         ARG_INT("res_hangup", d->outcome.res_hangup),
                         ARG_TEXT("res_hangup_detail", d->outcome.res_hangup_detail),
                         ARG_TEXT("tm_dial_begin", dialing_time_or_null(begin, d->tm_begin)),
                         ARG_TEXT("tm_dial_end", dialing_time_or_null(end, d->tm_end)),
                         ARG_TEXT("tm_hangup", dialing_time_or_null(hangup, d->tm_hangup)),
                         ARG_TEXT("asterisk", d->asterisk->conf->name),
                         ARG_TEXT("tm_join", dialing_time_or_null(join, d->tm_join)),
                         ARG_TEXT("tm_connect", dialing_time_or_null(connect, d->tm_connect)),
                         ARG_INT("abandoned", d->abandoned)));
}

/* Writes result, lead and ledger in one batch; the events follow when it is durable. */
static void dialing_finish(struct dialing *d) {
    if (d->stage == STAGE_FINISHED)
        return;
    if (d->stage == STAGE_RESERVED) /* nothing was sent */
        d->blame = BLAME_NOBODY;
    dialing_enter(d, STAGE_FINISHED);
    timer_stop(&d->limit);
    d->outcome = outcome_of(&d->facts);
    d->tm_hangup = d->tm_hangup ? d->tm_hangup : engine_wall(d->engine);
    if (d->tm_end == 0 && d->tm_begin)
        d->tm_end = d->tm_hangup;
    if (d->outcome.ours)
        observe_unsent(d);
    else
        observe_gone(d);
    d->outcome.res_dial_detail = dialing_detail_of(d);
    if (d->outcome.ours && d->blame == BLAME_CALL)
        asterisk_fault(d->asterisk);
    cap_ended(&d->campaign->cap, engine_now(d->engine), d->outcome.res_dial == RES_CONGESTION);
    dialing_give_room(d);
    dialing_free_lead(d);
    struct batch *b = batch_new();
    agenda_write(d->lead, b);
    dialing_write_end(d, b);
    result_write(d, b);
    store_submit(d->engine->store, b, dialing_on_closed, d);
}

void dialing_check_end(struct dialing *d) {
    if (d->stage == STAGE_FINISHED)
        return;
    if (facts_complete(&d->facts))
        dialing_finish(d);
    else if (d->facts.hangup)
        timer_set(&d->limit, LATE_RESPONSE);
    else if (d->facts.response && !d->facts.success && !d->facts.channel)
        timer_set(&d->limit, LATE_CHANNEL);
}

void dialing_answered(struct dialing *d) {
    d->tm_end = d->tm_end ? d->tm_end : engine_wall(d->engine);
    campaign_call_answered(d->campaign);
    timer_stop(&d->limit);
    char begin[TIME_TEXT], end[TIME_TEXT];
    struct batch *b = batch_new();
    batch_statement(b, &write_ledger_answer,
                    BIND(ARG_INT("id", d->ledger),
                         ARG_TEXT("tm_dial_begin", dialing_time_or_null(begin, d->tm_begin)),
                         ARG_TEXT("tm_dial_end", dialing_time_or_null(end, d->tm_end))));
    store_submit(d->engine->store, b, NULL, NULL);
    campaign_kick(d->campaign);
}

void dialing_hangup(struct dialing *d) {
    d->wants_hangup = true; /* before its Newchannel, Asterisk may not know the channel */
    if (d->facts.channel && !d->facts.hangup)
        asterisk_hangup(d->asterisk, d->uuid);
}

/* ---- looking for its channel ---- */

void dialing_found(struct dialing *d, const char *channel, bool is_up) {
    bool was = facts_answered(&d->facts);
    dialing_enter(d, STAGE_SENT);
    d->facts.channel = d->facts.begun = true; /* their events were missed */
    if (channel)
        xreplace(&d->channel_name, channel);
    if (is_up) { /* so was its OriginateResponse */
        d->facts.response = d->facts.success = true;
        dialing_give_asked(d);
        if (!was)
            dialing_answered(d);
    }
    dialing_raise(d, is_up ? DIALING_RESPONSE : DIALING_CHANNEL);
    if (d->wants_hangup)
        asterisk_hangup(d->asterisk, d->uuid);
}

void dialing_refused(struct dialing *d, bool servers) {
    d->blame = servers ? BLAME_NOBODY : BLAME_NUMBER;
    dialing_raise(d, DIALING_ERROR);
    dialing_finish(d);
}

bool dialing_may_come(const struct dialing *d, unsigned generation) {
    int64_t timeout = json_integer_value(json_object_get(d->call, "dial_timeout"));
    return d->generation == generation && !d->facts.channel && !d->facts.response &&
           engine_wall(d->engine) - d->tm_dialing < timeout * NS_PER_MS + OVERDUE;
}

void dialing_missed(struct dialing *d) {
    /* a young call may not have its channel yet: it is looked for again */
    if (engine_wall(d->engine) - d->tm_dialing > YOUNG)
        dialing_enter(d, STAGE_MISSING);
    timer_set(&d->limit, MISSED);
}

struct dialing *dialing_recover(struct engine *e, struct query *q) {
    struct campaign *c = map_get(&e->campaigns, query_text(q, 3));
    struct plan *p = map_get(&e->plans, query_text(q, 4));
    struct asterisk *a = map_get(&e->asterisks, query_text(q, 2));
    json_t *frozen = json_loads(query_text(q, 11) ? query_text(q, 11) : "", 0, NULL);
    if (a == NULL && e->asterisks.first)
        a = e->asterisks.first->value;
    struct lead *l = c && p && frozen ? lead_load(e, query_text(q, 5)) : NULL;
    if (l == NULL) {
        log_error(e->log,
                  "dialing %s of an earlier run: its campaign, plan or lead does not exist",
                  query_text(q, 0));
        json_decref(frozen);
        return NULL;
    }
    struct dialing *d = dialing_new(e, c, p, l, a);
    d->ledger = query_int(q, 15);
    snprintf(d->uuid, sizeof d->uuid, "%s", query_text(q, 0));
    snprintf(d->other, sizeof d->other, "%s", query_text(q, 1));
    d->index = (int)query_int(q, 6);
    d->tries = (int)row_int(l->row, LEAD_TRYCNT_1 + d->index - 1);
    d->call = json_incref(json_object_get(frozen, "call"));
    d->info = json_incref(json_object_get(frozen, "info"));
    d->variables = json_incref(json_object_get(frozen, "variables"));
    d->tm_create = json_integer_value(json_object_get(frozen, "tm_create"));
    d->trunk = map_get(&e->trunks, json_string_value(json_object_get(frozen, "trunk")));
    d->target = xstrdup(json_string_value(json_object_get(frozen, "agent")));
    d->tm_dialing = time_read(query_text(q, 8));
    attempts_add(&l->attempts, d->index,
                 d->tm_dialing); /* the store tells those that are over */
    d->tm_begin = time_read(query_text(q, 9));
    d->tm_end = time_read(query_text(q, 10));
    d->tm_join = time_read(query_text(q, 12));
    d->tm_connect = time_read(query_text(q, 13));
    d->abandoned = query_int(q, 14) != 0;
    d->recovered = true;
    dialing_enter(d, STAGE_SENT);
    d->status = query_int(q, 7) ? DIALING_RESPONSE : DIALING_REQUESTED;
    dialing_take_room(d);
    if (query_int(q, 7)) {
        d->facts.response = d->facts.success = true;
        campaign_call_answered(d->campaign);
        dialing_give_asked(d);
    }
    dialing_add_to_maps(d);
    json_decref(frozen);
    return d;
}
