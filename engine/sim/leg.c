#include "sim/leg.h"

#include <stdlib.h>
#include <string.h>

#include "sim/call.h"

void leg_open(struct leg *l, struct sim *sim, const char *name, const char *id,
              const char *linked, const char *context, const char *exten) {
    l->sim = sim;
    l->name = xstrdup(name);
    l->id = id ? xstrdup(id) : xasprintf("%lld.%lu", sim_epoch(sim), sim->ids++);
    l->linked = xstrdup(linked ? linked : l->id);
    l->context = xstrdup(context);
    l->exten = xstrdup(exten);
    l->priority = 1;
    l->app = l->data = "";
    l->since = sim->clock->mono;
    map_put(&sim->legs, l->id, l);
}

static bool leg_is_open(const struct leg *l) { return l->id != NULL; }

void leg_close(struct leg *l) {
    if (!leg_is_open(l))
        return;
    map_take(&l->sim->legs, l->id);
    free(l->name);
    free(l->id);
    free(l->linked);
    free(l->num);
    free(l->caller);
    free(l->account);
    free(l->context);
    free(l->exten);
    *l = (struct leg){.call = l->call, .agent = l->agent};
}

struct leg *leg_find(struct sim *sim, const char *which) {
    struct leg *l = map_get(&sim->legs, which);
    for (struct map_entry *e = sim->legs.first; e && l == NULL; e = e->next)
        if (strcasecmp(((struct leg *)e->value)->name, which) == 0)
            l = e->value;
    return l;
}

void leg_caller(struct leg *l, const char *num, const char *name) {
    xreplace(&l->num, num);
    xreplace(&l->caller, name);
}

/* ---- its part of an event ---- */

static const char *leg_state_text(enum leg_state s) {
    static const char *const text[] = {"Down", "Rsrvd",   "OffHook", "Dialing",
                                       "Ring", "Ringing", "Up",      "Busy"};
    return text[s];
}

enum {
    H_CHANNEL,
    H_STATE,
    H_STATE_TEXT,
    H_NUM,
    H_NAME,
    H_CONNECTED_NUM,
    H_CONNECTED_NAME,
    H_LANGUAGE,
    H_ACCOUNT,
    H_CONTEXT,
    H_EXTEN,
    H_PRIORITY,
    H_UNIQUEID,
    H_LINKEDID,
    H_COUNT
};

/* The header names of one prefix, ready made since they are written millions of times.
 */
#define HEADERS(p)                                                                            \
    {                                                                                         \
        p "Channel", p "ChannelState", p "ChannelStateDesc", p "CallerIDNum",                 \
            p "CallerIDName", p "ConnectedLineNum", p "ConnectedLineName", p "Language",      \
            p "AccountCode", p "Context", p "Exten", p "Priority", p "Uniqueid", p "Linkedid" \
    }
static const char *const headers[][H_COUNT] = {
    [LEG_PLAIN] = HEADERS(""),
    [LEG_DEST] = HEADERS("Dest"),
    [LEG_LOCAL_ONE] = HEADERS("LocalOne"),
    [LEG_LOCAL_TWO] = HEADERS("LocalTwo"),
};

/* The variables that the configuration wants in every event. */
static void leg_print_vars(struct str *b, const struct leg *l) {
    const struct world *w = l->sim->world;
    for (unsigned i = 0; i < w->channelvar_count; i++) {
        const char *value =
            l->call && !l->agent ? simcall_get(l->call, w->channelvars[i]) : NULL;
        str_add(b, "ChanVariable: ");
        str_add(b, w->channelvars[i]);
        str_addc(b, '=');
        str_add(b, value ? value : "");
        str_add(b, "\r\n");
    }
}

void leg_print(struct str *b, const struct leg *l, enum leg_prefix prefix) {
    const char *const *h = headers[prefix];
    const char state[] = {(char)('0' + l->state), '\0'};
    header_add(b, h[H_CHANNEL], l->name);
    header_add(b, h[H_STATE], state);
    header_add(b, h[H_STATE_TEXT], leg_state_text(l->state));
    header_add(b, h[H_NUM], l->num);
    header_add(b, h[H_NAME], l->caller);
    header_add(b, h[H_CONNECTED_NUM], l->has_connected ? l->num : NULL);
    header_add(b, h[H_CONNECTED_NAME], l->has_connected ? l->caller : NULL);
    header_add(b, h[H_LANGUAGE], "en");
    header_add(b, h[H_ACCOUNT], l->account ? l->account : "");
    header_add(b, h[H_CONTEXT], l->context);
    header_add(b, h[H_EXTEN], l->exten);
    header_int(b, h[H_PRIORITY], l->priority);
    header_add(b, h[H_UNIQUEID], l->id);
    header_add(b, h[H_LINKEDID], l->linked);
    if (prefix == LEG_PLAIN)
        leg_print_vars(b, l);
}

/* ---- whole events ---- */

