/* The actions about queues. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/action.h"
#include "sim/agent.h"

/* ActionID stands last in items of these lists. */
static void queueaction_add_action_id(struct str *b, const struct answer *a) {
    if (answer_id(a))
        header_add(b, "ActionID", answer_id(a));
}

/* A queue that is asked for by name comes into being where the world lets it. */
static void queueaction_touch(struct sim *sim, const char *name) {
    if (name)
        simqueue_get(sim, name);
}

/* ---- QueueStatus ---- */

/* A queue's head. */
static void queueaction_print_params(struct str *b, const struct simqueue *q,
                                     const struct answer *a) {
    unsigned done = q->completed ? q->completed : 1;
    header_add(b, "Event", "QueueParams");
    header_add(b, "Queue", q->name);
    header_int(b, "Max", 0);
    header_add(b, "Strategy", "leastrecent");
    header_int(b, "Calls", q->count);
    header_int(b, "Holdtime", q->hold_time / done);
    header_int(b, "TalkTime", q->talk_time / done);
    header_int(b, "Completed", q->completed);
    header_int(b, "Abandoned", q->abandoned);
    header_int(b, "ServiceLevel", 0);
    header_add(b, "ServicelevelPerf", "0.0");
    header_add(b, "ServicelevelPerf2", "0.0");
    header_int(b, "Weight", 0);
    queueaction_add_action_id(b, a);
    message_end(b);
}

/* A row of a queue. */
static void queueaction_print_member(struct str *b, const struct simmember *m,
                                     const struct answer *a) {
    header_add(b, "Event", "QueueMember");
    simmember_print(b, m, true);
    queueaction_add_action_id(b, a);
    message_end(b);
}

/* A caller in the line. */
static void queueaction_print_entry(struct str *b, const struct simcall *c, unsigned position,
                                    const struct answer *a) {
    header_add(b, "Event", "QueueEntry");
    header_add(b, "Queue", c->queue->name);
    header_int(b, "Position", position);
    header_add(b, "Channel", c->leg.name);
    header_add(b, "Uniqueid", c->leg.id);
    header_add(b, "CallerIDNum", c->leg.num ? c->leg.num : "unknown");
    header_add(b, "CallerIDName", c->leg.caller ? c->leg.caller : "unknown");
    header_add(b, "ConnectedLineNum", c->leg.num ? c->leg.num : "unknown");
    header_add(b, "ConnectedLineName", c->leg.caller ? c->leg.caller : "unknown");
    header_int(b, "Wait", (c->sim->clock->mono - c->joined) / NS_PER_S);
    header_int(b, "Priority", 0);
    queueaction_add_action_id(b, a);
    message_end(b);
}

/* One queue's packets; gives their number. */
static unsigned long queueaction_print_queue(struct str *b, const struct simqueue *q,
                                             const struct answer *a, const char *member) {
    unsigned long n = 1;
    unsigned position = 0;
    queueaction_print_params(b, q, a);
    const struct simmember *m;
    TAILQ_FOREACH (m, &q->members, link) {
        if (member && strcasecmp(member, m->agent->interface) &&
            strcasecmp(member, m->agent->name))
            continue;
        queueaction_print_member(b, m, a);
        n++;
    }
    const struct simcall *c;
    TAILQ_FOREACH (c, &q->waiting, in_line)
        queueaction_print_entry(b, c, ++position, a);
    return n + position;
}

/* Of one queue or all, of one member or all. */
static void queueaction_queue_status(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *name = message_get(m, "Queue"), *member = message_get(m, "Member");
    struct str b = {0};
    unsigned long n = 0;
    queueaction_touch(sim, name);
    answer_list(a, "Queue status will follow");
    const struct simqueue *q;
    STAILQ_FOREACH (q, &sim->queues, link) {
        if (name == NULL || strcmp(name, q->name) == 0)
            n += queueaction_print_queue(&b, q, a, member);
    }
    answer_send(a, str_get(&b), b.len);
    str_free(&b);
    answer_complete(a, "QueueStatusComplete", n);
}

/* ---- QueueSummary ---- */

/* Available is who can be rung; wrap-up shows as a pause. */
static void queueaction_print_summary(struct str *b, const struct simqueue *q,
                                      const struct answer *a) {
    unsigned members = 0, available = 0, done = q->completed ? q->completed : 1;
    const struct simmember *m;
    TAILQ_FOREACH (m, &q->members, link) {
        members++;
        available += simmember_is_free(m);
    }
    const struct simcall *first = TAILQ_FIRST(&q->waiting);
    header_add(b, "Event", "QueueSummary");
    header_add(b, "Queue", q->name);
    header_int(b, "LoggedIn", members);
    header_int(b, "Available", available);
    header_int(b, "Callers", q->count);
    header_int(b, "HoldTime", q->hold_time / done);
    header_int(b, "TalkTime", q->talk_time / done);
    header_int(b, "LongestHoldTime",
               first ? (q->sim->clock->mono - first->joined) / NS_PER_S : 0);
    queueaction_add_action_id(b, a);
    message_end(b);
}

