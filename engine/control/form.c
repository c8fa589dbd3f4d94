#include "control/form.h"

#include <strings.h>

/* All headers Variable: name=value. If all of them are empty, the field is cleared. */
static bool form_read_variables(struct change *ch, const struct field *f,
                                const struct message *m) {
    change_variable(ch, f->column, NULL, NULL);
    for (unsigned i = 0; i < m->count; i++) {
        const struct header *h = &m->headers[i];
        if (strcasecmp(h->name, f->header) == 0 && *h->value &&
            !change_assign(ch, f->column, h->value))
            return false;
    }
    return true;
}

/* The header, or its alias, that the message has; NULL if it has neither. */
static const char *form_header_of(const struct field *f, const struct message *m) {
    if (message_has(m, f->header))
        return f->header;
    return f->alias && message_has(m, f->alias) ? f->alias : NULL;
}

static bool form_read_field(struct change *ch, const struct field *f, const struct message *m) {
    const char *header = form_header_of(f, m);
    if (header == NULL)
        return true;
    if (f->type == FIELD_VARS)
        return form_read_variables(ch, f, m);
    const char *text = message_text(m, header);
    if (*text || f->type != FIELD_INT) /* an empty number changes nothing */
        change_text(ch, f->column, text);
    return true;
}

const char *form_read(struct change *ch, enum change_verb verb, const struct noun *n,
                      const struct message *m, const char *by) {
    const char *uuid = verb == CHANGE_CREATE ? NULL : message_get(m, "Uuid");
    change_begin(ch, verb, n, uuid, by);
    if (verb == CHANGE_DELETE)
        return NULL;
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        if ((f->flags & (FIELD_INPUT | FIELD_ASKED)) && !form_read_field(ch, f, m))
            return "Variable is not of the form name=value";
    }
    return NULL;
}
