#include "store/batch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "store/schema.h"

struct batch *batch_new(void) {
    struct batch *b = xcalloc(1, sizeof *b);
    b->last = &b->first;
    return b;
}

void batch_free(struct batch *b) {
    for (struct op *o = b->first, *next; o; o = next) {
        next = o->next;
        for (int i = 0; i < o->count; i++)
            free(o->args[i].text);
        free(o);
    }
    free(b);
}

static struct op *batch_add(struct batch *b, enum op_kind kind, int count) {
    struct op *o = xcalloc(1, sizeof *o + (size_t)count * sizeof o->args[0]);
    o->kind = kind;
    o->count = count;
    *b->last = o;
    b->last = &o->next;
    return o;
}

void batch_row(struct batch *b, const struct row *r) {
    struct op *o = batch_add(b, OP_ROW, r->noun->count);
    o->noun = r->noun;
    for (int i = 0; i < r->noun->count; i++) {
        const struct value *v = &r->v[i];
        if (r->noun->fields[i].type == FIELD_INT) {
            o->args[i].is_int = !v->null;
            o->args[i].num = v->num;
        } else if (r->noun->fields[i].type == FIELD_VARS) {
            o->args[i].text = v->vars ? json_dumps(v->vars, JSON_COMPACT) : NULL;
        } else {
            o->args[i].text = xstrdup(v->text);
        }
    }
}

void batch_write(struct batch *b, enum statement st, ...) {
    const char *letters = statement_args(st);
    struct op *o = batch_add(b, OP_STATEMENT, (int)strlen(letters));
    o->statement = (int)st;
    va_list ap;
    va_start(ap, st);
    for (int i = 0; i < o->count; i++) {
        o->args[i].is_int = letters[i] == 'i';
        if (letters[i] == 'i')
            o->args[i].num = va_arg(ap, int64_t);
        else
            o->args[i].text = xstrdup(va_arg(ap, const char *));
    }
    va_end(ap);
}

void batch_view(struct batch *b, const char *table, const char *dlma_uuid) {
    if (!str_is_uuid(dlma_uuid)) /* both go into SQL as text: ours, but be sure */
        return;
    batch_add(b, OP_SQL, 1)->args[0].text =
        xasprintf("CREATE VIEW IF NOT EXISTS \"%.36s\" AS SELECT * FROM dl_list WHERE"
                  " dlma_uuid = '%s' AND in_use = 1",
                  table, dlma_uuid);
}

void batch_output(struct batch *b, const char *dialing_uuid, const char *path,
                  const char *line) {
    struct op *o = batch_add(b, OP_OUTPUT, 3);
    o->args[0].text = xstrdup(dialing_uuid);
    o->args[1].text = xstrdup(path);
    o->args[2].text = xstrdup(line);
}
