#include "control/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/call/dialing.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "control/entry.h"
#include "dialer/list/agenda.h"
#include "control/form.h"
#include "control/print.h"

#define DIALER ACTIONS_NEED
#define COUNT_DEFAULT 100
#define COUNT_MAX 100000000
#define PAGE 200         /* leads read at once ... */
#define PAGE_BYTES 32768 /* ... or less, if they are big */

/* The protocol's words, which differ from noun to noun. */
static const struct words {
    enum noun_id noun;
    const char *errors[3]; /* by verb */
    const char *list, *none, *complete;
} words[] = {
    [NOUN_CAMPAIGN] = {NOUN_CAMPAIGN,
                       {"Error encountered while creating campaign",
                        "Error encountered while updating campaign",
                        "Error encountered while deleting campaign"},
                       "Campaign List will follow",
                       "No such campaign",
                       "OutCampaignListComplete"},
    [NOUN_PLAN] = {NOUN_PLAN,
                   {"Error encountered while creating plan",
                    "Error encountered while updating plan",
                    "Error encountered while deleting plan"},
                   "Plan List will follow",
                   "No such plan",
                   "OutPlanListComplete"},
    [NOUN_DLMA] = {NOUN_DLMA,
                   {"Error encountered while creating dlma",
                    "Error encountered while updating dlma",
                    "Error encountered while deleting dlma"},
                   "Dlma List will follow",
                   "No such dlma",
                   "OutDlmaListComplete"},
    [NOUN_LEAD] = {NOUN_LEAD,
                   {"Error encountered while creating dl list.",
                    "Error encountered while updating dl list.",
                    "Error encountered while deleting dl_list"},
                   "Dl List will follow",
                   "No such dl_list",
                   "OutDlListComplete"},
    [NOUN_DESTINATION] = {NOUN_DESTINATION,
                          {"Error encountered while creating destination",
                           "Error encountered while updating destination",
                           "Error encountered while deleting destination"},
                          "Destination List will follow",
                          "No such destination",
                          "OutDestinationListComplete"},
    [NOUN_QUEUE] = {NOUN_QUEUE,
                    {"Error encountered while creating queue",
                     "Error encountered while updating queue",
                     "Error encountered while deleting queue"},
                    "Queue List will follow",
                    "No such queue",
                    "OutQueueListComplete"},
};
_Static_assert(ARRAY_LEN(words) == NOUN_COUNT, "a noun without its words");

/* Which noun an action is about: OutPlanCreate -> plan. */
static const struct words *actions_words_of(const struct message *m) {
    const char *name = message_text(m, "Action") + strlen("Out");
    size_t i = 0;
    while (strncasecmp(name, nouns[i]->event, strlen(nouns[i]->event)))
        if (++i == NOUN_COUNT)
            abort(); /* the table of actions names a noun that is not there */
    return &words[i];
}

/* ---- create, update, delete ---- */

struct ask {
    struct answer *answer;
    const char *error; /* the protocol's text for a failure */
    char done[64];
};

static void actions_on_done(void *arg, const char *error, const struct row *row) {
    (void)row;
    struct ask *ask = arg;
    if (error)
        entry_refuse(ask->answer, ask->error, error);
    else
        answer_success(ask->answer, ask->done);
    free(ask);
}

static void actions_change(struct engine *e, struct answer *a, const struct message *m,
                           enum change_verb verb) {
    const struct words *w = actions_words_of(m);
    struct ask *ask = xcalloc(1, sizeof *ask);
    struct change ch;
    char *by = xasprintf("ami: %s", session_name(answer_session(a)));
    const char *why = form_read(&ch, verb, nouns[w->noun], m, by);
    ask->answer = a;
    ask->error = w->errors[verb];
    snprintf(ask->done, sizeof ask->done, "%s %sd successfully", nouns[w->noun]->words,
             change_verb_name(verb));
    if (why)
        actions_on_done(ask, why, NULL);
    else
        noun_change(e, &ch, actions_on_done, ask);
    change_end(&ch);
    free(by);
}

static void actions_run_create(void *arg, struct answer *a, const struct message *m) {
    actions_change(arg, a, m, CHANGE_CREATE);
}

static void actions_run_update(void *arg, struct answer *a, const struct message *m) {
    actions_change(arg, a, m, CHANGE_UPDATE);
}

static void actions_run_delete(void *arg, struct answer *a, const struct message *m) {
    actions_change(arg, a, m, CHANGE_DELETE);
}

/* ---- lists ---- */

/* Returns its bytes. */
static size_t actions_send_row(struct answer *a, const struct noun *n, const struct row *row) {
    char event[48];
    struct str b = {0};
    snprintf(event, sizeof event, "Out%sEntry", n->event);
    entry_begin(a, &b, event);
    print_row(row, &b);
    size_t bytes = b.len;
    entry_end(a, &b);
    return bytes;
}

