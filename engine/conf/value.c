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

/* "must be …", as the manual describes the value. */
static char *conf_value_refuse(const struct conf_option *o);

/* A whole number within the option's range. */
static char *conf_value_read_int(const struct conf_option *o, const char *text, void *slot) {
    return str_int(text, o->min, o->max, slot) ? NULL : conf_value_refuse(o);
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
    return conf_value_refuse(o);
}

/* Permissions in octal: 660, 0660. */
static char *conf_value_read_octal(const struct conf_option *o, const char *text, void *slot) {
    size_t n = strspn(text, "01234567");
    long v = n && n < 8 && text[n] == '\0' ? strtol(text, NULL, 8) : -1;
    if (v < o->min || v > o->max)
        return conf_value_refuse(o);
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
        return conf_value_refuse(o);
    *(double *)slot = v;
    return NULL;
}

/* Asterisk's words for yes and no. */
static char *conf_value_read_bool(const struct conf_option *o, const char *text, void *slot) {
    return str_bool(text, slot) ? NULL : conf_value_refuse(o);
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
            return conf_value_refuse(o);
        word += n + 1;
    }
}

/* Any text of a fitting length. */
static char *conf_value_read_text(const struct conf_option *o, const char *text, void *slot) {
    int64_t n = (int64_t)strlen(text);
    if (n < o->min)
        return xstrdup("must not be empty");
    if (n > o->max)
        return xasprintf("must be at most %lld characters long", (long long)o->max);
    xreplace(slot, text);
    return NULL;
}

/* An IP address in figures. */
static char *conf_value_read_address(const struct conf_option *o, const char *text,
                                     void *slot) {
    unsigned char a[16];
    if (inet_pton(AF_INET, text, a) == 1 || inet_pton(AF_INET6, text, a) == 1)
        return conf_value_read_text(o, text, slot);
    return conf_value_refuse(o);
}

/* A host name or an address. */
static char *conf_value_read_host(const struct conf_option *o, const char *text, void *slot) {
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".-_:", *p))
            return conf_value_refuse(o);
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
    return conf_value_refuse(o);
}

static const struct {
    reader read;
    enum conf_member member;
    bool is_path;
    const char *article, *text; /* in a message and in the manual */
} types[] = {
    [CONF_INT] = {conf_value_read_int, CONF_IS_INT64, false, "a ", "whole number"},
    [CONF_BYTES] = {conf_value_read_bytes, CONF_IS_INT64, false, "a ", "number of bytes"},
    [CONF_OCTAL] = {conf_value_read_octal, CONF_IS_INT64, false, "", "octal permissions"},
    [CONF_DECIMAL] = {conf_value_read_decimal, CONF_IS_DOUBLE, false, "a ", "number"},
    [CONF_BOOL] = {conf_value_read_bool, CONF_IS_BOOL, false, "", "yes or no"},
    [CONF_WORD] = {conf_value_read_word, CONF_IS_INT, false, "", ""},
    [CONF_TEXT] = {conf_value_read_text, CONF_IS_STRING, false, "", "text"},
    [CONF_ADDRESS] = {conf_value_read_address, CONF_IS_STRING, false, "an ", "IP address"},
    [CONF_HOST] = {conf_value_read_host, CONF_IS_STRING, false, "a ",
                   "host name or IP address"},
    [CONF_SERVER] = {conf_value_read_text, CONF_IS_STRING, false, "the ",
                     "NAME of an [asterisk:NAME] section"},
    [CONF_ZONE] = {conf_value_read_zone, CONF_IS_STRING, false, "a ",
                   "time zone in " ZONES ", such as Europe/Berlin"},
    [CONF_PATH] = {conf_value_read_text, CONF_IS_STRING, true, "a ", "path"},
    [CONF_FILE] = {conf_value_read_text, CONF_IS_STRING, true, "the ", "path of a file"},
    [CONF_FOLDER] = {conf_value_read_text, CONF_IS_STRING, true, "the ", "path of a folder"},
};

