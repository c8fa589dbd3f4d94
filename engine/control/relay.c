#include "control/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "ami/framing.h"
#include "control/gate.h"
#include "control/table.h"

#define RETRY SECONDS(1)
#define REFUSED_MAX SECONDS(60) /* between two logins of a user whom Asterisk refuses */
#define LOGIN_TIME SECONDS(5)   /* how long relayed actions wait for the login to Asterisk */
#define AGAIN \
    SECONDS(0.2)      /* before another try when Asterisk, at its authlimit, closes at once */
#define LOGINS_MAX 10 /* under way at once to one Asterisk: the length of its accept() queue */
#define OWN_ID "astout-relay" /* ActionID of the relay's own actions */
#define QUEUED_MAX 65536      /* bytes that may wait for the login */
#define PING_EVERY SECONDS(30)

/* One for each Asterisk, so that only a few sessions log in at once. */
struct door {
    SLIST_ENTRY(door) list;
    const struct conf_asterisk *conf;
    struct gate gate;
};

struct relays {
    struct loop *loop;
    const struct str *commands;
    SLIST_HEAD(, door) doors;
};

enum state { RELAY_AWAY, RELAY_LOGIN, RELAY_UP };

struct waiting {
    STAILQ_ENTRY(waiting) list;
    struct answer *answer; /* NULL: an action of the relay's own, whose answer goes to nobody */
    struct str instead;    /* sent instead of Asterisk's answer */
    int64_t patience;      /* ns of silence allowed; 0 = no limit */
    bool commands;         /* ListCommands: our actions are added */
};

struct relay {
    struct relays *all;
    struct loop *loop;
    struct guest guest;
    const struct conf_asterisk *conf;
    struct tls *tls;
    struct session *session;
    struct conn *conn;
    struct framing framing;
    enum state state;
    bool opened, banner;         /* of the connection; banner: it has been read */
    STAILQ_HEAD(, waiting) sent; /* actions, in order */
    bool in_list;                /* the answer to the first one is a list under way */
    struct str queued;           /* actions that wait for the login */
    char why[200];               /* why Asterisk is away */
    int64_t retry;
    struct timer timer, again, silence, ping;
};

static void relay_begin(void *arg);

/* ---- the order of answers ---- */

/* After so much silence while an answer is owed, Asterisk counts as dead. */
static int64_t relay_silence_of(const struct relay *r) { return SECONDS(r->conf->timeout); }

/* Restarts the count of silence: bytes came, or another answer is waited for. */
static void relay_watch(struct relay *r) {
    const struct waiting *first = STAILQ_FIRST(&r->sent);
    if (first && first->patience && r->state == RELAY_UP)
        timer_set(&r->silence, first->patience);
    else
        timer_stop(&r->silence);
}

static struct waiting *relay_expect(struct relay *r, struct answer *a, int64_t patience) {
    struct waiting *w = xcalloc(1, sizeof *w);
    w->answer = a;
    w->patience = patience;
    STAILQ_INSERT_TAIL(&r->sent, w, list);
    if (STAILQ_FIRST(&r->sent) == w)
        relay_watch(r);
    return w;
}

static void relay_next(struct relay *r) {
    struct waiting *w = STAILQ_FIRST(&r->sent);
    STAILQ_REMOVE_HEAD(&r->sent, list);
    r->in_list = false;
    str_free(&w->instead);
    free(w);
    relay_watch(r);
}

/* Asterisk is away: answers each action with an Error, in order. */
static void relay_fail_all(struct relay *r, const char *why) {
    str_reset(&r->queued);
    for (struct waiting *w; (w = STAILQ_FIRST(&r->sent));) {
        struct answer *a = w->answer;
        struct str instead = w->instead;
        w->instead = (struct str){0};
        relay_next(r);
        if (a && instead.len) {
            answer_send(a, instead.s, instead.len);
            answer_end(a);
        } else if (a) {
            answer_error(a, why);
        }
        str_free(&instead);
    }
}

/* ---- connection ---- */

static void relay_hang_up(struct relay *r) {
    gate_leave(&r->guest);
    conn_close(r->conn, false);
    r->conn = NULL;
    framing_free(&r->framing);
}

