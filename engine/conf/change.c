#include "conf/change.h"

#include <string.h>

#include "conf/table.h"

struct change {
    struct conf *running, *fresh;
    struct str *changed, *restart;
};

/* The section of that name, or the number of them. */
static size_t conf_change_find(const struct conf *c, const struct conf_section *s,
                               const char *name) {
    size_t i = 0, n = conf_section_size(c, s);
    while (i < n && name && strcmp(conf_section_name(c, s, i), name) != 0)
        i++;
    return i;
}

/* All options of one section that both have; name is that of a named one. */
static void conf_change_take(struct change *c, const struct conf_section *s, const char *name,
                             char *running, char *fresh) {
    for (size_t i = 0; i < s->option_count; i++) {
        const struct conf_option *o = &s->options[i];
        if (confvalue_is_same(o, running + o->offset, fresh + o->offset))
            continue;
        str_addf(o->reloadable ? c->changed : c->restart, " %s%s%s.%s", s->name,
                 name ? ":" : "", name ? name : "", o->key);
        if (o->reloadable)
            confvalue_swap(o, running + o->offset, fresh + o->offset);
    }
}

/* Names the sections that only `a` has. */
static void conf_change_note_single(struct change *c, const struct conf_section *s,
                                    const struct conf *a, const struct conf *b) {
    for (size_t i = 0; i < conf_section_size(a, s); i++) {
        const char *name = conf_section_name(a, s, i);
        if (conf_change_find(b, s, name) == conf_section_size(b, s))
            str_addf(c->restart, " %s:%s", s->name, name);
    }
}

void confchange_take(struct conf *running, struct conf *fresh, struct str *changed,
                     struct str *restart) {
    struct change c = {running, fresh, changed, restart};
    for (const struct conf_section *s = conf_sections; s < conf_sections + conf_section_count;
         s++) {
        for (size_t i = 0; i < conf_section_size(running, s); i++) {
            const char *name = conf_section_name(running, s, i);
            size_t k = conf_change_find(fresh, s, name);
            if (k < conf_section_size(fresh, s))
                conf_change_take(&c, s, name, conf_section_members(running, s, i),
                                 conf_section_members(fresh, s, k));
        }
        conf_change_note_single(&c, s, running, fresh);
        conf_change_note_single(&c, s, fresh, running);
    }
}
