#include "control/previews.h"

#include "control/entry.h"
#include "dialer/pace/preview.h"

static void previews_on_decided(void *arg, const char *error) {
    if (error)
        entry_refuse(arg, error);
    else
        answer_success(arg, about_of(arg)->success);
}

void preview_action_accept(void *arg, struct answer *a, const struct message *m) {
    preview_accept(arg, message_get(m, "Uuid"), message_get(m, "Index"), previews_on_decided,
                   a);
}

void preview_action_skip(void *arg, struct answer *a, const struct message *m) {
    preview_skip(arg, message_get(m, "Uuid"), message_get(m, "Reason"), previews_on_decided, a);
}

void preview_action_show(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    const struct preview *one = uuid ? map_get(&e->previews, uuid) : NULL;
    unsigned long items = 0;
    if (uuid && (one == NULL || !one->told)) {
        entry_refuse(a, NULL);
        return;
    }
    entries_begin(a);
    for (struct map_entry *i = e->previews.first; i; i = i->next) {
        const struct preview *p = i->value;
        if (!p->told || (one && p != one))
            continue;
        entry_send(a, p);
        items++;
    }
    entries_end(a, items);
}
