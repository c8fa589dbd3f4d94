/* The log: one line an entry, to standard error (systemd adds the time there).
 * An object's own prefix is part of the message, made by its module. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>

#include "base/mem.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    enum log_level level;
    /* Hears each line that passes the level; NULL writes to standard error. */
    void (*sink)(void *arg, enum log_level level, const char *line);
    void *arg;
};

/* Longer messages are cut, control characters become '?'. */
void log_write(const struct log *l, enum log_level level, const char *fmt, ...) PRINTF(3, 4);

#define log_error(l, ...) log_write(l, LOG_ERROR, __VA_ARGS__)
#define log_warn(l, ...) log_write(l, LOG_WARN, __VA_ARGS__)
#define log_info(l, ...) log_write(l, LOG_INFO, __VA_ARGS__)
#define log_debug(l, ...)                         \
    do {                                          \
        if ((l)->level >= LOG_DEBUG)              \
            log_write(l, LOG_DEBUG, __VA_ARGS__); \
    } while (0)

#endif
