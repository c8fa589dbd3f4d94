#include "base/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/record.h"
#include "base/str.h"
#include "base/tls.h"
#include "base/unixsock.h"

#define READ_CHUNK 65536
#define FLUSH_TIME SECONDS(5)
#define ACCEPT_REST SECONDS(1)

/* One of two: bev is set for a socket (a replayed one has none), else it is an end of a
 * queue. */
struct conn {
    struct loop *loop;
    const struct conn_events *ev;
    void *arg;
    char peer[64];
    bool closed;
    struct timer flush_limit;
    struct bufferevent *bev;
    bool is_tls, is_dialled, is_dialling;
    bool is_replayed;  /* its far end is a recording */
    size_t owed;       /* of a replayed one */
    struct source_port port;
    char *refused;     /* why it failed before it was begun */
    struct task refuse;
    /* the memory kind */
    struct conn *other;
    struct str inbox;
    struct task deliver;
    bool held, other_gone;
};

static void free_conn(void *p) {
    struct conn *c = p;
    timer_stop(&c->flush_limit);
    task_cancel(&c->deliver);
    task_cancel(&c->refuse);
    record_drop(loop_record(c->loop), &c->port);
    if (c->bev)
        bufferevent_free(c->bev);
    free(c->refused);
    str_free(&c->inbox);
    free(c);
}

static void flush_over(void *arg) {
    struct conn *c = arg;
    loop_later(c->loop, free_conn, c);
}

static struct conn *conn_new(struct loop *l) {
    struct conn *c = xcalloc(1, sizeof *c);
    c->loop = l;
    timer_init(&c->flush_limit, l, flush_over, c);
    return c;
}

void conn_attach(struct conn *c, const struct conn_events *ev, void *arg) {
    c->ev = ev;
    c->arg = arg;
}

const char *conn_peer(const struct conn *c) { return c->peer; }

int conn_fd(const struct conn *c) { return c->bev ? bufferevent_getfd(c->bev) : -1; }

/* ---- sockets: what happens to them, live or replayed ---- */

static void got_open(struct conn *c) {
    if (!c->closed && c->ev->open)
        c->ev->open(c->arg);
}

static void got_data(struct conn *c, const char *bytes, size_t n) {
    if (!c->closed && c->ev)
        c->ev->data(c->arg, bytes, n);
}

/* Everything queued is out: what a closing connection waits for. */
static void got_drained(struct conn *c) {
    if (c->closed && timer_is_set(&c->flush_limit)) {
        timer_stop(&c->flush_limit);
        loop_later(c->loop, free_conn, c);
    } else if (!c->closed && c->ev && c->ev->drained) {
        c->ev->drained(c->arg);
    }
}

static void got_lost(struct conn *c, const char *why) {
    if (c->closed && timer_is_set(&c->flush_limit)) {
        timer_stop(&c->flush_limit);
        loop_later(c->loop, free_conn, c);
    } else if (!c->closed && c->ev) {
        c->ev->lost(c->arg, why);
    }
}

static void note(struct conn *c, enum record_kind kind, int64_t b, const void *bytes, size_t n) {
    record_input(loop_record(c->loop), kind, &c->port, b, bytes, n);
}

/* The bytes are copied: what is asked meanwhile moves the recording on. */
static void play_data(struct conn *c, const struct record_item *item) {
    char *bytes = xmalloc(item->n + 1);
    memcpy(bytes, item->bytes, item->n);
    got_data(c, bytes, item->n);
    free(bytes);
}

static void play(void *arg, const struct record_item *item) {
    struct conn *c = arg;
    char *why;
    switch (item->kind) {
    case RECORD_OPEN: got_open(c); break;
    case RECORD_DATA: play_data(c, item); break;
    case RECORD_DRAINED: got_drained(c); break;
    case RECORD_TAKEN:
        c->owed -= (uint64_t)item->b < c->owed ? (size_t)item->b : c->owed;
        break;
    case RECORD_LOST:
        why = xstrndup(item->bytes, item->n);
        got_lost(c, why);
        free(why);
        break;
    default: break;
    }
}

