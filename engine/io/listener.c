#include "io/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"
#include "base/str.h"
#include "io/unixsock.h"

#define ACCEPT_REST SECONDS(1)

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

static void listener_on_accept(struct evconnlistener *ev, evutil_socket_t fd,
                               struct sockaddr *sa, int len, void *arg) {
    (void)ev;
    struct listener *ls = arg;
    char peer[64];
    if (getnameinfo(sa, (socklen_t)len, peer, sizeof peer, NULL, 0, NI_NUMERICHOST))
        strcpy(peer, "?");
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    loop_read_clock(ls->loop);
    record_input(loop_record(ls->loop), RECORD_ACCEPT, &ls->port, 0, peer, strlen(peer));
    ls->accept(ls->arg, conn_accept(ls->loop, fd, peer, ls->tls));
}

static void listener_play_accept(void *arg, const struct record_item *item) {
    struct listener *ls = arg;
    char *peer = xstrndup(item->bytes, item->n);
    struct conn *c = conn_accept(ls->loop, -1, peer, NULL);
    free(peer);
    ls->accept(ls->arg, c);
}

/* Out of descriptors: accept() would spin, so stop listening for a moment. */
static void listener_on_accept_error(struct evconnlistener *ev, void *arg) {
    struct listener *ls = arg;
    log_warn(loop_log(ls->loop), "accept: %s; resting", strerror(errno));
    evconnlistener_disable(ev);
    timer_set(&ls->rest, ACCEPT_REST);
}

static void listener_on_rested(void *arg) {
    struct listener *ls = arg;
    evconnlistener_enable(ls->ev);
}

static struct listener *listener_new_listener(struct loop *l, struct tls *tls, const char *path,
                                              void (*accept)(void *arg, struct conn *c),
                                              void *arg) {
    struct listener *ls = xcalloc(1, sizeof *ls);
    *ls = (struct listener){
        .loop = l, .tls = tls, .accept = accept, .arg = arg, .path = xstrdup(path)};
    timer_init(&ls->rest, l, listener_on_rested, ls);
    record_add(loop_record(l), &ls->port, listener_play_accept, ls);
    return ls;
}

/* libevent's parser wants a port above zero; any other is put in by hand. */
static char *listener_bind_to(struct listener *ls, const char *host, int port) {
    struct sockaddr_storage addr;
    int len = sizeof addr;
    bool is_v6 = strchr(host, ':') != NULL;
    char *name = is_v6 ? xasprintf("[%s]", host) : xstrdup(host);
    char *text = port ? xasprintf("%s:%d", name, port) : xstrdup(name);
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&addr, &len) == 0)
        ls->ev = evconnlistener_new_bind(loop_events(ls->loop), listener_on_accept, ls,
                                         LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE |
                                             LEV_OPT_CLOSE_ON_EXEC,
                                         128, (struct sockaddr *)&addr, len);
    else
        errno = EINVAL;
    char *why = ls->ev ? NULL : xasprintf("cannot listen on %s: %s", text, strerror(errno));
    free(name);
    free(text);
    return why;
}

struct listener *listener_new(struct loop *l, const char *host, int port, struct tls *tls,
                              void (*accept)(void *arg, struct conn *c), void *arg,
                              char **err) {
    struct listener *ls = listener_new_listener(l, tls, NULL, accept, arg);
    if (record_is_replayed(loop_record(l)))
        return ls;
    char *why = listener_bind_to(ls, host, port);
    if (why) {
        *err = why;
        listener_free(ls);
        return NULL;
    }
    evconnlistener_set_error_cb(ls->ev, listener_on_accept_error);
    return ls;
}

struct listener *listener_unix(struct loop *l, const char *path, int mode,
                               void (*accept)(void *arg, struct conn *c), void *arg,
                               char **err) {
    if (record_is_replayed(loop_record(l)))
        return listener_new_listener(l, NULL, NULL, accept, arg);
    int fd = unixsock_listen(path, mode, err);
    if (fd < 0)
        return NULL;
    struct listener *ls = listener_new_listener(l, NULL, path, accept, arg);
    evutil_make_socket_nonblocking(fd);
    ls->ev = evconnlistener_new(loop_events(l), listener_on_accept, ls,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    evconnlistener_set_error_cb(ls->ev, listener_on_accept_error);
    return ls;
}

int listener_port(const struct listener *ls) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } addr = {0};
    socklen_t len = sizeof addr;
    if (ls->ev == NULL)
        return 0;
    if (getsockname(evconnlistener_get_fd(ls->ev), &addr.any, &len))
        return -1;
    return ntohs(addr.any.sa_family == AF_INET6 ? addr.v6.sin6_port : addr.v4.sin_port);
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
