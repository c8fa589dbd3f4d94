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

static struct map_entry **map_find(const struct map *m, const char *key) {
    struct map_entry **e = &m->buckets[map_hash_of(key) & (m->size - 1)];
    while (*e && strcmp((*e)->key, key))
        e = &(*e)->chain;
    return e;
}

static void map_grow(struct map *m) {
    m->size = m->size ? 2 * m->size : 16;
    free(m->buckets);
    m->buckets = xcalloc(m->size, sizeof(struct map_entry *));
    for (struct map_entry *e = m->first; e; e = e->next) {
        struct map_entry **b = &m->buckets[map_hash_of(e->key) & (m->size - 1)];
        e->chain = *b;
        *b = e;
    }
}

void *map_get(const struct map *m, const char *key) {
    struct map_entry *e = m->size && key ? *map_find(m, key) : NULL;
    return e ? e->value : NULL;
}

void *map_put(struct map *m, const char *key, void *value) {
    if (m->count >= m->size)
        map_grow(m);
    struct map_entry **slot = map_find(m, key);
    if (*slot) {
        void *old = (*slot)->value;
        (*slot)->value = value;
        return old;
    }
    struct map_entry *e = xcalloc(1, sizeof *e);
    *e = (struct map_entry){.key = xstrdup(key), .value = value, .prev = m->last};
    *slot = e;
    *(m->last ? &m->last->next : &m->first) = e;
    m->last = e;
    m->count++;
    return NULL;
}

void *map_take(struct map *m, const char *key) {
    struct map_entry **slot = m->size && key ? map_find(m, key) : NULL;
    if (slot == NULL || *slot == NULL)
        return NULL;
    struct map_entry *e = *slot;
    void *value = e->value;
    *slot = e->chain;
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
