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

#include "base/str.h"
#include "base/tls.h"
#include "base/unixsock.h"

#define READ_CHUNK 65536
#define FLUSH_TIME SECONDS(5)
#define ACCEPT_REST SECONDS(1)

/* One of two: bev is set for a socket, else it is an end of a queue. */
struct conn {
    struct loop *loop;
    const struct conn_events *ev;
    void *arg;
    char peer[64];
    bool closed;
    struct timer flush_limit;
    struct bufferevent *bev;
    bool is_tls;
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
    if (c->bev)
        bufferevent_free(c->bev);
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

/* ---- sockets ---- */

static void on_socket_read(struct bufferevent *bev, void *arg) {
    struct conn *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    clock_read(loop_clock(c->loop));
    while (!c->closed && evbuffer_get_length(in)) {
        size_t n = evbuffer_get_contiguous_space(in);
        char *bytes = (char *)evbuffer_pullup(in, (ev_ssize_t)n);
        if (c->ev)
            c->ev->data(c->arg, bytes, n);
        evbuffer_drain(in, n);
    }
}

/* Everything queued is out: what a closing connection waits for. */
static void on_socket_drained(struct bufferevent *bev, void *arg) {
    (void)bev;
    struct conn *c = arg;
    if (c->closed && timer_is_set(&c->flush_limit)) {
        timer_stop(&c->flush_limit);
        loop_later(c->loop, free_conn, c);
    } else if (!c->closed && c->ev && c->ev->drained) {
        c->ev->drained(c->arg);
    }
}

static void on_socket_event(struct bufferevent *bev, short what, void *arg) {
    struct conn *c = arg;
    if (c->closed) {
        if (timer_is_set(&c->flush_limit)) {
            timer_stop(&c->flush_limit);
            loop_later(c->loop, free_conn, c);
        }
        return;
    }
    clock_read(loop_clock(c->loop));
    if (what & BEV_EVENT_CONNECTED) {
        int on = 1;
        setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (c->ev->open)
            c->ev->open(c->arg);
        return;
    }
    int dns = bufferevent_socket_get_dns_error(bev);
    char buf[128];
    const char *tls = c->is_tls ? tls_error(bev, buf) : NULL;
    const char *why = tls                    ? tls
                      : what & BEV_EVENT_EOF ? "closed by the far end"
                      : dns                ? evutil_gai_strerror(dns)
                                           : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
    if (c->ev)
        c->ev->lost(c->arg, why);
}

static void adopt(struct conn *c, int fd, struct tls *tls) {
    struct event_base *base = loop_events(c->loop);
    c->is_tls = tls != NULL;
    c->bev = tls ? tls_bufferevent(tls, base, fd)
                 : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->bev, on_socket_read, on_socket_drained, on_socket_event, c);
    bufferevent_set_max_single_read(c->bev, READ_CHUNK);
    bufferevent_set_max_single_write(c->bev, READ_CHUNK);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

struct conn *conn_dial(struct loop *l, const char *host, int port, struct tls *tls,
                       const struct conn_events *ev, void *arg) {
    struct conn *c = conn_new(l);
    snprintf(c->peer, sizeof c->peer, "%s", host);
    conn_attach(c, ev, arg);
    adopt(c, -1, tls);
    struct sockaddr_storage addr;
    int len = sizeof addr;
    char *text = strchr(host, ':') ? xasprintf("[%s]:%d", host, port)
                                   : xasprintf("%s:%d", host, port);
    /* A numeric address needs no look-up; a name is looked up by libevent, which for
     * want of evdns may block: names belong into /etc/hosts. */
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&addr, &len) == 0)
        bufferevent_socket_connect(c->bev, (struct sockaddr *)&addr, len);
    else
        bufferevent_socket_connect_hostname(c->bev, NULL, AF_UNSPEC, host, port);
    free(text);
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
    if (c->bev) {
        bufferevent_write(c->bev, bytes, n);
    } else if (c->other) {
        str_addn(&c->other->inbox, bytes, n);
        task_queue(&c->other->deliver);
    }
}

size_t conn_owed(const struct conn *c) {
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
    else if (!hold)
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
    if (c->bev && flush && conn_owed(c)) {
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
    adopt(c, fd, ls->tls);
    clock_read(loop_clock(ls->loop));
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

struct listener *listener_new(struct loop *l, const char *host, int port, struct tls *tls,
                              void (*accept)(void *arg, struct conn *c), void *arg,
                              char **err) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    char *text = strchr(host, ':') ? xasprintf("[%s]:%d", host, port)
                                   : xasprintf("%s:%d", host, port);
    struct listener *ls = xcalloc(1, sizeof *ls);
    ls->loop = l;
    ls->tls = tls;
    ls->accept = accept;
    ls->arg = arg;
    timer_init(&ls->rest, l, on_rested, ls);
    /* libevent's parser wants a port above zero; any other is put in by hand */
    bool any = port == 0;
    if (any) {
        free(text);
        text = xasprintf(strchr(host, ':') ? "[%s]" : "%s", host);
    }
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&addr, &len) == 0)
        ls->ev = evconnlistener_new_bind(
            loop_events(l), on_accept, ls,
            LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, 128,
            (struct sockaddr *)&addr, len);
    else
        errno = EINVAL;
    if (ls->ev == NULL) {
        *err = xasprintf("cannot listen on %s: %s", text, strerror(errno));
        free(text);
        free(ls);
        return NULL;
    }
    evconnlistener_set_error_cb(ls->ev, on_accept_error);
    free(text);
    return ls;
}

struct listener *listener_unix(struct loop *l, const char *path, int mode,
                               void (*accept)(void *arg, struct conn *c), void *arg,
                               char **err) {
    int fd = unixsock_listen(path, mode, err);
    if (fd < 0)
        return NULL;
    struct listener *ls = xcalloc(1, sizeof *ls);
    *ls = (struct listener){.loop = l, .accept = accept, .arg = arg, .path = xstrdup(path)};
    timer_init(&ls->rest, l, on_rested, ls);
    evutil_make_socket_nonblocking(fd);
    ls->ev = evconnlistener_new(loop_events(l), on_accept, ls,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    evconnlistener_set_error_cb(ls->ev, on_accept_error);
    return ls;
}

int listener_port(const struct listener *ls) {
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    if (getsockname(evconnlistener_get_fd(ls->ev), (struct sockaddr *)&addr, &len))
        return -1;
    return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                            : ((struct sockaddr_in *)&addr)->sin_port);
}

void listener_free(struct listener *ls) {
    if (ls == NULL)
        return;
    timer_stop(&ls->rest);
    evconnlistener_free(ls->ev);
    if (ls->path)
        unlink(ls->path);
    free(ls->path);
    free(ls);
}
