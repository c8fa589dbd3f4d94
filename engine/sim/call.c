#include "sim/call.h"

#include <stdlib.h>
#include <string.h>

#include "sim/queue.h"

#define START_DELAY NS_PER_MS /* Originate runs in a thread of its own */
#define HOLD 0.150            /* s that an event was ever seen to come late */
#define LATE_SHARE 0.05       /* of the last OriginateResponses come even later, ... */
#define LATE_MOST (35 * NS_PER_MS)

static void sim_call_on_timer(void *arg);
static void sim_call_on_late(void *arg);

/* ---- life ---- */

struct simcall *simcall_new(struct sim *sim, struct request *asked, struct answer *sync) {
    struct simcall *c = xcalloc(1, sizeof *c);
    c->sim = sim;
    c->asked = *asked;
    *asked = (struct request){0};
    c->sync = sync;
    timer_init(&c->timer, sim->loop, sim_call_on_timer, c);
    timer_init(&c->late, sim->loop, sim_call_on_late, c);
    LIST_INSERT_HEAD(&sim->calls, c, link);
    simdial_read(c);
    char *number = xstrndup(c->dialled, strcspn(c->dialled, "@/"));
    fate_draw(&c->fate, sim->world, sim->seed, sim->dials++, sim_time(sim), number);
    free(number);
    timer_set(&c->timer, START_DELAY);
    return c;
}

void request_free(struct request *r) {
    char *texts[] = {r->action_id, r->channel, r->app,     r->data, r->context, r->exten,
                     r->num,       r->caller,  r->account, r->id,   r->other_id};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    for (unsigned i = 0; i < r->var_count; i++) {
        free(r->vars[i].name);
        free(r->vars[i].value);
    }
    free(r->vars);
    *r = (struct request){0};
}

void simcall_free(struct simcall *c) {
    LIST_REMOVE(c, link);
    timer_stop(&c->timer);
    timer_stop(&c->late);
    leg_close(&c->leg);
    leg_close(&c->half);
    if (c->sync)
        answer_end(c->sync);
    request_free(&c->asked);
    free(c->app);
    free(c->arg);
    free(c);
}

/* ---- OriginateResponse ---- */

/* With channelvars it names the channel that they belong to. */
static void sim_call_print_vars(struct str *b, const struct simcall *c) {
    const struct world *w = c->sim->world;
    for (unsigned i = 0; c->success && i < w->channelvar_count; i++) {
        const char *value = simcall_get(c, w->channelvars[i]);
        str_addf(b, "ChanVariable(%s): %s=%s\r\n", c->leg.name, w->channelvars[i],
                 value ? value : "");
    }
}

/* On success the channel is the real one, on failure the one asked for. */
static void sim_call_tell_event(struct simcall *c) {
    const struct request *r = &c->asked;
    if (!event_begin(c->sim, CLASS_CALL, "OriginateResponse"))
        return;
    struct str *b = &c->sim->out;
    if (r->action_id)
        header_add(b, "ActionID", r->action_id);
    header_add(b, "Response", c->success ? "Success" : "Failure");
    header_add(b, "Channel", c->success ? c->leg.name : r->channel);
    header_add(b, r->app ? "Application" : "Context", r->app ? r->app : r->context);
    header_add(b, r->app ? "Data" : "Exten", r->app ? r->data : r->exten);
    header_int(b, "Reason", c->reason);
    header_add(b, "Uniqueid", c->success ? c->leg.id : r->id);
    header_add(b, "CallerIDNum", r->num);
    header_add(b, "CallerIDName", r->caller);
    sim_call_print_vars(b, c);
    event_send(c->sim, CLASS_CALL);
}

/* Tells how the Originate went: by the event, or to the one who waits for the answer.
 */
static void sim_call_tell(struct simcall *c) {
    c->told = true;
    if (c->sync == NULL) {
        sim_call_tell_event(c);
        return;
    }
    struct answer *a = c->sync;
    c->sync = NULL;
    if (c->success)
        answer_success(a, "Originate successfully queued");
    else
        answer_error(a, "Originate failed");
}

