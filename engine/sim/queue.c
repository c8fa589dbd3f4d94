#include "sim/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/agent.h"

/* ---- queues ---- */

struct simqueue *simqueue_find(struct sim *sim, const char *name) {
    struct simqueue *q;
    STAILQ_FOREACH (q, &sim->queues, link) {
        if (strcmp(q->name, name) == 0)
            return q;
    }
    return NULL;
}

/* Does the world have it? */
static bool sim_queue_exists(const struct world *w, const char *name) {
    if (w->queues == NULL)
        return *name && !str_has_prefix(name, "nosuch");
    for (unsigned i = 0; i < w->queue_count; i++)
        if (strcmp(w->queues[i], name) == 0)
            return true;
    return false;
}

struct simqueue *simqueue_get(struct sim *sim, const char *name) {
    struct simqueue *q = simqueue_find(sim, name);
    if (q || !sim_queue_exists(sim->world, name) || sim->queue_count == QUEUES_MAX)
        return q;
    sim->queue_count++;
    q = xcalloc(1, sizeof *q);
    q->sim = sim;
    q->name = xstrdup(name);
    TAILQ_INIT(&q->waiting);
    TAILQ_INIT(&q->members);
    STAILQ_INSERT_TAIL(&sim->queues, q, link);
    simagents_join(sim, q);
    return q;
}

void simqueue_free(struct simqueue *q) {
    while (!TAILQ_EMPTY(&q->members))
        simmember_free(TAILQ_FIRST(&q->members));
    free(q->name);
    free(q);
}

/* ---- callers ---- */

static unsigned sim_queue_position(const struct simcall *c) {
    unsigned n = 1;
    const struct simcall *w;
    TAILQ_FOREACH (w, &c->queue->waiting, in_line) {
        if (w == c)
            break;
        n++;
    }
    return n;
}

/* QueueCallerJoin and QueueCallerLeave. */
static void sim_queue_caller_event(struct simcall *c, const char *event, unsigned position) {
    struct sim *sim = c->sim;
    if (!event_begin(sim, CLASS_AGENT, event))
        return;
    leg_print(&sim->out, &c->leg, LEG_PLAIN);
    header_add(&sim->out, "Queue", c->queue->name);
    header_int(&sim->out, "Position", position);
    header_int(&sim->out, "Count", c->queue->count);
    event_send(sim, CLASS_AGENT);
}

/* The caller gave up, or the queue did. */
static void sim_queue_abandon_event(struct simcall *c, unsigned position) {
    struct sim *sim = c->sim;
    if (!event_begin(sim, CLASS_AGENT, "QueueCallerAbandon"))
        return;
    leg_print(&sim->out, &c->leg, LEG_PLAIN);
    header_add(&sim->out, "Queue", c->queue->name);
    header_int(&sim->out, "Position", position);
    header_int(&sim->out, "OriginalPosition", c->first_position);
    header_int(&sim->out, "HoldTime", (sim->clock->mono - c->joined) / NS_PER_S);
    event_send(sim, CLASS_AGENT);
}

bool simqueue_join(struct simcall *c, const char *data) {
    struct sim *sim = c->sim;
    char *name = xstrndup(data, strcspn(data, ","));
    struct simqueue *q = simqueue_get(sim, name);
    free(name);
    if (q == NULL)
        return false;
    for (int commas = 4; commas && data; commas--) { /* name,options,url,announce,timeout */
        data = strchr(data, ',');
        data += data != NULL;
    }
    double timeout = data ? atof(data) : 0;
    double patience = schedule_at(&sim->world->patience, sim_time(sim));
    c->queue = q;
    c->joined = sim->clock->mono;
    c->expires = timeout > 0 ? c->joined + SECONDS(timeout) : 0;
    TAILQ_INSERT_TAIL(&q->waiting, c, in_line);
    c->is_in_line = true;
    c->first_position = ++q->count;
    sim_queue_caller_event(c, "QueueCallerJoin", q->count);
    c->doing = DOING_QUEUE;
    timer_set(&c->timer, SECONDS(timeout > 0 && timeout < patience ? timeout : patience));
    simqueue_serve(q);
    return true;
}

/* Out of the line, with QueueCallerLeave. */
static void sim_queue_leave(struct simcall *c, unsigned position) {
    struct simqueue *q = c->queue;
    if (!c->is_in_line)
        return;
    TAILQ_REMOVE(&q->waiting, c, in_line);
    c->is_in_line = false;
    q->count--;
    sim_queue_caller_event(c, "QueueCallerLeave", position);
}

/* A number as a variable. */
static void sim_queue_set_number(struct simcall *c, const char *name, long long value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    leg_varset(&c->leg, name, text);
}

void simqueue_connect(struct simcall *c) {
    unsigned position = sim_queue_position(c);
    int64_t waited = c->sim->clock->mono - c->joined;
    timer_stop(&c->timer);
    tally_event(&c->sim->tally, EVENT_CONNECT);
    if (c->is_live && c->sim->clock->mono - c->greeted > SECONDS(TALLY_GRACE))
        tally_event(&c->sim->tally, EVENT_ABANDON);
    sim_queue_leave(c, position);
    sim_queue_set_number(c, "QUEUEPOSITION", position);
    if (c->sim->dialect == 16)
        return;
    sim_queue_set_number(c, "QUEUEWAIT", waited / NS_PER_S);
    sim_queue_set_number(c, "QUEUEWAIT_MS", waited / NS_PER_MS);
}

/* Leaves without having met an agent. */
static void sim_queue_abandon(struct simcall *c) {
    struct simqueue *q = c->queue;
    unsigned position = sim_queue_position(c);
    q->abandoned++;
    if (c->is_live)
        tally_event(&c->sim->tally, EVENT_ABANDON);
    leg_varset(&c->leg, "ABANDONED", "TRUE");
    sim_queue_abandon_event(c, position);
    sim_queue_leave(c, position);
    c->queue = NULL;
}

void simqueue_gone(struct simcall *c) {
    struct simagent *a = c->agent;
    if (a && a->state == AGENT_TALKING) {
        simagent_drop(a);
        c->queue = NULL;
        return;
    }
    if (a)
        simagent_drop(a);
    sim_queue_abandon(c);
    if (a)
        simagent_serve(a);
}

void simqueue_due(struct simcall *c) {
    if (c->expires == 0 || c->sim->clock->mono < c->expires) {
        simcall_end(c, ENDER_FAR, CAUSE_USUAL);
        return;
    }
    simqueue_gone(c);
    simcall_set(c, "QUEUESTATUS", "TIMEOUT");
    simstep_next(c);
}

/* Who has been free longest, as strategy leastrecent; a lower penalty goes first. */
static struct simmember *sim_queue_next_member(struct simqueue *q) {
    struct simmember *best = NULL, *m;
    TAILQ_FOREACH (m, &q->members, link) {
        if (!simmember_is_free(m))
            continue;
        if (best == NULL || m->penalty < best->penalty ||
            (m->penalty == best->penalty && m->agent->turn < best->agent->turn))
            best = m;
    }
    return best;
}

void simqueue_serve(struct simqueue *q) {
    for (struct simcall *c = TAILQ_FIRST(&q->waiting), *next; c; c = next) {
        next = TAILQ_NEXT(c, in_line);
        if (c->agent)
            continue;
        struct simmember *m = sim_queue_next_member(q);
        if (m == NULL)
            return;
        simagent_ring(m->agent, m, c);
    }
}