static void actions_run_show(void *arg, struct answer *a, const struct message *m) {
    const struct words *w = actions_words_of(m);
    const struct map *all = noun_map(arg, nouns[w->noun]);
    const char *uuid = message_get(m, "Uuid");
    const struct row *one = uuid ? noun_find(arg, nouns[w->noun], uuid) : NULL;
    unsigned long items = 0;
    if (uuid && one == NULL) {
        entry_refuse(a, w->none, NULL);
        return;
    }
    answer_list(a, w->list);
    for (struct map_entry *e = all->first; e; e = e->next) {
        const struct row *row = noun_row(nouns[w->noun], e->value);
        if (one && row != one)
            continue;
        actions_send_row(a, nouns[w->noun], row);
        items++;
    }
    answer_complete(a, w->complete, items);
}

/* ---- leads: read from the store, a page at a time, once everything before is durable ---- */

struct lead_list {
    struct engine *engine;
    struct answer *answer;
    char *dlma;    /* NULL = of all lists */
    int64_t count; /* to be sent still */
    int64_t after; /* id of the last one sent */
    unsigned long items;
};

static void actions_lead_list_end(struct lead_list *l) {
    if (answer_session(l->answer))
        answer_complete(l->answer, "OutDlListComplete", l->items);
    else
        answer_end(l->answer);
    free(l->dlma);
    free(l);
}

/* One page; the cursor is closed before the next turn. */
static void actions_more_leads(void *arg) {
    struct lead_list *l = arg;
    int64_t page = l->count < PAGE ? l->count : PAGE, sent = 0;
    size_t bytes = 0;
    bool found = true;
    struct query q;
    if (l->dlma)
        query_begin(&q, l->engine->store, READ_LEADS_AFTER, l->dlma, l->after, page);
    else
        query_begin(&q, l->engine->store, READ_LEADS, l->after, page);
    while (answer_session(l->answer) && bytes < PAGE_BYTES && (found = query_step(&q))) {
        struct row *row = query_row(&q, 0, &noun_lead);
        l->after = row_int(row, LEAD_ID);
        bytes += actions_send_row(l->answer, &noun_lead, row);
        row_free(row);
        sent++;
    }
    query_end(&q);
    l->items += (unsigned long)sent;
    l->count -= sent;
    if ((!found && sent < page) || l->count == 0 || answer_session(l->answer) == NULL)
        actions_lead_list_end(l);
}

static void actions_on_leads(void *arg, enum batch_end end) {
    (void)end;
    struct lead_list *l = arg;
    answer_list(l->answer, "Dl List will follow");
    answer_stream(l->answer, actions_more_leads, l);
}

/* One lead: from the cache if it is in work, else from the store. */
static void actions_show_lead(struct engine *e, struct answer *a, const char *uuid) {
    struct lead *lead = lead_hold(e, uuid);
    if (lead == NULL) {
        entry_refuse(a, "No such dl_list", NULL);
        return;
    }
    answer_list(a, "Dl List will follow");
    actions_send_row(a, &noun_lead, lead->row);
    answer_complete(a, "OutDlListComplete", 1);
    lead_release(lead);
}

/* The place behind a lead, for paging; -1 if there is no such lead. */
static int64_t actions_place_of(struct engine *e, const char *uuid) {
    struct lead *lead = lead_hold(e, uuid);
    int64_t id = lead ? row_int(lead->row, LEAD_ID) : -1;
    lead_release(lead);
    return id;
}

static void actions_run_show_leads(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid"), *dlma = message_get(m, "DlmaUuid");
    const char *count = message_get(m, "Count"), *after = message_get(m, "After");
    int64_t n = COUNT_DEFAULT, place = after ? actions_place_of(e, after) : 0;
    if (uuid) {
        actions_show_lead(e, a, uuid);
    } else if (count && !str_int(count, 1, COUNT_MAX, &n)) {
        entry_refuse(a, "No such dl_list", "Count is no number from 1 to 100000000");
    } else if (place < 0) {
        entry_refuse(a, "No such dl_list", "After does not exist");
    } else if (dlma && noun_find(e, &noun_dlma, dlma) == NULL) {
        entry_refuse(a, "No such dl_list", "DlmaUuid does not exist");
    } else {
        struct lead_list *l = xcalloc(1, sizeof *l);
        *l = (struct lead_list){e, a, xstrdup(dlma), n, place, 0};
        store_submit(e->store, batch_new(), actions_on_leads, l);
    }
}

/* ---- statistics ---- */

struct stat_list {
    struct engine *engine;
    struct answer *answer;
    char *uuid;
};

