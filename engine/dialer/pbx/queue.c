#include "dialer/pbx/queue.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/pbx/asterisk.h"
#include "dialer/campaign/campaign.h"
#include "dialer/core/number.h"
#include "dialer/pbx/worktime.h"

/* Device states of QueueMember (Asterisk's ast_device_state). */
enum {
    DEV_UNKNOWN,
    DEV_NOT_INUSE,
    DEV_INUSE,
    DEV_BUSY,
    DEV_INVALID,
    DEV_UNAVAILABLE,
    DEV_RINGING,
    DEV_RINGINUSE,
    DEV_ONHOLD
};

static enum doing pbx_queue_doing_of(const struct queue *q, const struct member *m) {
    if (m->in_call)
        return DOING_TALK;
    if (m->status == DEV_INVALID || m->status == DEV_UNAVAILABLE || (m->paused && !m->wraps_up))
        return DOING_OTHER;
    if (m->wraps_up || m->ready_at > engine_now(q->asterisk->engine))
        return DOING_WRAPUP;
    return m->status == DEV_NOT_INUSE || m->status == DEV_UNKNOWN ? DOING_NOTHING : DOING_OTHER;
}

/* Something about the member may have changed. */
static void pbx_queue_update(struct queue *q, struct member *m) {
    enum doing now = pbx_queue_doing_of(q, m);
    if (now != m->doing)
        worktime_change(q, m, now);
}

static void pbx_queue_on_wrapup(void *arg) {
    struct queue *q = arg;
    for (struct map_entry *e = q->members.first; e; e = e->next)
        pbx_queue_update(q, e->value);
    campaigns_kick_queue(q->asterisk->engine, q->asterisk, q->name);
}

struct queue *queue_get(struct asterisk *a, const char *name) {
    char key[128];
    if (name == NULL || *name == '\0')
        return NULL;
    size_t n = 0; /* Asterisk ignores the case of queue names */
    for (; name[n] && n < sizeof key - 1; n++)
        key[n] = (char)tolower((unsigned char)name[n]);
    key[n] = '\0';
    struct queue *q = map_get(&a->queues, key);
    if (q)
        return q;
    q = xcalloc(1, sizeof *q);
    q->asterisk = a;
    q->name = xstrdup(name);
    q->performance = -1;
    timer_init(&q->wrapup, a->engine->loop, pbx_queue_on_wrapup, q);
    map_put(&a->queues, key, q);
    return q;
}

static void pbx_queue_member_free(struct member *m) {
    if (m == NULL)
        return;
    free(m->interface);
    free(m->caller);
    free(m);
}

void queue_free(struct queue *q) {
    timer_stop(&q->wrapup);
    for (struct map_entry *e = q->members.first; e; e = e->next)
        pbx_queue_member_free(e->value);
    map_free(&q->members);
    free(q->name);
    free(q);
}

static struct member *pbx_queue_member_get(struct queue *q, const char *interface) {
    struct member *m = map_get(&q->members, interface);
    if (m || *interface == '\0')
        return m;
    m = xcalloc(1, sizeof *m);
    m->interface = xstrdup(interface);
    m->since = m->counted = engine_seconds(q->asterisk->engine);
    map_put(&q->members, interface, m);
    return m;
}

static bool pbx_queue_is_free(const struct queue *q, const struct member *m) {
    return (m->status == DEV_NOT_INUSE || m->status == DEV_UNKNOWN) && !m->paused &&
           !m->ringing && !m->in_call && m->ready_at <= engine_now(q->asterisk->engine) &&
           !asterisk_is_claimed(q->asterisk, m->interface);
}

static bool pbx_queue_is_gone(const struct member *m) {
    return m->status == DEV_INVALID || m->status == DEV_UNAVAILABLE;
}

static bool pbx_queue_is_offered(const struct queue *q, const struct member *m) {
    return asterisk_is_offered(q->asterisk, m->interface);
}

struct queue_count queue_count(struct queue *q) {
    struct queue_count n = {0};
    for (struct map_entry *e = q->members.first; e; e = e->next) {
        const struct member *m = e->value;
        if (pbx_queue_is_gone(m))
            continue;
        n.logged_in++;
        n.paused += m->paused;
        n.available += pbx_queue_is_free(q, m);
        n.busy += m->in_call;
        n.offered += m->ringing && !m->in_call && !m->paused;
        n.previewed += pbx_queue_is_free(q, m) && pbx_queue_is_offered(q, m);
    }
    return n;
}

const struct member *queue_idle(const struct queue *q) {
    const struct member *found = NULL;
    for (struct map_entry *e = q->members.first; e; e = e->next) {
        const struct member *m = e->value;
        bool may = pbx_queue_is_free(q, m) && !pbx_queue_is_offered(q, m) &&
                   number_is_channel(m->interface);
        if (may && (found == NULL || m->since < found->since))
            found = m;
    }
    return found;
}

