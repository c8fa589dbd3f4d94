/* One AMI message: an ordered list of headers. Pure functions, no I/O. */
#ifndef AMI_MESSAGE_H
#define AMI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct header {
    const char *name, *value;
};

/* Points into text it owns; message_reset empties, message_free gives back. */
struct message {
    struct header *headers;
    unsigned count, cap;
    struct str text; /* name\0value\0 of each header while it is being filled */
    struct str raw;  /* the bytes as they came, blank line included */
};

void message_reset(struct message *m);
void message_free(struct message *m);
/* Adds one line (no line end). Lines without a colon directly behind a name are
 * ignored, as Asterisk does; a NUL byte ends the value. False if it was ignored. */
bool message_line(struct message *m, const char *line, size_t n);
/* To be called once after the last line: headers may be read from here on. */
void message_done(struct message *m);
/* First non-empty value of that name (any case), or NULL. */
const char *message_get(const struct message *m, const char *name);
/* As message_get, "" where there is none. */
const char *message_text(const struct message *m, const char *name);
/* Was the header sent at all, be it empty? */
bool message_has(const struct message *m, const char *name);
/* Is it this event? (header Event, any case) */
bool message_is_event(const struct message *m, const char *name);

/* ---- building; a message ends with message_end ---- */

/* Adds `Name: value`. CR and LF in the value arrive as the two characters \n, so no
 * data can begin a line of its own. A NULL prints as <unknown>. */
void header_add(struct str *b, const char *name, const char *value);
void header_addf(struct str *b, const char *name, const char *fmt, ...) PRINTF(3, 4);
void header_int(struct str *b, const char *name, long long value);
void message_end(struct str *b);

#endif
