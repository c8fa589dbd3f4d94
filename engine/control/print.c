#include "control/print.h"

#include <stdlib.h>
#include <string.h>

/* `Variable: name=value` for each, or one <unknown>. */
static void print_vars(const char *header, const json_t *vars, struct str *packet) {
    const char *name;
    json_t *value;
    if (json_object_size(vars) == 0)
        header_add(packet, header, NULL);
    json_object_foreach ((json_t *)(uintptr_t)vars, name, value) {
        header_addf(packet, header, "%s=%s", name, json_string_value(value));
    }
}

/* ---- rows ---- */

/* Does the field have another value than in a new row? */
static bool print_is_set(const struct row *r, int i) {
    const struct value *v = &r->v[i];
    const struct field *f = &r->noun->fields[i];
    if (f->type == FIELD_INT)
        return !v->null && v->num != (f->init ? atoll(f->init) : 0);
    return f->type == FIELD_VARS ? json_object_size(v->vars) > 0 : v->text != NULL;
}

static void print_field(const struct row *r, int i, struct str *packet) {
    const struct field *f = &r->noun->fields[i];
    if (f->type == FIELD_VARS)
        print_vars(f->header, r->v[i].vars, packet);
    else if (f->type == FIELD_INT && !r->v[i].null)
        header_int(packet, f->header, r->v[i].num);
    else
        header_add(packet, f->header, r->v[i].text);
}

void print_row(const struct row *r, struct str *packet) {
    for (int i = 0; i < r->noun->count; i++)
        if (r->noun->fields[i].flags & FIELD_PRINT)
            print_field(r, i, packet);
    for (int i = 0; i < r->noun->count; i++)
        if ((r->noun->fields[i].flags & FIELD_LATE) && print_is_set(r, i))
            print_field(r, i, packet);
}

/* ---- attributes ---- */

static void print_text(const char *header, const struct attr_value *v, struct str *packet) {
    header_add(packet, header, v->text);
}

static void print_int(const char *header, const struct attr_value *v, struct str *packet) {
    header_int(packet, header, v->num);
}

static void print_bool(const char *header, const struct attr_value *v, struct str *packet) {
    header_add(packet, header, v->yes ? "yes" : "no");
}

static void print_real(const char *header, const struct attr_value *v, struct str *packet) {
    header_addf(packet, header, "%.3f", v->real);
}

static void print_variables(const char *header, const struct attr_value *v,
                            struct str *packet) {
    print_vars(header, v->vars, packet);
}

static void print_list(const char *header, const struct attr_value *v, struct str *packet) {
    for (const char *line = str_get(&v->made), *end; (end = strchr(line, '\n')); line = end + 1)
        header_addf(packet, header, "%.*s", (int)(end - line), line);
}

static void (*const printers[])(const char *header, const struct attr_value *v,
                                struct str *packet) = {
    [ATTR_TEXT] = print_text, [ATTR_INT] = print_int,        [ATTR_BOOL] = print_bool,
    [ATTR_REAL] = print_real, [ATTR_VARS] = print_variables, [ATTR_LIST] = print_list,
};

void print_attrs(const struct attr *attrs, const void *subject, struct str *packet) {
    struct attr_value v = {0};
    for (const struct attr *a = attrs; a->get; a++) {
        if (a->header == NULL)
            continue;
        attr_read(a, subject, &v);
        if (!v.absent)
            printers[a->type](a->header, &v, packet);
    }
    attr_value_free(&v);
}

/* ---- events ---- */

void print_event(const struct event *ev, struct str *packet) {
    const struct event_type *t = &event_types[ev->kind];
    header_add(packet, "Event", t->name);
    header_add(packet, "Privilege", "message,all");
    if (t->stored)
        print_row(ev->subject, packet);
    else
        print_attrs(t->attrs, ev->subject, packet);
    message_end(packet);
}

static bool print_is_heard(struct server *sv) {
    for (struct session *s = server_first(sv); s; s = session_next(s))
        if (session_hears(s, CLASS_MESSAGE))
            return true;
    return false;
}

void print_to_all(struct server *sv, const struct event *ev) {
    struct str packet = {0};
    if (!print_is_heard(sv))
        return;
    print_event(ev, &packet);
    server_event(sv, CLASS_MESSAGE, &packet);
    str_free(&packet);
}
