/* A port, or a unix socket, to which others connect. */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include "io/conn.h"

struct listener;
/* Listens; each new connection is handed to accept (attach it there). port 0 takes a
 * free one; tls as above. NULL with *err (free it) when it cannot. */
struct listener *listener_new(struct loop *l, const char *host, int port, struct tls *tls,
                              void (*accept)(void *arg, struct conn *c), void *arg,
                              char **err) MUST_CHECK;
/* 0 where it is replayed. */
int listener_port(const struct listener *ls);
/* The same on a unix socket with these permissions; unlinked by listener_free. */
struct listener *listener_unix(struct loop *l, const char *path, int mode,
                               void (*accept)(void *arg, struct conn *c), void *arg,
                               char **err) MUST_CHECK;
void listener_free(struct listener *ls);

#endif
