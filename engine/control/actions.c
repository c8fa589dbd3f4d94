#include "control/actions.h"

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

#define COUNT_DEFAULT 100
#define COUNT_MAX 100000000
#define PAGE 200         /* leads read in one turn, */
#define PAGE_BYTES 32768 /* or fewer, if they are big */

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

/* ---- leads: read from the store, a page at a time, once everything before is durable ---- */

struct lead_list {
    struct engine *engine;
    struct answer *answer;
    char *dlma;    /* NULL = of all lists */
    int64_t count; /* still to be sent */
    int64_t after; /* id of the last one sent */
    unsigned long items;
};

static void actions_lead_list_end(struct lead_list *l) {
    if (answer_session(l->answer))
        entries_end(l->answer, l->items);
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
        bytes += entry_send(l->answer, row);
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
    entries_begin(l->answer);
    answer_stream(l->answer, actions_more_leads, l);
}

/* Shows one lead: from memory if it is in work, else from the store. */
static void actions_show_lead(struct engine *e, struct answer *a, const char *uuid) {
    struct lead *lead = lead_hold(e, uuid);
    if (lead == NULL) {
        entry_refuse(a, NULL);
        return;
    }
    entries_begin(a);
    entry_send(a, lead->row);
    entries_end(a, 1);
    lead_release(lead);
}

/* The id of a lead, after which a page begins; -1 if there is no such lead. */
static int64_t actions_place_of(struct engine *e, const char *uuid) {
    struct lead *lead = lead_hold(e, uuid);
    int64_t id = lead ? row_int(lead->row, LEAD_ID) : -1;
    lead_release(lead);
    return id;
}

void action_show_leads(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid"), *dlma = message_get(m, "DlmaUuid");
    const char *count = message_get(m, "Count"), *after = message_get(m, "After");
    int64_t n = COUNT_DEFAULT, place = after ? actions_place_of(e, after) : 0;
    if (uuid) {
        actions_show_lead(e, a, uuid);
    } else if (count && !str_int(count, 1, COUNT_MAX, &n)) {
        entry_refuse(a, "Count must be 1 to 100000000");
    } else if (place < 0) {
        entry_refuse(a, "After does not exist");
    } else if (dlma && noun_find(e, &noun_dlma, dlma) == NULL) {
        entry_refuse(a, "DlmaUuid does not exist");
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
        struct stat stat = {.uuid = row_uuid(c->item.row),
                            .reason = reason_text(c->reason),
                            .total = query_int(&q, 0),
                            .dialing = query_int(&q, 1),
                            .finished = query_int(&q, 2),
                            .called = query_int(&q, 3)};
        stat.available = stat.total - stat.finished - stat.dialing;
        entry_send(a, &stat);
    }
    query_end(&q);
}

static void actions_on_stats(void *arg, enum batch_end end) {
    (void)end;
    struct stat_list *l = arg;
    unsigned long items = 0;
    entries_begin(l->answer);
    for (struct map_entry *i = l->engine->campaigns.first; i; i = i->next) {
        struct campaign *c = i->value;
        if (l->uuid && strcmp(l->uuid, row_uuid(c->item.row)))
            continue;
        if (campaign_plan(c) == NULL || campaign_dlma(c) == NULL)
            continue; /* stopped, and its plan or list was deleted */
        actions_send_stat(l->answer, l->engine, c);
        items++;
    }
    entries_end(l->answer, items);
    free(l->uuid);
    free(l);
}

void action_show_stats(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid");
    if (uuid && noun_find(e, &noun_campaign, uuid) == NULL) {
        entry_refuse(a, NULL);
        return;
    }
    struct stat_list *l = xcalloc(1, sizeof *l);
    *l = (struct stat_list){e, a, xstrdup(uuid)};
    store_submit(e->store, batch_new(), actions_on_stats, l);
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