static void relay_drop(struct relay *r, const char *why) {
    relay_hang_up(r);
    r->state = RELAY_AWAY;
    snprintf(r->why, sizeof r->why, "%s", why);
    timer_stop(&r->again);
    timer_stop(&r->silence);
    timer_stop(&r->ping);
    timer_set(&r->timer, r->retry);
    relay_fail_all(r, r->why);
}

/* Asterisk may hang without closing (`core restart gracefully`, a broken link). */
static void relay_on_silence(void *arg) { relay_drop(arg, "Asterisk does not answer"); }

static void relay_on_timer(void *arg) {
    struct relay *r = arg;
    if (r->state == RELAY_AWAY)
        relay_begin(r);
    else if (r->state == RELAY_LOGIN)
        relay_drop(r, "Asterisk is away");
}

/* Sends bytes, after those that wait for the login. */
static void relay_transmit(struct relay *r, const struct str *b) {
    if (r->state == RELAY_UP)
        conn_send(r->conn, b->s, b->len);
    else
        str_addn(&r->queued, b->s, b->len);
}

static void relay_on_ping(void *arg) {
    struct relay *r = arg;
    struct str b = {0};
    timer_set(&r->ping, PING_EVERY);
    if (!STAILQ_EMPTY(&r->sent))
        return; /* the answers owed already show whether it lives */
    header_add(&b, "Action", "Ping");
    header_add(&b, "ActionID", OWN_ID);
    message_end(&b);
    relay_expect(r, NULL, relay_silence_of(r));
    relay_transmit(r, &b);
    str_free(&b);
}

static void relay_add_mask(struct relay *r, struct str *b, const char *header) {
    struct str classes = {0};
    uint32_t mask = session_mask(r->session);
    if (mask == 0)
        header_add(b, header, "off");
    else if ((mask & CLASS_ALL) == CLASS_ALL)
        header_add(b, header, "on");
    else {
        class_text(&classes, mask & ~(uint32_t)CLASS_DIALER);
        char *all = strstr(classes.s, ",all"); /* class_text ends with it, as Asterisk does */
        if (all)
            *all = '\0';
        header_add(b, header, classes.s);
    }
    str_free(&classes);
}

static void relay_send_login(struct relay *r) {
    const struct user *u = session_user(r->session);
    struct str b = {0};
    header_add(&b, "Action", "Login");
    header_add(&b, "ActionID", OWN_ID);
    header_add(&b, "Username", u->name);
    header_add(&b, "Secret", u->secret);
    relay_add_mask(r, &b, "Events");
    message_end(&b);
    conn_send(r->conn, b.s, b.len);
    str_free(&b);
}

bool relay_mask(struct relay *r, struct answer *a, const struct str *packet) {
    if (r->state == RELAY_AWAY)
        return false; /* the login will send the mask */
    struct str b = {0};
    header_add(&b, "Action", "Events");
    header_add(&b, "ActionID", OWN_ID);
    relay_add_mask(r, &b, "EventMask");
    message_end(&b);
    struct waiting *w = relay_expect(r, a, relay_silence_of(r));
    str_addn(&w->instead, packet->s, packet->len);
    relay_transmit(r, &b);
    str_free(&b);
    return true;
}

static void relay_on_refused(struct relay *r, const char *text) {
    if (strstr(text, "shutting down")) {
        relay_drop(r, "Asterisk is shutting down");
        return;
    }
    char why[sizeof r->why];
    if (r->retry == RETRY) /* the first refusal in a row */
        log_warn(loop_log(r->loop), "relay: asterisk %s refuses %s: %.100s", r->conf->name,
                 session_name(r->session), text);
    snprintf(why, sizeof why, "Asterisk refuses this user: %.100s", text);
    relay_drop(r, why);
    r->retry = 2 * r->retry < REFUSED_MAX ? 2 * r->retry : REFUSED_MAX;
}

