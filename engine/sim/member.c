/* Rows of queues: their members, and the events that tell of them. */
#include <stdlib.h>
#include <string.h>

#include "sim/agent.h"

struct simmember *simmember_find(struct simqueue *q, const struct simagent *a) {
    struct simmember *m;
    TAILQ_FOREACH (m, &q->members, link) {
        if (m->agent == a)
            return m;
    }
    return NULL;
}

struct simmember *simmember_add(struct simqueue *q, struct simagent *a, int penalty,
                                bool told) {
    struct simmember *m = xcalloc(1, sizeof *m);
    m->queue = q;
    m->agent = a;
    m->penalty = penalty;
    m->login = sim_epoch(q->sim);
    LIST_INSERT_HEAD(&a->members, m, of_agent);
    TAILQ_INSERT_TAIL(&q->members, m, link);
    if (told)
        simmember_event(m, "QueueMemberAdded");
    return m;
}

void simmember_free(struct simmember *m) {
    LIST_REMOVE(m, of_agent);
    TAILQ_REMOVE(&m->queue->members, m, link);
    if (m->agent->row == m)
        m->agent->row = NULL;
    free(m->reason);
    free(m);
}

void simmember_remove(struct simmember *m) {
    simmember_event(m, "QueueMemberRemoved");
    simmember_free(m);
}

void simmember_pause(struct simmember *m, bool paused, const char *reason) {
    m->paused = paused;
    xreplace(&m->reason, paused ? reason : NULL);
    if (paused)
        m->last_pause = sim_epoch(m->queue->sim);
    simmember_event(m, "QueueMemberPause");
}

static bool member_is_paused(const struct simmember *m) {
    return m->paused || m->agent->wraps_up;
}

bool simmember_is_free(const struct simmember *m) {
    return m->agent->state == AGENT_FREE && !member_is_paused(m);
}

/* Why the agent is paused; empty if they are not or nobody said. */
static const char *member_reason(const struct simmember *m) {
    if (m->paused)
        return m->reason ? m->reason : "";
    return m->agent->wraps_up ? "wrapup" : "";
}

void simmember_print(struct str *b, const struct simmember *m, bool in_list) {
    const struct simagent *a = m->agent;
    header_add(b, "Queue", m->queue->name);
    header_add(b, in_list ? "Name" : "MemberName", a->name);
    header_add(b, in_list ? "Location" : "Interface", a->interface);
    header_add(b, "StateInterface", a->interface);
    header_add(b, "Membership", "dynamic");
    header_int(b, "Penalty", m->penalty);
    header_int(b, "CallsTaken", m->taken);
    header_int(b, "LastCall", m->last_call);
    header_int(b, "LastPause", m->last_pause);
    header_int(b, "LoginTime", m->login);
    header_int(b, "InCall", a->state == AGENT_TALKING && a->row == m);
    header_int(b, "Status", a->state);
    header_int(b, "Paused", member_is_paused(m));
    header_add(b, "PausedReason", member_reason(m));
    if (!in_list)
        header_int(b, "Ringinuse", 0);
    header_int(b, "Wrapuptime", 0);
}

void simmember_event(struct simmember *m, const char *event) {
    struct sim *sim = m->queue->sim;
    if (!event_begin(sim, CLASS_AGENT, event))
        return;
    simmember_print(&sim->out, m, false);
    bool is_pause = strcmp(event, "QueueMemberPause") == 0;
    if (is_pause && sim->dialect == 16 && *member_reason(m))
        header_add(&sim->out, "Reason", member_reason(m));
    event_send(sim, CLASS_AGENT);
}
