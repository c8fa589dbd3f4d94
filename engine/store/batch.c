#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "store/backend.h"

struct batch *batch_new(void) {
    struct batch *b = xcalloc(1, sizeof *b);
    STAILQ_INIT(&b->ops);
    return b;
}

void batch_free(struct batch *b) {
    while (b && !STAILQ_EMPTY(&b->ops)) {
        struct op *o = STAILQ_FIRST(&b->ops);
        STAILQ_REMOVE_HEAD(&b->ops, link);
        free(o);
    }
    free(b);
}

/* One piece of memory: the op, its arguments, their texts. */
static struct op *batch_add(struct batch *b, enum op_kind kind, const struct arg *args,
                            int count) {
    size_t bytes = 0, head = sizeof(struct op) + (size_t)count * sizeof args[0];
    for (int i = 0; i < count; i++)
        bytes += args[i].text ? strlen(args[i].text) + 1 : 0;
    struct op *o = xmalloc(head + bytes);
    memset(o, 0, sizeof *o);
    o->kind = kind;
    o->count = count;
    char *to = (char *)o + head;
    for (int i = 0; i < count; i++) {
        o->args[i] = args[i];
        if (args[i].text) {
            size_t n = strlen(args[i].text) + 1;
            o->args[i].text = memcpy(to, args[i].text, n);
            to += n;
        }
    }
    STAILQ_INSERT_TAIL(&b->ops, o, link);
    return o;
}

/* ---- rows ---- */

/* The value as an argument. What has to be made for it is put into *made. */
static struct arg batch_value(const struct row *r, int field, char **made) {
    const struct value *v = &r->v[field];
    switch (r->noun->fields[field].type) {
    case FIELD_INT:
        return (struct arg){.num = v->num, .is_int = !v->null};
    case FIELD_VARS:
        *made = v->vars ? json_dumps(v->vars, JSON_COMPACT) : NULL;
        return (struct arg){.text = *made};
    case FIELD_TEXT:
        break;
    }
    return (struct arg){.text = v->text};
}

/* The fields of that mask, in order. How many. */
static int batch_values(const struct row *r, uint64_t mask, struct arg *args, char **made) {
    int count = 0;
    for (int i = 0; i < r->noun->count; i++)
        if (mask >> i & 1) {
            args[count] = batch_value(r, i, &made[count]);
            count++;
        }
    return count;
}

/* Fields that an update does not set: what the row is found by, what the store counts. */
static uint64_t batch_own_fields(const struct noun *n) {
    return UINT64_C(1) << n->key | (n->version ? UINT64_C(1) << n->version : 0);
}

static void batch_put(struct batch *b, struct row *r, const int64_t *version) {
    const struct noun *n = r->noun;
    struct arg args[64 + 2];
    char *made[64 + 2] = {0};
    uint64_t mask = r->is_new ? UINT64_MAX : r->changed & ~batch_own_fields(n);
    int values = batch_values(r, mask, args, made), count = values;
    if (!r->is_new) {
        args[count] = batch_value(r, n->key, &made[count]);
        count++;
    }
    if (version)
        args[count++] = (struct arg){.num = *version, .is_int = true};
    struct op *o = batch_add(b, r->is_new ? OP_INSERT : OP_UPDATE, args, count);
    o->noun = n;
    o->changed = mask;
    o->is_conditional = version != NULL;
    for (int i = 0; i < values; i++)
        free(made[i]);
    if (n->version && !r->is_new)
        r->v[n->version].num++;
    r->is_new = false;
    r->changed = 0;
}

void batch_row(struct batch *b, struct row *r) {
    if (r->is_new || r->changed & ~batch_own_fields(r->noun))
        batch_put(b, r, NULL);
}

void batch_row_if(struct batch *b, struct row *r, int64_t version) {
    if (r->is_new || r->noun->version == 0)
        store_misuse("a %s is written on a condition that it cannot have", r->noun->table);
    batch_put(b, r, &version);
}

/* ---- the others ---- */

void batch_statement(struct batch *b, const struct statement *st, const struct bind *args) {
    struct arg out[STATEMENT_NAMES];
    statement_bind(st, args, out);
    batch_add(b, OP_STATEMENT, out, statement_count(st->args))->statement = st;
}

void batch_write(struct batch *b, const struct statement *st, ...) {
    struct arg args[STATEMENT_NAMES];
    int count = statement_count(st->args);
    va_list ap;
    va_start(ap, st);
    for (int i = 0; i < count; i++) {
        args[i] = (struct arg){.is_int = st->args[i].type == 'i'};
        if (args[i].is_int)
            args[i].num = va_arg(ap, int64_t);
        else
            args[i].text = va_arg(ap, const char *);
    }
    va_end(ap);
    batch_add(b, OP_STATEMENT, args, count)->statement = st;
}

void batch_view(struct batch *b, const char *table, const char *dlma_uuid) {
    const struct arg args[] = {{.text = table}, {.text = dlma_uuid}};
    batch_add(b, OP_VIEW, args, 2);
}

void batch_output(struct batch *b, int64_t call, const char *path, const char *line) {
    const struct arg args[] = {{.num = call, .is_int = true}, {.text = path}, {.text = line}};
    batch_add(b, OP_OUTPUT, args, 3);
}

struct batch *batch_of_block(enum id_kind kind, int64_t count) {
    const struct arg args[] = {{.num = kind, .is_int = true}, {.num = count, .is_int = true}};
    struct batch *b = batch_new();
    batch_add(b, OP_BLOCK, args, 2);
    return b;
}

void batch_give_back(struct batch *b, enum id_kind kind, int64_t next, int64_t end) {
    const struct arg args[] = {{.num = kind, .is_int = true},
                               {.num = next, .is_int = true},
                               {.num = end, .is_int = true}};
    batch_add(b, OP_BACK, args, 3);
}
