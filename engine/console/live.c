/* What lives in the engine and is no table of the store, for the console: calls, agents,
 * queues, servers, trunks; and what can be asked of them. */
#include <stdlib.h>
#include <string.h>

#include "dialer/call/dialing.h"
#include "dialer/pbx/queue.h"
#include "console/inner.h"

#define AMI_TIME SECONDS(30)
#define AMI_LINE 1000 /* bytes: Asterisk takes 1,024 with the line's end */
#define AMI_LINES 120
#define AMI_ITEMS 10000 /* of one list */

static double console_live_seconds(int64_t ns) { return (double)ns / (double)NS_PER_S; }

/* ---- calls ---- */

const struct kind_field dialing_fields[] = {
    {"uuid", "Uuid", KIND_TEXT, "also the channel's id"},
    {"status", "Status", KIND_INT,
     "1 requested, 2 dial begin, 3 channel, 4 dial end, 5 response, 6 hangup, 10 error"},
    {"camp_uuid", "CampUuid", KIND_TEXT, "its campaign"},
    {"plan_uuid", "PlanUuid", KIND_TEXT, "its plan"},
    {"dlma_uuid", "DlmaUuid", KIND_TEXT, "its list"},
    {"dest_uuid", "DestUuid", KIND_TEXT, "its destination"},
    {"dl_list_uuid", "DlListUuid", KIND_TEXT, "its lead"},
    {"current_queue", "CurrentQueue", KIND_TEXT, "queue that the call is in"},
    {"current_agent", "CurrentAgent", KIND_TEXT, "agent who has the call"},
    {"dial_index", "DialIndex", KIND_INT, "which number of the lead, 1 to 8"},
    {"dial_addr", "DialAddr", KIND_TEXT, "the number"},
    {"dial_channel", "DialChannel", KIND_TEXT, "channel that Asterisk was asked for"},
    {"dial_trycnt", "DialTryCnt", KIND_INT, "attempts at that number, this one included"},
    {"dial_timeout", "DialTimeout", KIND_INT, "milliseconds that it may ring"},
    {"dial_type", "DialType", KIND_INT, "0 extension, 1 application"},
    {"dial_exten", "DialExten", KIND_TEXT, "extension that the call goes to"},
    {"dial_context", "DialContext", KIND_TEXT, "its context"},
    {"dial_application", "DialApplication", KIND_TEXT, "application that the call goes to"},
    {"dial_data", "DialData", KIND_TEXT, "its arguments"},
    {"variables", NULL, KIND_VARS, "channel variables"},
    {"channel_name", "ChannelName", KIND_TEXT, "name of the channel in Asterisk"},
    {"res_dial", "ResDial", KIND_INT, "outcome, 4 = answered"},
    {"res_amd", "ResAmd", KIND_TEXT, "HUMAN, MACHINE or another verdict of AMD"},
    {"res_amd_detail", "ResAmdDetail", KIND_TEXT, "reason of the verdict"},
    {"res_hangup", "ResHangup", KIND_INT, "Q.850 cause"},
    {"res_hangup_detail", "ResHangupDetail", KIND_TEXT, "its text"},
    {"tm_create", "TmCreate", KIND_TEXT, NULL},
    {"tm_update", "TmUpdate", KIND_TEXT, NULL},
    {"tm_delete", "TmDelete", KIND_TEXT, NULL},
    {0},
};

void each_dialing(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->dialings.first; i; i = i->next)
        if (!visit(ctx, i->key, i->value))
            return;
}

json_t *kind_packet(const struct kind *k, const struct str *packet) {
    struct message m = {0};
    for (const char *p = str_get(packet), *end; (end = strstr(p, "\r\n")); p = end + 2)
        message_line(&m, p, (size_t)(end - p));
    message_done(&m);
    json_t *row = kind_headers(k, &m);
    message_free(&m);
    return row;
}

json_t *dialing_row(struct engine *e, void *value) {
    (void)e;
    struct str b = {0};
    dialing_print(value, &b);
    json_t *row = kind_packet(kind_find("dialing"), &b);
    str_free(&b);
    return row;
}

