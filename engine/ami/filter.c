#include "ami/filter.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum method {
    METHOD_REGEX,
    METHOD_EXACT,
    METHOD_STARTS,
    METHOD_ENDS,
    METHOD_CONTAINS,
    METHOD_NONE
};

static const char *const methods[] = {"regex",     "exact",    "starts_with",
                                      "ends_with", "contains", "none"};

struct rule {
    bool excludes, has_regex;
    enum method method;
    char *name, *header, *text; /* name of the event, header looked at; NULL = any, whole */
    regex_t regex;
};

struct filter {
    struct rule *rules;
    size_t count;
    bool includes; /* one at least: what none of them matches is kept back */
};

static void filter_rule_free(struct rule *r) {
    free(r->name);
    free(r->header);
    free(r->text);
    if (r->has_regex)
        regfree(&r->regex);
}

void filter_free(struct filter *f) {
    for (size_t i = 0; f && i < f->count; i++)
        filter_rule_free(&f->rules[i]);
    if (f)
        free(f->rules);
    free(f);
}

/* ---- reading ---- */

/* One word(value) of the newer syntax. False if it is not known. */
static bool filter_read_criterion(struct rule *r, const char *word, const char *value) {
    if (strcasecmp(word, "action") == 0) {
        r->excludes = strcasecmp(value, "exclude") == 0;
        return r->excludes || strcasecmp(value, "include") == 0;
    }
    if (strcasecmp(word, "name") == 0) {
        xreplace(&r->name, value);
        return true;
    }
    if (strcasecmp(word, "header") == 0) {
        xreplace(&r->header, value);
        return true;
    }
    if (strcasecmp(word, "method"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (strcasecmp(methods[i], value) == 0) {
            r->method = (enum method)i;
            return true;
        }
    return false;
}

/* action(exclude),name(Newchannel),... */
static bool filter_read_criteria(struct rule *r, const char *criteria) {
    char *copy = xstrdup(criteria), *p = copy;
    bool ok = true, method = false;
    r->method = METHOD_NONE;
    while (ok && *p) {
        char *open = strchr(p, '('), *close = open ? strchr(open, ')') : NULL;
        if (close == NULL) {
            ok = false;
            break;
        }
        *open = *close = '\0';
        char *word = str_trim(p);
        method |= strcasecmp(word, "method") == 0;
        ok = filter_read_criterion(r, word, str_trim(open + 1));
        p = close + 1;
        while (*p == ',' || *p == ' ')
            p++;
    }
    if (!method && r->text && *r->text)
        r->method = METHOD_REGEX;
    free(copy);
    return ok;
}

static bool filter_rule_read(struct rule *r, const struct user_filter *uf) {
    const char *text = uf->text ? uf->text : "";
    bool ok = true;
    if (uf->criteria == NULL && *text == '!') {
        r->excludes = true;
        text++;
    }
    r->text = xstrdup(text);
    if (uf->criteria)
        ok = filter_read_criteria(r, uf->criteria);
    if (ok && r->method == METHOD_REGEX)
        ok = r->has_regex = regcomp(&r->regex, r->text, REG_EXTENDED | REG_NOSUB) == 0;
    return ok;
}

struct filter *filter_new(const struct user *u, const struct log *log) {
    if (u->filter_count == 0)
        return NULL;
    struct filter *f = xcalloc(1, sizeof *f);
    f->rules = xcalloc(u->filter_count, sizeof *f->rules);
    for (size_t i = 0; i < u->filter_count; i++) {
        struct rule *r = &f->rules[f->count];
        *r = (struct rule){0};
        if (!filter_rule_read(r, &u->filters[i])) {
            log_warn(log, "user %s: eventfilter '%s' is malformed and is ignored", u->name,
                     u->filters[i].text ? u->filters[i].text : "");
            filter_rule_free(r);
            continue;
        }
        f->includes |= !r->excludes;
        f->count++;
    }
    return f;
}

/* ---- matching ---- */

/* The value of a header in a packet, copied; NULL if it is not there. */
static char *filter_header_value(const struct str *packet, const char *name) {
    size_t n = strlen(name);
    const char *line = str_get(packet);
    while (line && *line) {
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *value = line + n + 1 + strspn(line + n + 1, " ");
            return xstrndup(value, strcspn(value, "\r"));
        }
        line = strstr(line, "\r\n");
        line = line ? line + 2 : NULL;
    }
    return NULL;
}

static bool filter_text_matches(const struct rule *r, const char *s) {
    size_t n = strlen(s), k = strlen(r->text);
    switch (r->method) {
    case METHOD_REGEX:
        return regexec(&r->regex, s, 0, NULL, 0) == 0;
    case METHOD_EXACT:
        return strcmp(s, r->text) == 0;
    case METHOD_STARTS:
        return strncmp(s, r->text, k) == 0;
    case METHOD_ENDS:
        return n >= k && strcmp(s + n - k, r->text) == 0;
    case METHOD_CONTAINS:
        return strstr(s, r->text) != NULL;
    case METHOD_NONE:
        break;
    }
    return true;
}

static bool filter_rule_matches(const struct rule *r, const struct str *packet) {
    char *event = r->name ? filter_header_value(packet, "Event") : NULL;
    bool named = r->name == NULL || (event && strcmp(event, r->name) == 0);
    free(event);
    if (!named || r->header == NULL)
        return named && filter_text_matches(r, packet->s);
    char *value = filter_header_value(packet, r->header);
    bool yes = value && filter_text_matches(r, value);
    free(value);
    return yes;
}

bool filter_passes(const struct filter *f, const struct str *packet) {
    bool included = f == NULL || !f->includes;
    for (size_t i = 0; f && i < f->count; i++) {
        const struct rule *r = &f->rules[i];
        if (!r->excludes && included)
            continue;
        if (filter_rule_matches(r, packet)) {
            if (r->excludes)
                return false;
            included = true;
        }
    }
    return included;
}