static void relay_on_logged_in(struct relay *r, const struct message *m) {
    if (strcasecmp(message_text(m, "Response"), "Success")) {
        relay_on_refused(r, message_text(m, "Message"));
        return;
    }
    gate_leave(&r->guest);
    r->retry = RETRY;
    r->why[0] = '\0';
    r->state = RELAY_UP;
    timer_stop(&r->timer);
    timer_set(&r->ping, PING_EVERY);
    relay_watch(r);
    conn_send(r->conn, str_get(&r->queued), r->queued.len);
    str_reset(&r->queued);
}

/* ---- what comes from Asterisk ---- */

/* ListCommands shows what works here: our actions follow Asterisk's, in the same packet. */
static void relay_send_commands(struct relay *r, struct answer *a, const struct message *m) {
    size_t end = m->raw.len >= 2 && strcmp(m->raw.s + m->raw.len - 2, "\r\n") == 0 ? 2 : 1;
    struct str b = {0};
    str_addn(&b, m->raw.s, m->raw.len - end);
    if (session_user(r->session)->write & ACTIONS_NEED)
        str_addn(&b, r->all->commands->s, r->all->commands->len);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
}

static void relay_on_response(struct relay *r, const struct message *m) {
    struct waiting *first = STAILQ_FIRST(&r->sent);
    if (first == NULL)
        return;
    struct answer *a = first->answer;
    if (a && first->instead.len)
        answer_send(a, first->instead.s, first->instead.len);
    else if (a && first->commands)
        relay_send_commands(r, a, m);
    else if (a)
        answer_send(a, m->raw.s, m->raw.len);
    if (strcasecmp(message_text(m, "EventList"), "start") == 0) {
        r->in_list = true;
        return;
    }
    relay_next(r);
    if (a)
        answer_end(a);
}

static void relay_on_item(struct relay *r, const struct message *m) {
    struct answer *a = STAILQ_FIRST(&r->sent)->answer;
    if (a)
        answer_send(a, m->raw.s, m->raw.len);
    if (strcasecmp(message_text(m, "EventList"), "Complete"))
        return;
    relay_next(r);
    if (a)
        answer_end(a);
}

static bool relay_on_message(void *arg, struct message *m, enum framing_fault fault) {
    struct relay *r = arg;
    struct conn *conn = r->conn;
    if (fault != FRAMING_OK) {
        relay_drop(r, "Asterisk sent a message beyond all bounds");
        return false;
    }
    if (m->count == 0)
        return true;
    bool response = message_has(m, "Response") && !message_has(m, "Event");
    if (r->state == RELAY_LOGIN) {
        if (response)
            relay_on_logged_in(r, m);
    } else if (response) {
        relay_on_response(r, m);
    } else if (r->in_list) {
        relay_on_item(r, m);
    } else if (!message_is_event(m, "FullyBooted")) { /* the session got ours at its login */
        session_send(r->session, m->raw.s, m->raw.len);
    }
    return r->conn == conn;
}

static void relay_on_data(void *arg, const char *bytes, size_t n) {
    struct relay *r = arg;
    if (!r->banner) {
        const char *nl = memchr(bytes, '\n', n);
        if (nl == NULL)
            return; /* the rest of the banner has still to come */
        r->banner = true;
        n -= (size_t)(nl + 1 - bytes);
        bytes = nl + 1;
        relay_send_login(r);
    }
    relay_watch(r);
    framing_feed(&r->framing, bytes, n, relay_on_message, r);
}

static void relay_on_open(void *arg) { ((struct relay *)arg)->opened = true; }

static void relay_on_lost(void *arg, const char *why) {
    (void)why;
    struct relay *r = arg;
    if (r->state == RELAY_LOGIN && r->opened) { /* queued actions go on waiting for a login */
        relay_hang_up(r);
        timer_set(&r->again, AGAIN);
    } else {
        relay_drop(r, "Asterisk is away");
    }
}

static const struct conn_events conn_events = {.open = relay_on_open,
                                               .data = relay_on_data,
                                               .lost = relay_on_lost};

static void relay_begin(void *arg) {
    struct relay *r = arg;
    r->state = RELAY_LOGIN;
    timer_set(&r->timer, LOGIN_TIME);
    gate_enter(&r->guest);
}

/* Asterisk closed at once: waits at the gate again. */
static void relay_again(void *arg) {
    struct relay *r = arg;
    gate_enter(&r->guest);
}

