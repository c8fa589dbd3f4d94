/* The actions every AMI server has: how a session begins, lives and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ami/digest.h"
#include "ami/session.h"

#define REFUSAL_DELAY SECONDS(1)   /* as Asterisk: makes guessing slow */
#define LEAVE_TIME SECONDS(60)     /* for what was asked before the Logoff */
#define BOOT_DELAY (5 * NS_PER_MS) /* some clients lose what shares the Login's segment */

static void login_challenge(struct session *s, struct answer *a, const struct message *m) {
    if (strcasecmp(message_text(m, "AuthType"), "MD5")) {
        answer_error(a, "Must specify AuthType");
        return;
    }
    if (s->challenge[0] == '\0')
        snprintf(s->challenge, sizeof s->challenge, "%u",
                 (unsigned)(chance_next(s->server->chance) | 0x40000000u));
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "Challenge", s->challenge);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}

/* Whoever it is, the same words and the same second, so that nothing can be learnt. */
static void login_refuse(struct session *s, struct answer *a, const char *text) {
    s->leaving = true;
    s->refused = a;
    s->refusal = xstrdup(text);
    conn_hold(s->conn, true);
    timer_set(&s->limit, REFUSAL_DELAY);
}

static bool login_secret_fits(const struct session *s, const struct user *u,
                              const struct message *m) {
    if (u->secret == NULL || *u->secret == '\0')
        return false;
    if (strcasecmp(message_text(m, "AuthType"), "MD5") == 0) {
        char key[DIGEST_TEXT];
        digest_key(key, s->challenge, u->secret);
        return s->challenge[0] && key[0] && str_same_secret(message_text(m, "Key"), key);
    }
    return str_same_secret(message_text(m, "Secret"), u->secret);
}

/* A queue in memory has its far end in this process and so no address to ask for. */
static bool login_address_fits(const struct session *s, const struct user *u) {
    const char *peer = conn_peer(s->conn);
    return strcmp(peer, "memory") == 0 || user_may_connect(u, peer);
}

/* user, or user@NAME where the server has servers of that name behind it. */
static const struct user *login_find_user(struct session *s, const char *name) {
    const struct server_config *config = &s->server->config;
    const struct user *u = users_find(config->users, name);
    const char *at = strrchr(name, '@');
    if (u || at == NULL || config->knows == NULL || !config->knows(config->arg, at + 1))
        return u;
    char *user = xstrndup(name, (size_t)(at - name));
    u = users_find(config->users, user);
    free(user);
    xreplace(&s->target, at + 1);
    return u;
}

/* Another session of the user stands in the way? */
static bool login_is_taken(struct session *s, const struct user *u) {
    if (u->allowmultiplelogin)
        return false;
    for (struct session *o = server_first(s->server); o; o = session_next(o))
        if (o->user == u)
            return true;
    return false;
}

static void login(struct session *s, struct answer *a, const struct message *m) {
    struct server *sv = s->server;
    if (s->user) {
        answer_success(a, "Already authenticated");
        return;
    }
    const struct user *u = login_find_user(s, message_text(m, "Username"));
    if (u == NULL || !login_address_fits(s, u) || !login_secret_fits(s, u, m)) {
        log_warn(loop_log(sv->loop), "ami: login of '%.40s' from %s refused",
                 message_text(m, "Username"), conn_peer(s->conn));
        login_refuse(s, a, "Authentication failed");
        return;
    }
    if (login_is_taken(s, u)) {
        login_refuse(s, a, "Login Already In Use");
        return;
    }
    s->user = u;
    s->filter = filter_new(u, loop_log(sv->loop));
    sv->unauthenticated--;
    timer_stop(&s->limit);
    free(s->name);
    s->name = xasprintf("%s@%s", u->name, conn_peer(s->conn));
    if (!class_event_mask(message_get(m, "Events"), &s->mask))
        s->mask = CLASS_ALL; /* not said: all */
    if (u->displayconnects)
        log_info(loop_log(sv->loop), "ami: %s logged in", s->name);
    answer_success(a, "Authentication accepted");
    timer_set(&s->boot, BOOT_DELAY);
    if (sv->config.login)
        sv->config.login(sv->config.arg, s);
}

static void login_logoff(struct session *s, struct answer *a, const struct message *m) {
    (void)m;
    s->leaving = true;
    struct str b = {0};
    answer_head(a, &b, "Goodbye", "Thanks for all the fish.");
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    timer_set(&s->limit, LEAVE_TIME);
    answer_end(a); /* ends the session, once the answers before it are out */
}

static void login_ping(struct session *s, struct answer *a, const struct message *m) {
    (void)m;
    const struct clock *now = loop_clock(s->server->loop);
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "Ping", "Pong");
    header_addf(&b, "Timestamp", "%lld.%06lld", (long long)(now->wall / NS_PER_S),
                (long long)(now->wall % NS_PER_S / 1000));
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}

static void login_events(struct session *s, struct answer *a, const struct message *m) {
    uint32_t mask;
    if (!class_event_mask(message_get(m, "EventMask"), &mask)) {
        answer_error(a, "Invalid event mask");
        return;
    }
    s->mask = mask;
    const struct server_config *config = &s->server->config;
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "Events", s->mask ? "On" : "Off");
    message_end(&b);
    if (config->masked == NULL || !config->masked(config->arg, a, &b)) {
        answer_send(a, b.s, b.len);
        answer_end(a);
    }
    str_free(&b);
}

static const struct {
    const char *name;
    bool before_login;
    void (*run)(struct session *s, struct answer *a, const struct message *m);
} builtins[] = {
    {"Login", true, login},          {"Challenge", true, login_challenge},
    {"Logoff", true, login_logoff},  {"Ping", false, login_ping},
    {"Events", false, login_events},
};

bool session_builtin(struct session *s, struct answer *a, const struct message *m) {
    const char *name = message_get(m, "Action");
    for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
        if (strcasecmp(builtins[i].name, name))
            continue;
        if (s->user == NULL && !builtins[i].before_login)
            answer_error(a, "Permission denied");
        else
            builtins[i].run(s, a, m);
        return true;
    }
    return false;
}
