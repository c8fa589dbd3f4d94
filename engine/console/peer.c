/* What the lent functions need of their peer and of their arguments. */
#include <stdarg.h>
#include <stdio.h>

#include "console/inner.h"

void peer_note(const struct peer *p, const char *fmt, ...) {
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_info(p->console->engine->log, "console: uid %u: %s", (unsigned)p->uid, text);
}

const char *arg_text(json_t *args, size_t i) {
    const char *s = json_string_value(json_array_get(args, i));
    return s ? s : "";
}

int64_t arg_int(json_t *args, size_t i, int64_t otherwise) {
    json_t *v = json_array_get(args, i);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}
