#include "dialer/pace/preview.h"

#include <stdlib.h>
#include <string.h>

#include "dialer/core/event.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/call/dialing.h"
#include "dialer/pace/limits.h"
#include "dialer/list/agenda.h"
#include "dialer/pace/room.h"

#define REASON_MAX 900 /* bytes */

static const char *const results[] = {
    [PREVIEW_ACCEPTED] = "accepted",
    [PREVIEW_SKIPPED] = "skipped",
    [PREVIEW_TIMEOUT] = "timeout",
    [PREVIEW_WITHDRAWN] = "withdrawn",
};

/* ---- what is shown of one ---- */

static void pace_preview_get_campaign(const void *subject, const struct attr *a,
                                      struct attr_value *v) {
    v->text = row_text(((const struct preview *)subject)->campaign->item.row, (int)a->at);
}

static void pace_preview_get_lead(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    v->text = row_text(((const struct preview *)subject)->lead->row, (int)a->at);
}

static void pace_preview_get_addr(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    const struct preview *p = subject;
    v->text = row_text(p->lead->row, LEAD_NUMBER_1 + p->number - 1);
}

static void pace_preview_get_timeout(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    v->num = ((const struct preview *)subject)->timeout / NS_PER_MS;
}

static void pace_preview_get_vars(const void *subject, const struct attr *a,
                                  struct attr_value *v) {
    (void)a;
    v->vars = row_vars(((const struct preview *)subject)->lead->row, LEAD_VARIABLES);
}

static void pace_preview_get_result(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    v->text = results[((const struct preview *)subject)->result];
}

static void pace_preview_get_dialing(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    const struct preview *p = subject;
    v->text = *p->dialing ? p->dialing : NULL;
}

#define AT(member) offsetof(struct preview, member)
/* clang-format off */
#define HEAD                                                                              \
    {"uuid", "Uuid", ATTR_TEXT, 0, "uuid of the offer", attr_get_array, AT(uuid)},        \
    {"camp_uuid", "CampUuid", ATTR_TEXT, 0, "its campaign",                               \
     pace_preview_get_campaign, CAMPAIGN_UUID},                                           \
    {"plan_uuid", "PlanUuid", ATTR_TEXT, 0, "its plan",                                   \
     pace_preview_get_campaign, CAMPAIGN_PLAN},                                           \
    {"dlma_uuid", "DlmaUuid", ATTR_TEXT, 0, "its list",                                   \
     pace_preview_get_lead, LEAD_DLMA_UUID},                                              \
    {"dl_list_uuid", "DlListUuid", ATTR_TEXT, 0, "its lead",                              \
     pace_preview_get_lead, LEAD_UUID},                                                   \
    {"agent", "Agent", ATTR_TEXT, 0, "interface of the agent who decides",                \
     attr_get_text, AT(agent)},                                                           \
    {"queue", "Queue", ATTR_TEXT, 0, "queue of the agent",                                \
     attr_get_text, AT(queue)}
#define NUMBER(n)                                                                         \
    {"number_" #n, "Number" #n, ATTR_TEXT, 0, "number " #n " of the lead",                    \
     pace_preview_get_lead, LEAD_NUMBER_1 + n - 1}
/* clang-format on */

const struct attr preview_attrs[] = {
    HEAD,
    {"name", "Name", ATTR_TEXT, 0, "name of the lead", pace_preview_get_lead, LEAD_NAME},
    {"detail", "Detail", ATTR_TEXT, 0, "free text of the lead", pace_preview_get_lead,
     LEAD_DETAIL},
    {"ukey", "UKey", ATTR_TEXT, 0, "the user's own key of the lead", pace_preview_get_lead,
     LEAD_UKEY},
    {"email", "Email", ATTR_TEXT, 0, "e-mail address of the lead", pace_preview_get_lead,
     LEAD_EMAIL},
    NUMBER(1),
    NUMBER(2),
    NUMBER(3),
    NUMBER(4),
    NUMBER(5),
    NUMBER(6),
    NUMBER(7),
    NUMBER(8),
    {"dial_index", "DialIndex", ATTR_INT, 0, "which number of the lead, 1 to 8", attr_get_int,
     AT(number)},
    {"dial_addr", "DialAddr", ATTR_TEXT, 0, "that number", pace_preview_get_addr, 0},
    {"timeout", "Timeout", ATTR_INT, 0, "milliseconds that the agent has to decide",
     pace_preview_get_timeout, 0},
    {"tm_create", "TmCreate", ATTR_TEXT, 0, "when the offer was made", attr_get_time,
     AT(tm_create)},
    {"variables", "Variable", ATTR_VARS, 0, "channel variables of the lead",
     pace_preview_get_vars, 0},
    {0},
};

