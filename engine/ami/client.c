#include "ami/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ami/digest.h"
#include "ami/framing.h"
#include "base/map.h"

#define BACKOFF_MIN SECONDS(0.25)
#define BACKOFF_MAX SECONDS(15)
#define LOGIN_TIME SECONDS(10)
#define PING_EVERY SECONDS(5)
#define PING_TIME SECONDS(10)
#define BOOT_TIME SECONDS(60) /* FullyBooted may take that long after a cold start */

enum state {
    CLIENT_IDLE,
    CLIENT_BANNER,
    CLIENT_CHALLENGE,
    CLIENT_LOGIN,
    CLIENT_BOOT,
    CLIENT_UP
};

/* One action under way. */
struct pending {
    struct client *client;
    char *id;
    reply_fn *reply;
    void *arg;
    struct timer deadline;
};

struct client {
    struct loop *loop;
    struct chance *chance;
    struct client_config config;
    const struct client_events *ev;
    void *arg;
    struct conn *conn;
    struct framing framing;
    struct str banner;
    enum state state;
    bool plain, freed;
    unsigned generation;
    uint64_t ids;
    char why[160];
    char run[9]; /* tells this process's ActionIDs from others' */
    int64_t backoff;
    struct timer retry, limit, ping;
    struct map pending; /* ActionID -> struct pending */
};

static void ami_client_begin(void *arg);

/* ---- actions under way ---- */

/* Takes it off the list and tells its owner for the last time. */
static void ami_client_conclude(struct pending *p, enum reply_kind kind,
                                const struct message *m) {
    map_take(&p->client->pending, p->id);
    timer_stop(&p->deadline);
    if (p->reply)
        p->reply(p->arg, kind, m, true);
    free(p->id);
    free(p);
}

static void ami_client_on_deadline(void *arg) {
    struct pending *p = arg;
    log_warn(loop_log(p->client->loop), "asterisk %s: no answer to action %s",
             p->client->config.name, p->id);
    ami_client_conclude(p, REPLY_LOST, NULL);
}

static void ami_client_lose_all(struct client *c) {
    while (c->pending.first)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes itself off the map */
        ami_client_conclude(c->pending.first->value, REPLY_LOST, NULL);
}

static bool ami_client_transmit(struct client *c, const char *id, const struct str *headers,
                                int64_t deadline, reply_fn *reply, void *arg) {
    struct pending *p = xcalloc(1, sizeof *p);
    *p = (struct pending){.client = c, .id = xstrdup(id), .reply = reply, .arg = arg};
    timer_init(&p->deadline, c->loop, ami_client_on_deadline, p);
    timer_set(&p->deadline, deadline);
    map_put(&c->pending, id, p);
    struct str out = {0};
    str_addn(&out, str_get(headers), headers->len);
    header_add(&out, "ActionID", id);
    message_end(&out);
    conn_send(c->conn, out.s, out.len);
    str_free(&out);
    return true;
}

bool client_send_as(struct client *c, const char *action_id, const struct str *headers,
                    int64_t deadline, reply_fn *reply, void *arg) {
    return c->state == CLIENT_UP &&
           ami_client_transmit(c, action_id, headers, deadline, reply, arg);
}

static const char *ami_client_next_id(struct client *c, char buf[48]) {
    snprintf(buf, 48, "astout-%s-%llu", c->run, (unsigned long long)++c->ids);
    return buf;
}

bool client_send(struct client *c, const struct str *headers, int64_t deadline, reply_fn *reply,
                 void *arg) {
    char id[48];
    return client_send_as(c, ami_client_next_id(c, id), headers, deadline, reply, arg);
}

/* ---- the connection's life ---- */

static void ami_client_drop(struct client *c, const char *why) {
    bool was_up = c->state == CLIENT_UP;
    bool news = strcmp(c->why, why) != 0;
    snprintf(c->why, sizeof c->why, "%s", why);
    c->state = CLIENT_IDLE;
    conn_close(c->conn, false);
    c->conn = NULL;
    framing_free(&c->framing);
    timer_stop(&c->limit);
    timer_stop(&c->ping);
    int64_t wait = c->backoff + (int64_t)(chance_unit(c->chance) * (double)c->backoff / 2);
    c->backoff = c->backoff * 2 < BACKOFF_MAX ? c->backoff * 2 : BACKOFF_MAX;
    timer_set(&c->retry, wait);
    if (was_up || news)
        log_warn(loop_log(c->loop), "asterisk %s: %s; trying again", c->config.name, why);
    ami_client_lose_all(c);
    if (was_up)
        c->ev->down(c->arg, c->why);
}