/* ---- agents and queues ---- */

const struct kind_field agent_fields[] = {
    {"key", NULL, KIND_TEXT, "asterisk/queue/interface"},
    {"interface", NULL, KIND_TEXT, "the agent's channel, as in queues.conf"},
    {"queue", NULL, KIND_TEXT, "the queue"},
    {"asterisk", NULL, KIND_TEXT, "the server"},
    {"state", NULL, KIND_TEXT, "free, ringing, talking, wrapping up, paused, busy or gone"},
    {"status", NULL, KIND_INT, "device state, as in the event QueueMember"},
    {"paused", NULL, KIND_BOOL, NULL},
    {"in_call", NULL, KIND_BOOL, "in conversation with a caller of this queue"},
    {"ready_in", NULL, KIND_REAL, "seconds of wrap-up left"},
    {0},
};

const struct kind_field queue_fields[] = {
    {"key", NULL, KIND_TEXT, "asterisk/queue"},
    {"name", NULL, KIND_TEXT, "the queue"},
    {"asterisk", NULL, KIND_TEXT, "the server"},
    {"logged_in", NULL, KIND_INT, "agents logged in, paused or not"},
    {"available", NULL, KIND_INT, "agents who could take a call now"},
    {"busy", NULL, KIND_INT, "agents in conversation"},
    {"paused", NULL, KIND_INT, "agents paused"},
    {"waiting", NULL, KIND_INT, "callers waiting"},
    {"performance", NULL, KIND_REAL, "service level, 0 to 1"},
    {0},
};

void each_queue(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->asterisks.first; i; i = i->next) {
        struct asterisk *a = i->value;
        for (struct map_entry *j = a->queues.first; j; j = j->next) {
            char *key = xasprintf("%s/%s", i->key, j->key);
            bool more = visit(ctx, key, j->value);
            free(key);
            if (!more)
                return;
        }
    }
}

json_t *queue_row(struct engine *e, void *value) {
    (void)e;
    struct queue *q = value;
    struct queue_count n = queue_count(q);
    char *key = xasprintf("%s/%s", q->asterisk->conf->name, q->name);
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "key", key, "name", q->name,
                  "asterisk", q->asterisk->conf->name, "logged_in", (json_int_t)n.logged_in,
                  "available", (json_int_t)n.available, "busy", (json_int_t)n.busy, "paused",
                  (json_int_t)n.paused, "waiting", (json_int_t)q->waiting);
    if (q->performance >= 0)
        json_object_set_new(row, "performance", json_real(q->performance));
    free(key);
    return row;
}

/* An agent is a member of one queue. */
struct seat {
    struct queue *queue;
    struct member *member;
};

struct agent_walk {
    kind_visit *visit;
    void *ctx;
};

static bool console_live_visit_queue(void *ctx, const char *key, void *value) {
    struct agent_walk *w = ctx;
    struct queue *q = value;
    for (struct map_entry *i = q->members.first; i; i = i->next) {
        char *name = xasprintf("%s/%s", key, i->key);
        struct seat seat = {q, i->value};
        bool more = w->visit(w->ctx, name, &seat);
        free(name);
        if (!more)
            return false;
    }
    return true;
}

void each_agent(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    struct agent_walk w = {visit, ctx};
    each_queue(e, k, console_live_visit_queue, &w);
}

static const char *console_live_agent_state(const struct member *m, int64_t now) {
    return m->status == 4 || m->status == 5 ? "gone"
           : m->in_call                     ? "talking"
           : m->ringing                     ? "ringing"
           : m->paused                      ? "paused"
           : m->ready_at > now              ? "wrapping up"
           : m->status > 1                  ? "busy"
                                            : "free";
}

json_t *agent_row(struct engine *e, void *value) {
    const struct seat *s = value;
    const struct member *m = s->member;
    const char *server = s->queue->asterisk->conf->name;
    int64_t now = engine_now(e);
    char *key = xasprintf("%s/%s/%s", server, s->queue->name, m->interface);
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "key", key, "interface",
                            m->interface, "queue", s->queue->name, "asterisk", server, "state",
                            console_live_agent_state(m, now), "status", m->status, "paused",
                            m->paused, "in_call", m->in_call);
    if (m->ready_at > now)
        json_object_set_new(row, "ready_in",
                            json_real(console_live_seconds(m->ready_at - now)));
    free(key);
    return row;
}