/* The events have come to this place: is it OriginateResponse's? */
void simcall_reached(struct simcall *c, enum slot slot) {
    if (!c->told && c->slot <= slot)
        sim_call_tell(c);
}

/* The OriginateResponse that comes after everything else. */
static void sim_call_on_late(void *arg) {
    struct simcall *c = arg;
    sim_call_tell(c);
    simcall_free(c);
}

/* All channels are gone; what is left is the OriginateResponse, perhaps. */
static void sim_call_over(struct simcall *c) {
    if (c->stage == CALL_DIALING || c->stage == CALL_UP)
        tally_level(&c->sim->tally, c->stage == CALL_UP ? LEVEL_UP : LEVEL_RINGING, -1);
    c->stage = CALL_OVER;
    c->sim->channels--;
    timer_stop(&c->timer);
    if (!c->told && c->fate.late < LATE_SHARE && c->sim->world->orders) {
        timer_set(&c->late, (int64_t)(c->fate.late / LATE_SHARE * LATE_MOST));
        return;
    }
    simcall_reached(c, SLOT_LAST);
    simcall_free(c);
}

/* ---- the ways to fail ---- */

struct failure {
    int reason, cause, half_cause, sip;
    const char *status; /* DialEnd's; NULL: there is none */
    bool asks;          /* HangupRequest comes first */
};

/* A Local channel whose dialplan ends with Hangup(cause). */
static const char *sim_call_local_status(int cause) {
    switch (cause) {
    case 17:
        return "BUSY";
    case 34:
        return "CONGESTION";
    case 3:
    case 20:
        return "CHANUNAVAIL";
    default:
        return "NOANSWER";
    }
}

/* Nobody answered within the Timeout: there is no DialEnd. */
static struct failure sim_call_timed_out(const struct simcall *c) {
    int cause = c->sim->dialect == 22 ? 19 : 0;
    if (c->tech == TECH_SIP)
        cause = c->fate.rings ? 16 : 0;
    return (struct failure){.reason = 3, .cause = cause, .half_cause = cause, .sip = 480};
}

/* What the driver makes of a refusal. */
static struct failure sim_call_refused(const struct simcall *c) {
    const struct refusal *r = c->fate.refusal;
    if (c->tech == TECH_SIP)
        return (struct failure){.reason = r->reason_sip,
                                .cause = r->cause,
                                .status = r->status_sip,
                                .asks = strcmp(r->status_sip, "NOANSWER") == 0};
    if (c->tech == TECH_PJSIP)
        return (struct failure){.cause = r->cause,
                                .status = r->status_pjsip,
                                .asks = true,
                                .sip = r->sip};
    switch (c->fate.outcome) {
    case OUTCOME_BUSY: /* Busy() and Congestion() tell the cause on the ;2 half only */
        return (struct failure){.reason = 5, .half_cause = 17, .status = "BUSY"};
    case OUTCOME_CONGESTION:
        return (struct failure){.reason = 8, .half_cause = 34, .status = "CONGESTION"};
    case OUTCOME_UNKNOWN:
        return (struct failure){0};
    default:
        return (struct failure){.cause = r->cause,
                                .half_cause = r->cause,
                                .status = sim_call_local_status(r->cause),
                                .asks = true};
    }
}

/* Hangup of both halves, in either order. */
static void sim_call_hang(struct simcall *c, int cause, int half_cause, int sip) {
    if (c->tech != TECH_LOCAL) {
        leg_hangup(&c->leg, cause, sip);
        return;
    }
    struct leg *first = c->fate.swap ? &c->half : &c->leg;
    leg_hangup(first, first == &c->half ? half_cause : cause, 0);
    leg_request(&c->half, "SoftHangupRequest", 16, 0);
    leg_hangup(&c->leg, cause, 0);
    leg_hangup(&c->half, half_cause, 0);
}

