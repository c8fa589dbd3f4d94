#include "control/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/call/dialing.h"
#include "dialer/noun/nouns.h"
#include "control/entry.h"
#include "control/leads.h"
#include "control/stats.h"
#include "control/form.h"

#define DIALER ACTIONS_NEED

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
        entry_row(a, row);
        items++;
    }
    answer_complete(a, w->complete, items);
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
        dialing_print(d, &b);
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
    {"OutCampaignStatShow", DIALER, stats_run_show, "Lists campaigns' counts of leads."},
    NOUN("Plan", "plan"),
    {"OutPlanShow", DIALER, actions_run_show, "Lists plans."},
    NOUN("Dlma", "dial list master"),
    {"OutDlmaShow", DIALER, actions_run_show, "Lists dial list masters."},
    NOUN("DlList", "lead"),
    {"OutDlListShow", DIALER, leads_run_show, "Lists leads."},
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