static void ami_client_on_limit(void *arg) {
    struct client *c = arg;
    ami_client_drop(
        c, c->state == CLIENT_BOOT
               ? "sends no FullyBooted: still booting, or the user may not read 'system'"
               : "does not answer the login");
}

static void ami_client_on_pong(void *arg, enum reply_kind kind, const struct message *m,
                               bool last) {
    (void)m, (void)last;
    struct client *c = arg;
    if (kind == REPLY_LOST) {
        if (c->state == CLIENT_UP)
            ami_client_drop(c, "does not answer Ping");
    } else {
        timer_set(&c->ping, PING_EVERY);
    }
}

static void ami_client_on_ping(void *arg) {
    struct client *c = arg;
    struct str b = {0};
    header_add(&b, "Action", "Ping");
    client_send(c, &b, PING_TIME, ami_client_on_pong, c);
    str_free(&b);
}

static void ami_client_set_up(struct client *c) {
    c->state = CLIENT_UP;
    c->generation++;
    c->backoff = BACKOFF_MIN;
    c->why[0] = '\0';
    timer_stop(&c->limit);
    timer_set(&c->ping, PING_EVERY);
    log_info(loop_log(c->loop), "asterisk %s: logged in (%s)", c->config.name,
             str_get(&c->banner));
    c->ev->up(c->arg);
}

/* ---- login ---- */

static void ami_client_on_login(void *arg, enum reply_kind kind, const struct message *m,
                                bool last);

static void ami_client_send_login(struct client *c, const char *challenge) {
    struct str b = {0};
    char id[48], key[DIGEST_TEXT];
    header_add(&b, "Action", "Login");
    header_add(&b, "Username", c->config.username);
    if (challenge) {
        digest_key(key, challenge, c->config.secret);
        header_add(&b, "AuthType", "MD5");
        header_add(&b, "Key", key);
    } else {
        header_add(&b, "Secret", c->config.secret);
    }
    c->state = CLIENT_LOGIN;
    ami_client_transmit(c, ami_client_next_id(c, id), &b, LOGIN_TIME, ami_client_on_login, c);
    str_free(&b);
}

static void ami_client_on_login(void *arg, enum reply_kind kind, const struct message *m,
                                bool last) {
    (void)last;
    struct client *c = arg;
    if (kind == REPLY_LOST || c->state != CLIENT_LOGIN)
        return;
    if (strcasecmp(message_text(m, "Response"), "Success") == 0) {
        c->state = CLIENT_BOOT;
        timer_set(&c->limit, BOOT_TIME);
        return;
    }
    char why[120];
    snprintf(why, sizeof why, "login: %s", message_text(m, "Message"));
    /* "is shutting down" says nothing about the secret; another refusal after MD5 may
     * mean a server that cannot do it: the next try is plain. */
    if (strstr(why, "shutting down") == NULL)
        c->plain = !c->plain;
    ami_client_drop(c, why);
}

static void ami_client_on_challenge(void *arg, enum reply_kind kind, const struct message *m,
                                    bool last) {
    (void)last;
    struct client *c = arg;
    if (kind == REPLY_LOST || c->state != CLIENT_CHALLENGE)
        return;
    ami_client_send_login(c, message_get(m, "Challenge"));
}

static void ami_client_send_challenge(struct client *c) {
    struct str b = {0};
    char id[48];
    header_add(&b, "Action", "Challenge");
    header_add(&b, "AuthType", "MD5");
    c->state = CLIENT_CHALLENGE;
    ami_client_transmit(c, ami_client_next_id(c, id), &b, LOGIN_TIME, ami_client_on_challenge,
                        c);
    str_free(&b);
}

/* ---- what comes in ---- */

/* An answer to one of ours: hand it on, and see whether more is to come. */
static void ami_client_on_reply(struct pending *p, const struct message *m) {
    const char *list = message_text(m, "EventList");
    if (message_has(m, "Response")) {
        if (strcasecmp(list, "start")) {
            ami_client_conclude(p, REPLY_RESPONSE, m);
        } else if (p->reply) {
            p->reply(p->arg, REPLY_RESPONSE, m, false);
        }
    } else if (strcasecmp(list, "Complete") == 0) {
        ami_client_conclude(p, REPLY_COMPLETE, m);
    } else if (p->reply) {
        p->reply(p->arg, REPLY_ITEM, m, false);
    }
}