/* ---- servers and trunks ---- */

const struct kind_field asterisk_fields[] = {
    {"name", NULL, KIND_TEXT, "NAME of its [asterisk:NAME] section"},
    {"host", NULL, KIND_TEXT, NULL},
    {"port", NULL, KIND_INT, NULL},
    {"ready", NULL, KIND_BOOL, "connected, and its calls and queues are known"},
    {"why", NULL, KIND_TEXT, "why it is not connected"},
    {"banner", NULL, KIND_TEXT, "its greeting"},
    {"logins", NULL, KIND_INT, "logins so far"},
    {"up", NULL, KIND_INT, "calls at this moment"},
    {"channels", NULL, KIND_INT, "calls allowed at once, 0 = no limit"},
    {"cps", NULL, KIND_REAL, "calls per second allowed, 0 = no limit"},
    {"asked", NULL, KIND_INT, "Originates without an answer"},
    {"originates", NULL, KIND_INT, "how many of these are allowed now"},
    {0},
};

const struct kind_field trunk_fields[] = {
    {"name", NULL, KIND_TEXT, "NAME of its [trunk:NAME] section"},
    {"asterisk", NULL, KIND_TEXT, "the server"},
    {"up", NULL, KIND_INT, "calls at this moment"},
    {"channels", NULL, KIND_INT, "calls allowed at once, 0 = no limit"},
    {"cps", NULL, KIND_REAL, "calls per second allowed, 0 = no limit"},
    {"callerid", NULL, KIND_TEXT, "caller id of its calls"},
    {0},
};

void each_asterisk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->asterisks.first; i; i = i->next)
        if (!visit(ctx, i->key, i->value))
            return;
}

void each_trunk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->trunks.first; i; i = i->next)
        if (!visit(ctx, i->key, i->value))
            return;
}

json_t *asterisk_row(struct engine *e, void *value) {
    (void)e;
    struct asterisk *a = value;
    bool up = client_is_up(a->client);
    json_t *banner = json_string(client_banner(a->client));
    json_t *row =
        json_pack("{s:s, s:s, s:I, s:b, s:s*, s:o, s:i, s:I, s:I, s:f, s:I, s:I}", "name",
                  a->conf->name, "host", a->conf->host, "port", (json_int_t)a->conf->port,
                  "ready", asterisk_is_ready(a), "why", up ? NULL : client_why(a->client),
                  "banner", banner ? banner : json_string("?"), "logins",
                  (int)client_generation(a->client), "up", (json_int_t)a->cap.up, "channels",
                  (json_int_t)a->cap.channels, "cps", a->cap.cps, "asked", (json_int_t)a->asked,
                  "originates", (json_int_t)a->originates);
    return row ? row : json_object();
}

json_t *trunk_row(struct engine *e, void *value) {
    (void)e;
    struct trunk *t = value;
    json_t *row = json_pack("{s:s, s:s, s:I, s:I, s:f, s:s}", "name", t->conf->name, "asterisk",
                            t->conf->asterisk, "up", (json_int_t)t->cap.up, "channels",
                            (json_int_t)t->cap.channels, "cps", t->cap.cps, "callerid",
                            t->conf->callerid);
    return row ? row : json_object();
}

/* ---- what can be asked of them ---- */

/* hangup(uuid) */
static void console_live_lent_hangup(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    struct dialing *d = map_get(&p->console->engine->dialings, arg_text(args, 0));
    if (d == NULL) {
        shell_answer(c, json_false());
        return;
    }
    peer_note(p, "dialing hangup %s", d->uuid);
    dialing_hangup(d);
    shell_answer(c, json_true());
}

/* An action under way. */
struct asked {
    struct shell_call *call;
    json_t *answer, *items;
};

