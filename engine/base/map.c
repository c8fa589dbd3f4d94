#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo). Keys that peers choose are bounded in number elsewhere. */
static size_t map_hash_of(const char *key) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return (size_t)h;
}

static struct map_bucket *map_bucket_of(const struct map *m, const char *key) {
    return &m->buckets[map_hash_of(key) & (m->size - 1)];
}

static struct map_entry *map_find(const struct map *m, const char *key) {
    struct map_entry *e = NULL;
    if (m->size && key)
        e = LIST_FIRST(map_bucket_of(m, key));
    while (e && strcmp(e->key, key))
        e = LIST_NEXT(e, of_bucket);
    return e;
}

static void map_grow(struct map *m) {
    m->size = m->size ? 2 * m->size : 16;
    free(m->buckets);
    m->buckets = xcalloc(m->size, sizeof *m->buckets);
    for (struct map_entry *e = m->first; e; e = e->next)
        LIST_INSERT_HEAD(map_bucket_of(m, e->key), e, of_bucket);
}

void *map_get(const struct map *m, const char *key) {
    struct map_entry *e = map_find(m, key);
    return e ? e->value : NULL;
}

void *map_put(struct map *m, const char *key, void *value) {
    struct map_entry *e = map_find(m, key);
    if (e) {
        void *old = e->value;
        e->value = value;
        return old;
    }
    if (m->count >= m->size)
        map_grow(m);
    e = xcalloc(1, sizeof *e);
    *e = (struct map_entry){.key = xstrdup(key), .value = value, .prev = m->last};
    LIST_INSERT_HEAD(map_bucket_of(m, key), e, of_bucket);
    *(m->last ? &m->last->next : &m->first) = e;
    m->last = e;
    m->count++;
    return NULL;
}

void *map_take(struct map *m, const char *key) {
    struct map_entry *e = map_find(m, key);
    if (e == NULL)
        return NULL;
    void *value = e->value;
    LIST_REMOVE(e, of_bucket);
    *(e->prev ? &e->prev->next : &m->first) = e->next;
    *(e->next ? &e->next->prev : &m->last) = e->prev;
    m->count--;
    free(e->key);
    free(e);
    return value;
}

void map_free(struct map *m) {
    for (struct map_entry *e = m->first, *next; e; e = next) {
        next = e->next;
        free(e->key);
        free(e);
    }
    free(m->buckets);
    *m = (struct map){0};
}