const struct attr preview_done_attrs[] = {
    HEAD,
    {"result", "Result", ATTR_TEXT, 0, "accepted, skipped, timeout or withdrawn",
     pace_preview_get_result, 0},
    {"reason", "Reason", ATTR_TEXT, 0, "reason the agent gave, or why the offer was withdrawn",
     attr_get_text, AT(reason)},
    {"dialing_uuid", "DialingUuid", ATTR_TEXT, 0, "call of an accepted offer",
     pace_preview_get_dialing, 0},
    {0},
};

/* ---- ending ---- */

void preview_free(struct preview *p) {
    timer_stop(&p->limit);
    lead_release(p->lead);
    free(p->agent);
    free(p->queue);
    free(p->reason);
    free(p);
}

/* The end of the offer is durable. */
static void pace_preview_on_ended(void *arg, enum batch_end end) {
    struct preview *p = arg;
    struct campaign *c = p->campaign;
    if (p->result == PREVIEW_ACCEPTED && !map_get(&c->engine->dialings, p->dialing)) {
        p->result = PREVIEW_WITHDRAWN; /* the call was refused with its reservation */
        p->reason = xstrdup("the lead was changed by somebody else");
        *p->dialing = '\0';
    }
    bool holds = end == BATCH_DURABLE;
    const char *why = p->result == PREVIEW_WITHDRAWN ? p->reason : NULL;
    if (p->told)
        event_tell(c->engine, EVENT_PREVIEW_DONE, p);
    if (p->done)
        p->done(p->arg, holds ? why : "the database refused the change");
    campaigns_kick_dlma(c->engine, row_text(p->lead->row, LEAD_DLMA_UUID));
    preview_free(p);
    campaign_call_over(c);
}

static void pace_preview_on_given_back(void *arg, enum batch_end end) {
    struct preview *p = arg;
    if (row_int(p->lead->row, LEAD_IN_USE))
        lead_tell(p->lead);
    lead_written(p->lead);
    pace_preview_on_ended(p, end);
}

/* The offer is closed: the agent cannot decide any more. */
static void pace_preview_close_offer(struct preview *p, enum preview_result result,
                                     const char *reason) {
    map_take(&p->campaign->engine->previews, p->uuid);
    asterisk_offer_ends(p->asterisk, p->agent);
    timer_stop(&p->limit);
    campaign_offer_ends(p->campaign);
    p->ended = true;
    p->result = result;
    p->reason = xstrdup(reason);
}

static void pace_preview_set_lead(struct preview *p, int status, const char *target) {
    struct row *l = p->lead->row;
    char now[TIME_TEXT];
    time_text(now, engine_wall(p->campaign->engine));
    row_set_int(l, LEAD_STATUS, status);
    row_set_text(l, LEAD_RESV_TARGET, target);
    row_set_text(l, LEAD_TM_UPDATE, now);
}

/* Closes the offer and sets the lead free. The lead is not called or offered before `until`
 * (ns since 1970; 0 = when the retry strategy says). */
static void pace_preview_give_back(struct preview *p, enum preview_result result,
                                   const char *reason, int64_t until, const char *why) {
    struct engine *e = p->campaign->engine;
    struct batch *b = batch_new();
    pace_preview_close_offer(p, result, reason);
    pace_preview_set_lead(p, 0, NULL);
    agenda_write(p->lead, b);
    if (until && p->campaign->agenda && row_int(p->lead->row, LEAD_IN_USE))
        agenda_delay(p->campaign->agenda, b, p->lead, until, why);
    store_submit(e->store, b, pace_preview_on_given_back, p);
}

static void pace_preview_withdraw(struct preview *p, const char *why) {
    pace_preview_give_back(p, PREVIEW_WITHDRAWN, why, 0, NULL);
}

