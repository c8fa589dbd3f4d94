#include "script/hook/view.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 64

json_t *view_text(const char *text) { return text ? json_string(text) : NULL; }

/* Sets the value (taken over) at the path. */
static void view_put(json_t *at, const char *path, json_t *value) {
    char key[KEY_MAX];
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        snprintf(key, sizeof key, "%.*s", (int)(dot - path), path);
        json_t *next = json_object_get(at, key);
        if (next == NULL)
            json_object_set_new(at, key, next = json_object());
        at = next;
    }
    json_object_set_new(at, path, value);
}

json_t *view_make(const struct view_field *fields, const void *from) {
    json_t *view = json_object();
    for (const struct view_field *f = fields; f->path; f++) {
        json_t *value = f->get(from);
        if (value)
            view_put(view, f->path, value);
    }
    return view;
}

json_t *view_example(const struct view_field *fields) {
    json_t *view = json_object();
    for (const struct view_field *f = fields; f && f->path; f++) {
        json_t *value = f->example ? json_loads(f->example, JSON_DECODE_ANY, NULL) : NULL;
        if (value)
            view_put(view, f->path, value);
    }
    return view;
}

void view_lay(json_t *base, json_t *over) {
    const char *key;
    json_t *value;
    json_object_foreach (over, key, value) {
        json_t *there = json_object_get(base, key);
        if (json_is_null(value))
            json_object_del(base, key);
        else if (json_is_object(there) && json_is_object(value) && json_object_size(value))
            view_lay(there, value);
        else
            json_object_set(base, key, value);
    }
}
