/* The MD5 of AMI's challenge login, as OpenSSL computes it. */
#ifndef AMI_DIGEST_H
#define AMI_DIGEST_H

#define DIGEST_TEXT 33

/* Lower-case hex of md5(challenge + secret). */
void digest_key(char out[DIGEST_TEXT], const char *challenge, const char *secret);

#endif
