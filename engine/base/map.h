/* From a text key to a pointer. Keys are copied; values are the caller's. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/mem.h"

struct map_entry {
    char *key;
    void *value;
    LIST_ENTRY(map_entry) of_bucket;
    /* In the order they were put in. By hand: a head of a TAILQ points to itself, but a map
     * is empty when it is all zeros, and may be moved. */
    struct map_entry *next, *prev;
};

LIST_HEAD(map_bucket, map_entry);

/* {0} is an empty one. Iterating: for (e = m.first; e; e = next) with next taken
 * before the body if the body may take entries out. */
struct map {
    struct map_bucket *buckets;
    size_t size, count;
    struct map_entry *first, *last;
};

void *map_get(const struct map *m, const char *key);
/* Puts value under key; gives back what was there before, or NULL. */
void *map_put(struct map *m, const char *key, void *value);
/* Takes it out and gives it back, or NULL. */
void *map_take(struct map *m, const char *key);
/* Frees the map, not the values. */
void map_free(struct map *m);

#endif
