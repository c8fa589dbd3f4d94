#include "ami/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STRANGER_MAX 65536 /* bytes left unread by somebody who has not logged in */
#define WRITETIMEOUT 100   /* of a user whose section says nothing: the bound alone counts */

static void session_destroy(void *arg) {
    struct session *s = arg;
    framing_free(&s->framing);
    str_free(&s->held);
    free(s->name);
    free(s->target);
    filter_free(s->filter);
    free(s->refusal);
    free(s);
}

void session_close(struct session *s, bool flush) {
    if (s->closed)
        return;
    s->closed = true;
    struct server *sv = s->server;
    TAILQ_REMOVE(&s->server->sessions, s, link);
    sv->count--;
    if (s->user == NULL)
        sv->unauthenticated--;
    else if (sv->config.gone)
        sv->config.gone(sv->config.arg, s);
    if (s->user && s->user->displayconnects)
        log_info(loop_log(sv->loop), "ami: %s logged off", s->name);
    timer_stop(&s->stuck);
    timer_stop(&s->limit);
    timer_stop(&s->boot);
    task_cancel(&s->pump);
    if (s->refused)
        s->refused->ended = true; /* its second of waiting is cut short */
    answers_orphan(s);
    conn_close(s->conn, flush);
    loop_later(sv->loop, session_destroy, s);
}

void session_overflow(struct session *s) {
    log_warn(loop_log(s->server->loop), "ami: %s reads too slowly, closed", s->name);
    session_close(s, false);
}

/* Has it taken a byte within its user's writetimeout? */
static void session_on_stuck(void *arg) {
    struct session *s = arg;
    uint64_t owed = conn_owed(s->conn), taken = s->written - owed;
    if (owed && taken == s->taken) {
        session_overflow(s);
    } else if (owed) {
        s->taken = taken;
        timer_set(&s->stuck, s->user->writetimeout * NS_PER_MS);
    }
}

static size_t session_bound_of(const struct session *s) {
    size_t owed = s->server->config.limits.owed;
    return s->user == NULL && owed > STRANGER_MAX ? STRANGER_MAX : owed;
}

void session_write(struct session *s, const char *bytes, size_t n) {
    if (s->closed)
        return;
    size_t owed = conn_owed(s->conn);
    if (owed + n > session_bound_of(s)) {
        session_overflow(s);
        return;
    }
    if (s->user && s->user->writetimeout > WRITETIMEOUT && !timer_is_set(&s->stuck)) {
        s->taken = s->written - owed;
        timer_set(&s->stuck, s->user->writetimeout * NS_PER_MS);
    }
    s->written += n;
    conn_send(s->conn, bytes, n);
}

void session_send(struct session *s, const char *bytes, size_t n) {
    if (s->closed)
        return;
    const struct answer *first = STAILQ_FIRST(&s->answers);
    if (first && first->begun && !first->ended)
        str_addn(&s->held, bytes, n);
    else
        session_write(s, bytes, n);
    if (s->held.len > session_bound_of(s))
        session_overflow(s);
}

bool session_hears(const struct session *s, uint32_t need) {
    return s->user && (s->user->read & s->mask & need) == need;
}

bool session_event(struct session *s, uint32_t need, const struct str *packet) {
    if (!session_hears(s, need) || !filter_passes(s->filter, packet))
        return false;
    session_send(s, packet->s, packet->len);
    return true;
}

const struct user *session_user(const struct session *s) { return s->user; }
uint32_t session_mask(const struct session *s) { return s->mask; }
const char *session_name(const struct session *s) { return s->name; }
const char *session_target(const struct session *s) { return s->target; }
void *session_data(const struct session *s) { return s->data; }
void session_set_data(struct session *s, void *data) { s->data = data; }

/* ---- actions ---- */

static const struct action *session_find_action(const struct server *sv, const char *name) {
    for (const struct action *const *t = sv->config.tables; t && *t; t++)
        for (const struct action *a = *t; a->name; a++)
            if (strcasecmp(a->name, name) == 0)
                return a;
    return NULL;
}

