#include "dialer/plan/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define SAVE_AFTER SECONDS(5)

struct memory {
    char campaign[UUID_TEXT];
    enum hook hook;
    json_t *kept;         /* the last valid checkpoint */
    struct script *owner; /* the Lua state that has the live table; NULL = none */
    bool touched;         /* a hook has used it since the last save */
    bool refused;         /* the last checkpoint was not valid, and a warning was logged */
};

static void memory_key_of(char out[64], enum hook h, const char *campaign) {
    snprintf(out, 64, "%.40s/%s", campaign, hook_name(h));
}

static struct memory *memory_find(struct engine *e, enum hook h, const char *campaign) {
    char key[64];
    memory_key_of(key, h, campaign);
    struct memory *m = map_get(&e->memories, key);
    if (m)
        return m;
    m = xcalloc(1, sizeof *m);
    snprintf(m->campaign, sizeof m->campaign, "%s", campaign);
    m->hook = h;
    m->kept = json_object();
    map_put(&e->memories, key, m);
    return m;
}

/* Takes a checkpoint of the live table; true if it differs from the last one. If the table
 * cannot be kept (it has functions, or is too large), a warning is logged once and the last
 * valid checkpoint stays. */
static bool memory_take(struct engine *e, struct memory *m) {
    char *err = NULL;
    json_t *now = m->owner ? script_recall(m->owner, m->hook, m->campaign, &err) : NULL;
    if (m->owner && now == NULL && !m->refused)
        log_warn(e->log, "campaign %s, %s; its last valid memory is kept", m->campaign, err);
    m->refused = m->owner && now == NULL;
    free(err);
    if (now == NULL || json_equal(now, m->kept)) {
        json_decref(now);
        return false;
    }
    json_decref(m->kept);
    m->kept = now;
    return true;
}

static void memory_write_kept(struct engine *e, const struct memory *m) {
    char *text = json_dumps(m->kept, JSON_COMPACT);
    struct batch *b = batch_new();
    batch_statement(b, &write_memory,
                    BIND(ARG_TEXT("campaign", m->campaign),
                         ARG_TEXT("hook", hook_name(m->hook)),
                         ARG_TEXT("value", text ? text : "{}")));
    store_submit(e->store, b, NULL, NULL);
    free(text);
}

void memories_save(struct engine *e) {
    timer_stop(&e->memory_save);
    for (struct map_entry *i = e->memories.first; i; i = i->next) {
        struct memory *m = i->value;
        if (m->touched && memory_take(e, m))
            memory_write_kept(e, m);
        m->touched = false;
    }
}

static void memory_touch(struct engine *e, struct memory *m) {
    m->touched = true;
    if (!timer_is_set(&e->memory_save))
        timer_set(&e->memory_save, SAVE_AFTER);
}

bool memories_load(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_memories);
    while (query_step(&q)) {
        const char *campaign = query_text(&q, 0), *word = query_text(&q, 1);
        const char *text = query_text(&q, 2);
        json_t *kept = text ? json_loads(text, 0, NULL) : NULL;
        for (int h = 0; h < HOOK_COUNT && campaign && word && json_is_object(kept); h++)
            if (strcmp(hook_name((enum hook)h), word) == 0) {
                struct memory *m = memory_find(e, (enum hook)h, campaign);
                json_decref(m->kept);
                m->kept = json_incref(kept);
            }
        json_decref(kept);
    }
    return query_end(&q);
}

static void memory_free(struct memory *m) {
    json_decref(m->kept);
    free(m);
}

void memories_free(struct engine *e) {
    timer_stop(&e->memory_save);
    for (struct map_entry *i = e->memories.first; i; i = i->next)
        memory_free(i->value);
    map_free(&e->memories);
}

void memory_hand(struct engine *e, struct script *s, enum hook h, const char *campaign) {
    struct memory *m = memory_find(e, h, campaign);
    char *err = NULL;
    memory_touch(e, m);
    if (m->owner == s)
        return;
    if (memory_take(e, m)) /* it moves to another state: saved now */
        memory_write_kept(e, m);
    m->owner = s;
    if (script_remember(s, h, campaign, m->kept, &err)) {
        log_error(e->log, "campaign %s: %s", campaign, err);
        free(err);
    }
}

void memories_leave(struct engine *e, struct script *s) {
    for (struct map_entry *i = e->memories.first; i; i = i->next) {
        struct memory *m = i->value;
        if (m->owner != s)
            continue;
        if (memory_take(e, m))
            memory_write_kept(e, m);
        m->owner = NULL;
    }
}

json_t *memory_copy(struct engine *e, enum hook h, const char *campaign) {
    struct memory *m = memory_find(e, h, campaign);
    char *err = NULL;
    json_t *now = m->owner ? script_recall(m->owner, h, campaign, &err) : NULL;
    free(err);
    return now ? now : json_deep_copy(m->kept);
}

void memory_forget(struct engine *e, const char *campaign) {
    for (int h = 0; h < HOOK_COUNT; h++) {
        char key[64];
        memory_key_of(key, (enum hook)h, campaign);
        struct memory *m = map_take(&e->memories, key);
        if (m && m->owner)
            script_forget(m->owner, m->hook, campaign);
        if (m)
            memory_free(m);
    }
    struct batch *b = batch_new();
    batch_statement(b, &write_memory_delete, BIND(ARG_TEXT("campaign", campaign)));
    store_submit(e->store, b, NULL, NULL);
}
