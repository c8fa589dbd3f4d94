#include "ami/server.h"

#include <stdlib.h>

#include "ami/session.h"
#include "io/listener.h"

static void server_on_accept(void *arg, struct conn *c) {
    struct server *sv = arg;
    const struct server_limits *lim = &sv->config.limits;
    if (sv->count >= lim->sessions || sv->unauthenticated >= lim->unauthenticated) {
        log_warn(loop_log(sv->loop), "ami: connection from %s refused: too many sessions",
                 conn_peer(c));
        conn_close(c, false);
        return;
    }
    session_new(sv, c);
}

struct server *server_new(struct loop *l, struct chance *chance,
                          const struct server_config *config, char **err) {
    struct server *sv = xcalloc(1, sizeof *sv);
    sv->loop = l;
    sv->chance = chance;
    sv->config = *config;
    TAILQ_INIT(&sv->sessions);
    if (config->bindaddr) {
        sv->listener =
            listener_new(l, config->bindaddr, config->port, NULL, server_on_accept, sv, err);
        if (sv->listener == NULL) {
            free(sv);
            return NULL;
        }
    }
    if (config->encrypted.tls) {
        sv->encrypted = listener_new(l, config->encrypted.bindaddr, config->encrypted.port,
                                     config->encrypted.tls, server_on_accept, sv, err);
        if (sv->encrypted == NULL) {
            listener_free(sv->listener);
            free(sv);
            return NULL;
        }
    }
    return sv;
}

void server_change(struct server *sv, const struct users *users,
                   const struct server_limits *limits) {
    sv->config.users = users;
    sv->config.limits = *limits;
}

int server_port(const struct server *sv) {
    return sv->listener ? listener_port(sv->listener) : 0;
}

int server_tls_port(const struct server *sv) {
    return sv->encrypted ? listener_port(sv->encrypted) : 0;
}

void server_accept(struct server *sv, struct conn *c) { server_on_accept(sv, c); }

void server_free(struct server *sv) {
    if (sv == NULL)
        return;
    struct str b = {0};
    header_add(&b, "Event", "Shutdown");
    header_add(&b, "Privilege", "system,all");
    header_add(&b, "Shutdown", "Cleanly");
    header_add(&b, "Restart", "False");
    message_end(&b);
    server_event(sv, CLASS_SYSTEM, &b);
    str_free(&b);
    while (!TAILQ_EMPTY(&sv->sessions))
        session_close(TAILQ_FIRST(&sv->sessions), true);
    listener_free(sv->listener);
    listener_free(sv->encrypted);
    loop_later(sv->loop, free, sv);
}

void server_event(struct server *sv, uint32_t need, const struct str *packet) {
    for (struct session *s = server_first(sv), *next; s; s = next) {
        next = session_next(s);
        session_event(s, need, packet);
    }
}

struct session *server_first(struct server *sv) {
    return TAILQ_FIRST(&sv->sessions);
}

struct session *session_next(struct session *s) {
    return TAILQ_NEXT(s, link);
}
