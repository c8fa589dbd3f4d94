#include "io/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "base/str.h"
#include "io/tls.h"

#define READ_CHUNK 65536
#define FLUSH_TIME SECONDS(5)

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
    bool is_replayed; /* its far end is a recording */
    size_t owed;      /* of a replayed one */
    struct source_port port;
    char *refused; /* why it failed before it was begun */
    struct task refuse;
    /* the memory kind */
    struct conn *other;
    struct str inbox;
    struct task deliver;
    bool held, other_gone;
};

static void conn_free(void *p) {
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

static void conn_flush_over(void *arg) {
    struct conn *c = arg;
    loop_later(c->loop, conn_free, c);
}

static struct conn *conn_new(struct loop *l) {
    struct conn *c = xcalloc(1, sizeof *c);
    c->loop = l;
    timer_init(&c->flush_limit, l, conn_flush_over, c);
    return c;
}

void conn_attach(struct conn *c, const struct conn_events *ev, void *arg) {
    c->ev = ev;
    c->arg = arg;
}

const char *conn_peer(const struct conn *c) { return c->peer; }

int conn_fd(const struct conn *c) { return c->bev ? bufferevent_getfd(c->bev) : -1; }

/* ---- sockets: what happens to them, live or replayed ---- */

static void conn_got_open(struct conn *c) {
    if (!c->closed && c->ev->open)
        c->ev->open(c->arg);
}

static void conn_got_data(struct conn *c, const char *bytes, size_t n) {
    if (!c->closed && c->ev)
        c->ev->data(c->arg, bytes, n);
}

/* Everything queued is out: what a closing connection waits for. */
static void conn_got_drained(struct conn *c) {
    if (c->closed && timer_is_set(&c->flush_limit)) {
        timer_stop(&c->flush_limit);
        loop_later(c->loop, conn_free, c);
    } else if (!c->closed && c->ev && c->ev->drained) {
        c->ev->drained(c->arg);
    }
}

static void conn_got_lost(struct conn *c, const char *why) {
    if (c->closed && timer_is_set(&c->flush_limit)) {
        timer_stop(&c->flush_limit);
        loop_later(c->loop, conn_free, c);
    } else if (!c->closed && c->ev) {
        c->ev->lost(c->arg, why);
    }
}

static void conn_note(struct conn *c, enum record_kind kind, int64_t b, const void *bytes,
                      size_t n) {
    record_input(loop_record(c->loop), kind, &c->port, b, bytes, n);
}

/* The bytes are copied: what is asked meanwhile moves the recording on. */
static void conn_play_data(struct conn *c, const struct record_item *item) {
    char *bytes = xmalloc(item->n + 1);
    memcpy(bytes, item->bytes, item->n);
    conn_got_data(c, bytes, item->n);
    free(bytes);
}

static void conn_play(void *arg, const struct record_item *item) {
    struct conn *c = arg;
    char *why;
    switch (item->kind) {
    case RECORD_OPEN:
        conn_got_open(c);
        break;
    case RECORD_DATA:
        conn_play_data(c, item);
        break;
    case RECORD_DRAINED:
        conn_got_drained(c);
        break;
    case RECORD_TAKEN:
        c->owed -= (uint64_t)item->b < c->owed ? (size_t)item->b : c->owed;
        break;
    case RECORD_LOST:
        why = xstrndup(item->bytes, item->n);
        conn_got_lost(c, why);
        free(why);
        break;
    default:
        break;
    }
}

/* ---- sockets ---- */

static void conn_on_socket_read(struct bufferevent *bev, void *arg) {
    struct conn *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    loop_read_clock(c->loop);
    while (!c->closed && evbuffer_get_length(in)) {
        size_t n = evbuffer_get_contiguous_space(in);
        char *bytes = (char *)evbuffer_pullup(in, (ev_ssize_t)n);
        conn_note(c, RECORD_DATA, 0, bytes, n);
        conn_got_data(c, bytes, n);
        evbuffer_drain(in, n);
    }
}

static void conn_on_socket_drained(struct bufferevent *bev, void *arg) {
    (void)bev;
    struct conn *c = arg;
    conn_note(c, RECORD_DRAINED, 0, NULL, 0);
    conn_got_drained(c);
}

static void conn_on_taken(struct evbuffer *out, const struct evbuffer_cb_info *info,
                          void *arg) {
    (void)out;
    struct conn *c = arg;
    if (info->n_deleted)
        conn_note(c, RECORD_TAKEN, (int64_t)info->n_deleted, NULL, 0);
}

static const char *conn_why_lost(struct conn *c, short what, char buf[128]) {
    int dns = bufferevent_socket_get_dns_error(c->bev);
    const char *tls = c->is_tls ? tls_error(c->bev, buf) : NULL;
    if (tls)
        return tls;
    if (what & BEV_EVENT_EOF)
        return "closed by the far end";
    return dns ? evutil_gai_strerror(dns)
               : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
}

static void conn_on_refused(void *arg) {
    struct conn *c = arg;
    conn_got_lost(c, c->refused);
}

/* Not from within conn_dial, whose caller does not have it yet. */
static void conn_refuse(struct conn *c, const char *why) {
    record_note(loop_record(c->loop), RECORD_REFUSED, 0, why);
    xreplace(&c->refused, why);
    task_queue(&c->refuse);
}

static void conn_on_socket_event(struct bufferevent *bev, short what, void *arg) {
    struct conn *c = arg;
    char buf[128];
    const char *why = what & BEV_EVENT_CONNECTED ? NULL : conn_why_lost(c, what, buf);
    if (c->is_dialling && why) {
        conn_refuse(c, why);
        return;
    }
    loop_read_clock(c->loop);
    if (why) {
        conn_note(c, RECORD_LOST, 0, why, strlen(why));
        conn_got_lost(c, why);
        return;
    }
    int on = 1;
    setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    conn_note(c, RECORD_OPEN, 0, NULL, 0);
    conn_got_open(c);
}

/* Takes the descriptor, or the place of one that is replayed. */
static void conn_adopt(struct conn *c, int fd, struct tls *tls) {
    struct record *record = loop_record(c->loop);
    record_add(record, &c->port, conn_play, c);
    task_init(&c->refuse, c->loop, conn_on_refused, c);
    c->is_replayed = record_is_replayed(record);
    if (c->is_replayed)
        return;
    struct event_base *base = loop_events(c->loop);
    c->is_tls = tls != NULL;
    c->bev = tls ? tls_bufferevent(tls, base, fd)
                 : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->bev, conn_on_socket_read, conn_on_socket_drained, conn_on_socket_event,
                      c);
    bufferevent_set_max_single_read(c->bev, READ_CHUNK);
    bufferevent_set_max_single_write(c->bev, READ_CHUNK);
    if (record)
        evbuffer_add_cb(bufferevent_get_output(c->bev), conn_on_taken, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void conn_dial_address(struct conn *c, const char *host, int port) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    char *text =
        strchr(host, ':') ? xasprintf("[%s]:%d", host, port) : xasprintf("%s:%d", host, port);
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
    conn_adopt(c, -1, tls);
    int64_t nothing;
    if (c->bev)
        conn_dial_address(c, host, port);
    else if (record_noted(loop_record(l), RECORD_REFUSED, &nothing, &c->refused))
        task_queue(&c->refuse);
    return c;
}

struct conn *conn_accept(struct loop *l, int fd, const char *peer, struct tls *tls) {
    struct conn *c = conn_new(l);
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    conn_adopt(c, fd, tls);
    return c;
}

/* ---- queues in memory ---- */

static void conn_on_deliver(void *arg) {
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
        task_init(&ends[i]->deliver, l, conn_on_deliver, ends[i]);
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
    loop_later(c->loop, conn_free, c);
}