/* The agent did not accept the lead: other leads of the list come first. */
static void pace_preview_put_behind(struct preview *p, enum preview_result result,
                                    const char *reason) {
    int64_t until = engine_wall(p->campaign->engine) + p->again;
    pace_preview_give_back(p, result, reason, p->again ? until : 0,
                           result == PREVIEW_TIMEOUT
                               ? "was offered to an agent who did not decide"
                               : "was skipped by an agent");
}

static void pace_preview_on_limit(void *arg) {
    pace_preview_put_behind(arg, PREVIEW_TIMEOUT, NULL);
}

/* ---- beginning ---- */

/* The reservation is durable: the next start sets the lead free if the engine dies now. */
static void pace_preview_on_reserved(void *arg, enum batch_end end) {
    struct preview *p = arg;
    lead_written(p->lead);
    if (end == BATCH_REFUSED) /* somebody else has written the lead */
        agenda_put_anew(p->lead, NULL);
    if (p->ended) /* withdrawn meanwhile: nothing was told of it, and nothing is */
        return;
    if (end == BATCH_REFUSED) {
        pace_preview_close_offer(p, PREVIEW_WITHDRAWN, NULL);
        pace_preview_on_ended(p, end);
        return;
    }
    if (end != BATCH_DURABLE) {
        pace_preview_withdraw(p, reason_text(REASON_STORE));
        return;
    }
    p->told = true;
    lead_tell(p->lead);
    event_tell(p->campaign->engine, EVENT_PREVIEW, p);
    timer_set(&p->limit, p->timeout);
}

void preview_begin(struct campaign *c, const struct queue *q, const struct member *agent,
                   struct lead *lead, int number, const struct offer *offer) {
    struct engine *e = c->engine;
    struct preview *p = xcalloc(1, sizeof *p);
    engine_uuid(e, p->uuid);
    p->campaign = c;
    p->lead = lead;
    p->asterisk = q->asterisk;
    p->agent = xstrdup(agent->interface);
    p->queue = xstrdup(q->name);
    p->number = number;
    p->tm_create = engine_wall(e);
    p->timeout = SECONDS(offer->timeout);
    p->again = SECONDS(offer->again);
    timer_init(&p->limit, e->loop, pace_preview_on_limit, p);
    map_put(&e->previews, p->uuid, p);
    asterisk_offer_begins(p->asterisk, p->agent, p);
    campaign_offer_begins(c);
    pace_preview_set_lead(p, 2, p->agent);
    struct batch *b = batch_new();
    agenda_write_if(lead, b);
    store_submit(e->store, b, pace_preview_on_reserved, p);
}

/* ---- withdrawing ---- */

static const char *pace_preview_agent_trouble(const struct preview *p) {
    return queue_why_not(queue_get(p->asterisk, p->queue), p->agent);
}

bool previews_open(const struct campaign *c) { return c->offers > 0; }

void previews_review(struct campaign *c) {
    for (struct map_entry *i = c->engine->previews.first, *next; i && c->offers; i = next) {
        struct preview *p = i->value;
        next = i->next;
        const char *why = p->campaign == c ? pace_preview_agent_trouble(p) : NULL;
        if (why)
            pace_preview_withdraw(p, why);
    }
}

void previews_withdraw(struct engine *e, struct campaign *c, const char *why) {
    for (struct map_entry *i = e->previews.first, *next; i; i = next) {
        struct preview *p = i->value;
        next = i->next;
        if (c == NULL || p->campaign == c)
            pace_preview_withdraw(p, why);
    }
}

void previews_forget(struct engine *e, struct lead *lead) {
    for (struct map_entry *i = e->previews.first, *next; i; i = next) {
        struct preview *p = i->value;
        next = i->next;
        if (p->lead == lead)
            pace_preview_withdraw(p, "the lead was deleted");
    }
}

/* ---- the agent decides ---- */

static struct preview *pace_preview_find(struct engine *e, const char *uuid) {
    struct preview *p = uuid ? map_get(&e->previews, uuid) : NULL;
    return p && p->told ? p : NULL;
}

