#include "dialer/noun/change.h"

#include <stdlib.h>
#include <string.h>

int change_field(const struct noun *n, const char *name) {
    for (int i = 0; i < n->count; i++)
        if ((n->fields[i].flags & (FIELD_INPUT | FIELD_ASKED)) &&
            strcmp(n->fields[i].column, name) == 0)
            return i;
    return -1;
}

const char *change_verb_name(enum change_verb verb) {
    static const char *const names[] = {
        [CHANGE_CREATE] = "create", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete"};
    return names[verb];
}

void change_begin(struct change *ch, enum change_verb verb, const struct noun *n,
                  const char *uuid, const char *by) {
    *ch = (struct change){.verb = verb, .noun = n, .uuid = xstrdup(uuid), .by = by};
}

static void change_clear(struct change_value *v) {
    free(v->text);
    json_decref(v->vars);
    v->text = NULL;
    v->vars = NULL;
    v->is_number = false;
}

void change_end(struct change *ch) {
    for (unsigned i = 0; i < ch->count; i++)
        change_clear(&ch->values[i]);
    free(ch->values);
    free(ch->uuid);
    *ch = (struct change){0};
}

void change_copy(struct change *to, const struct change *from) {
    *to = *from;
    to->by = xstrdup(from->by);
    to->uuid = xstrdup(from->uuid);
    to->values = xcalloc(from->count + 1, sizeof *to->values);
    for (unsigned i = 0; i < from->count; i++) {
        to->values[i] = from->values[i];
        to->values[i].text = xstrdup(from->values[i].text);
        to->values[i].vars = json_deep_copy(from->values[i].vars);
    }
}

/* The place for the field's value. */
static struct change_value *change_value_of(struct change *ch, const char *name) {
    int field = change_field(ch->noun, name);
    if (field < 0)
        abort(); /* the caller has looked the name up */
    for (unsigned i = 0; i < ch->count; i++)
        if (ch->values[i].field == field)
            return &ch->values[i];
    ch->values = xrealloc(ch->values, (ch->count + 1) * sizeof *ch->values);
    ch->values[ch->count] = (struct change_value){.field = field};
    return &ch->values[ch->count++];
}

/* A status is asked for, not set. */
static bool change_is_asked(const struct change *ch, const char *name) {
    int field = change_field(ch->noun, name);
    return field >= 0 && (ch->noun->fields[field].flags & FIELD_ASKED);
}

void change_text(struct change *ch, const char *name, const char *text) {
    if (change_is_asked(ch, name)) {
        ch->asks = true;
        if (!str_int(text, 0, 99, &ch->status))
            ch->status = -1;
        return;
    }
    struct change_value *v = change_value_of(ch, name);
    change_clear(v);
    v->text = xstrdup(text);
}

void change_int(struct change *ch, const char *name, int64_t num) {
    if (change_is_asked(ch, name)) {
        ch->asks = true;
        ch->status = num;
        return;
    }
    struct change_value *v = change_value_of(ch, name);
    change_clear(v);
    v->is_number = true;
    v->num = num;
}

void change_variable(struct change *ch, const char *name, const char *variable,
                     const char *value) {
    struct change_value *v = change_value_of(ch, name);
    if (v->vars == NULL) {
        change_clear(v);
        v->vars = json_object();
    }
    if (variable)
        json_object_set_new_nocheck(v->vars, variable, json_string_nocheck(value));
}

bool change_assign(struct change *ch, const char *name, const char *text) {
    const char *eq = strchr(text, '=');
    if (eq == NULL || eq == text)
        return false;
    char *variable = xstrndup(text, (size_t)(eq - text));
    change_variable(ch, name, variable, eq + 1);
    free(variable);
    return true;
}