/* ---- sockets ---- */

static void on_socket_read(struct bufferevent *bev, void *arg) {
    struct conn *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    loop_read_clock(c->loop);
    while (!c->closed && evbuffer_get_length(in)) {
        size_t n = evbuffer_get_contiguous_space(in);
        char *bytes = (char *)evbuffer_pullup(in, (ev_ssize_t)n);
        note(c, RECORD_DATA, 0, bytes, n);
        got_data(c, bytes, n);
        evbuffer_drain(in, n);
    }
}

static void on_socket_drained(struct bufferevent *bev, void *arg) {
    (void)bev;
    struct conn *c = arg;
    note(c, RECORD_DRAINED, 0, NULL, 0);
    got_drained(c);
}

static void on_taken(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg) {
    (void)out;
    struct conn *c = arg;
    if (info->n_deleted)
        note(c, RECORD_TAKEN, (int64_t)info->n_deleted, NULL, 0);
}

static const char *why_lost(struct conn *c, short what, char buf[128]) {
    int dns = bufferevent_socket_get_dns_error(c->bev);
    const char *tls = c->is_tls ? tls_error(c->bev, buf) : NULL;
    return tls                    ? tls
           : what & BEV_EVENT_EOF ? "closed by the far end"
           : dns                ? evutil_gai_strerror(dns)
                                : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
}

static void on_refused(void *arg) {
    struct conn *c = arg;
    got_lost(c, c->refused);
}

/* Not from within conn_dial, whose caller does not have it yet. */
static void refuse(struct conn *c, const char *why) {
    record_note(loop_record(c->loop), RECORD_REFUSED, 0, why);
    xreplace(&c->refused, why);
    task_queue(&c->refuse);
}

static void on_socket_event(struct bufferevent *bev, short what, void *arg) {
    struct conn *c = arg;
    char buf[128];
    const char *why = what & BEV_EVENT_CONNECTED ? NULL : why_lost(c, what, buf);
    if (c->is_dialling && why) {
        refuse(c, why);
        return;
    }
    loop_read_clock(c->loop);
    if (why) {
        note(c, RECORD_LOST, 0, why, strlen(why));
        got_lost(c, why);
        return;
    }
    int on = 1;
    setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    note(c, RECORD_OPEN, 0, NULL, 0);
    got_open(c);
}

/* Takes the descriptor, or the place of one that is replayed. */
static void adopt(struct conn *c, int fd, struct tls *tls) {
    struct record *record = loop_record(c->loop);
    record_add(record, &c->port, play, c);
    task_init(&c->refuse, c->loop, on_refused, c);
    c->is_replayed = record_is_replayed(record);
    if (c->is_replayed)
        return;
    struct event_base *base = loop_events(c->loop);
    c->is_tls = tls != NULL;
    c->bev = tls ? tls_bufferevent(tls, base, fd)
                 : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->bev, on_socket_read, on_socket_drained, on_socket_event, c);
    bufferevent_set_max_single_read(c->bev, READ_CHUNK);
    bufferevent_set_max_single_write(c->bev, READ_CHUNK);
    if (record)
        evbuffer_add_cb(bufferevent_get_output(c->bev), on_taken, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void dial(struct conn *c, const char *host, int port) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    char *text = strchr(host, ':') ? xasprintf("[%s]:%d", host, port)
                                   : xasprintf("%s:%d", host, port);
    /* A numeric address needs no look-up; a name is looked up by libevent, which for
     * want of evdns may block: names belong into /etc/hosts. */
    c->is_dialling = true;
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&addr, &len) == 0)
        bufferevent_socket_connect(c->bev, (struct sockaddr *)&addr, len);
    else
        bufferevent_socket_connect_hostname(c->bev, NULL, AF_UNSPEC, host, port);
    c->is_dialling = false;
    free(text);
}

