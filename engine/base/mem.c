#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory: say so without allocating, and leave a core. */
static void *mem_checked(void *p) {
    if (p == NULL) {
        fputs("astout: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *xmalloc(size_t size) { return mem_checked(malloc(size ? size : 1)); }

void *xcalloc(size_t count, size_t size) {
    return mem_checked(calloc(count ? count : 1, size));
}

void *xrealloc(void *p, size_t size) { return mem_checked(realloc(p, size ? size : 1)); }

char *xstrdup(const char *s) { return s ? mem_checked(strdup(s)) : NULL; }

char *xstrndup(const char *s, size_t n) { return s ? mem_checked(strndup(s, n)) : NULL; }

char *xasprintf(const char *fmt, ...) {
    char *out = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&out, fmt, ap) < 0)
        out = NULL;
    va_end(ap);
    return mem_checked(out);
}

void xreplace(char **slot, const char *s) {
    char *copy = xstrdup(s);
    free(*slot);
    *slot = copy;
}