/* The counts of one queue or all. */
static void queueaction_queue_summary(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *name = message_get(m, "Queue");
    struct str b = {0};
    unsigned long n = 0;
    queueaction_touch(sim, name);
    answer_list(a, "Queue summary will follow");
    const struct simqueue *q;
    STAILQ_FOREACH (q, &sim->queues, link) {
        if (name && strcmp(name, q->name))
            continue;
        queueaction_print_summary(&b, q, a);
        n++;
    }
    answer_send(a, str_get(&b), b.len);
    str_free(&b);
    answer_complete(a, "QueueSummaryComplete", n);
}

/* ---- members ---- */

/* The missing header's text, or NULL. */
static const char *queueaction_missing(const struct message *m) {
    if (message_get(m, "Queue") == NULL)
        return "'Queue' not specified.";
    return message_get(m, "Interface") ? NULL : "'Interface' not specified.";
}

/* An interface nobody knew becomes a new agent. */
static void queueaction_queue_add(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *wrong = queueaction_missing(m), *interface = message_get(m, "Interface");
    struct simqueue *q = wrong ? NULL : simqueue_get(sim, message_get(m, "Queue"));
    struct simagent *agent = wrong ? NULL : simagent_find(sim, interface);
    if (wrong == NULL && q == NULL)
        wrong = "Unable to add interface to queue: No such queue";
    if (wrong == NULL && agent && simmember_find(q, agent))
        wrong = "Unable to add interface: Already there";
    if (wrong) {
        answer_error(a, wrong);
        return;
    }
    bool paused = false;
    int64_t penalty = 0;
    if (!str_bool(message_get(m, "Paused"), &paused))
        paused = false;
    if (!str_int(message_get(m, "Penalty"), 0, INT_MAX, &penalty))
        penalty = 0;
    const char *name = message_get(m, "MemberName");
    if (agent == NULL)
        agent = simagent_new(sim, interface, name ? name : interface);
    answer_success(a, "Added interface to queue");
    struct simmember *row = simmember_add(q, agent, (int)penalty, false);
    row->paused = paused;
    simmember_event(row, "QueueMemberAdded");
    simqueue_serve(q);
}

/* Takes a row away; a call under way goes on. */
static void queueaction_queue_remove(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *wrong = queueaction_missing(m);
    struct simqueue *q = wrong ? NULL : simqueue_find(sim, message_get(m, "Queue"));
    struct simagent *agent = wrong ? NULL : simagent_find(sim, message_get(m, "Interface"));
    struct simmember *row = q && agent ? simmember_find(q, agent) : NULL;
    if (wrong == NULL && q == NULL)
        wrong = "Unable to remove interface from queue: No such queue";
    if (wrong == NULL && row == NULL)
        wrong = "Unable to remove interface: Not there";
    if (wrong) {
        answer_error(a, wrong);
        return;
    }
    answer_success(a, "Removed interface from queue");
    simmember_remove(row);
}

/* Pauses (or not) one member in one queue or in all. The number of rows. */
static unsigned queueaction_pause_rows(struct simagent *agent, const char *queue, bool paused,
                                       const char *reason, bool count_only) {
    unsigned n = 0;
    struct simmember *m = agent ? LIST_FIRST(&agent->members) : NULL;
    for (; m; m = LIST_NEXT(m, of_agent)) {
        if (queue && strcmp(queue, m->queue->name))
            continue;
        n++;
        if (!count_only)
            simmember_pause(m, paused, reason);
    }
    return n;
}

/* One row or, without Queue, all of an interface. */
static void queueaction_queue_pause(void *arg, struct answer *a, const struct message *m) {
    struct sim *sim = arg;
    const char *interface = message_get(m, "Interface"), *queue = message_get(m, "Queue");
    const char *reason = message_get(m, "Reason");
    bool paused;
    if (interface == NULL || !str_bool(message_get(m, "Paused"), &paused)) {
        answer_error(a, "Need 'Interface' and 'Paused' parameters.");
        return;
    }
    struct simagent *agent = simagent_find(sim, interface);
    if (queueaction_pause_rows(agent, queue, paused, reason, true) == 0) {
        answer_error(a, "Interface not found");
        return;
    }
    answer_success(a, paused ? "Interface paused successfully"
                             : "Interface unpaused successfully");
    queueaction_pause_rows(agent, queue, paused, reason, false);
    if (!paused && agent->wraps_up)
        simagent_ready(agent);
    else if (!paused)
        simagent_serve(agent);
}

const struct action simaction_queue_table[] = {
    {"QueueStatus", 0, queueaction_queue_status, "Show queue status.", NULL},
    {"QueueSummary", 0, queueaction_queue_summary, "Show queue summary.", NULL},
    {"QueueAdd", CLASS_AGENT, queueaction_queue_add, "Add interface to queue.", NULL},
    {"QueueRemove", CLASS_AGENT, queueaction_queue_remove, "Remove interface from queue.",
     NULL},
    {"QueuePause", CLASS_AGENT, queueaction_queue_pause,
     "Makes a queue member temporarily unavailable.", NULL},
    {0},
};
