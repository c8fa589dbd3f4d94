#include "face/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ami/framing.h"

#define RETRY SECONDS(1)
#define LOGIN_TIME SECONDS(5) /* relayed actions wait so long for the upstream login */
#define OWN_ID "astout-relay" /* ActionID of what the relay itself asks */
#define QUEUED_MAX 65536      /* bytes that may wait for the login */
#define SILENCE SECONDS(10)   /* no byte for so long while an answer is owed: it is dead */
#define PING_EVERY SECONDS(30)

enum state { RELAY_AWAY, RELAY_LOGIN, RELAY_UP };

struct waiting {
    struct waiting *next;
    struct answer *answer; /* NULL: our own action, its answer is swallowed */
    int64_t patience;      /* ns it may take without a byte; 0 = for ever */
    bool commands;         /* ListCommands: ours are added */
};

struct relay {
    struct loop *loop;
    const struct conf_asterisk *conf;
    struct tls *tls;
    struct session *session;
    struct conn *conn;
    struct framing framing;
    enum state state;
    bool banner; /* has been read */
    struct waiting *first, **last; /* actions sent, in order */
    bool in_list;                  /* the first one's answer is a list under way */
    struct str queued;             /* actions that wait for the login */
    const struct str *commands;
    const char *why;               /* it is away */
    struct timer timer, silence, ping;
};

static void begin(void *arg);

/* ---- the order of answers ---- */

/* Begins to count the silence anew: something came, or another answer is waited for. */
static void watch(struct relay *r) {
    if (r->first && r->first->patience && r->state == RELAY_UP)
        timer_set(&r->silence, r->first->patience);
    else
        timer_stop(&r->silence);
}

static struct waiting *expect(struct relay *r, struct answer *a, int64_t patience) {
    struct waiting *w = xcalloc(1, sizeof *w);
    w->answer = a;
    w->patience = patience;
    *r->last = w;
    r->last = &w->next;
    if (r->first == w)
        watch(r);
    return w;
}

static void next(struct relay *r) {
    struct waiting *w = r->first;
    r->first = w->next;
    if (r->first == NULL)
        r->last = &r->first;
    r->in_list = false;
    free(w);
    watch(r);
}

/* Asterisk is away: each action gets its Error, in order. */
static void fail_all(struct relay *r, const char *why) {
    while (r->first) {
        struct answer *a = r->first->answer;
        next(r);
        if (a)
            answer_error(a, why);
    }
    str_reset(&r->queued);
}

/* ---- connection ---- */

static void drop(struct relay *r, const char *why) {
    conn_close(r->conn, false);
    r->conn = NULL;
    framing_free(&r->framing);
    r->state = RELAY_AWAY;
    r->why = why;
    timer_stop(&r->silence);
    timer_stop(&r->ping);
    timer_set(&r->timer, RETRY);
    fail_all(r, why);
}

/* It may hang without closing: `core restart gracefully`, a link that is gone. */
static void on_silence(void *arg) { drop(arg, "Asterisk does not answer"); }

static void on_timer(void *arg) {
    struct relay *r = arg;
    if (r->state == RELAY_AWAY)
        begin(r);
    else if (r->state == RELAY_LOGIN)
        drop(r, "Asterisk is away");
}

/* Sends an action of our own; its answer is swallowed. */
static void ask(struct relay *r, struct str *b) {
    message_end(b);
    expect(r, NULL, SILENCE);
    conn_send(r->conn, b->s, b->len);
    str_free(b);
}

static void on_ping(void *arg) {
    struct relay *r = arg;
    struct str b = {0};
    timer_set(&r->ping, PING_EVERY);
    if (r->first)
        return; /* what is owed already will tell */
    header_add(&b, "Action", "Ping");
    header_add(&b, "ActionID", OWN_ID);
    ask(r, &b);
}

static void add_mask(struct relay *r, struct str *b, const char *header) {
    struct str classes = {0};
    uint32_t mask = session_mask(r->session);
    if (mask == 0)
        header_add(b, header, "off");
    else if ((mask & CLASS_ALL) == CLASS_ALL)
        header_add(b, header, "on");
    else {
        class_text(&classes, mask & ~(uint32_t)CLASS_DIALER);
        header_add(b, header, classes.s);
    }
    str_free(&classes);
}

static void send_login(struct relay *r) {
    const struct user *u = session_user(r->session);
    struct str b = {0};
    header_add(&b, "Action", "Login");
    header_add(&b, "ActionID", OWN_ID);
    header_add(&b, "Username", u->name);
    header_add(&b, "Secret", u->secret);
    add_mask(r, &b, "Events");
    message_end(&b);
    conn_send(r->conn, b.s, b.len);
    str_free(&b);
}

void relay_mask(struct relay *r) {
    if (r->state != RELAY_UP)
        return; /* the login will say it */
    struct str b = {0};
    header_add(&b, "Action", "Events");
    header_add(&b, "ActionID", OWN_ID);
    add_mask(r, &b, "EventMask");
    ask(r, &b);
}

static void on_logged_in(struct relay *r, const struct message *m) {
    if (strcasecmp(message_text(m, "Response"), "Success")) {
        drop(r, strstr(message_text(m, "Message"), "shutting down") ? "Asterisk is shutting down"
                                                                    : "Asterisk refuses this user");
        return;
    }
    r->state = RELAY_UP;
    timer_stop(&r->timer);
    timer_set(&r->ping, PING_EVERY);
    watch(r);
    conn_send(r->conn, str_get(&r->queued), r->queued.len);
    str_reset(&r->queued);
}

