#include "io/tls.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>

struct tls {
    SSL_CTX *ctx;
    bool is_server;
};

static struct tls *tls_new(const SSL_METHOD *method, bool is_server) {
    struct tls *t = xcalloc(1, sizeof *t);
    t->ctx = SSL_CTX_new(method);
    t->is_server = is_server;
    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
    return t;
}

/* OpenSSL's own words for what just failed with that file. */
static struct tls *tls_fail(struct tls *t, const char *file, char **err) {
    char words[128];
    ERR_error_string_n(ERR_get_error(), words, sizeof words);
    *err = xasprintf("%s: %s", file, words);
    ERR_clear_error();
    tls_free(t);
    return NULL;
}

struct tls *tls_server(const char *certificate, const char *key, char **err) {
    struct tls *t = tls_new(TLS_server_method(), true);
    if (SSL_CTX_use_certificate_chain_file(t->ctx, certificate) != 1)
        return tls_fail(t, certificate, err);
    if (SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(t->ctx) != 1)
        return tls_fail(t, key, err);
    return t;
}

struct tls *tls_client(const char *ca, char **err) {
    struct tls *t = tls_new(TLS_client_method(), false);
    if (ca == NULL || *ca == '\0')
        return t;
    if (SSL_CTX_load_verify_locations(t->ctx, ca, NULL) != 1)
        return tls_fail(t, ca, err);
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    return t;
}

void tls_free(struct tls *t) {
    if (t)
        SSL_CTX_free(t->ctx);
    free(t);
}

struct bufferevent *tls_bufferevent(struct tls *t, struct event_base *base, int fd) {
    struct bufferevent *bev =
        bufferevent_openssl_socket_new(base, fd, SSL_new(t->ctx),
                                       t->is_server ? BUFFEREVENT_SSL_ACCEPTING
                                                    : BUFFEREVENT_SSL_CONNECTING,
                                       BEV_OPT_CLOSE_ON_FREE);
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1); /* AMI peers just close */
    return bev;
}

const char *tls_error(struct bufferevent *bev, char buf[128]) {
    unsigned long code = bufferevent_get_openssl_error(bev);
    if (code == 0)
        return NULL;
    ERR_error_string_n(code, buf, 128);
    return buf;
}
