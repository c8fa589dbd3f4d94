#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <uuid/uuid.h>

/* Makes room for n more bytes and the NUL. */
static void str_grow(struct str *b, size_t n) {
    if (b->len + n + 1 <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < b->len + n + 1)
        cap *= 2;
    b->s = xrealloc(b->s, cap);
    b->cap = cap;
}

void str_addn(struct str *b, const void *p, size_t n) {
    str_grow(b, n);
    if (n)
        memcpy(b->s + b->len, p, n);
    b->len += n;
    b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *s) { str_addn(b, s, strlen(s)); }

void str_addc(struct str *b, char c) { str_addn(b, &c, 1); }

void str_addf(struct str *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        str_grow(b, (size_t)n);
        vsnprintf(b->s + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void str_drop(struct str *b, size_t n) {
    if (n >= b->len) {
        str_reset(b);
        return;
    }
    memmove(b->s, b->s + n, b->len - n + 1);
    b->len -= n;
}

void str_reset(struct str *b) {
    b->len = 0;
    if (b->s)
        b->s[0] = '\0';
}

void str_free(struct str *b) {
    free(b->s);
    *b = (struct str){0};
}

const char *str_get(const struct str *b) { return b->s ? b->s : ""; }

char *str_take(struct str *b) {
    char *s = b->s ? b->s : xstrdup("");
    *b = (struct str){0};
    return s;
}

bool str_int(const char *s, int64_t min, int64_t max, int64_t *out) {
    if (s == NULL ||
        !(isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1]))))
        return false;
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno || *end || v < min || v > max)
        return false;
    *out = v;
    return true;
}

bool str_bool(const char *s, bool *out) {
    static const char *const yes[] = {"yes", "true", "on", "1", "y", "t"};
    static const char *const no[] = {"no", "false", "off", "0", "n", "f"};
    for (size_t i = 0; s && i < ARRAY_LEN(yes); i++) {
        if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
            *out = strcasecmp(s, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

char *str_trim(char *s) {
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n && isspace((unsigned char)s[n - 1]))
        s[--n] = '\0';
    return s;
}

bool str_has_prefix(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_same_secret(const char *a, const char *b) {
    size_t na = strlen(a), nb = strlen(b);
    unsigned char diff = na != nb;
    for (size_t i = 0; i < na; i++)
        diff |= (unsigned char)(a[i] ^ (nb ? b[i % nb] : 0));
    return diff == 0;
}

bool str_is_uuid(const char *s) {
    uuid_t ignored;
    return s && strlen(s) == 36 && uuid_parse(s, ignored) == 0;
}

void time_text(char out[TIME_TEXT], int64_t wall_ns) {
    time_t s = (time_t)(wall_ns / NS_PER_S);
    int ns = (int)(wall_ns % NS_PER_S);
    struct tm tm;
    gmtime_r(&s, &tm);
    size_t n = strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, TIME_TEXT - n, ".%09dZ", ns);
}

int64_t time_read(const char *text) {
    struct tm tm = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest == NULL)
        return 0;
    double fraction = *rest == '.' ? strtod(rest, NULL) : 0;
    return timegm(&tm) * NS_PER_S + (int64_t)(fraction * NS_PER_S);
}
