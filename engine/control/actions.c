#include "control/actions.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/call/dialing.h"
#include "dialer/noun/nouns.h"
#include "control/entry.h"
#include "control/form.h"

/* ---- create, update, delete ---- */

static void actions_on_changed(void *arg, const char *error, const struct row *row) {
    (void)row;
    if (error)
        entry_refuse(arg, error);
    else
        answer_success(arg, about_of(arg)->success);
}

void action_change(void *arg, struct answer *a, const struct message *m) {
    const struct about *about = about_of(a);
    struct change ch;
    char *by = xasprintf("ami: %s", session_name(answer_session(a)));
    const char *why = form_read(&ch, about->verb, about->noun, m, by);
    if (why)
        entry_refuse(a, why);
    else
        noun_change(arg, &ch, actions_on_changed, a);
    change_end(&ch);
    free(by);
}

/* ---- lists ---- */

void action_show(void *arg, struct answer *a, const struct message *m) {
    const struct noun *n = about_of(a)->list->stored;
    const char *uuid = message_get(m, "Uuid");
    const struct row *one = uuid ? noun_find(arg, n, uuid) : NULL;
    unsigned long items = 0;
    if (uuid && one == NULL) {
        entry_refuse(a, NULL);
        return;
    }
    entries_begin(a);
    for (struct map_entry *e = noun_map(arg, n)->first; e; e = e->next) {
        const struct row *row = noun_row(n, e->value);
        if (one && row != one)
            continue;
        entry_send(a, row);
        items++;
    }
    entries_end(a, items);
}

/* ---- dialings ---- */

void action_show_dialings(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    unsigned long items = 0;
    if (uuid && map_get(&e->dialings, uuid) == NULL) {
        entry_refuse(a, NULL);
        return;
    }
    entries_begin(a);
    for (struct map_entry *i = e->dialings.first; i; i = i->next) {
        const struct dialing *d = i->value;
        if (uuid && strcmp(uuid, d->uuid))
            continue;
        entry_send(a, d);
        items++;
    }
    entries_end(a, items);
}

/* The subject is the number itself. */
const struct attr summary_attrs[] = {
    {NULL, "Count", ATTR_INT, 0, "calls in flight", attr_get_int64, 0},
    {0},
};

void action_count_dialings(void *arg, struct answer *a, const struct message *m) {
    (void)m;
    int64_t count = (int64_t)((struct engine *)arg)->dialings.count;
    entries_begin(a);
    entry_send(a, &count);
    entries_end(a, 1);
}