/* Begins an event about one leg; false if nobody would hear it. */
static bool leg_begin(struct leg *l, uint32_t need, const char *event) {
    if (!event_begin(l->sim, need, event))
        return false;
    leg_print(&l->sim->out, l, LEG_PLAIN);
    return true;
}

void leg_newchannel(struct leg *l) {
    if (leg_begin(l, CLASS_CALL, "Newchannel"))
        event_send(l->sim, CLASS_CALL);
}

void leg_newexten(struct leg *l, const char *exten, const char *app, const char *data) {
    if (!leg_begin(l, CLASS_DIALPLAN, "Newexten"))
        return;
    header_add(&l->sim->out, "Extension", exten);
    header_add(&l->sim->out, "Application", app);
    header_add(&l->sim->out, "AppData", data);
    event_send(l->sim, CLASS_DIALPLAN);
}

void leg_varset(struct leg *l, const char *name, const char *value) {
    if (!leg_begin(l, CLASS_DIALPLAN, "VarSet"))
        return;
    header_add(&l->sim->out, "Variable", name);
    header_add(&l->sim->out, "Value", value);
    event_send(l->sim, CLASS_DIALPLAN);
}

void leg_newcallerid(struct leg *l) {
    if (!leg_begin(l, CLASS_CALL, "NewCallerid"))
        return;
    header_add(&l->sim->out, "CID-CallingPres", "0 (Presentation Allowed, Not Screened)");
    event_send(l->sim, CLASS_CALL);
}

void leg_newstate(struct leg *l, enum leg_state state) {
    l->state = state;
    if (leg_begin(l, CLASS_CALL, "Newstate"))
        event_send(l->sim, CLASS_CALL);
}

void leg_dial(struct leg *l, const struct leg *by, const char *event, const char *header,
              const char *value) {
    struct sim *sim = l->sim;
    if (!event_begin(sim, CLASS_CALL, event))
        return;
    if (by)
        leg_print(&sim->out, by, LEG_PLAIN);
    leg_print(&sim->out, l, LEG_DEST);
    header_add(&sim->out, header, value);
    event_send(sim, CLASS_CALL);
}

/* Cause and the SIP code, which chan_pjsip tells from Asterisk 20.17 on. */
static void leg_print_tech(struct leg *l, int sip) {
    if (sip && l->sim->dialect == 22 && str_has_prefix(l->name, "PJSIP/"))
        header_int(&l->sim->out, "TechCause", sip);
}

void leg_request(struct leg *l, const char *event, int cause, int sip) {
    if (!leg_is_open(l) || !leg_begin(l, CLASS_CALL, event))
        return;
    if (cause >= 0)
        header_int(&l->sim->out, "Cause", cause);
    leg_print_tech(l, sip);
    event_send(l->sim, CLASS_CALL);
}

/* Q.850 as Asterisk names it. */
static const char *leg_cause_text(int cause) {
    static const struct {
        int cause;
        const char *text;
    } causes[] = {
        {0, "Unknown"},
        {1, "Unallocated (unassigned) number"},
        {3, "No route to destination"},
        {16, "Normal Clearing"},
        {17, "User busy"},
        {18, "No user responding"},
        {19, "User alerting, no answer"},
        {20, "Subscriber absent"},
        {21, "Call Rejected"},
        {22, "Number changed"},
        {23, "Redirected to new destination"},
        {26, "Answered elsewhere"},
        {27, "Destination out of order"},
        {28, "Invalid number format"},
        {31, "Normal, unspecified"},
        {34, "Circuit/channel congestion"},
        {38, "Network out of order"},
        {41, "Temporary failure"},
        {42, "Switching equipment congestion"},
        {44, "Requested channel not available"},
        {58, "Bearer capability not available"},
        {127, "Interworking, unspecified"},
    };
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        if (causes[i].cause == cause)
            return causes[i].text;
    return "Unknown";
}

void leg_hangup(struct leg *l, int cause, int sip) {
    if (!leg_is_open(l))
        return;
    if (leg_begin(l, CLASS_CALL, "Hangup")) {
        header_int(&l->sim->out, "Cause", cause);
        header_add(&l->sim->out, "Cause-txt", leg_cause_text(cause));
        leg_print_tech(l, sip);
        event_send(l->sim, CLASS_CALL);
    }
    leg_close(l);
}

void leg_bridge(struct leg *one, struct leg *two, const char *context, const char *exten) {
    struct sim *sim = one->sim;
    if (!event_begin(sim, CLASS_CALL, "LocalBridge"))
        return;
    leg_print(&sim->out, one, LEG_LOCAL_ONE);
    leg_print(&sim->out, two, LEG_LOCAL_TWO);
    header_add(&sim->out, "Context", context);
    header_add(&sim->out, "Exten", exten);
    header_add(&sim->out, "LocalOptimization", "No");
    event_send(sim, CLASS_CALL);
}
