/* The server's side of AMI: listening, sessions, login, actions answered in order,
 * events by class. Our own port and the simulated Asterisk are both made of it. */
#ifndef AMI_SERVER_H
#define AMI_SERVER_H

#include "ami/message.h"
#include "base/chance.h"
#include "io/conn.h"
#include "io/loop.h"
#include "conf/users.h"

struct server;
struct session;
struct answer; /* one action of a session and the place of its answer in the order */

/* An action we know. run answers through a, now or later; m is valid during the call. */
struct action {
    const char *name;
    uint32_t need; /* classes of write, any one of them; 0 = none */
    void (*run)(void *arg, struct answer *a, const struct message *m);
    const char *help;
    const void *about; /* what its owner knows of it; answer_action gives it to run */
};

struct server_limits {
    unsigned sessions, unauthenticated;
    int64_t login_time; /* ns */
    size_t owed;        /* bytes a session may leave unread before it is closed */
};

struct server_config {
    const char *bindaddr;
    int port; /* 0 takes a free one */
    struct {  /* a second, encrypted listener, if tls is set */
        struct tls *tls;
        const char *bindaddr;
        int port;
    } encrypted;
    const struct users *users;
    struct server_limits limits;
    const struct action *const *tables; /* NULL-ended list of tables, each ended by {0} */
    void *arg;                          /* for run and the functions below */
    const char *(*version)(void *arg);  /* of the banner: 5.0.4, say */
    void (*login)(void *arg, struct session *s);
    void (*gone)(void *arg, struct session *s);
    /* An action not in the tables. False: "Invalid/unknown command". */
    bool (*other)(void *arg, struct answer *a, const struct message *m);
    /* Is there a server of that name, to log in to as user@NAME? NULL: there are none. */
    bool (*knows)(void *arg, const char *target);
    /* The session changed its event mask (by Events), and packet is the answer. True: it
     * goes out through a in its time, once the server behind knows of it too. May be NULL. */
    bool (*masked)(void *arg, struct answer *a, const struct str *packet);
};

/* NULL with *err (free it) when it cannot listen. The config's pointers must outlive it. */
struct server *server_new(struct loop *l, struct chance *chance,
                          const struct server_config *config, char **err) MUST_CHECK;
/* From here on logins are checked against these users, and sessions held to these limits.
 * Sessions that are there keep the user they logged in as: the old ones must live on. */
void server_change(struct server *sv, const struct users *users,
                   const struct server_limits *limits);
int server_port(const struct server *sv);
int server_tls_port(const struct server *sv);
/* An in-memory connection as if it had been accepted. */
void server_accept(struct server *sv, struct conn *c);
/* Sends Event: Shutdown to all, closes, forgets. */
void server_free(struct server *sv);
/* Sends a packet to all sessions whose user and mask have every class of need. */
void server_event(struct server *sv, uint32_t need, const struct str *packet);
struct session *server_first(struct server *sv);
struct session *session_next(struct session *s);

/* ---- sessions ---- */
const struct user *session_user(const struct session *s);

uint32_t session_mask(const struct session *s);
/* The NAME of a login as user@NAME, NULL without. */
const char *session_target(const struct session *s);
/* "user@address" for the log. */
const char *session_name(const struct session *s);
void *session_data(const struct session *s);
void session_set_data(struct session *s, void *data);
/* Would an event of these classes be sent to it? */
bool session_hears(const struct session *s, uint32_t need);
/* A packet woven in between messages; false when it was not due to this session. */
bool session_event(struct session *s, uint32_t need, const struct str *packet);
/* Bytes of whole packets of a relayed server that answer nothing (events). */
void session_send(struct session *s, const char *bytes, size_t n);

/* ---- answers ---- */
/* NULL once the session has gone; the answer must still be ended. */
struct session *answer_session(const struct answer *a);
/* Its action; NULL of one that is not in the tables. */
const struct action *answer_action(const struct answer *a);
/* The client's ActionID or NULL. */
const char *answer_id(const struct answer *a);
/* Bytes of the answer, sent when the ones before are complete. */
void answer_send(struct answer *a, const char *bytes, size_t n);
/* Complete: a is gone. */
void answer_end(struct answer *a);
/* For an answer that is long: more(arg) is called, from the loop, each time the client
 * has room for another piece of it and its turn has come. It sends a bounded piece and
 * in the end calls answer_end. When the session goes it is called once more, with
 * answer_session NULL: then it only ends. */
void answer_stream(struct answer *a, void (*more)(void *arg), void *arg);
/* The next piece is not there yet: more is not called until answer_stream is called again,
 * not even when the session goes. */
void answer_pause(struct answer *a);
/* Begins `Response: kind` with the ActionID (and Message unless NULL) in b. */
void answer_head(const struct answer *a, struct str *b, const char *kind, const char *text);
/* A whole answer of that kind, and the end. */
void answer_error(struct answer *a, const char *text);
void answer_success(struct answer *a, const char *text);
/* Response: Success, EventList: start, Message: text — the head of a list. */
void answer_list(struct answer *a, const char *text);
/* The closing event of a list, and the end. */
void answer_complete(struct answer *a, const char *event, unsigned long items);

#endif