struct conn *conn_dial(struct loop *l, const char *host, int port, struct tls *tls,
                       const struct conn_events *ev, void *arg) {
    struct conn *c = conn_new(l);
    snprintf(c->peer, sizeof c->peer, "%s", host);
    conn_attach(c, ev, arg);
    c->is_dialled = true;
    adopt(c, -1, tls);
    int64_t nothing;
    if (c->bev)
        dial(c, host, port);
    else if (record_noted(loop_record(l), RECORD_REFUSED, &nothing, &c->refused))
        task_queue(&c->refuse);
    return c;
}

/* ---- queues in memory ---- */

static void on_deliver(void *arg) {
    struct conn *c = arg;
    if (c->closed || c->held || c->ev == NULL)
        return;
    if (c->inbox.len) {
        struct str got = c->inbox;
        c->inbox = (struct str){0};
        c->ev->data(c->arg, got.s, got.len);
        str_free(&got);
        if (c->other && c->other->ev && c->other->ev->drained && c->inbox.len == 0)
            c->other->ev->drained(c->other->arg);
        if (c->closed)
            return;
    }
    if (c->other_gone && c->inbox.len == 0)
        c->ev->lost(c->arg, "closed by the far end");
}

void conn_pair(struct loop *l, struct conn *ends[2]) {
    for (int i = 0; i < 2; i++) {
        ends[i] = conn_new(l);
        strcpy(ends[i]->peer, "memory");
        task_init(&ends[i]->deliver, l, on_deliver, ends[i]);
    }
    ends[0]->other = ends[1];
    ends[1]->other = ends[0];
}

/* ---- both ---- */

void conn_send(struct conn *c, const void *bytes, size_t n) {
    if (c->closed || n == 0)
        return;
    if (c->port.id)
        record_sent(loop_record(c->loop), &c->port, c->is_dialled, bytes, n);
    if (c->is_replayed) {
        c->owed += n;
    } else if (c->bev) {
        bufferevent_write(c->bev, bytes, n);
    } else if (c->other) {
        str_addn(&c->other->inbox, bytes, n);
        task_queue(&c->other->deliver);
    }
}

size_t conn_owed(const struct conn *c) {
    if (c->is_replayed)
        return c->owed;
    if (c->bev)
        return evbuffer_get_length(bufferevent_get_output(c->bev));
    return c->other ? c->other->inbox.len : 0;
}

void conn_hold(struct conn *c, bool hold) {
    if (c->closed || c->held == hold)
        return;
    c->held = hold;
    if (c->bev && hold)
        bufferevent_disable(c->bev, EV_READ);
    else if (c->bev)
        bufferevent_enable(c->bev, EV_READ);
    else if (!hold && !c->is_replayed)
        task_queue(&c->deliver);
}

void conn_close(struct conn *c, bool flush) {
    if (c == NULL || c->closed)
        return;
    c->closed = true;
    if (c->other) {
        c->other->other_gone = true;
        c->other->other = NULL;
        task_queue(&c->other->deliver);
    }
    if ((c->bev || c->is_replayed) && flush && conn_owed(c)) {
        if (c->bev)
            bufferevent_disable(c->bev, EV_READ);
        timer_set(&c->flush_limit, FLUSH_TIME);
        return;
    }
    loop_later(c->loop, free_conn, c);
}

/* ---- listening ---- */

struct listener {
    struct loop *loop;
    struct evconnlistener *ev;
    struct tls *tls;
    void (*accept)(void *arg, struct conn *c);
    void *arg;
    struct source_port port;
    struct timer rest;
    char *path; /* of a unix socket */
};

static void on_accept(struct evconnlistener *ev, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *arg) {
    (void)ev;
    struct listener *ls = arg;
    struct conn *c = conn_new(ls->loop);
    if (getnameinfo(sa, (socklen_t)len, c->peer, sizeof c->peer, NULL, 0, NI_NUMERICHOST))
        strcpy(c->peer, "?");
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    loop_read_clock(ls->loop);
    record_input(loop_record(ls->loop), RECORD_ACCEPT, &ls->port, 0, c->peer, strlen(c->peer));
    adopt(c, fd, ls->tls);
    ls->accept(ls->arg, c);
}

