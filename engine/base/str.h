/* Growing strings, checked numbers and the text form of times. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* A growing byte string, always NUL-terminated once something was added.
 * {0} is an empty one; str_free gives the memory back. */
struct str {
    char *s;
    size_t len, cap;
};

void str_add(struct str *b, const char *s);
void str_addn(struct str *b, const void *p, size_t n);
void str_addc(struct str *b, char c);
void str_addf(struct str *b, const char *fmt, ...) PRINTF(2, 3);
/* Drops the first n bytes. */
void str_drop(struct str *b, size_t n);
/* Empties it and keeps the memory. */
void str_reset(struct str *b);
void str_free(struct str *b);
/* The bytes as a C string, never NULL. */
const char *str_get(const struct str *b);
/* Hands the bytes to the caller, who frees them; b is empty afterwards. */
char *str_take(struct str *b);

/* Whole-string decimal number within [min, max]; false (and *out unchanged) otherwise. */
bool str_int(const char *s, int64_t min, int64_t max, int64_t *out) MUST_CHECK;
/* Asterisk's words: yes/true/on/1/y/t, no/false/off/0/n/f. False if it is neither. */
bool str_bool(const char *s, bool *out) MUST_CHECK;
/* Removes blanks at both ends, in place; returns the start. */
char *str_trim(char *s);
bool str_has_prefix(const char *s, const char *prefix);
/* Same text? In a time that depends on the lengths alone (for secrets). */
bool str_same_secret(const char *a, const char *b);
/* True for the textual form of a uuid. */
bool str_is_uuid(const char *s);

#define TIME_TEXT 32
/* UTC, nanoseconds since 1970 -> 2016-11-15T02:10:52.930031700Z */
void time_text(char out[TIME_TEXT], int64_t wall_ns);
/* ns since 1970 of such a text (a fraction may be missing), 0 if it is none or NULL. */
int64_t time_read(const char *text);

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define SECONDS(n) ((int64_t)((n)*NS_PER_S))

#endif