/* The number that the agent wants to call. NULL, or why it cannot be called. */
static const char *pace_preview_choose_number(const struct preview *p, const char *index,
                                              int *number) {
    const struct row *l = p->lead->row, *plan = campaign_plan(p->campaign)->item.row;
    int64_t n = p->number;
    if (index && !str_int(index, 1, LEAD_NUMBERS, &n))
        return "Index must be 1 to 8";
    if (row_text(l, LEAD_NUMBER_1 + (int)n - 1) == NULL)
        return "Index: the lead does not have this number";
    if (row_int(l, LEAD_TRYCNT_1 + (int)n - 1) >=
            row_int(plan, PLAN_MAX_RETRY_CNT_1 + (int)n - 1) &&
        n != p->number)
        return "Index: this number has no attempt left";
    *number = (int)n;
    return NULL;
}

/* Begins the call. NULL, or why it cannot begin now; nothing has changed then. */
static const char *pace_preview_begin_call(struct preview *p, int number) {
    struct trunk *full = NULL;
    struct lead *l = p->lead;
    int64_t updated = time_read(row_text(l->row, LEAD_TM_UPDATE));
    l->holds++;                        /* the call's own */
    pace_preview_set_lead(p, 0, NULL); /* as any lead that is called */
    if (dialing_begin_for(p->campaign, l, number, p->agent, &full)) {
        snprintf(p->dialing, sizeof p->dialing, "%s", row_text(l->row, LEAD_DIALING_UUID));
        pace_preview_close_offer(p, PREVIEW_ACCEPTED, NULL);
    } else if (full) {
        char text[TIME_TEXT];
        pace_preview_set_lead(p, 2, p->agent);
        time_text(text, updated);
        row_set_text(l->row, LEAD_TM_UPDATE, text);
        return reason_text(REASON_TRUNK);
    } else { /* dialing_begin_for has written the cause to the log */
        pace_preview_close_offer(p, PREVIEW_WITHDRAWN, "the lead cannot be dialed");
    }
    return NULL;
}

/* Why the call may not begin now; NULL if it may. *over: the reason lasts, so the offer
 * ends. */
static const char *pace_preview_trouble(struct preview *p, int number, bool *over,
                                        int64_t *until) {
    const char *why = pace_preview_agent_trouble(p);
    *until = 0;
    *over = true;
    if (why || (why = limits_lead(p->campaign->engine, p->lead, number, until)))
        return why;
    *over = false;
    enum reason obstacle = campaign_status(p->campaign) == CAMPAIGN_START
                               ? room_obstacle(p->campaign)
                               : REASON_STATUS;
    return obstacle == REASON_NONE ? NULL : reason_text(obstacle);
}

void preview_accept(struct engine *e, const char *uuid, const char *index, preview_done *done,
                    void *arg) {
    struct preview *p = pace_preview_find(e, uuid);
    const char *why = uuid == NULL ? "Uuid is missing" : "Uuid does not exist";
    int64_t until;
    bool over = false;
    int number = 0;
    if (p && (why = pace_preview_choose_number(p, index, &number)) == NULL) {
        why = pace_preview_trouble(p, number, &over, &until);
        if (over)
            pace_preview_give_back(p, PREVIEW_WITHDRAWN, why, until, why);
        else if (why == NULL)
            why = pace_preview_begin_call(p, number);
    }
    if (why) {
        done(arg, why);
        return;
    }
    p->done = p->result == PREVIEW_ACCEPTED ? done : NULL;
    p->arg = arg;
    /* an empty batch, which ends after the call's reservation */
    store_submit(e->store, batch_new(), pace_preview_on_ended, p);
    if (p->done == NULL)
        done(arg, p->reason);
}

/* NULL, or what is wrong with the agent's reason. reason may be NULL. */
static const char *pace_preview_check_reason(const char *reason) {
    if (reason && strlen(reason) > REASON_MAX)
        return "Reason must be at most 900 bytes";
    json_t *text = reason ? json_string(reason) : NULL;
    bool is_utf8 = reason == NULL || text;
    json_decref(text);
    return is_utf8 ? NULL : "Reason must be UTF-8";
}

void preview_skip(struct engine *e, const char *uuid, const char *reason, preview_done *done,
                  void *arg) {
    struct preview *p = pace_preview_find(e, uuid);
    const char *why = p ? pace_preview_check_reason(reason) : "Uuid does not exist";
    if (uuid == NULL)
        why = "Uuid is missing";
    if (why) {
        done(arg, why);
        return;
    }
    p->done = done;
    p->arg = arg;
    pace_preview_put_behind(p, PREVIEW_SKIPPED, reason);
}