/* All events of a call that is not answered, from where it stands. */
static void sim_call_fail(struct simcall *c, const struct failure *f) {
    c->reason = f->reason;
    simdial_announce(c);
    simdial_begin(c);
    if (f->asks)
        leg_request(&c->leg, "HangupRequest", f->cause, f->sip);
    if (c->tech == TECH_LOCAL && f->half_cause != f->cause)
        leg_newstate(&c->half, LEG_BUSY);
    simcall_reached(c, SLOT_BEFORE_DIALEND);
    if (f->status)
        leg_dial(&c->leg, NULL, "DialEnd", "DialStatus", f->status);
    simcall_reached(c, SLOT_AFTER_END);
    if (c->tech == TECH_LOCAL && !f->asks && c->begun)
        leg_request(&c->half, "HangupRequest", f->cause, 0);
    sim_call_hang(c, f->cause, f->half_cause, f->sip);
    sim_call_over(c);
}

/* ---- dialling ---- */

/* Which of the counted orders applies. */
static enum order_case sim_call_order_case(const struct simcall *c) {
    if (c->times_out)
        return ORDER_TIMEOUT;
    switch (c->fate.outcome) {
    case OUTCOME_ANSWER:
        return ORDER_ANSWERED;
    case OUTCOME_BUSY:
        return ORDER_BUSY;
    case OUTCOME_UNKNOWN:
        return c->tech == TECH_LOCAL ? ORDER_UNKNOWN : ORDER_REFUSED;
    default:
        return ORDER_REFUSED;
    }
}

/* Where OriginateResponse will come. Before the far end is dialled it only comes if
 * the whole call is a matter of milliseconds. */
static void sim_call_choose_slot(struct simcall *c) {
    struct sim *sim = c->sim;
    c->slot = SLOT_AFTER_END;
    if (sim->world->orders)
        c->slot = order_slot(sim_call_order_case(c), c->tech == TECH_LOCAL, sim->dialect,
                             c->fate.order);
    if (c->slot <= SLOT_BEFORE_BEGIN && c->fate.delay > HOLD)
        c->slot = SLOT_BEFORE_END;
}

/* Fails before there is a channel: OriginateResponse is all that is heard. */
static bool sim_call_cannot_dial(const struct simcall *c) {
    const struct request *r = &c->asked;
    const struct map *legs = &c->sim->legs;
    bool taken = r->id && (map_get(legs, r->id) || (r->other_id && map_get(legs, r->other_id)));
    return c->tech == TECH_NONE || c->fate.outcome == OUTCOME_NO_PEER || taken;
}

/* The thread of the Originate runs: the channel, or not even that. */
static void sim_call_begin(struct simcall *c) {
    struct sim *sim = c->sim;
    sim->channels++;
    sim->processed++;
    tally_event(&sim->tally, EVENT_DIAL);
    if (sim_call_cannot_dial(c)) {
        c->fate.late = 1;
        sim_call_over(c);
        return;
    }
    double trunk = schedule_at(&sim->world->trunk, sim_time(sim));
    if (trunk > 0 && (double)sim->channels > trunk)
        fate_congest(&c->fate);
    int64_t wait = SECONDS(c->fate.delay);
    c->times_out = c->asked.timeout && c->asked.timeout <= wait;
    sim_call_choose_slot(c);
    simdial_open(c);
    c->stage = CALL_DIALING;
    tally_level(&sim->tally, LEVEL_RINGING, 1);
    if (c->slot > SLOT_BEFORE_CHANNEL)
        simdial_announce(c);
    if (c->slot > SLOT_BEFORE_BEGIN)
        simdial_begin(c);
    timer_set(&c->timer, c->times_out ? c->asked.timeout : wait);
}

/* The far end picks up. */
static void sim_call_answer(struct simcall *c) {
    c->success = true;
    c->reason = 4;
    simdial_begin(c);
    simcall_reached(c, SLOT_BEFORE_END);
    if (c->tech == TECH_LOCAL) {
        leg_newexten(&c->half, c->half.exten, "Answer", "");
        leg_newstate(&c->half, LEG_UP);
    }
    leg_newstate(&c->leg, LEG_UP);
    simcall_reached(c, SLOT_BEFORE_DIALEND);
    leg_dial(&c->leg, NULL, "DialEnd", "DialStatus", "ANSWER");
    simcall_reached(c, SLOT_LAST);
    c->stage = CALL_UP;
    tally_level(&c->sim->tally, LEVEL_RINGING, -1);
    tally_level(&c->sim->tally, LEVEL_UP, 1);
    if (c->fate.machine)
        tally_event(&c->sim->tally, EVENT_MACHINE);
    simstep_start(c);
}

