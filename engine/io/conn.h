/* A connection: bytes both ways, of one of two kinds, a socket or a queue in memory
 * (two ends in one process, for tests and the simulator). Nothing else differs. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "io/loop.h"

struct conn;
struct tls;

/* What the owner hears, always from the loop. Any of them may call conn_close. */
struct conn_events {
    void (*open)(void *arg);
    /* Bytes came. The owner takes them all; they are gone afterwards. */
    void (*data)(void *arg, const char *bytes, size_t n);
    /* The far end is gone; why is a short text. Once, and nothing after it. */
    void (*lost)(void *arg, const char *why);
    /* All that was queued is on its way. May be NULL. */
    void (*drained)(void *arg);
};

/* Begins to connect; open or lost follows from the loop, never from within. With tls
 * (may be NULL, outlives the connection) it is encrypted. */
struct conn *conn_dial(struct loop *l, const char *host, int port, struct tls *tls,
                       const struct conn_events *ev, void *arg);
/* Two ends of a queue in memory; each is open at once. */
void conn_pair(struct loop *l, struct conn *ends[2]);
/* A socket that somebody has accepted: open, and this connection's from now on. fd -1: one
 * that is replayed. */
struct conn *conn_accept(struct loop *l, int fd, const char *peer, struct tls *tls);
/* Who hears what this end receives. */
void conn_attach(struct conn *c, const struct conn_events *ev, void *arg);
/* Queues bytes; nothing is written from within. */
void conn_send(struct conn *c, const void *bytes, size_t n);
/* Bytes queued and not yet taken by the kernel (or the other end). */
size_t conn_owed(const struct conn *c);
/* Stops (or resumes) reading: how a peer is made to wait. */
void conn_hold(struct conn *c, bool hold);
/* Closes and forgets: no event follows, c is not to be used again. With flush, what is
 * queued still goes out, within a few seconds. */
void conn_close(struct conn *c, bool flush);
/* The far end's address without port, "memory" for a queue. */
const char *conn_peer(const struct conn *c);
/* Its socket, -1 for a queue: for questions to the kernel only. */
int conn_fd(const struct conn *c);

#endif
