#include "conf/change.h"

#include <string.h>

struct change {
    struct conf *running, *fresh;
    struct str *changed, *restart;
};

static size_t conf_change_size_of(enum conf_type type) {
    switch (type) {
    case CONF_INT:
    case CONF_BYTES:
    case CONF_OCTAL:
        return sizeof(int64_t);
    case CONF_DECIMAL:
        return sizeof(double);
    case CONF_BOOL:
        return sizeof(bool);
    case CONF_WORD:
        return sizeof(int);
    default:
        return sizeof(char *);
    }
}

static bool conf_change_is_text(enum conf_type type) { return type > CONF_WORD; }

static bool conf_change_differs(const struct conf_option *o, const char *a, const char *b) {
    if (!conf_change_is_text(o->type))
        return memcmp(a, b, conf_change_size_of(o->type)) != 0;
    const char *x = *(char *const *)(const void *)a, *y = *(char *const *)(const void *)b;
    return x != y && (x == NULL || y == NULL || strcmp(x, y));
}

/* One option in one section; name is that of a named section. */
static void conf_change_take(struct change *c, const struct conf_option *o, const char *name,
                             void *running, void *fresh) {
    char *a = (char *)running + o->offset, *b = (char *)fresh + o->offset;
    char old[sizeof(int64_t) > sizeof(char *) ? sizeof(int64_t) : sizeof(char *)];
    if (!conf_change_differs(o, a, b))
        return;
    str_addf(o->reloadable ? c->changed : c->restart, " %s%s%s.%s", o->section, name ? ":" : "",
             name ? name : "", o->key);
    if (!o->reloadable)
        return;
    memcpy(old, a, conf_change_size_of(o->type));
    memcpy(a, b, conf_change_size_of(o->type));
    memcpy(b, old, conf_change_size_of(o->type));
}

static void conf_change_on_option(void *arg, const struct conf_option *o) {
    struct change *c = arg;
    struct conf *r = c->running, *f = c->fresh;
    if (strcmp(o->section, "asterisk") == 0) {
        for (size_t i = 0; i < r->asterisk_count; i++)
            for (size_t k = 0; k < f->asterisk_count; k++)
                if (strcmp(r->asterisks[i].name, f->asterisks[k].name) == 0)
                    conf_change_take(c, o, r->asterisks[i].name, &r->asterisks[i],
                                     &f->asterisks[k]);
    } else if (strcmp(o->section, "trunk") == 0) {
        for (size_t i = 0; i < r->trunk_count; i++)
            for (size_t k = 0; k < f->trunk_count; k++)
                if (strcmp(r->trunks[i].name, f->trunks[k].name) == 0)
                    conf_change_take(c, o, r->trunks[i].name, &r->trunks[i], &f->trunks[k]);
    } else {
        conf_change_take(c, o, NULL, r, f);
    }
}

/* Sections that only one of the two has. */
static void conf_change_note_sections(struct change *c) {
    struct conf *both[] = {c->running, c->fresh};
    for (int way = 0; way < 2; way++) {
        const struct conf *a = both[way], *b = both[!way];
        for (size_t i = 0, k; i < a->asterisk_count; i++) {
            for (k = 0;
                 k < b->asterisk_count && strcmp(a->asterisks[i].name, b->asterisks[k].name);)
                k++;
            if (k == b->asterisk_count)
                str_addf(c->restart, " asterisk:%s", a->asterisks[i].name);
        }
        for (size_t i = 0, k; i < a->trunk_count; i++) {
            for (k = 0; k < b->trunk_count && strcmp(a->trunks[i].name, b->trunks[k].name);)
                k++;
            if (k == b->trunk_count)
                str_addf(c->restart, " trunk:%s", a->trunks[i].name);
        }
    }
}

void confchange_take(struct conf *running, struct conf *fresh, struct str *changed,
                     struct str *restart) {
    struct change c = {running, fresh, changed, restart};
    conf_each(conf_change_on_option, &c);
    conf_change_note_sections(&c);
}