static bool ami_client_on_message(void *arg, struct message *m, enum framing_fault fault) {
    struct client *c = arg;
    if (fault != FRAMING_OK) {
        ami_client_drop(c, "sent a message that is too large");
        return false;
    }
    if (m->count == 0)
        return true;
    unsigned generation = c->generation;
    struct conn *conn = c->conn;
    const char *id = message_get(m, "ActionID");
    struct pending *p = id ? map_get(&c->pending, id) : NULL;
    /* OriginateResponse and UserEvent carry an ActionID too and are events all the same. */
    if (p && !message_is_event(m, "OriginateResponse"))
        ami_client_on_reply(p, m);
    else if (c->state == CLIENT_BOOT && message_is_event(m, "FullyBooted"))
        ami_client_set_up(c);
    else if (c->state == CLIENT_UP && message_has(m, "Event"))
        c->ev->event(c->arg, m);
    return !c->freed && c->conn == conn && generation <= c->generation;
}

/* The first line is the banner; all else is messages. */
static void ami_client_on_data(void *arg, const char *bytes, size_t n) {
    struct client *c = arg;
    if (c->state == CLIENT_BANNER) {
        const char *nl = memchr(bytes, '\n', n);
        size_t take = nl ? (size_t)(nl - bytes) + 1 : n;
        str_addn(&c->banner, bytes, take);
        if (nl == NULL) {
            if (c->banner.len > 256)
                ami_client_drop(c, "sends no AMI banner");
            return;
        }
        while (c->banner.len && strchr("\r\n", c->banner.s[c->banner.len - 1]))
            c->banner.s[--c->banner.len] = '\0';
        if (c->plain)
            ami_client_send_login(c, NULL);
        else
            ami_client_send_challenge(c);
        bytes += take;
        n -= take;
    }
    framing_feed(&c->framing, bytes, n, ami_client_on_message, c);
}

static void ami_client_on_open(void *arg) {
    struct client *c = arg;
    c->state = CLIENT_BANNER;
}

static void ami_client_on_lost(void *arg, const char *why) { ami_client_drop(arg, why); }

static const struct conn_events conn_events = {.open = ami_client_on_open,
                                               .data = ami_client_on_data,
                                               .lost = ami_client_on_lost};

static void ami_client_begin(void *arg) {
    struct client *c = arg;
    c->state = CLIENT_BANNER;
    str_reset(&c->banner);
    framing_init(&c->framing, &framing_of_server);
    timer_set(&c->limit, LOGIN_TIME);
    c->conn = c->config.dial ? c->config.dial(c->config.dial_arg, &conn_events, c)
                             : conn_dial(c->loop, c->config.host, c->config.port, c->config.tls,
                                         &conn_events, c);
}

struct client *client_new(struct loop *l, struct chance *chance,
                          const struct client_config *config, const struct client_events *ev,
                          void *arg) {
    struct client *c = xcalloc(1, sizeof *c);
    c->loop = l;
    c->chance = chance;
    c->config = *config;
    c->config.name = xstrdup(config->name);
    c->config.host = xstrdup(config->host);
    c->config.username = xstrdup(config->username);
    c->config.secret = xstrdup(config->secret);
    c->ev = ev;
    c->arg = arg;
    c->backoff = BACKOFF_MIN;
    snprintf(c->run, sizeof c->run, "%08llx", (unsigned long long)chance_next(chance) >> 32);
    snprintf(c->why, sizeof c->why, "not connected yet");
    timer_init(&c->retry, l, ami_client_begin, c);
    timer_init(&c->limit, l, ami_client_on_limit, c);
    timer_init(&c->ping, l, ami_client_on_ping, c);
    timer_set(&c->retry, 0);
    return c;
}

static void ami_client_destroy(void *arg) {
    struct client *c = arg;
    framing_free(&c->framing);
    str_free(&c->banner);
    map_free(&c->pending);
    free((char *)c->config.name);
    free((char *)c->config.host);
    free((char *)c->config.username);
    free((char *)c->config.secret);
    free(c);
}

void client_free(struct client *c) {
    if (c == NULL)
        return;
    if (c->state == CLIENT_UP) {
        static const char logoff[] = "Action: Logoff\r\n\r\n";
        conn_send(c->conn, logoff, sizeof logoff - 1);
    }
    c->state = CLIENT_IDLE;
    c->freed = true;
    conn_close(c->conn, true);
    c->conn = NULL;
    timer_stop(&c->retry);
    timer_stop(&c->limit);
    timer_stop(&c->ping);
    ami_client_lose_all(c);
    loop_later(c->loop, ami_client_destroy, c);
}

bool client_is_up(const struct client *c) { return c->state == CLIENT_UP; }
const char *client_why(const struct client *c) { return c->why; }
unsigned client_generation(const struct client *c) { return c->generation; }
const char *client_banner(const struct client *c) { return str_get(&c->banner); }