/* ---- what comes from Asterisk ---- */

/* ListCommands shows what works here: ours stand behind Asterisk's, in its packet. */
static void send_commands(struct relay *r, struct answer *a, const struct message *m) {
    size_t end = m->raw.len >= 2 && strcmp(m->raw.s + m->raw.len - 2, "\r\n") == 0 ? 2 : 1;
    answer_send(a, m->raw.s, m->raw.len - end);
    answer_send(a, r->commands->s, r->commands->len);
    answer_send(a, "\r\n", 2);
}

static void on_response(struct relay *r, const struct message *m) {
    struct answer *a = r->first ? r->first->answer : NULL;
    if (r->first == NULL)
        return;
    if (a && r->first->commands)
        send_commands(r, a, m);
    else if (a)
        answer_send(a, m->raw.s, m->raw.len);
    if (strcasecmp(message_text(m, "EventList"), "start") == 0) {
        r->in_list = true;
        return;
    }
    next(r);
    if (a)
        answer_end(a);
}

static void on_item(struct relay *r, const struct message *m) {
    struct answer *a = r->first->answer;
    if (a)
        answer_send(a, m->raw.s, m->raw.len);
    if (strcasecmp(message_text(m, "EventList"), "Complete"))
        return;
    next(r);
    if (a)
        answer_end(a);
}

static bool on_message(void *arg, struct message *m, enum framing_fault fault) {
    struct relay *r = arg;
    struct conn *conn = r->conn;
    if (fault != FRAMING_OK) {
        drop(r, "Asterisk sent a message beyond all bounds");
        return false;
    }
    if (m->count == 0)
        return true;
    bool response = message_has(m, "Response") && !message_has(m, "Event");
    if (r->state == RELAY_LOGIN) {
        if (response)
            on_logged_in(r, m);
    } else if (response) {
        on_response(r, m);
    } else if (r->in_list) {
        on_item(r, m);
    } else if (!message_is_event(m, "FullyBooted")) { /* the session has had ours */
        session_send(r->session, m->raw.s, m->raw.len);
    }
    return r->conn == conn;
}

static void on_data(void *arg, const char *bytes, size_t n) {
    struct relay *r = arg;
    if (!r->banner) {
        const char *nl = memchr(bytes, '\n', n);
        if (nl == NULL)
            return; /* the rest of the banner is to come */
        r->banner = true;
        n -= (size_t)(nl + 1 - bytes);
        bytes = nl + 1;
        send_login(r);
    }
    watch(r);
    framing_feed(&r->framing, bytes, n, on_message, r);
}

static void on_lost(void *arg, const char *why) {
    (void)why;
    drop(arg, "Asterisk is away");
}

static const struct conn_events conn_events = {.data = on_data, .lost = on_lost};

static void begin(void *arg) {
    struct relay *r = arg;
    r->state = RELAY_LOGIN;
    r->banner = false;
    framing_init(&r->framing, &framing_of_server);
    timer_set(&r->timer, LOGIN_TIME);
    r->conn = conn_dial(r->loop, r->conf->host, (int)r->conf->port, r->tls, &conn_events, r);
}

/* How long an action may take without a byte: some wait by nature. */
static int64_t patience_of(const struct message *m) {
    const char *action = message_text(m, "Action"), *timeout = message_text(m, "Timeout");
    bool async = false;
    int64_t wait;
    if (strcasecmp(action, "WaitEvent") == 0) /* s; none or -1 = for ever */
        return str_int(timeout, 0, 86400, &wait) ? SILENCE + wait * NS_PER_S : 0;
    if (strcasecmp(action, "Originate") || (str_bool(message_text(m, "Async"), &async) && async))
        return SILENCE;
    return SILENCE + (str_int(timeout, 1, 86400000, &wait) ? wait : 30000) * NS_PER_MS;
}

void relay_action(struct relay *r, struct answer *a, const struct message *m) {
    if (r->state == RELAY_AWAY || r->queued.len + m->raw.len > QUEUED_MAX) {
        answer_error(a, r->why ? r->why : "Asterisk is away");
        return;
    }
    struct waiting *w = expect(r, a, patience_of(m));
    w->commands = strcasecmp(message_text(m, "Action"), "ListCommands") == 0;
    if (r->state == RELAY_UP)
        conn_send(r->conn, m->raw.s, m->raw.len);
    else
        str_addn(&r->queued, m->raw.s, m->raw.len);
}

/* ---- life ---- */

struct relay *relay_new(struct loop *l, const struct conf_asterisk *conf, struct tls *tls,
                        struct session *s, const struct str *commands) {
    struct relay *r = xcalloc(1, sizeof *r);
    *r = (struct relay){
        .loop = l, .conf = conf, .tls = tls, .session = s, .commands = commands};
    r->last = &r->first;
    timer_init(&r->silence, l, on_silence, r);
    timer_init(&r->ping, l, on_ping, r);
    timer_init(&r->timer, l, on_timer, r);
    begin(r);
    return r;
}

static void destroy(void *arg) {
    struct relay *r = arg;
    framing_free(&r->framing);
    str_free(&r->queued);
    free(r);
}

void relay_free(struct relay *r) {
    if (r == NULL)
        return;
    timer_stop(&r->timer);
    timer_stop(&r->silence);
    timer_stop(&r->ping);
    conn_close(r->conn, false);
    r->conn = NULL;
    r->state = RELAY_AWAY;
    fail_all(r, "Session is closed"); /* nobody hears it, but the answers must end */
    loop_later(r->loop, destroy, r);
}
