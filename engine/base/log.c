#include "base/log.h"

#include <stdio.h>

static const char *const words[] = {"error", "warn", "info", "debug"};

void log_write(const struct log *l, enum log_level level, const char *fmt, ...) {
    if (level > l->level)
        return;
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    for (char *p = line; *p; p++) /* data of peers ends here: no forged lines */
        if ((unsigned char)*p < ' ' && *p != '\t')
            *p = '?';
    if (l->sink)
        l->sink(l->arg, level, line);
    else
        fprintf(stderr, "%-5s %s\n", words[level], line);
}
