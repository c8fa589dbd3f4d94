#include "dialer/pbx/attrs.h"

#include "dialer/pbx/asterisk.h"

/* ---- agents ---- */

static void pbx_attrs_get_seat_key(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    const struct seat *s = subject;
    attr_set_made(v, "%s/%s/%s", s->queue->asterisk->conf->name, s->queue->name,
                  s->member->interface);
}

static void pbx_attrs_get_interface(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    v->text = ((const struct seat *)subject)->member->interface;
}

static void pbx_attrs_get_seat_queue(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    (void)a;
    v->text = ((const struct seat *)subject)->queue->name;
}

static void pbx_attrs_get_seat_server(const void *subject, const struct attr *a,
                                      struct attr_value *v) {
    (void)a;
    v->text = ((const struct seat *)subject)->queue->asterisk->conf->name;
}

static int64_t pbx_attrs_wrapup_left(const struct seat *s) {
    return s->member->ready_at - engine_now(s->queue->asterisk->engine);
}

static void pbx_attrs_get_state(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    const struct seat *s = subject;
    const struct member *m = s->member;
    const struct {
        bool is_so;
        const char *state;
    } states[] = {{m->status == 4 || m->status == 5, "gone"},
                  {m->in_call, "talking"},
                  {m->ringing, "ringing"},
                  {m->paused, "paused"},
                  {pbx_attrs_wrapup_left(s) > 0, "wrapping up"},
                  {m->status > 1, "busy"}};
    v->text = "free";
    for (size_t i = ARRAY_LEN(states); i-- > 0;)
        if (states[i].is_so)
            v->text = states[i].state; /* the first that is true counts */
}

static void pbx_attrs_get_status(const void *subject, const struct attr *a,
                                 struct attr_value *v) {
    attr_get_int(((const struct seat *)subject)->member, a, v);
}

static void pbx_attrs_get_flag(const void *subject, const struct attr *a,
                               struct attr_value *v) {
    attr_get_bool(((const struct seat *)subject)->member, a, v);
}

static void pbx_attrs_get_ready_in(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    int64_t left = pbx_attrs_wrapup_left(subject);
    v->absent = left <= 0;
    v->real = (double)left / (double)NS_PER_S;
}

const struct attr agent_attrs[] = {
    {"key", NULL, ATTR_TEXT, 0, "asterisk/queue/interface", pbx_attrs_get_seat_key, 0},
    {"interface", NULL, ATTR_TEXT, 0, "the agent's channel, as in queues.conf",
     pbx_attrs_get_interface, 0},
    {"queue", NULL, ATTR_TEXT, 0, "the queue", pbx_attrs_get_seat_queue, 0},
    {"asterisk", NULL, ATTR_TEXT, 0, "the server", pbx_attrs_get_seat_server, 0},
    {"state", NULL, ATTR_TEXT, 0, "free, ringing, talking, wrapping up, paused, busy or gone",
     pbx_attrs_get_state, 0},
    {"status", NULL, ATTR_INT, 0, "device state, as in the event QueueMember",
     pbx_attrs_get_status, offsetof(struct member, status)},
    {"paused", NULL, ATTR_BOOL, 0, NULL, pbx_attrs_get_flag, offsetof(struct member, paused)},
    {"in_call", NULL, ATTR_BOOL, 0, "in conversation with a caller of this queue",
     pbx_attrs_get_flag, offsetof(struct member, in_call)},
    {"ready_in", NULL, ATTR_REAL, ATTR_SOMETIMES, "seconds of wrap-up left",
     pbx_attrs_get_ready_in, 0},
    {0},
};

/* ---- queues ---- */

static void pbx_attrs_get_queue_key(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    const struct queue *q = subject;
    attr_set_made(v, "%s/%s", q->asterisk->conf->name, q->name);
}

static void pbx_attrs_get_queue_server(const void *subject, const struct attr *a,
                                       struct attr_value *v) {
    (void)a;
    v->text = ((const struct queue *)subject)->asterisk->conf->name;
}

static void pbx_attrs_get_count(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    struct queue_count n = queue_count((struct queue *)(uintptr_t)subject);
    attr_get_int64(&n, a, v);
}

static void pbx_attrs_get_performance(const void *subject, const struct attr *a,
                                      struct attr_value *v) {
    (void)a;
    v->real = ((const struct queue *)subject)->performance;
    v->absent = v->real < 0;
}

#define COUNT(member) offsetof(struct queue_count, member)