/* The far end has answered or refused, or we give up. */
static void sim_call_outcome(struct simcall *c) {
    if (!c->times_out && c->fate.outcome == OUTCOME_ANSWER) {
        sim_call_answer(c);
        return;
    }
    struct failure f = c->times_out ? sim_call_timed_out(c) : sim_call_refused(c);
    c->reason = f.reason;
    sim_call_fail(c, &f);
}

/* The next thing in its life. */
static void sim_call_on_timer(void *arg) {
    struct simcall *c = arg;
    switch (c->stage) {
    case CALL_QUEUED:
        sim_call_begin(c);
        break;
    case CALL_DIALING:
        sim_call_outcome(c);
        break;
    case CALL_UP:
        simstep_due(c);
        break;
    case CALL_OVER:
        break;
    }
}

/* ---- the end ---- */

/* The cause that the driver tells where nobody gave one. */
static int sim_call_usual_cause(const struct simcall *c, enum ender who) {
    if (c->tech == TECH_SIP || (c->tech == TECH_LOCAL && who == ENDER_FAR))
        return 16;
    return 0;
}

void simcall_end(struct simcall *c, enum ender who, int cause) {
    int told = cause >= 0 ? cause : sim_call_usual_cause(c, who);
    if (who == ENDER_FAR)
        leg_request(&c->leg, "HangupRequest", c->tech == TECH_PJSIP ? -1 : told, 0);
    else if (c->tech == TECH_LOCAL)
        leg_request(&c->half, "HangupRequest", told, 0);
    if (c->queue)
        simqueue_gone(c);
    if (c->doing == DOING_AMD) {
        simcall_set(c, "AMDSTATUS", "HANGUP");
        simcall_set(c, "AMDCAUSE", "");
    }
    c->doing = DOING_NOTHING;
    if (c->in_dialplan)
        leg_request(&c->leg, "SoftHangupRequest", 16, 0);
    sim_call_hang(c, told, told, 0);
    sim_call_over(c);
}

void simcall_hangup(struct simcall *c, int cause) {
    if (c->stage == CALL_UP) {
        simcall_end(c, ENDER_ACTION, cause);
        return;
    }
    if (c->stage != CALL_DIALING)
        return;
    int told = cause >= 0 ? cause : sim_call_usual_cause(c, ENDER_ACTION);
    struct failure f = {.cause = told, .half_cause = told, .status = "NOANSWER"};
    if (c->slot < SLOT_BEFORE_END)
        c->slot = SLOT_BEFORE_END;
    sim_call_fail(c, &f);
}

/* ---- variables ---- */

/* One or two underscores in front only say who inherits it. */
static const char *sim_call_bare(const char *name) {
    name += *name == '_';
    return name + (*name == '_');
}

const char *simcall_get(const struct simcall *c, const char *name) {
    for (unsigned i = c->asked.var_count; i-- > 0;)
        if (strcmp(sim_call_bare(c->asked.vars[i].name), name) == 0)
            return c->asked.vars[i].value;
    return NULL;
}

void simcall_set(struct simcall *c, const char *name, const char *value) {
    struct request *r = &c->asked;
    unsigned i = 0;
    while (i < r->var_count && strcmp(sim_call_bare(r->vars[i].name), name))
        i++;
    if (i == r->var_count) {
        r->vars = xrealloc(r->vars, (r->var_count + 1) * sizeof *r->vars);
        r->vars[r->var_count++] = (struct variable){.name = xstrdup(name)};
    }
    xreplace(&r->vars[i].value, value);
    leg_varset(&c->leg, name, value);
}
