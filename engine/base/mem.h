/* Allocation that ends the process when memory is out: outside Lua a daemon has
 * nothing better to do, and every caller is spared a branch nobody can test. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define NEVER_NULL __attribute__((returns_nonnull))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

void *xmalloc(size_t size) NEVER_NULL;
void *xcalloc(size_t count, size_t size) NEVER_NULL;
void *xrealloc(void *p, size_t size) NEVER_NULL;
/* Copies, to be freed with free(); a NULL gives a NULL. */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2) NEVER_NULL;
/* Frees *slot and puts a copy of s (or NULL) in its place. */
void xreplace(char **slot, const char *s);

#endif
