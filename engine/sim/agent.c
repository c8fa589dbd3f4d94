#include "sim/agent.h"

#include <stdlib.h>
#include <string.h>

#define RING_TIME SECONDS(15) /* of a phone that is not picked up */

static void agent_on_timer(void *arg);
static void agent_on_shift(void *arg);

/* ---- who there is ---- */

struct simagent *simagent_new(struct sim *sim, const char *interface, const char *name) {
    struct simagent *a = xcalloc(1, sizeof *a);
    a->sim = sim;
    a->interface = xstrdup(interface);
    a->name = xstrdup(name);
    a->state = AGENT_FREE;
    timer_init(&a->timer, sim->loop, agent_on_timer, a);
    STAILQ_INSERT_TAIL(&sim->agents, a, link);
    return a;
}

struct simagent *simagent_find(struct sim *sim, const char *interface) {
    struct simagent *a;
    STAILQ_FOREACH (a, &sim->agents, link) {
        if (strcasecmp(a->interface, interface) == 0)
            return a;
    }
    return NULL;
}

void simagents_free(struct sim *sim) {
    timer_stop(&sim->shift);
    struct simagent *a;
    while ((a = STAILQ_FIRST(&sim->agents)) != NULL) {
        STAILQ_REMOVE_HEAD(&sim->agents, link);
        timer_stop(&a->timer);
        leg_close(&a->leg);
        free(a->interface);
        free(a->name);
        free(a);
    }
}

void simagents_join(struct sim *sim, struct simqueue *q) {
    unsigned i = 0;
    struct simagent *a;
    STAILQ_FOREACH (a, &sim->agents, link) {
        if (i++ < sim->agent_count && a->is_present)
            simmember_add(q, a, 0, true);
    }
}

/* The world's agents, the first time they are needed: agent-01, agent-02 ... */
static void agent_hire(struct sim *sim, unsigned wanted) {
    while (sim->agent_count < wanted) {
        const char *tech = sim->dialect == 22 ? "PJSIP" : "SIP";
        char *name = xasprintf("agent-%02u", ++sim->agent_count);
        char *interface = xasprintf("%s/%s", tech, name);
        simagent_new(sim, interface, name);
        free(interface);
        free(name);
    }
}

/* ---- what they do ---- */

/* The phone has another state: every row of the agent says so. */
static void agent_tell_state(struct simagent *a, enum agent_state state) {
    int talks = (state == AGENT_TALKING) - (a->state == AGENT_TALKING);
    if (talks)
        tally_level(&a->sim->tally, LEVEL_TALKING, talks);
    a->state = state;
    struct simmember *m;
    LIST_FOREACH (m, &a->members, of_agent)
        simmember_event(m, "QueueMemberStatus");
}

void simagent_serve(struct simagent *a) {
    struct simqueue *queues[QUEUES_MAX];
    size_t n = 0;
    struct simmember *m;
    LIST_FOREACH (m, &a->members, of_agent) {
        if (n < ARRAY_LEN(queues))
            queues[n++] = m->queue;
    }
    for (size_t i = 0; i < n; i++)
        simqueue_serve(queues[i]);
}

/* Out of all queues. */
static void agent_log_out(struct simagent *a) {
    if (a->is_present)
        tally_level(&a->sim->tally, LEVEL_AGENTS, -1);
    a->is_present = a->is_leaving = false;
    while (!LIST_EMPTY(&a->members))
        simmember_remove(LIST_FIRST(&a->members));
}

/* An event about caller and agent; the caller adds to it and sends. */
static bool agent_begin(struct simagent *a, const char *event) {
    struct sim *sim = a->sim;
    if (!event_begin(sim, CLASS_AGENT, event))
        return false;
    leg_print(&sim->out, &a->call->leg, LEG_PLAIN);
    leg_print(&sim->out, &a->leg, LEG_DEST);
    header_add(&sim->out, "Queue", a->call->queue->name);
    header_add(&sim->out, "Interface", a->interface);
    header_add(&sim->out, "MemberName", a->name);
    return true;
}

/* Whole seconds, as AMI counts. */
static long long agent_seconds(int64_t from, int64_t to) { return (to - from) / NS_PER_S; }

/* The phone is free again; the agent may not be. */
static void agent_release(struct simagent *a) {
    timer_stop(&a->timer);
    a->call->agent = NULL;
    a->call = NULL;
    a->row = NULL;
}