const struct attr queue_attrs[] = {
    {"key", NULL, ATTR_TEXT, 0, "asterisk/queue", pbx_attrs_get_queue_key, 0},
    {"name", NULL, ATTR_TEXT, 0, "the queue", attr_get_text, offsetof(struct queue, name)},
    {"asterisk", NULL, ATTR_TEXT, 0, "the server", pbx_attrs_get_queue_server, 0},
    {"logged_in", NULL, ATTR_INT, 0, "agents logged in, paused or not", pbx_attrs_get_count,
     COUNT(logged_in)},
    {"available", NULL, ATTR_INT, 0, "agents who could take a call now", pbx_attrs_get_count,
     COUNT(available)},
    {"busy", NULL, ATTR_INT, 0, "agents in conversation", pbx_attrs_get_count, COUNT(busy)},
    {"paused", NULL, ATTR_INT, 0, "agents paused", pbx_attrs_get_count, COUNT(paused)},
    {"waiting", NULL, ATTR_INT, 0, "callers waiting", attr_get_int64,
     offsetof(struct queue, waiting)},
    {"performance", NULL, ATTR_REAL, ATTR_SOMETIMES, "service level, 0 to 1",
     pbx_attrs_get_performance, 0},
    {0},
};

/* ---- servers ---- */

/* Members of its configuration. */
static void pbx_attrs_get_conf_text(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    attr_get_text(((const struct asterisk *)subject)->conf, a, v);
}

static void pbx_attrs_get_conf_int(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    attr_get_int64(((const struct asterisk *)subject)->conf, a, v);
}

static void pbx_attrs_get_ready(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    v->yes = asterisk_is_ready(subject);
}

static void pbx_attrs_get_why(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    const struct asterisk *s = subject;
    v->text = client_is_up(s->client) ? NULL : client_why(s->client);
}

static void pbx_attrs_get_banner(const void *subject, const struct attr *a,
                                 struct attr_value *v) {
    (void)a;
    v->text = client_banner(((const struct asterisk *)subject)->client);
}

static void pbx_attrs_get_logins(const void *subject, const struct attr *a,
                                 struct attr_value *v) {
    (void)a;
    v->num = client_generation(((const struct asterisk *)subject)->client);
}

static void pbx_attrs_get_cps(const void *subject, const struct attr *a, struct attr_value *v) {
    v->real = *(const double *)((const char *)subject + a->at);
}

#define AT(member) offsetof(struct asterisk, member)

const struct attr asterisk_attrs[] = {
    {"name", NULL, ATTR_TEXT, 0, "NAME of its [asterisk:NAME] section", pbx_attrs_get_conf_text,
     offsetof(struct conf_asterisk, name)},
    {"host", NULL, ATTR_TEXT, 0, NULL, pbx_attrs_get_conf_text,
     offsetof(struct conf_asterisk, host)},
    {"port", NULL, ATTR_INT, 0, NULL, pbx_attrs_get_conf_int,
     offsetof(struct conf_asterisk, port)},
    {"ready", NULL, ATTR_BOOL, 0, "connected, and its calls and queues are known",
     pbx_attrs_get_ready, 0},
    {"why", NULL, ATTR_TEXT, 0, "why it is not connected", pbx_attrs_get_why, 0},
    {"banner", NULL, ATTR_TEXT, 0, "its greeting", pbx_attrs_get_banner, 0},
    {"logins", NULL, ATTR_INT, 0, "logins so far", pbx_attrs_get_logins, 0},
    {"up", NULL, ATTR_INT, 0, "calls at this moment", attr_get_int64, AT(cap.up)},
    {"channels", NULL, ATTR_INT, 0, "calls allowed at once, 0 = no limit", attr_get_int64,
     AT(cap.channels)},
    {"cps", NULL, ATTR_REAL, 0, "calls per second allowed, 0 = no limit", pbx_attrs_get_cps,
     AT(cap.cps)},
    {"asked", NULL, ATTR_INT, 0, "Originates without an answer", attr_get_int64, AT(asked)},
    {"originates", NULL, ATTR_INT, 0, "how many of these are allowed now", attr_get_int64,
     AT(originates)},
    {0},
};

/* ---- trunks ---- */

static void pbx_attrs_get_trunk_conf(const void *subject, const struct attr *a,
                                     struct attr_value *v) {
    attr_get_text(((const struct trunk *)subject)->conf, a, v);
}

#undef AT
#define AT(member) offsetof(struct trunk, member)

const struct attr trunk_attrs[] = {
    {"name", NULL, ATTR_TEXT, 0, "NAME of its [trunk:NAME] section", pbx_attrs_get_trunk_conf,
     offsetof(struct conf_trunk, name)},
    {"asterisk", NULL, ATTR_TEXT, 0, "the server", pbx_attrs_get_trunk_conf,
     offsetof(struct conf_trunk, asterisk)},
    {"up", NULL, ATTR_INT, 0, "calls at this moment", attr_get_int64, AT(cap.up)},
    {"channels", NULL, ATTR_INT, 0, "calls allowed at once, 0 = no limit", attr_get_int64,
     AT(cap.channels)},
    {"cps", NULL, ATTR_REAL, 0, "calls per second allowed, 0 = no limit", pbx_attrs_get_cps,
     AT(cap.cps)},
    {"callerid", NULL, ATTR_TEXT, 0, "caller id of its calls", pbx_attrs_get_trunk_conf,
     offsetof(struct conf_trunk, callerid)},
    {0},
};
