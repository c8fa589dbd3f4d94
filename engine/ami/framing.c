#include "ami/framing.h"

#include <string.h>

const struct framing_limits framing_of_client = {.line = 1024,
                                                 .headers = 128,
                                                 .message = 160000};
const struct framing_limits framing_of_server = {.line = 65536,
                                                 .headers = 100000,
                                                 .message = 8 << 20};

void framing_init(struct framing *f, const struct framing_limits *limits) {
    *f = (struct framing){.limits = limits};
}

void framing_free(struct framing *f) {
    str_free(&f->line);
    message_free(&f->message);
}

/* A fault is remembered until the message ends; the first one counts. */
static void framing_set_fault(struct framing *f, enum framing_fault fault) {
    if (f->fault == FRAMING_OK)
        f->fault = fault;
}

/* One whole line, with its line end. True if it ended the message. */
static bool framing_take_line(struct framing *f, const char *line, size_t n) {
    size_t text = n;
    while (text && (line[text - 1] == '\n' || (line[text - 1] == '\r' && text == n - 1)))
        text--;
    text = strnlen(line,
                   text); /* Asterisk's lines end at a NUL: one at the front ends the message */
    if (f->message.raw.len + n <= f->limits->message)
        str_addn(&f->message.raw, line, n);
    else
        framing_set_fault(f, FRAMING_TOO_MANY_LINES);
    if (text == 0)
        return true;
    if (++f->lines > f->limits->headers)
        framing_set_fault(f, FRAMING_TOO_MANY_LINES);
    else if (f->fault == FRAMING_OK)
        message_line(&f->message, line, text);
    return false;
}

/* Hands the message over and begins the next. */
static bool framing_finish(struct framing *f,
                           bool (*got)(void *arg, struct message *m, enum framing_fault fault),
                           void *arg) {
    message_done(&f->message);
    bool go_on = got(arg, &f->message, f->fault);
    message_reset(&f->message);
    f->lines = 0;
    f->fault = FRAMING_OK;
    return go_on;
}

/* Appends a piece of a line, or throws it away when the line is too long already. */
static void framing_add_piece(struct framing *f, const char *bytes, size_t n) {
    if (f->in_discard)
        return;
    if (f->line.len + n > f->limits->line) {
        framing_set_fault(f, FRAMING_LINE_TOO_LONG);
        str_reset(&f->line);
        f->in_discard = true;
        return;
    }
    str_addn(&f->line, bytes, n);
}

void framing_feed(struct framing *f, const char *bytes, size_t n,
                  bool (*got)(void *arg, struct message *m, enum framing_fault fault),
                  void *arg) {
    for (const char *end = bytes + n; bytes < end && !f->stopped;) {
        const char *nl = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = nl ? (size_t)(nl - bytes) + 1 : (size_t)(end - bytes);
        bool whole = nl && f->line.len == 0 && !f->in_discard && piece <= f->limits->line;
        if (!whole)
            framing_add_piece(f, bytes, piece);
        const char *line = whole ? bytes : str_get(&f->line);
        size_t len = whole ? piece : f->line.len;
        bytes += piece;
        if (nl == NULL)
            break;
        bool ended = !f->in_discard && framing_take_line(f, line, len);
        f->in_discard = false;
        if (ended)
            f->stopped = !framing_finish(f, got, arg);
        str_reset(&f->line);
    }
}