void simagent_ready(struct simagent *a) {
    bool told = a->wraps_up;
    a->wraps_up = false;
    timer_stop(&a->timer);
    a->turn = ++a->sim->turns;
    a->idle = a->sim->clock->mono;
    if (told)
        tally_level(&a->sim->tally, LEVEL_WRAPUP, -1);
    struct simmember *m;
    LIST_FOREACH (m, &a->members, of_agent) {
        if (told && !m->paused)
            simmember_event(m, "QueueMemberPause");
    }
    if (a->is_leaving)
        agent_log_out(a);
    else
        simagent_serve(a);
}

/* The agent's channel, with the caller's Linkedid, until it rings. */
static void agent_open_leg(struct simagent *a) {
    struct simcall *c = a->call;
    char *name = xasprintf("%s-%08lx", a->interface, a->sim->numbers++);
    leg_open(&a->leg, a->sim, name, NULL, c->leg.linked, "default", "s");
    free(name);
    a->leg.agent = a;
    a->leg.call = c;
    a->leg.app = "AppQueue";
    a->leg.data = "(Outgoing Line)";
    leg_newchannel(&a->leg);
    leg_newexten(&a->leg, "s", a->leg.app, a->leg.data);
    leg_caller(&a->leg, c->leg.num, c->leg.caller);
    leg_newcallerid(&a->leg);
    a->leg.has_connected = true;
}

/* The agent has picked up. */
static void agent_connect_caller(struct simagent *a) {
    struct sim *sim = a->sim;
    struct simcall *c = a->call;
    a->connected = sim->clock->mono;
    tally_wait(&sim->tally, (double)(a->connected - a->idle) / (double)NS_PER_S);
    leg_newstate(&a->leg, LEG_UP);
    leg_dial(&a->leg, &c->leg, "DialEnd", "DialStatus", "ANSWER");
    simqueue_connect(c);
    if (agent_begin(a, "AgentConnect")) {
        header_int(&sim->out, "HoldTime", agent_seconds(c->joined, a->connected));
        header_int(&sim->out, "RingTime", agent_seconds(a->rung, a->connected));
        event_send(sim, CLASS_AGENT);
    }
    agent_tell_state(a, AGENT_TALKING);
    timer_set(&a->timer, SECONDS(c->fate.talk));
}

void simagent_ring(struct simagent *a, struct simmember *by, struct simcall *c) {
    struct sim *sim = a->sim;
    a->call = c;
    a->row = by;
    c->agent = a;
    a->rung = sim->clock->mono;
    a->misses = c->fate.agent_misses && !c->missed;
    agent_open_leg(a);
    if (agent_begin(a, "AgentCalled"))
        event_send(sim, CLASS_AGENT);
    leg_dial(&a->leg, &c->leg, "DialBegin", "DialString", a->interface);
    leg_newstate(&a->leg, LEG_RINGING);
    leg_dial(&a->leg, &c->leg, "DialState", "DialStatus", "RINGING");
    agent_tell_state(a, AGENT_RINGING);
    double pickup = schedule_at(&sim->world->pickup, sim_time(sim));
    if (a->misses)
        timer_set(&a->timer, RING_TIME);
    else if (pickup > 0)
        timer_set(&a->timer, SECONDS(pickup));
    else
        agent_connect_caller(a);
}

/* Nobody picked up: the next one is rung. */
static void agent_miss(struct simagent *a) {
    struct sim *sim = a->sim;
    struct simcall *c = a->call;
    if (agent_begin(a, "AgentRingNoAnswer")) {
        header_int(&sim->out, "RingTime", (sim->clock->mono - a->rung) / NS_PER_MS);
        event_send(sim, CLASS_AGENT);
    }
    leg_dial(&a->leg, &c->leg, "DialEnd", "DialStatus", "NOANSWER");
    leg_hangup(&a->leg, 0, 0);
    c->missed = true;
    agent_release(a);
    a->turn = ++sim->turns;
    agent_tell_state(a, AGENT_FREE);
    if (a->is_leaving)
        agent_log_out(a);
    simqueue_serve(c->queue);
}

/* The talk is over for the agent: wrap-up is told before AgentComplete, so that nobody
 * takes them for free in between. */
static void agent_complete(struct simagent *a, const char *reason) {
    struct sim *sim = a->sim;
    struct simcall *c = a->call;
    long long talked = agent_seconds(a->connected, sim->clock->mono);
    long long held = agent_seconds(c->joined, a->connected);
    c->queue->completed++;
    c->queue->hold_time += held;
    c->queue->talk_time += talked;
    struct simmember *m;
    LIST_FOREACH (m, &a->members, of_agent) {
        m->last_call = sim_epoch(sim);
        m->taken += m == a->row;
    }
    a->wraps_up = c->fate.wrapup > 0;
    LIST_FOREACH (m, &a->members, of_agent) {
        if (!a->wraps_up)
            break;
        m->last_pause = sim_epoch(sim);
        if (!m->paused)
            simmember_event(m, "QueueMemberPause");
    }
    if (agent_begin(a, "AgentComplete")) {
        header_int(&sim->out, "HoldTime", held);
        header_int(&sim->out, "TalkTime", talked);
        header_add(&sim->out, "Reason", reason);
        event_send(sim, CLASS_AGENT);
    }
}

