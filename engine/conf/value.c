#include "conf/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define ZONES "/usr/share/zoneinfo"
#define DIGITS "0123456789"

/* One reader per type: NULL, or what is wrong. */
typedef char *(*reader)(const struct conf_option *o, const char *text, void *slot);

/* A whole number within the option's range. */
static char *conf_value_read_int(const struct conf_option *o, const char *text, void *slot) {
    if (str_int(text, o->min, o->max, slot))
        return NULL;
    if (o->min == o->max)
        return xasprintf("must be %lld", (long long)o->min);
    return xasprintf("must be a whole number from %lld to %lld", (long long)o->min,
                     (long long)o->max);
}

/* A number of bytes: 8388608, 8192k, 8M. */
static char *conf_value_read_bytes(const struct conf_option *o, const char *text, void *slot) {
    static const char units[] = "kmg";
    char digits[24];
    size_t n = strspn(text, DIGITS);
    const char *unit = text[n] ? strchr(units, tolower((unsigned char)text[n])) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;
    int64_t count = 0;
    bool shaped = text[n] == '\0' || (unit && text[n + 1] == '\0');
    snprintf(digits, sizeof(digits), "%.*s", n < sizeof(digits) ? (int)n : 0, text);
    if (shaped && str_int(digits, 0, o->max >> shift, &count) && count << shift >= o->min) {
        *(int64_t *)slot = count << shift;
        return NULL;
    }
    return xasprintf("must be a number of bytes from %lld to %lld (k, M, G may follow)",
                     (long long)o->min, (long long)o->max);
}

/* Permissions in octal: 660, 0660. */
static char *conf_value_read_octal(const struct conf_option *o, const char *text, void *slot) {
    size_t n = strspn(text, "01234567");
    long v = n && n < 8 && text[n] == '\0' ? strtol(text, NULL, 8) : -1;
    if (v < o->min || v > o->max)
        return xstrdup("must be octal, as in 0660");
    *(int64_t *)slot = v;
    return NULL;
}

/* A number that may have decimals; no sign, no exponent. */
static char *conf_value_read_decimal(const struct conf_option *o, const char *text,
                                     void *slot) {
    size_t whole = strspn(text, DIGITS);
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, DIGITS) + 1 : 0;
    double v = strtod(text, NULL);
    bool shaped = whole && part != 1 && text[whole + part] == '\0';
    if (!shaped || v < (double)o->min || v > (double)o->max)
        return xasprintf("must be a number from %lld to %lld", (long long)o->min,
                         (long long)o->max);
    *(double *)slot = v;
    return NULL;
}

/* Asterisk's words for yes and no. */
static char *conf_value_read_bool(const struct conf_option *o, const char *text, void *slot) {
    (void)o;
    return str_bool(text, slot) ? NULL : xstrdup("must be yes or no");
}

/* One of the option's words. */
static char *conf_value_read_word(const struct conf_option *o, const char *text, void *slot) {
    const char *word = o->words;
    for (int i = 0;; i++) {
        size_t n = strcspn(word, "|");
        if (n == strlen(text) && strncasecmp(word, text, n) == 0) {
            *(int *)slot = i;
            return NULL;
        }
        if (word[n] == '\0')
            return xasprintf("must be one of %s", o->words);
        word += n + 1;
    }
}

/* Any text of a fitting length. */
static char *conf_value_read_text(const struct conf_option *o, const char *text, void *slot) {
    int64_t n = (int64_t)strlen(text);
    if (n < o->min)
        return xstrdup("must not be empty");
    if (n > o->max)
        return xasprintf("must have at most %lld characters", (long long)o->max);
    xreplace(slot, text);
    return NULL;
}

/* An IP address in figures. */
static char *conf_value_read_address(const struct conf_option *o, const char *text,
                                     void *slot) {
    unsigned char a[16];
    if (inet_pton(AF_INET, text, a) == 1 || inet_pton(AF_INET6, text, a) == 1)
        return conf_value_read_text(o, text, slot);
    return xstrdup("must be an IP address in figures");
}

/* A host name or an address. */
static char *conf_value_read_host(const struct conf_option *o, const char *text, void *slot) {
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".-_:", *p))
            return xstrdup("must be a host name or an IP address");
    return conf_value_read_text(o, text, slot);
}

/* A zone of the tz database; UTC is known even where none is installed. */
static char *conf_value_read_zone(const struct conf_option *o, const char *text, void *slot) {
    struct stat st;
    char *file = xasprintf(ZONES "/%s", text);
    bool known = isalpha((unsigned char)*text) && !strstr(text, "..") && stat(file, &st) == 0 &&
                 S_ISREG(st.st_mode);
    free(file);
    if (known || strcmp(text, "UTC") == 0)
        return conf_value_read_text(o, text, slot);
    return xstrdup("must be a zone of the tz database (in " ZONES ")");
}

static const struct {
    reader read;
    const char *text;
} types[] = {
    [CONF_INT] = {conf_value_read_int, "whole number"},
    [CONF_BYTES] = {conf_value_read_bytes, "bytes (k, M, G may follow)"},
    [CONF_OCTAL] = {conf_value_read_octal, "octal permissions"},
    [CONF_DECIMAL] = {conf_value_read_decimal, "number"},
    [CONF_BOOL] = {conf_value_read_bool, "yes or no"},
    [CONF_WORD] = {conf_value_read_word, "one of the words"},
    [CONF_TEXT] = {conf_value_read_text, "text"},
    [CONF_ADDRESS] = {conf_value_read_address, "IP address"},
    [CONF_HOST] = {conf_value_read_host, "host name or IP address"},
    [CONF_SERVER] = {conf_value_read_text, "NAME of an [asterisk:NAME] section"},
    [CONF_ZONE] = {conf_value_read_zone, "name of the tz database"},
    [CONF_PATH] = {conf_value_read_text, "path"},
    [CONF_FILE] = {conf_value_read_text, "path of a file"},
    [CONF_FOLDER] = {conf_value_read_text, "path of a folder"},
};

char *confvalue_read(const struct conf_option *o, const char *text, const char *folder,
                     void *slot) {
    if (o->type < CONF_PATH || *text == '/' || *text == '\0')
        return types[o->type].read(o, text, slot);
    char *path = xasprintf("%s/%s", folder, text);
    char *wrong = types[o->type].read(o, path, slot);
    free(path);
    return wrong;
}

char *confvalue_missing(const struct conf_option *o, const void *slot) {
    struct stat st;
    if (o->type != CONF_FILE && o->type != CONF_FOLDER)
        return NULL;
    const char *path = *(char *const *)slot;
    bool want_folder = o->type == CONF_FOLDER;
    if (access(path, R_OK) != 0 || stat(path, &st) != 0)
        return xasprintf("names %s: %s", path, strerror(errno));
    if (!!S_ISDIR(st.st_mode) != want_folder)
        return xasprintf("names %s: %s", path, want_folder ? "no folder" : "a folder");
    return NULL;
}

void confvalue_free(const struct conf_option *o, void *slot) {
    if (o->type >= CONF_TEXT)
        free(*(char **)slot);
}

const char *confvalue_type(enum conf_type type) { return types[type].text; }