const char *queue_why_not(const struct queue *q, const char *interface) {
    const struct member *m = map_get(&q->members, interface);
    if (m == NULL || pbx_queue_is_gone(m))
        return "the agent is logged off";
    if (m->paused)
        return "the agent is paused";
    bool talks = m->status == DEV_INUSE || m->status == DEV_BUSY ||
                 m->status == DEV_RINGINUSE || m->status == DEV_ONHOLD;
    return talks || m->in_call || asterisk_is_claimed(q->asterisk, interface)
               ? "the agent has another call"
               : NULL;
}

/* ---- reading messages about members ---- */

static int pbx_queue_number(const struct message *m, const char *name, int otherwise) {
    const char *v = message_get(m, name);
    return v ? atoi(v) : otherwise;
}

/* Lists have Location where events have Interface. */
static const char *pbx_queue_interface_of(const struct message *m) {
    const char *v = message_get(m, "Interface");
    return v ? v : message_text(m, "Location");
}

static void pbx_queue_read_member(struct member *mb, const struct message *m) {
    mb->status = pbx_queue_number(m, "Status", mb->status);
    mb->paused = pbx_queue_number(m, "Paused", mb->paused) != 0;
    if (message_get(m, "PausedReason"))
        mb->wraps_up = mb->paused && strcasecmp(message_text(m, "PausedReason"), "wrapup") == 0;
    else
        mb->wraps_up &= mb->paused;
    if (mb->status == DEV_NOT_INUSE)
        mb->ringing = false;
}

static void pbx_queue_begin_wrapup(struct queue *q, struct member *mb) {
    int64_t wrapup = q->asterisk->conf->queue_wrapup * NS_PER_S;
    if (wrapup == 0)
        return;
    mb->ready_at = engine_now(q->asterisk->engine) + wrapup;
    if (!timer_is_set(&q->wrapup) || q->wrapup.due > mb->ready_at)
        timer_set(&q->wrapup, wrapup);
}

static void pbx_queue_end_call(struct queue *q, struct member *mb) {
    mb->in_call = mb->ringing = false;
    xreplace(&mb->caller, NULL);
    pbx_queue_begin_wrapup(q, mb);
    pbx_queue_update(q, mb);
}

void queues_rest(struct asterisk *a, const char *interface) {
    for (struct map_entry *e = a->queues.first; e; e = e->next) {
        struct queue *q = e->value;
        struct member *m = map_get(&q->members, interface);
        if (m == NULL)
            continue;
        pbx_queue_begin_wrapup(q, m);
        if (m->doing == DOING_NOTHING) /* a device without states: no event tells it */
            worktime_change(q, m, DOING_NOTHING);
        pbx_queue_update(q, m);
        campaigns_kick_queue(a->engine, a, q->name);
    }
}

/* ---- events ---- */

static void pbx_queue_on_member(struct queue *q, const struct message *m) {
    struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
    if (mb) {
        pbx_queue_read_member(mb, m);
        pbx_queue_update(q, mb);
    }
}

static void pbx_queue_on_removed(struct queue *q, const struct message *m) {
    pbx_queue_member_free(map_take(&q->members, pbx_queue_interface_of(m)));
}

static void pbx_queue_on_called(struct queue *q, const struct message *m) {
    struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
    if (mb)
        mb->ringing = true;
}

static void pbx_queue_on_no_answer(struct queue *q, const struct message *m) {
    struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
    if (mb)
        mb->ringing = false;
}

/* An agent has taken the call, so the other phones stop ringing for it. The event does not say
 * which ones rang for it; those that ring for another caller get an AgentCalled again. */
static void pbx_queue_on_connect(struct queue *q, const struct message *m) {
    struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
    for (struct map_entry *e = q->members.first; e; e = e->next)
        ((struct member *)e->value)->ringing = false;
    if (mb) {
        mb->in_call = true;
        xreplace(&mb->caller, message_get(m, "Uniqueid"));
        snprintf(mb->campaign, sizeof mb->campaign, "%s",
                 q->asterisk->events->campaign_of(q->asterisk, message_text(m, "Uniqueid")));
        pbx_queue_update(q, mb);
    }
}

static void pbx_queue_on_complete(struct queue *q, const struct message *m) {
    struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
    if (mb)
        pbx_queue_end_call(q, mb);
}