/* The agent has hung up; the caller's end is ended elsewhere. */
static void agent_hang_up(struct simagent *a, double wrapup) {
    bool is_sip = str_has_prefix(a->interface, "SIP/");
    leg_hangup(&a->leg, is_sip ? 16 : 0, 0);
    agent_release(a);
    agent_tell_state(a, AGENT_FREE);
    if (a->wraps_up)
        tally_level(&a->sim->tally, LEVEL_WRAPUP, 1);
    if (a->wraps_up)
        timer_set(&a->timer, SECONDS(wrapup));
    else
        simagent_ready(a);
}

/* The talk ends, by the agent or by the caller: the dial's fate says by whom. */
static void agent_part(struct simagent *a) {
    struct simcall *c = a->call;
    if (!c->fate.agent_ends) {
        simcall_end(c, ENDER_FAR, CAUSE_USUAL);
        return;
    }
    simagent_hangup(a);
}

void simagent_hangup(struct simagent *a) {
    struct simcall *c = a->call;
    if (a->state != AGENT_TALKING) {
        c->fate.agent_misses = true;
        c->missed = false;
        agent_miss(a);
        return;
    }
    bool is_sip = str_has_prefix(a->interface, "SIP/");
    leg_request(&a->leg, "HangupRequest", is_sip ? 16 : -1, 0);
    agent_complete(a, "agent");
    c->queue = NULL;
    agent_hang_up(a, c->fate.wrapup);
    simcall_end(c, ENDER_WE, c->tech == TECH_LOCAL ? 16 : CAUSE_USUAL);
}

void simagent_drop(struct simagent *a) {
    struct simcall *c = a->call;
    if (a->state == AGENT_TALKING) {
        agent_complete(a, "caller");
        agent_hang_up(a, c->fate.wrapup);
        return;
    }
    leg_dial(&a->leg, &c->leg, "DialEnd", "DialStatus", "CANCEL");
    leg_hangup(&a->leg, 0, 0);
    agent_release(a);
    agent_tell_state(a, AGENT_FREE);
    if (a->is_leaving)
        agent_log_out(a);
}

/* The end of what the agent was doing: wrap-up, talk, or ringing. */
static void agent_on_timer(void *arg) {
    struct simagent *a = arg;
    if (a->wraps_up)
        simagent_ready(a);
    else if (a->state == AGENT_TALKING)
        agent_part(a);
    else if (a->misses)
        agent_miss(a);
    else
        agent_connect_caller(a);
}

/* ---- coming and going ---- */

/* Into all queues, unless the agent is there already. */
static void agent_log_in(struct simagent *a) {
    bool was_here = a->is_present;
    a->is_present = true;
    a->is_leaving = false;
    if (was_here)
        return;
    a->turn = ++a->sim->turns;
    a->idle = a->sim->clock->mono;
    tally_level(&a->sim->tally, LEVEL_AGENTS, 1);
    struct simqueue *q;
    STAILQ_FOREACH (q, &a->sim->queues, link)
        simmember_add(q, a, 0, true);
    simagent_serve(a);
}

/* At once if the agent is free, else after the call. */
static void agent_send_home(struct simagent *a) {
    if (!a->is_present)
        return;
    if (a->call || a->wraps_up)
        a->is_leaving = true; /* after this call */
    else
        agent_log_out(a);
}

/* As many as the world has now; the last ones come and go. */
static void agent_on_shift(void *arg) {
    struct sim *sim = arg;
    double now = sim_time(sim), next = -1;
    const struct schedule *s = &sim->world->agents;
    unsigned wanted = (unsigned)schedule_at(s, now), i = 0;
    agent_hire(sim, wanted);
    struct simagent *a;
    STAILQ_FOREACH (a, &sim->agents, link) {
        if (i < sim->agent_count)
            (i < wanted ? agent_log_in : agent_send_home)(a);
        i++;
    }
    for (unsigned k = s->count; k-- > 0;)
        if (s->steps[k].from > now)
            next = s->steps[k].from;
    if (next >= 0)
        timer_set(&sim->shift, SECONDS(next - now) + 1);
}

void simagents_start(struct sim *sim) {
    timer_init(&sim->shift, sim->loop, agent_on_shift, sim);
    agent_on_shift(sim);
}
