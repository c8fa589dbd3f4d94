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

enum state { RELAY_AWAY, RELAY_LOGIN, RELAY_UP };

struct waiting {
    struct waiting *next;
    struct answer *answer; /* NULL: our own action, its answer is swallowed */
};

struct relay {
    struct loop *loop;
    const struct conf_asterisk *conf;
    struct session *session;
    struct conn *conn;
    struct framing framing;
    enum state state;
    bool banner; /* has been read */
    bool refused;
    struct waiting *first, **last; /* actions sent, in order */
    bool in_list;                  /* the first one's answer is a list under way */
    struct str queued;             /* actions that wait for the login */
    struct timer timer;
};

static void begin(void *arg);

/* ---- the order of answers ---- */

static void expect(struct relay *r, struct answer *a) {
    struct waiting *w = xcalloc(1, sizeof *w);
    w->answer = a;
    *r->last = w;
    r->last = &w->next;
}

static void next(struct relay *r) {
    struct waiting *w = r->first;
    r->first = w->next;
    if (r->first == NULL)
        r->last = &r->first;
    r->in_list = false;
    free(w);
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

static const char *why_away(const struct relay *r) {
    return r->refused ? "Asterisk refuses this user" : "Asterisk is away";
}

static void drop(struct relay *r) {
    conn_close(r->conn, false);
    r->conn = NULL;
    framing_free(&r->framing);
    r->state = RELAY_AWAY;
    timer_set(&r->timer, RETRY);
    fail_all(r, why_away(r));
}

static void on_timer(void *arg) {
    struct relay *r = arg;
    if (r->state == RELAY_AWAY)
        begin(r);
    else if (r->state == RELAY_LOGIN)
        drop(r);
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
    message_end(&b);
    expect(r, NULL);
    conn_send(r->conn, b.s, b.len);
    str_free(&b);
}

static void on_logged_in(struct relay *r, const struct message *m) {
    r->refused = strcasecmp(message_text(m, "Response"), "Success") != 0;
    if (r->refused) {
        drop(r);
        return;
    }
    r->state = RELAY_UP;
    timer_stop(&r->timer);
    conn_send(r->conn, str_get(&r->queued), r->queued.len);
    str_reset(&r->queued);
}

/* ---- what comes from Asterisk ---- */

static void on_response(struct relay *r, const struct message *m) {
    struct answer *a = r->first ? r->first->answer : NULL;
    if (r->first == NULL)
        return;
    if (a)
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
        drop(r);
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
    framing_feed(&r->framing, bytes, n, on_message, r);
}

static void on_lost(void *arg, const char *why) {
    (void)why;
    drop(arg);
}

static const struct conn_events conn_events = {.data = on_data, .lost = on_lost};

static void begin(void *arg) {
    struct relay *r = arg;
    r->state = RELAY_LOGIN;
    r->banner = false;
    framing_init(&r->framing, &framing_of_server);
    timer_set(&r->timer, LOGIN_TIME);
    r->conn = conn_dial(r->loop, r->conf->host, (int)r->conf->port, &conn_events, r);
}

void relay_action(struct relay *r, struct answer *a, const struct message *m) {
    if (r->state == RELAY_AWAY || r->queued.len + m->raw.len > QUEUED_MAX) {
        answer_error(a, why_away(r));
        return;
    }
    expect(r, a);
    if (r->state == RELAY_UP)
        conn_send(r->conn, m->raw.s, m->raw.len);
    else
        str_addn(&r->queued, m->raw.s, m->raw.len);
}

/* ---- life ---- */

struct relay *relay_new(struct loop *l, const struct conf_asterisk *conf, struct session *s) {
    struct relay *r = xcalloc(1, sizeof *r);
    *r = (struct relay){.loop = l, .conf = conf, .session = s};
    r->last = &r->first;
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
    conn_close(r->conn, false);
    r->conn = NULL;
    r->state = RELAY_AWAY;
    fail_all(r, "Session is closed"); /* nobody hears it, but the answers must end */
    loop_later(r->loop, destroy, r);
}