/* Asterisk 16 and 22 send no AgentComplete if the caller's channel is hung up by AMI. */
static void pbx_queue_on_hangup(struct queue *q, const struct message *m) {
    for (struct map_entry *e = q->members.first; e; e = e->next) {
        struct member *mb = e->value;
        if (mb->caller && strcmp(mb->caller, message_text(m, "Uniqueid")) == 0) {
            pbx_queue_end_call(q, mb);
            campaigns_kick_queue(q->asterisk->engine, q->asterisk, q->name);
        }
    }
}

static void pbx_queue_on_join(struct queue *q, const struct message *m) {
    q->waiting = pbx_queue_number(m, "Count", (int)q->waiting + 1);
}

static void pbx_queue_on_leave(struct queue *q, const struct message *m) {
    q->waiting = pbx_queue_number(m, "Count", (int)q->waiting - 1);
    if (q->waiting == 0)
        for (struct map_entry *e = q->members.first; e; e = e->next)
            ((struct member *)e->value)->ringing = false;
}

static void pbx_queue_on_abandon(struct queue *q, const struct message *m) { (void)q, (void)m; }

static const struct {
    const char *event;
    void (*fn)(struct queue *q, const struct message *m);
} handlers[] = {
    {"QueueMemberStatus", pbx_queue_on_member}, {"QueueMemberAdded", pbx_queue_on_member},
    {"QueueMemberPause", pbx_queue_on_member},  {"QueueMemberRemoved", pbx_queue_on_removed},
    {"AgentCalled", pbx_queue_on_called},       {"AgentRingNoAnswer", pbx_queue_on_no_answer},
    {"AgentConnect", pbx_queue_on_connect},     {"AgentComplete", pbx_queue_on_complete},
    {"AgentDump", pbx_queue_on_complete},       {"QueueCallerJoin", pbx_queue_on_join},
    {"QueueCallerLeave", pbx_queue_on_leave},   {"QueueCallerAbandon", pbx_queue_on_abandon},
};

bool queue_event(struct asterisk *a, const struct message *m) {
    const char *event = message_text(m, "Event");
    if (strcasecmp(event, "Hangup") == 0)
        for (struct map_entry *e = a->queues.first; e; e = e->next)
            pbx_queue_on_hangup(e->value, m);
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        if (strcasecmp(handlers[i].event, event))
            continue;
        struct queue *q = queue_get(a, message_get(m, "Queue"));
        if (q) {
            handlers[i].fn(q, m);
            campaigns_kick_queue(a->engine, a, q->name);
        }
        return true;
    }
    return false;
}

/* ---- the list ---- */

void queues_begin(struct asterisk *a) {
    for (struct map_entry *e = a->queues.first; e; e = e->next) {
        struct queue *q = e->value;
        q->waiting = 0;
        for (struct map_entry *f = q->members.first; f; f = f->next)
            ((struct member *)f->value)->seen = false;
    }
}

/* ServicelevelPerf is 0 until somebody has called, which means "unknown". */
static void pbx_queue_read_params(struct queue *q, const struct message *m) {
    int calls = pbx_queue_number(m, "Completed", 0) + pbx_queue_number(m, "Abandoned", 0);
    const char *perf = message_get(m, "ServicelevelPerf");
    q->performance = perf && calls ? atof(perf) / 100 : -1;
}

static void pbx_queue_repair(struct queue *q, struct member *mb, const struct message *m) {
    bool in_call = pbx_queue_number(m, "InCall", mb->in_call) != 0;
    if (mb->known && in_call != mb->in_call)
        log_info(q->asterisk->engine->log, "queue %s: %s is %s, not %s; corrected", q->name,
                 mb->interface, in_call ? "in a call" : "free",
                 mb->in_call ? "in a call" : "free");
    mb->in_call = in_call;
    pbx_queue_read_member(mb, m);
    mb->seen = mb->known = true;
    pbx_queue_update(q, mb);
}

void queue_item(struct asterisk *a, const struct message *m) {
    struct queue *q = queue_get(a, message_get(m, "Queue"));
    if (q == NULL)
        return;
    if (message_is_event(m, "QueueParams")) {
        pbx_queue_read_params(q, m);
    } else if (message_is_event(m, "QueueEntry")) {
        q->waiting++;
    } else if (message_is_event(m, "QueueMember")) {
        struct member *mb = pbx_queue_member_get(q, pbx_queue_interface_of(m));
        if (mb)
            pbx_queue_repair(q, mb, m);
    }
}

void queues_end(struct asterisk *a) {
    for (struct map_entry *e = a->queues.first; e; e = e->next) {
        struct queue *q = e->value;
        for (struct map_entry *f = q->members.first, *next; f; f = next) {
            next = f->next;
            struct member *mb = f->value;
            if (!mb->seen)
                pbx_queue_member_free(map_take(&q->members, mb->interface));
        }
        campaigns_kick_queue(a->engine, a, q->name);
    }
}