static void session_unknown(struct answer *a, const char *name) {
    char text[200];
    snprintf(text, sizeof text,
             "Invalid/unknown command: %.80s. Use Action: ListCommands to show available "
             "commands.",
             name);
    answer_error(a, text);
}

static void session_run(struct server *sv, const struct action *act, struct answer *a,
                        const struct message *m) {
    a->action = act;
    act->run(sv->config.arg, a, m);
}

static void session_dispatch(struct session *s, struct answer *a, const struct message *m) {
    struct server *sv = s->server;
    const char *name = message_get(m, "Action");
    if (name == NULL) {
        answer_error(a, "Missing action in request");
        return;
    }
    if (session_builtin(s, a, m))
        return;
    const struct action *act = session_find_action(sv, name);
    if (s->user == NULL || (act && act->need && !(s->user->write & act->need)))
        answer_error(a, "Permission denied");
    else if (act)
        session_run(sv, act, a, m);
    else if (sv->config.other == NULL || !sv->config.other(sv->config.arg, a, m))
        session_unknown(a, name);
}

static bool session_on_message(void *arg, struct message *m, enum framing_fault fault) {
    struct session *s = arg;
    if (s->leaving)
        return false;
    struct answer *a = answer_new(s, message_get(m, "ActionID"), m->raw.len);
    if (fault == FRAMING_LINE_TOO_LONG)
        answer_error(a, "Failed to parse message: line too long");
    else if (fault == FRAMING_TOO_MANY_LINES)
        answer_error(a, "Too many lines in message or allocation failure");
    else
        session_dispatch(s, a, m);
    return !s->closed && !s->leaving;
}

static void session_on_data(void *arg, const char *bytes, size_t n) {
    struct session *s = arg;
    if (!s->leaving)
        framing_feed(&s->framing, bytes, n, session_on_message, s);
}

static void session_on_lost(void *arg, const char *why) {
    (void)why;
    session_close(arg, false);
}

static void session_on_drained(void *arg) {
    struct session *s = arg;
    task_queue(&s->pump);
}

static void session_on_pump(void *arg) { answers_pump(arg); }

static const struct conn_events conn_events = {.data = session_on_data,
                                               .lost = session_on_lost,
                                               .drained = session_on_drained};

/* ---- beginning ---- */

static void session_on_limit(void *arg) {
    struct session *s = arg;
    if (s->refusal && s->refused) { /* the second that a wrong secret costs is over */
        struct answer *a = s->refused;
        s->refused = NULL;
        answer_error(a, s->refusal);
    }
    session_close(s, true);
}

static void session_on_boot(void *arg) {
    struct session *s = arg;
    struct str b = {0};
    header_add(&b, "Event", "FullyBooted");
    header_add(&b, "Privilege", "system,all");
    header_add(&b, "Status", "Fully Booted");
    message_end(&b);
    if (session_hears(s, CLASS_SYSTEM)) /* no filter keeps this one back */
        session_send(s, b.s, b.len);
    str_free(&b);
}

void session_new(struct server *sv, struct conn *c) {
    struct session *s = xcalloc(1, sizeof *s);
    s->server = sv;
    s->conn = c;
    STAILQ_INIT(&s->answers);
    s->name = xasprintf("?@%s", conn_peer(c));
    TAILQ_INSERT_TAIL(&sv->sessions, s, link);
    sv->count++;
    sv->unauthenticated++;
    framing_init(&s->framing, &framing_of_client);
    timer_init(&s->limit, sv->loop, session_on_limit, s);
    timer_init(&s->boot, sv->loop, session_on_boot, s);
    timer_init(&s->stuck, sv->loop, session_on_stuck, s);
    task_init(&s->pump, sv->loop, session_on_pump, s);
    timer_set(&s->limit, sv->config.limits.login_time);
    conn_attach(c, &conn_events, s);
    char banner[64];
    int n = snprintf(banner, sizeof banner, "Asterisk Call Manager/%s\r\n",
                     sv->config.version(sv->config.arg));
    session_write(s, banner, (size_t)n);
}
