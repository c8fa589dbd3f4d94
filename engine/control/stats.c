#include "control/stats.h"

#include <stdlib.h>
#include <string.h>

#include "control/entry.h"
#include "dialer/list/stats.h"
#include "dialer/noun/nouns.h"

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
    struct str b = {0};
    entry_begin(a, &b, "OutCampaignStatEntry");
    header_add(&b, "Uuid", row_uuid(c->item.row));
    header_int(&b, "DlTotalCount", s->total);
    header_int(&b, "DlFinishedCount", s->finished);
    header_int(&b, "DlAvailableCount", s->total - s->finished - s->dialing);
    header_int(&b, "DlDialingCount", s->dialing);
    header_int(&b, "DlCalledCount", s->tries);
    header_add(&b, "Reason", reason_text(c->reason));
    entry_end(a, &b);
}

/* All have been read, or could not be: then the log says why. */
static void stats_answer(struct stat_list *l) {
    unsigned long items = 0;
    answer_list(l->answer, "Campaign Stat List will follow");
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
    answer_complete(l->answer, "OutCampaignStatListComplete", items);
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

void stats_run_show(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    if (uuid && noun_find(e, &noun_campaign, uuid) == NULL) {
        entry_refuse(a, "No such campaign", NULL);
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
    l->waiting = l->count;
    if (l->count == 0)
        stats_answer(l);
    for (int i = 0, n = l->count; i < n; i++)
        stats_read(map_get(&e->campaigns, l->entries[i].uuid), stats_on_read, &l->entries[i]);
}