static void play_accept(void *arg, const struct record_item *item) {
    struct listener *ls = arg;
    struct conn *c = conn_new(ls->loop);
    size_t n = item->n < sizeof c->peer ? item->n : sizeof c->peer - 1;
    memcpy(c->peer, item->bytes, n); /* the rest is zero */
    adopt(c, -1, NULL);
    ls->accept(ls->arg, c);
}

/* Out of descriptors: accept() would spin, so stop listening for a moment. */
static void on_accept_error(struct evconnlistener *ev, void *arg) {
    struct listener *ls = arg;
    log_warn(loop_log(ls->loop), "accept: %s; resting", strerror(errno));
    evconnlistener_disable(ev);
    timer_set(&ls->rest, ACCEPT_REST);
}

static void on_rested(void *arg) {
    struct listener *ls = arg;
    evconnlistener_enable(ls->ev);
}

static struct listener *new_listener(struct loop *l, struct tls *tls, const char *path,
                                     void (*accept)(void *arg, struct conn *c), void *arg) {
    struct listener *ls = xcalloc(1, sizeof *ls);
    *ls = (struct listener){.loop = l, .tls = tls, .accept = accept, .arg = arg,
                            .path = xstrdup(path)};
    timer_init(&ls->rest, l, on_rested, ls);
    record_add(loop_record(l), &ls->port, play_accept, ls);
    return ls;
}

/* libevent's parser wants a port above zero; any other is put in by hand. */
static char *bind_to(struct listener *ls, const char *host, int port) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    bool is_v6 = strchr(host, ':') != NULL;
    char *text = port ? xasprintf(is_v6 ? "[%s]:%d" : "%s:%d", host, port)
                      : xasprintf(is_v6 ? "[%s]" : "%s", host);
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&addr, &len) == 0)
        ls->ev = evconnlistener_new_bind(
            loop_events(ls->loop), on_accept, ls,
            LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 128,
            (struct sockaddr *)&addr, len);
    else
        errno = EINVAL;
    char *why = ls->ev ? NULL : xasprintf("cannot listen on %s: %s", text, strerror(errno));
    free(text);
    return why;
}

struct listener *listener_new(struct loop *l, const char *host, int port, struct tls *tls,
                              void (*accept)(void *arg, struct conn *c), void *arg,
                              char **err) {
    struct listener *ls = new_listener(l, tls, NULL, accept, arg);
    if (record_is_replayed(loop_record(l)))
        return ls;
    char *why = bind_to(ls, host, port);
    if (why) {
        *err = why;
        listener_free(ls);
        return NULL;
    }
    evconnlistener_set_error_cb(ls->ev, on_accept_error);
    return ls;
}

struct listener *listener_unix(struct loop *l, const char *path, int mode,
                               void (*accept)(void *arg, struct conn *c), void *arg,
                               char **err) {
    if (record_is_replayed(loop_record(l)))
        return new_listener(l, NULL, NULL, accept, arg);
    int fd = unixsock_listen(path, mode, err);
    if (fd < 0)
        return NULL;
    struct listener *ls = new_listener(l, NULL, path, accept, arg);
    evutil_make_socket_nonblocking(fd);
    ls->ev = evconnlistener_new(loop_events(l), on_accept, ls,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    evconnlistener_set_error_cb(ls->ev, on_accept_error);
    return ls;
}

int listener_port(const struct listener *ls) {
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    if (ls->ev == NULL)
        return 0;
    if (getsockname(evconnlistener_get_fd(ls->ev), (struct sockaddr *)&addr, &len))
        return -1;
    return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                            : ((struct sockaddr_in *)&addr)->sin_port);
}

void listener_free(struct listener *ls) {
    if (ls == NULL)
        return;
    timer_stop(&ls->rest);
    record_drop(loop_record(ls->loop), &ls->port);
    if (ls->ev)
        evconnlistener_free(ls->ev);
    if (ls->path)
        unlink(ls->path);
    free(ls->path);
    free(ls);
}
