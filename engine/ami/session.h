/* Inside of the server: what server.c, session.c and answer.c share. */
#ifndef AMI_SESSION_H
#define AMI_SESSION_H

#include <sys/queue.h>

#include "ami/filter.h"
#include "ami/framing.h"
#include "ami/server.h"

struct answer {
    STAILQ_ENTRY(answer) link;
    struct session *session;     /* NULL once it has gone */
    const struct action *action; /* NULL: in no table */
    char *id;
    struct str out; /* held back until it is the first */
    size_t asked;   /* bytes of the action */
    bool ended, begun;
    void (*more)(void *arg); /* of one that is streamed */
    void *more_arg;
};

struct session {
    TAILQ_ENTRY(session) link;
    struct server *server;
    struct conn *conn;
    struct framing framing;
    const struct user *user; /* NULL before login */
    uint32_t mask;
    struct filter *filter; /* of the user's eventfilter lines */
    char challenge[16];
    char *name, *target;
    void *data;
    STAILQ_HEAD(, answer) answers; /* actions under way, oldest first */
    unsigned answer_count;
    struct answer *pumped; /* the one that is being asked for more */
    struct str held;       /* events that wait for the end of a list */
    size_t asked, pending; /* bytes of the actions under way; of answers held back */
    uint64_t written;      /* bytes ever sent */
    uint64_t taken;        /* ... and of these taken, when the timer stuck was set */
    struct timer limit, boot, stuck;
    struct task pump; /* asks the first answer for more */
    char *refusal;    /* said after a delay, then the session ends */
    struct answer *refused;
    bool closed, leaving;
};

struct server {
    struct loop *loop;
    struct chance *chance;
    struct server_config config;
    struct listener *listener, *encrypted;
    TAILQ_HEAD(, session) sessions;
    unsigned count, unauthenticated;
};

void session_new(struct server *sv, struct conn *c);
/* Ends it: the owner is told, answers under way lose it, memory goes after the turn. */
void session_close(struct session *s, bool flush);
/* Bytes to the client, within its bound. */
void session_write(struct session *s, const char *bytes, size_t n);
/* Logs why and closes a session whose client leaves too much unread. */
void session_overflow(struct session *s);
struct answer *answer_new(struct session *s, const char *id, size_t asked);
/* Asks the first answer for more, if it has and the client has room. */
void answers_pump(struct session *s);
/* The session goes: its answers are on their own. */
void answers_orphan(struct session *s);
/* The built-in actions: Login, Challenge, Logoff, Ping, Events. */
bool session_builtin(struct session *s, struct answer *a, const struct message *m);

#endif