static void actions_send_stat(struct answer *a, struct engine *e, struct campaign *c) {
    struct item *dlma = campaign_dlma(c);
    const struct row *p = campaign_plan(c)->item.row;
    int f = PLAN_MAX_RETRY_CNT_1;
    struct query q;
    query_begin(&q, e->store, READ_LEAD_STATS, row_uuid(dlma->row), row_int(p, f),
                row_int(p, f + 1), row_int(p, f + 2), row_int(p, f + 3), row_int(p, f + 4),
                row_int(p, f + 5), row_int(p, f + 6), row_int(p, f + 7),
                c->agenda ? c->agenda->id : 0);
    if (query_step(&q)) {
        int64_t total = query_int(&q, 0), dialing = query_int(&q, 1), done = query_int(&q, 2);
        struct str b = {0};
        entry_begin(a, &b, "OutCampaignStatEntry");
        header_add(&b, "Uuid", row_uuid(c->item.row));
        header_int(&b, "DlTotalCount", total);
        header_int(&b, "DlFinishedCount", done);
        header_int(&b, "DlAvailableCount", total - done - dialing);
        header_int(&b, "DlDialingCount", dialing);
        header_int(&b, "DlCalledCount", query_int(&q, 3));
        header_add(&b, "Reason", reason_text(c->reason));
        entry_end(a, &b);
    }
    query_end(&q);
}

static void actions_on_stats(void *arg, enum batch_end end) {
    (void)end;
    struct stat_list *l = arg;
    unsigned long items = 0;
    answer_list(l->answer, "Campaign Stat List will follow");
    for (struct map_entry *i = l->engine->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        if (l->uuid && strcmp(l->uuid, row_uuid(c->item.row)))
            continue;
        if (campaign_plan(c) == NULL || campaign_dlma(c) == NULL)
            continue; /* a stopped one whose plan or list was deleted */
        actions_send_stat(l->answer, l->engine, c);
        items++;
    }
    answer_complete(l->answer, "OutCampaignStatListComplete", items);
    free(l->uuid);
    free(l);
}

static void actions_run_stats(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    if (uuid && noun_find(e, &noun_campaign, uuid) == NULL) {
        entry_refuse(a, "No such campaign", NULL);
        return;
    }
    struct stat_list *l = xcalloc(1, sizeof *l);
    *l = (struct stat_list){e, a, xstrdup(uuid)};
    store_submit(e->store, batch_new(), actions_on_stats, l);
}

/* ---- dialings ---- */

static void actions_run_dialings(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    unsigned long items = 0;
    if (uuid && map_get(&e->dialings, uuid) == NULL) {
        entry_refuse(a, "No such dialing", NULL);
        return;
    }
    answer_list(a, "Dialing List will follow");
    for (struct map_entry *i = e->dialings.first; i; i = i->next) {
        const struct dialing *d = i->value;
        if (uuid && strcmp(uuid, d->uuid))
            continue;
        struct str b = {0};
        entry_begin(a, &b, "OutDialingEntry");
        print_attrs(dialing_attrs, d, &b);
        entry_end(a, &b);
        items++;
    }
    answer_complete(a, "OutDialingListComplete", items);
}

static void actions_run_summary(void *arg, struct answer *a, const struct message *m) {
    (void)m;
    struct engine *e = arg;
    struct str b = {0};
    answer_list(a, "Summary List will follow");
    entry_begin(a, &b, "OutDialingSummary");
    header_int(&b, "Count", (long long)e->dialings.count);
    entry_end(a, &b);
    answer_complete(a, "OutSummaryListComplete", 1);
}

#define NOUN(Name, word)                                                            \
    {"Out" Name "Create", DIALER, actions_run_create, "Creates a " word "."},       \
        {"Out" Name "Update", DIALER, actions_run_update, "Changes a " word "."}, { \
        "Out" Name "Delete", DIALER, actions_run_delete, "Deletes a " word "."      \
    }

const struct action actions[] = {
    NOUN("Campaign", "campaign"),
    {"OutCampaignShow", DIALER, actions_run_show, "Lists campaigns."},
    {"OutCampaignStatShow", DIALER, actions_run_stats, "Lists campaigns' counts of leads."},
    NOUN("Plan", "plan"),
    {"OutPlanShow", DIALER, actions_run_show, "Lists plans."},
    NOUN("Dlma", "dial list master"),
    {"OutDlmaShow", DIALER, actions_run_show, "Lists dial list masters."},
    NOUN("DlList", "lead"),
    {"OutDlListShow", DIALER, actions_run_show_leads, "Lists leads."},
    NOUN("Destination", "destination"),
    {"OutDestinationShow", DIALER, actions_run_show, "Lists destinations."},
    NOUN("Queue", "queue"),
    {"OutQueueShow", DIALER, actions_run_show, "Lists queues."},
    {"OutDialingShow", DIALER, actions_run_dialings, "Lists calls in flight."},
    {"OutDialingSummary", DIALER, actions_run_summary, "Counts calls in flight."},
    {0},
};

void actions_print(struct str *b, const struct action *const *tables) {
    for (; *tables; tables++)
        for (const struct action *a = *tables; a->name; a++) {
            struct str classes = {0};
            class_text(&classes, a->need);
            str_addf(b, "%s: %s  (Priv: %s)\r\n", a->name, a->help, str_get(&classes));
            str_free(&classes);
        }
}
