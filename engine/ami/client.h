/* An AMI client: one connection to one Asterisk. Logs in (MD5, plain as fallback),
 * comes back by itself, keeps the actions under way with their deadlines. */
#ifndef AMI_CLIENT_H
#define AMI_CLIENT_H

#include "ami/message.h"
#include "base/chance.h"
#include "io/conn.h"
#include "io/loop.h"

struct client_config {
    const char *name; /* for the log: asterisk NAME */
    const char *host;
    int port;
    const char *username, *secret;
    struct tls *tls; /* NULL = plain; outlives the client */
    /* How to reach it; NULL = a socket to host:port. */
    struct conn *(*dial)(void *arg, const struct conn_events *ev, void *ev_arg);
    void *dial_arg;
};

struct client_events {
    /* Logged in and fully booted: actions go through from now on. */
    void (*up)(void *arg);
    /* Gone. All actions under way have been told (REPLY_LOST) before. */
    void (*down)(void *arg, const char *why);
    void (*event)(void *arg, const struct message *m);
};

enum reply_kind {
    REPLY_RESPONSE, /* the answer; of a list: its head, items follow */
    REPLY_ITEM,     /* one event of a list */
    REPLY_COMPLETE, /* the end of a list; the last call */
    REPLY_LOST      /* deadline passed or connection gone; m is NULL; the last call */
};
/* last: nothing more comes for this action. */
typedef void reply_fn(void *arg, enum reply_kind kind, const struct message *m, bool last);

struct client;

/* Begins to connect at the end of the turn. The config is copied. */
struct client *client_new(struct loop *l, struct chance *chance,
                          const struct client_config *config, const struct client_events *ev,
                          void *arg);
/* Tells actions under way REPLY_LOST, logs off and forgets. */
void client_free(struct client *c);
bool client_is_up(const struct client *c);
/* Why it is not up, in words. */
const char *client_why(const struct client *c);
/* Number of logins so far: tells one connection from the next. */
unsigned client_generation(const struct client *c);
/* The version in the banner, "" before there was one. */
const char *client_banner(const struct client *c);

/* Sends an action; headers are its lines without ActionID and without the blank line.
 * Replies come until last, REPLY_LOST at the latest after deadline_ns. reply may be
 * NULL. False (and no reply will come) when the client is not up. */
bool client_send(struct client *c, const struct str *headers, int64_t deadline_ns,
                 reply_fn *reply, void *arg);
/* The same with an ActionID of the caller's, unique among those under way. */
bool client_send_as(struct client *c, const char *action_id, const struct str *headers,
                    int64_t deadline_ns, reply_fn *reply, void *arg);

#endif