/* ---- reading ---- */

char *confvalue_read(const struct conf_option *o, const char *text, const char *folder,
                     void *slot) {
    if (!types[o->type].is_path || *text == '/' || *text == '\0')
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
    bool wants_folder = o->type == CONF_FOLDER;
    int why = 0;
    if (access(path, R_OK) != 0 || stat(path, &st) != 0)
        why = errno;
    else if (S_ISDIR(st.st_mode) != wants_folder)
        why = wants_folder ? ENOTDIR : EISDIR;
    return why ? xasprintf("%s: %s", path, strerror(why)) : NULL;
}

/* ---- members ---- */

void confvalue_free(const struct conf_option *o, void *slot) {
    if (o->member == CONF_IS_STRING)
        free(*(char **)slot);
}

static size_t conf_value_size(const struct conf_option *o) {
    static const size_t sizes[] = {
        [CONF_IS_INT64] = sizeof(int64_t), [CONF_IS_DOUBLE] = sizeof(double),
        [CONF_IS_BOOL] = sizeof(bool),     [CONF_IS_INT] = sizeof(int),
        [CONF_IS_STRING] = sizeof(char *),
    };
    return sizes[o->member];
}

bool confvalue_is_same(const struct conf_option *o, const void *a, const void *b) {
    if (o->member != CONF_IS_STRING)
        return memcmp(a, b, conf_value_size(o)) == 0;
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    return x == y || (x && y && strcmp(x, y) == 0);
}

void confvalue_swap(const struct conf_option *o, void *a, void *b) {
    union {
        int64_t number;
        double decimal;
        char *text;
    } old;
    memcpy(&old, a, conf_value_size(o));
    memcpy(a, b, conf_value_size(o));
    memcpy(b, &old, conf_value_size(o));
}

bool confvalue_is_path(const struct conf_option *o) { return types[o->type].is_path; }

enum conf_member confvalue_member(enum conf_type type) { return types[type].member; }

/* ---- describing ---- */

/* Adds bytes in the biggest unit that leaves no rest: 65536 is 64k. */
static void conf_value_add_bytes(struct str *out, int64_t n) {
    static const char units[] = " kMG";
    int u = 0;
    while (n && n % 1024 == 0 && u < 3) {
        n /= 1024;
        u++;
    }
    str_addf(out, "%lld%.*s", (long long)n, u > 0, units + u);
}

/* Adds "full|normal|off" as "full, normal or off". */
static void conf_value_add_words(struct str *out, const char *words) {
    const char *last = strrchr(words, '|');
    for (; *words; words++) {
        if (*words != '|')
            str_addc(out, *words);
        else
            str_add(out, words == last ? " or " : ", ");
    }
}

static void conf_value_add_range(struct str *out, const struct conf_option *o) {
    for (int i = 0; i < 2; i++) {
        int64_t n = i ? o->max : o->min;
        str_add(out, i ? " to " : ", ");
        if (o->type == CONF_BYTES)
            conf_value_add_bytes(out, n);
        else
            str_addf(out, o->type == CONF_OCTAL ? "%04llo" : "%lld", (long long)n);
    }
}

char *confvalue_describe(const struct conf_option *o) {
    struct str out = {0};
    bool is_number = o->max && (o->member == CONF_IS_INT64 || o->member == CONF_IS_DOUBLE);
    if (o->words) {
        conf_value_add_words(&out, o->words);
    } else if (is_number && o->min == o->max) {
        str_addf(&out, "%lld", (long long)o->min);
    } else {
        str_add(&out, types[o->type].text);
        if (o->unit)
            str_addf(&out, " of %s", o->unit);
        if (is_number)
            conf_value_add_range(&out, o);
    }
    return str_take(&out);
}

static char *conf_value_refuse(const struct conf_option *o) {
    char *what = confvalue_describe(o);
    bool is_one = o->min == o->max;
    char *said = xasprintf("must be %s%s", is_one ? "" : types[o->type].article, what);
    free(what);
    return said;
}
