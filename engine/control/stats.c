#include "control/stats.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "control/entry.h"
#include "dialer/list/stats.h"
#include "dialer/noun/nouns.h"

/* Counts of a campaign's list. */
struct stat {
    const char *uuid, *reason;
    int64_t total, finished, available, dialing, called;
};

#define AT(member) offsetof(struct stat, member)

const struct attr stat_attrs[] = {
    {NULL, "Uuid", ATTR_TEXT, 0, "uuid of the campaign", attr_get_text, AT(uuid)},
    {NULL, "DlTotalCount", ATTR_INT, 0, "leads of its list", attr_get_int64, AT(total)},
    {NULL, "DlFinishedCount", ATTR_INT, 0,
     "leads that are never called again: answered, out of attempts, or by decision of the "
     "retry script",
     attr_get_int64, AT(finished)},
    {NULL, "DlAvailableCount", ATTR_INT, 0, "leads that are still to be called", attr_get_int64,
     AT(available)},
    {NULL, "DlDialingCount", ATTR_INT, 0, "leads being called", attr_get_int64, AT(dialing)},
    {NULL, "DlCalledCount", ATTR_INT, 0, "attempts so far", attr_get_int64, AT(called)},
    {NULL, "Reason", ATTR_TEXT, 0, "why no call begins at this moment", attr_get_text,
     AT(reason)},
    {0},
};

/* One campaign's place in the answer. */
struct stat_entry {
    struct stat_list *list;
    char uuid[UUID_TEXT];
    struct stats stats;
    char *error; /* NULL: stats is what was read */
};

struct stat_list {
    struct engine *engine;
    struct answer *answer;
    struct stat_entry *entries;
    int count, waiting; /* waiting: entries that have not been read yet */
};

static void stats_send(struct answer *a, const struct campaign *c, const struct stats *s) {
    char why[REASON_TEXT];
    struct stat stat = {.uuid = row_uuid(c->item.row),
                        .reason = campaign_why(c, why),
                        .total = s->total,
                        .dialing = s->dialing,
                        .finished = s->finished,
                        .called = s->tries};
    stat.available = stat.total - stat.finished - stat.dialing;
    entry_send(a, &stat);
}

/* All have been read, or could not be: then the log says why. */
static void stats_answer(struct stat_list *l) {
    unsigned long items = 0;
    entries_begin(l->answer);
    for (int i = 0; i < l->count; i++) {
        struct stat_entry *x = &l->entries[i];
        const struct campaign *c = map_get(&l->engine->campaigns, x->uuid);
        if (x->error)
            log_error(l->engine->log, "campaign %s: its list cannot be counted: %s", x->uuid,
                      x->error);
        else if (c) { /* it may have been deleted meanwhile */
            stats_send(l->answer, c, &x->stats);
            items++;
        }
        free(x->error);
    }
    entries_end(l->answer, items);
    free(l->entries);
    free(l);
}

static void stats_on_read(void *arg, const struct stats *s, const char *error) {
    struct stat_entry *x = arg;
    struct stat_list *l = x->list;
    if (s)
        x->stats = *s;
    else
        x->error = xstrdup(error);
    if (--l->waiting == 0)
        stats_answer(l);
}

void action_show_stats(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    if (uuid && noun_find(e, &noun_campaign, uuid) == NULL) {
        entry_refuse(a, NULL);
        return;
    }
    struct stat_list *l = xcalloc(1, sizeof *l);
    *l = (struct stat_list){.engine = e, .answer = a};
    l->entries = xcalloc(e->campaigns.count + 1, sizeof *l->entries);
    for (struct map_entry *i = e->campaigns.first; i; i = i->next) {
        const struct campaign *c = i->value;
        bool is_asked = uuid == NULL || strcmp(uuid, i->key) == 0;
        if (!is_asked || campaign_plan(c) == NULL || campaign_dlma(c) == NULL)
            continue; /* a stopped one whose plan or list was deleted has no counts */
        struct stat_entry *x = &l->entries[l->count++];
        x->list = l;
        snprintf(x->uuid, sizeof x->uuid, "%s", i->key);
    }
    int n = l->waiting = l->count;
    if (n == 0)
        stats_answer(l); /* frees it, and so does the last of those that follow */
    for (int i = 0; i < n; i++)
        stats_read(map_get(&e->campaigns, l->entries[i].uuid), stats_on_read, &l->entries[i]);
}
