/* The events of one call. Each adds to the call's facts, in whatever order they come. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/call/dialing.h"
#include "dialer/call/observe.h"
#include "dialer/call/result.h"

static int callevent_number(const struct message *m, const char *name) {
    return atoi(message_text(m, name));
}

static void callevent_on_newchannel(struct dialing *d, const struct message *m) {
    d->facts.channel = true;
    xreplace(&d->channel_name, message_get(m, "Channel"));
    asterisk_good(d->asterisk);
    dialing_raise(d, DIALING_CHANNEL);
    if (d->wants_hangup)
        asterisk_hangup(d->asterisk, d->uuid);
}

static void callevent_on_dial_begin(struct dialing *d, const struct message *m) {
    (void)m;
    d->facts.begun = true;
    if (d->tm_begin == 0) /* the OriginateResponse of an answered call may come before it */
        d->tm_begin = d->tm_end ? d->tm_end : engine_wall(d->engine);
    dialing_raise(d, DIALING_BEGUN);
}

static void callevent_on_dial_end(struct dialing *d, const struct message *m) {
    bool was = facts_answered(&d->facts);
    d->facts.end = dial_end_of(message_text(m, "DialStatus"));
    d->tm_end = d->tm_end ? d->tm_end : engine_wall(d->engine);
    if (!was && facts_answered(&d->facts))
        dialing_answered(d);
    dialing_raise(d, DIALING_ENDED);
}

static void callevent_on_response(struct dialing *d, const struct message *m) {
    bool was = facts_answered(&d->facts);
    d->facts.response = true;
    d->facts.success = strcasecmp(message_text(m, "Response"), "Success") == 0;
    d->facts.reason = callevent_number(m, "Reason");
    d->facts.timed_out |= !d->facts.success && d->facts.reason == RES_NO_ANSWER;
    dialing_give_asked(d);
    if (!was && facts_answered(&d->facts))
        dialing_answered(d);
    dialing_raise(d, DIALING_RESPONSE);
}

/* With chan_sip and old versions, the only sign of a timeout is a missing DialEnd. */
static bool callevent_rang_out(const struct dialing *d) {
    int64_t timeout = json_integer_value(json_object_get(d->call, "dial_timeout"));
    return d->facts.begun && d->facts.end == END_NONE && !facts_answered(&d->facts) &&
           engine_wall(d->engine) - d->tm_dialing >= (timeout - 200) * NS_PER_MS;
}

static void callevent_read_amd(struct dialing *d, const char *status, const char *cause) {
    if (status)
        xreplace(&d->amd, status);
    if (cause)
        xreplace(&d->amd_detail, cause);
}

/* If manager.conf has `channelvars`, every event has these variables, Hangup too. */
static void callevent_read_channel_vars(struct dialing *d, const struct message *m) {
    for (unsigned i = 0; i < m->count; i++) {
        if (!str_has_prefix(m->headers[i].name, "ChanVariable"))
            continue;
        const char *v = m->headers[i].value;
        if (str_has_prefix(v, "AMDSTATUS=") && v[10])
            callevent_read_amd(d, v + 10, NULL);
        else if (str_has_prefix(v, "AMDCAUSE=") && v[9])
            callevent_read_amd(d, NULL, v + 9);
    }
}

static void callevent_on_hangup(struct dialing *d, const struct message *m) {
    d->facts.timed_out |= callevent_rang_out(d);
    d->facts.channel = d->facts.hangup = true;
    d->facts.cause = callevent_number(m, "Cause");
    d->facts.tech_cause = callevent_number(m, "TechCause");
    d->tm_hangup = engine_wall(d->engine);
    callevent_read_channel_vars(d, m);
    dialing_raise(d, DIALING_HANGUP);
}

static void callevent_on_varset(struct dialing *d, const struct message *m) {
    const char *name = message_text(m, "Variable"), *value = message_get(m, "Value");
    if (strcmp(name, "AMDSTATUS") == 0 && value)
        callevent_read_amd(d, value, NULL);
    else if (strcmp(name, "AMDCAUSE") == 0 && value)
        callevent_read_amd(d, NULL, value);
    else
        return;
    if (d->amd && strcmp(d->amd, "MACHINE") == 0)
        observe_gone(d); /* a machine needs no agent */
    dialing_updated(d);
}

static void callevent_on_queue_join(struct dialing *d, const struct message *m) {
    xreplace(&d->queue, message_get(m, "Queue"));
    observe_joined(d);
    dialing_updated(d);
}

static void callevent_on_agent_connect(struct dialing *d, const struct message *m) {
    const char *interface = message_get(m, "Interface");
    xreplace(&d->agent, interface ? interface : message_get(m, "MemberName"));
    observe_connected(d);
    dialing_updated(d);
}

static void callevent_on_queue_abandon(struct dialing *d, const struct message *m) {
    (void)m;
    observe_left_queue(d);
}

/* If an agent has accepted the lead, the customer's channel dials them once it is answered. */
void dialing_dials(struct dialing *d, const struct message *m) {
    const char *event = message_text(m, "Event");
    if (d->target == NULL || d->stage == STAGE_FINISHED)
        return;
    if (strcasecmp(event, "DialBegin") == 0) {
        observe_joined(d);
    } else if (strcasecmp(event, "DialEnd") == 0 &&
               dial_end_of(message_text(m, "DialStatus")) == END_ANSWER) {
        xreplace(&d->agent, d->target);
        observe_connected(d);
        dialing_updated(d);
    }
}

static void callevent_on_newchannel2(struct dialing *d, const struct message *m) {
    (void)m;
    d->facts.channel2 = true;
}

static void callevent_on_hangup2(struct dialing *d, const struct message *m) {
    d->facts.hangup2 = true;
    d->facts.cause2 = callevent_number(m, "Cause");
}

static const struct {
    const char *event;
    void (*main)(struct dialing *d, const struct message *m);
    void (*other)(struct dialing *d, const struct message *m); /* of the ;2 half */
} handlers[] = {
    {"Newchannel", callevent_on_newchannel, callevent_on_newchannel2},
    {"DialBegin", callevent_on_dial_begin, NULL},
    {"DialEnd", callevent_on_dial_end, NULL},
    {"OriginateResponse", callevent_on_response, NULL},
    {"VarSet", callevent_on_varset, NULL},
    {"QueueCallerJoin", callevent_on_queue_join, NULL},
    {"QueueCallerAbandon", callevent_on_queue_abandon, NULL},
    {"AgentConnect", callevent_on_agent_connect, NULL},
    {"Hangup", callevent_on_hangup, callevent_on_hangup2},
};

void dialing_event(struct dialing *d, const struct message *m, bool main) {
    const char *event = message_text(m, "Event");
    if (d->history)
        result_remember(d, m);
    for (size_t i = 0; i < ARRAY_LEN(handlers) && d->stage != STAGE_FINISHED; i++) {
        if (strcasecmp(handlers[i].event, event))
            continue;
        void (*fn)(struct dialing *, const struct message *) =
            main ? handlers[i].main : handlers[i].other;
        if (fn)
            fn(d, m);
        dialing_check_end(d);
        return;
    }
}
