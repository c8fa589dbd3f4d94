#include "ami/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void digest_key(char out[DIGEST_TEXT], const char *challenge, const char *secret) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || !EVP_DigestInit_ex(ctx, EVP_md5(), NULL) ||
        !EVP_DigestUpdate(ctx, challenge, strlen(challenge)) ||
        !EVP_DigestUpdate(ctx, secret, strlen(secret)) || !EVP_DigestFinal_ex(ctx, sum, &n))
        n = 0; /* a build without MD5: an empty key, which no server accepts */
    EVP_MD_CTX_free(ctx);
    out[0] = '\0';
    for (unsigned i = 0; i < n && i < 16; i++)
        sprintf(out + 2 * i, "%02x", sum[i]);
}
