/* How a dial comes into being: from the channel that was asked for to ringing. */
#include <stdlib.h>
#include <string.h>

#include "sim/call.h"

/* SIP/300@trunk: the technology and what follows it. chan_sip left with Asterisk 21. */
void simdial_read(struct simcall *c) {
    static const struct {
        const char *prefix;
        enum tech tech;
    } known[] = {
        {"SIP/", TECH_SIP},    {"PJSIP/", TECH_PJSIP}, {"Local/", TECH_LOCAL},
        {"IAX2/", TECH_PJSIP}, {"DAHDI/", TECH_PJSIP},
    };
    c->dialled = strchr(c->asked.channel, '/') + 1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].prefix);
        if (c->asked.channel + n != c->dialled ||
            strncasecmp(known[i].prefix, c->asked.channel, n))
            continue;
        c->tech = known[i].tech;
        c->driver = known[i].prefix;
    }
    if (c->tech == TECH_SIP && c->sim->dialect == 22)
        c->tech = TECH_NONE;
}

void simdial_open(struct simcall *c) {
    struct sim *sim = c->sim;
    const struct request *r = &c->asked;
    const char *at = strchr(c->dialled, '@');
    bool is_local = c->tech == TECH_LOCAL;
    const char *peer = at && !is_local ? at + 1 : c->dialled;
    int n = (int)strcspn(peer, "/");
    char *name = xasprintf("%s%.*s-%08lx", c->driver, n, peer, sim->numbers++);
    char *context = is_local && at ? xstrndup(at + 1, strcspn(at + 1, "/")) : NULL;
    char *exten = is_local ? xstrndup(c->dialled, strcspn(c->dialled, "@/")) : NULL;
    const char *where = context ? context : "default", *what = exten ? exten : "s";
    char *one = is_local ? xasprintf("%s;1", name) : xstrdup(name);
    leg_open(&c->leg, sim, one, r->id, NULL, where, what);
    c->leg.call = c->half.call = c;
    c->leg.account = xstrdup(r->account);
    if (is_local) {
        char *two = xasprintf("%s;2", name);
        char *id = r->id ? xasprintf("%s;2", r->id) : NULL;
        leg_open(&c->half, sim, two, r->id && r->other_id ? r->other_id : id, c->leg.id, where,
                 what);
        c->half.state = LEG_RING;
        free(two);
        free(id);
    }
    free(one);
    free(name);
    free(context);
    free(exten);
}

/* Variables are set on both halves, on the first in reverse order. */
static void dial_announce_vars(struct simcall *c, struct leg *l) {
    const struct request *r = &c->asked;
    for (unsigned i = 0; i < r->var_count; i++) {
        const struct variable *v = &r->vars[l == &c->leg ? r->var_count - 1 - i : i];
        leg_varset(l, v->name, v->value);
    }
    if (r->num == NULL && r->caller == NULL)
        return;
    leg_caller(l, r->num, r->caller);
    leg_newcallerid(l);
    l->has_connected = true;
}

/* Newchannel to NewCallerid. */
void simdial_announce(struct simcall *c) {
    if (c->announced)
        return;
    c->announced = true;
    simcall_reached(c, SLOT_BEFORE_CHANNEL);
    struct leg *l = &c->leg;
    leg_newchannel(l);
    if (c->tech == TECH_LOCAL)
        leg_newchannel(&c->half);
    if (c->tech == TECH_SIP) {
        leg_varset(l, "SIPCALLID", l->id);
        xreplace(&l->exten, ""); /* chan_sip has none, chan_pjsip leaves "s" */
    }
    l->app = "AppDial2";
    l->data = "(Outgoing Line)";
    leg_newexten(l, l->exten, l->app, l->data);
    dial_announce_vars(c, l);
    if (c->tech == TECH_LOCAL)
        dial_announce_vars(c, &c->half);
}

/* DialBegin, and the far end rings if it does. */
void simdial_begin(struct simcall *c) {
    if (c->begun || (c->tech == TECH_LOCAL && c->fate.outcome == OUTCOME_UNKNOWN))
        return;
    simdial_announce(c);
    c->begun = true;
    simcall_reached(c, SLOT_BEFORE_BEGIN);
    if (c->tech == TECH_LOCAL)
        leg_bridge(&c->leg, &c->half, c->half.context, c->half.exten);
    leg_dial(&c->leg, NULL, "DialBegin", "DialString", c->dialled);
    if (!c->fate.rings)
        return;
    if (c->tech == TECH_LOCAL)
        leg_newexten(&c->half, c->half.exten, "Ringing", "");
    leg_newstate(&c->leg, LEG_RINGING);
    leg_dial(&c->leg, NULL, "DialState", "DialStatus", "RINGING");
}
