#include "ami/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void message_reset(struct message *m) {
    m->count = 0;
    str_reset(&m->text);
    str_reset(&m->raw);
}

void message_free(struct message *m) {
    free(m->headers);
    str_free(&m->text);
    str_free(&m->raw);
    *m = (struct message){0};
}

/* Room for one more header. */
static struct header *message_next_header(struct message *m) {
    if (m->count == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 32;
        m->headers = xrealloc(m->headers, m->cap * sizeof *m->headers);
    }
    return &m->headers[m->count++];
}

bool message_line(struct message *m, const char *line, size_t n) {
    const char *colon = memchr(line, ':', n);
    if (colon == NULL || colon == line || colon[-1] == ' ')
        return false;
    const char *value = colon + 1, *end = line + n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    message_next_header(m); /* its pointers are set by message_done, when text stands still */
    str_addn(&m->text, line, strnlen(line, (size_t)(colon - line)));
    str_addc(&m->text, '\0');
    str_addn(&m->text, value, strnlen(value, (size_t)(end - value)));
    str_addc(&m->text, '\0');
    return true;
}

void message_done(struct message *m) {
    const char *p = str_get(&m->text);
    for (unsigned i = 0; i < m->count; i++) {
        m->headers[i].name = p;
        m->headers[i].value = p = p + strlen(p) + 1;
        p += strlen(p) + 1;
    }
}

const char *message_get(const struct message *m, const char *name) {
    for (unsigned i = 0; i < m->count; i++)
        if (strcasecmp(m->headers[i].name, name) == 0 && *m->headers[i].value)
            return m->headers[i].value;
    return NULL;
}

const char *message_text(const struct message *m, const char *name) {
    const char *v = message_get(m, name);
    return v ? v : "";
}

bool message_has(const struct message *m, const char *name) {
    for (unsigned i = 0; i < m->count; i++)
        if (strcasecmp(m->headers[i].name, name) == 0)
            return true;
    return false;
}

bool message_is_event(const struct message *m, const char *name) {
    const char *v = message_get(m, "Event");
    return v && strcasecmp(v, name) == 0;
}

/* Adds text with line ends made harmless. */
static void message_add_value(struct str *b, const char *s) {
    for (; *s; s++) {
        size_t plain = strcspn(s, "\r\n");
        str_addn(b, s, plain);
        s += plain;
        if (*s == '\0')
            break;
        str_add(b, *s == '\n' ? "\\n" : "\\r");
    }
}

void header_add(struct str *b, const char *name, const char *value) {
    str_add(b, name);
    str_addn(b, ": ", 2);
    message_add_value(b, value ? value : "<unknown>");
    str_addn(b, "\r\n", 2);
}

void header_addf(struct str *b, const char *name, const char *fmt, ...) {
    char *value = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&value, fmt, ap) < 0)
        abort();
    va_end(ap);
    header_add(b, name, value);
    free(value);
}

void header_int(struct str *b, const char *name, long long value) {
    str_addf(b, "%s: %lld\r\n", name, value);
}

void message_end(struct str *b) { str_addn(b, "\r\n", 2); }
