/* One resource: the values of a noun's fields. */
#include <stdlib.h>
#include <string.h>

#include "store/noun.h"

_Static_assert(LEAD_FIELDS <= 64 && PLAN_FIELDS <= 64, "a field is a bit of row.changed");

struct row *row_of_store(const struct noun *n) {
    struct row *r = xcalloc(1, sizeof *r + (size_t)n->count * sizeof r->v[0]);
    r->noun = n;
    return r;
}

struct row *row_new(const struct noun *n) {
    struct row *r = row_of_store(n);
    r->is_new = true;
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        if (f->type == FIELD_INT) {
            r->v[i].null = f->init == NULL;
            r->v[i].num = f->init ? atoll(f->init) : 0;
        } else {
            r->v[i].text = xstrdup(f->init);
        }
    }
    return r;
}

struct row *row_copy(const struct row *r) {
    size_t size = sizeof *r + (size_t)r->noun->count * sizeof r->v[0];
    struct row *copy = xmalloc(size);
    memcpy(copy, r, size);
    for (int i = 0; i < r->noun->count; i++) {
        copy->v[i].text = xstrdup(r->v[i].text);
        json_incref(copy->v[i].vars); /* never changed in place, so it may be shared */
    }
    return copy;
}

void row_free(struct row *r) {
    if (r == NULL)
        return;
    for (int i = 0; i < r->noun->count; i++) {
        free(r->v[i].text);
        json_decref(r->v[i].vars);
    }
    free(r);
}

const char *row_uuid(const struct row *r) { return r->v[0].text; }

const char *row_text(const struct row *r, int field) { return r->v[field].text; }

int64_t row_int(const struct row *r, int field) { return r->v[field].num; }

const json_t *row_vars(const struct row *r, int field) { return r->v[field].vars; }

static void row_touch(struct row *r, int field) { r->changed |= UINT64_C(1) << field; }

void row_set_text(struct row *r, int field, const char *text) {
    xreplace(&r->v[field].text, text && *text ? text : NULL);
    row_touch(r, field);
}

void row_set_int(struct row *r, int field, int64_t num) {
    r->v[field].num = num;
    r->v[field].null = false;
    row_touch(r, field);
}

void row_set_vars(struct row *r, int field, json_t *vars) {
    json_incref(vars);
    json_decref(r->v[field].vars);
    r->v[field].vars = vars;
    row_touch(r, field);
}

void row_load(struct row *r, int field, const char *text, int64_t num, bool null) {
    struct value *v = &r->v[field];
    enum field_type type = r->noun->fields[field].type;
    if (type == FIELD_INT) {
        v->num = null ? 0 : num;
        v->null = null;
    } else if (type == FIELD_VARS) {
        json_decref(v->vars);
        v->vars = text ? json_loads(text, 0, NULL) : NULL;
    } else {
        xreplace(&v->text, text && *text ? text : NULL);
    }
}

static json_t *row_value_json(const struct row *r, int field) {
    const struct value *v = &r->v[field];
    switch (r->noun->fields[field].type) {
    case FIELD_INT:
        return v->null ? json_null() : json_integer(v->num);
    case FIELD_VARS: {
        char *text = v->vars ? json_dumps(v->vars, JSON_COMPACT) : NULL;
        json_t *j = text ? json_string(text) : json_null();
        free(text);
        return j;
    }
    case FIELD_TEXT:
        break;
    }
    /* bytes that are no UTF-8 came through AMI unchanged; JSON cannot hold them */
    json_t *j = v->text ? json_string(v->text) : json_null();
    return j ? j : json_string("?");
}

json_t *row_json(const struct row *r) {
    json_t *o = json_object();
    for (int i = 0; i < r->noun->count; i++)
        if (!(r->noun->fields[i].flags & FIELD_STATE))
            json_object_set_new(o, r->noun->fields[i].column, row_value_json(r, i));
    return o;
}
