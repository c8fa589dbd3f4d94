#include "dialer/core/attr.h"

#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>

void attr_read(const struct attr *a, const void *subject, struct attr_value *v) {
    struct str made = v->made;
    str_reset(&made);
    *v = (struct attr_value){.made = made};
    a->get(subject, a, v);
    if ((a->flags & ATTR_ONCE) && a->type == ATTR_TEXT && v->text == NULL)
        v->absent = true;
}

void attr_value_free(struct attr_value *v) {
    str_free(&v->made);
    *v = (struct attr_value){0};
}

void attr_set_time(struct attr_value *v, int64_t wall) {
    char text[TIME_TEXT];
    if (wall == 0)
        return;
    time_text(text, wall);
    str_add(&v->made, text);
    v->text = str_get(&v->made);
}

void attr_set_made(struct attr_value *v, const char *fmt, ...) {
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        abort();
    va_end(ap);
    str_add(&v->made, text);
    free(text);
    v->text = str_get(&v->made);
}

/* ---- members ---- */

static const void *attr_member(const void *subject, const struct attr *a) {
    return (const char *)subject + a->at;
}

void attr_get_text(const void *subject, const struct attr *a, struct attr_value *v) {
    v->text = *(char *const *)attr_member(subject, a);
}

void attr_get_array(const void *subject, const struct attr *a, struct attr_value *v) {
    v->text = attr_member(subject, a);
}

void attr_get_int(const void *subject, const struct attr *a, struct attr_value *v) {
    v->num = *(const int *)attr_member(subject, a);
}

void attr_get_int64(const void *subject, const struct attr *a, struct attr_value *v) {
    v->num = *(const int64_t *)attr_member(subject, a);
}

void attr_get_bool(const void *subject, const struct attr *a, struct attr_value *v) {
    v->yes = *(const bool *)attr_member(subject, a);
}

void attr_get_time(const void *subject, const struct attr *a, struct attr_value *v) {
    attr_set_time(v, *(const int64_t *)attr_member(subject, a));
}
