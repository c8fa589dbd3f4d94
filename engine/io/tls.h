/* TLS of a connection: certificates and keys, through OpenSSL. */
#ifndef IO_TLS_H
#define IO_TLS_H

#include "base/mem.h"

struct bufferevent;
struct event_base;
struct tls;

/* For a listener. NULL with *err (free it) when a file cannot be used. */
struct tls *tls_server(const char *certificate, const char *key, char **err) MUST_CHECK;
/* For connections outwards. ca: the far end's certificate must be signed by one of these;
 * "" or NULL: it is not checked. */
struct tls *tls_client(const char *ca, char **err) MUST_CHECK;
void tls_free(struct tls *t);
/* A bufferevent that encrypts; fd -1 for one that is still to connect. */
struct bufferevent *tls_bufferevent(struct tls *t, struct event_base *base, int fd);
/* Why the last TLS step of a bufferevent failed, NULL if it did not. */
const char *tls_error(struct bufferevent *bev, char buf[128]);

#endif