/* Headers as {name, value} pairs would lose nothing but are no pleasure: an object, in
 * which a header that comes again is an array. */
static json_t *console_live_headers_json(const struct message *m) {
    json_t *o = json_object();
    for (unsigned i = 0; i < m->count; i++) {
        const struct header *h = &m->headers[i];
        json_t *v = json_string(h->value), *had = json_object_get(o, h->name);
        v = v ? v : json_string("?");
        if (json_is_array(had)) {
            json_array_append_new(had, v);
        } else if (had) {
            json_t *both = json_pack("[O, o]", had, v);
            json_object_set_new(o, h->name, both);
        } else {
            json_object_set_new(o, h->name, v);
        }
    }
    json_object_del(o, "ActionID");
    return o;
}

static void console_live_on_reply(void *arg, enum reply_kind kind, const struct message *m,
                                  bool last) {
    struct asked *a = arg;
    if (kind == REPLY_RESPONSE)
        a->answer = console_live_headers_json(m);
    else if (kind == REPLY_ITEM && json_array_size(a->items) < AMI_ITEMS)
        json_array_append_new(a->items, console_live_headers_json(m));
    if (!last)
        return;
    if (kind == REPLY_LOST || a->answer == NULL) {
        shell_refuse(a->call, "no answer: Asterisk went away, or took over 30 s");
        json_decref(a->answer);
        json_decref(a->items);
    } else {
        if (kind == REPLY_COMPLETE)
            json_object_set(a->answer, "items", a->items);
        json_decref(a->items);
        shell_answer(a->call, a->answer);
    }
    free(a);
}

/* NULL, or what is wrong with the list of {name, value}. */
/* What would change, or block, the session the engine itself works with. */
static bool console_live_is_ours(const char *action) {
    static const char *const ours[] = {"Login",  "Logoff", "Challenge",
                                       "Events", "Filter", "WaitEvent"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (strcasecmp(ours[i], action) == 0)
            return true;
    return false;
}

static const char *console_live_add_headers(struct str *b, json_t *headers) {
    size_t i;
    json_t *h;
    if (json_array_size(headers) > AMI_LINES)
        return "an action has at most 120 headers";
    json_array_foreach(headers, i, h) {
        const char *name = arg_text(h, 0), *value = arg_text(h, 1);
        if (*name == '\0' || strpbrk(name, ": \r\n"))
            return "a header has a name without blanks and colons";
        if (strpbrk(value, "\r\n"))
            return "a value has a line break";
        if (strlen(name) + strlen(value) > AMI_LINE)
            return "a header has at most 1000 bytes";
        if (strcasecmp(name, "ActionID") == 0)
            return "the ActionID is the engine's: leave it out";
        if (strcasecmp(name, "Action") == 0 && console_live_is_ours(value))
            return "this action would change the engine's own session";
        header_add(b, name, value);
    }
    return NULL;
}

/* ami(headers, asterisk) */
static void console_live_lent_ami(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    struct engine *e = p->console->engine;
    const char *name = arg_text(args, 1);
    struct asterisk *a = *name ? map_get(&e->asterisks, name) : e->asterisks.first->value;
    struct str b = {0};
    const char *why =
        a ? console_live_add_headers(&b, json_array_get(args, 0)) : "no such Asterisk";
    struct asked *ask = xcalloc(1, sizeof *ask);
    *ask = (struct asked){.call = c, .items = json_array()};
    if (why == NULL) {
        json_t *first = json_array_get(json_array_get(args, 0), 0);
        peer_note(p, "AMI action %.60s", arg_text(first, 1));
        if (!client_send(a->client, &b, AMI_TIME, console_live_on_reply, ask))
            why = "Asterisk is away";
    }
    if (why) {
        shell_refuse(c, why);
        json_decref(ask->items);
        free(ask);
    }
    str_free(&b);
}

const struct lent console_live[] = {
    {"hangup", console_live_lent_hangup, "hangup(uuid): ends a call; false if there is none."},
    {"ami", console_live_lent_ami,
     "ami({{name, value}, ...}, asterisk): the answer to an action."},
    {0},
};