/* Let in by the gate: connects. */
static void relay_dial(void *arg) {
    struct relay *r = arg;
    r->opened = r->banner = false;
    framing_init(&r->framing, &framing_of_server);
    r->conn = conn_dial(r->loop, r->conf->host, (int)r->conf->port, r->tls, &conn_events, r);
}

/* How long an action may be silent; some wait by their nature. */
static int64_t relay_patience_of(const struct relay *r, const struct message *m) {
    const char *action = message_text(m, "Action"), *timeout = message_text(m, "Timeout");
    bool async = false;
    int64_t wait;
    if (strcasecmp(action, "WaitEvent") == 0) /* seconds; none or -1 = no limit */
        return str_int(timeout, 0, 86400, &wait) ? relay_silence_of(r) + wait * NS_PER_S : 0;
    if (strcasecmp(action, "Originate") ||
        (str_bool(message_text(m, "Async"), &async) && async))
        return relay_silence_of(r);
    return relay_silence_of(r) +
           (str_int(timeout, 1, 86400000, &wait) ? wait : 30000) * NS_PER_MS;
}

void relay_action(struct relay *r, struct answer *a, const struct message *m) {
    if (r->state == RELAY_AWAY) {
        answer_error(a, *r->why ? r->why : "Asterisk is away");
        return;
    }
    if (r->state == RELAY_LOGIN && r->queued.len + m->raw.len > QUEUED_MAX) {
        answer_error(a, "Too much waits for the login to Asterisk");
        return;
    }
    struct waiting *w = relay_expect(r, a, relay_patience_of(r, m));
    w->commands = strcasecmp(message_text(m, "Action"), "ListCommands") == 0;
    relay_transmit(r, &m->raw);
}

/* ---- life ---- */

struct relays *relays_new(struct loop *l, const struct str *commands) {
    struct relays *rs = xcalloc(1, sizeof *rs);
    rs->loop = l;
    rs->commands = commands;
    return rs;
}

void relays_free(struct relays *rs) {
    if (rs == NULL)
        return;
    for (struct door *d; (d = SLIST_FIRST(&rs->doors));) {
        SLIST_REMOVE_HEAD(&rs->doors, list);
        free(d);
    }
    free(rs);
}

static struct gate *relay_gate_of(struct relays *rs, const struct conf_asterisk *conf) {
    struct door *d;
    SLIST_FOREACH (d, &rs->doors, list) {
        if (d->conf == conf)
            return &d->gate;
    }
    d = xcalloc(1, sizeof *d);
    d->conf = conf;
    gate_init(&d->gate, LOGINS_MAX);
    SLIST_INSERT_HEAD(&rs->doors, d, list);
    return &d->gate;
}

struct relay *relay_new(struct relays *rs, const struct conf_asterisk *conf, struct tls *tls,
                        struct session *s) {
    struct relay *r = xcalloc(1, sizeof *r);
    *r = (struct relay){.all = rs,
                        .loop = rs->loop,
                        .conf = conf,
                        .tls = tls,
                        .session = s,
                        .guest = {.gate = relay_gate_of(rs, conf), .enter = relay_dial},
                        .retry = RETRY};
    r->guest.arg = r;
    STAILQ_INIT(&r->sent);
    timer_init(&r->silence, rs->loop, relay_on_silence, r);
    timer_init(&r->ping, rs->loop, relay_on_ping, r);
    timer_init(&r->timer, rs->loop, relay_on_timer, r);
    timer_init(&r->again, rs->loop, relay_again, r);
    relay_begin(r);
    return r;
}

static void relay_destroy(void *arg) {
    struct relay *r = arg;
    framing_free(&r->framing);
    str_free(&r->queued);
    free(r);
}

void relay_free(struct relay *r) {
    if (r == NULL)
        return;
    timer_stop(&r->timer);
    timer_stop(&r->again);
    timer_stop(&r->silence);
    timer_stop(&r->ping);
    gate_leave(&r->guest);
    conn_close(r->conn, false);
    r->conn = NULL;
    r->state = RELAY_AWAY;
    relay_fail_all(r, "Session is closed"); /* nobody gets it, but every answer must end */
    loop_later(r->loop, relay_destroy, r);
}
