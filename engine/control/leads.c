#include "control/leads.h"

#include <stdlib.h>

#include "control/entry.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"

#define COUNT_DEFAULT 100
#define COUNT_MAX 100000000
#define PAGE 50          /* leads read at once */
#define PAGE_BYTES 32768 /* sent at once: big leads that are left of a page are read again */

struct lead_list {
    struct engine *engine;
    struct answer *answer;
    char *dlma;    /* NULL = of all lists */
    int64_t count; /* to be sent still */
    int64_t after; /* id of the last one sent */
    bool is_begun;
    unsigned long items;
};

static void leads_end(struct lead_list *l) {
    if (answer_session(l->answer))
        entries_end(l->answer, l->items);
    else
        answer_end(l->answer);
    free(l->dlma);
    free(l);
}

static int64_t leads_page(const struct lead_list *l) {
    return l->count < PAGE ? l->count : PAGE;
}

static void leads_more(void *arg);

/* A page has come; the next is asked for when there is room for it. */
static void leads_on_page(void *arg, enum read_end end, const struct rows *rows) {
    struct lead_list *l = arg;
    if (end == READ_FAILED && !l->is_begun) {
        entry_refuse(l->answer, read_error(rows));
        free(l->dlma);
        free(l);
        return;
    }
    if (!l->is_begun)
        entries_begin(l->answer);
    l->is_begun = true;
    int n = end == READ_ROWS && answer_session(l->answer) ? rows_count(rows) : 0, sent = 0;
    for (size_t bytes = 0; sent < n && bytes < PAGE_BYTES; sent++) {
        struct row *row = rows_row(rows, sent);
        l->after = row_int(row, LEAD_ID);
        bytes += entry_send(l->answer, row);
        row_free(row);
    }
    bool is_last = sent == n && n < leads_page(l);
    l->items += (unsigned long)sent;
    l->count -= sent;
    if (is_last || l->count == 0)
        leads_end(l);
    else
        answer_stream(l->answer, leads_more, l);
}

static void leads_read(struct lead_list *l) {
    unsigned lane = LANE_READ | READ_DURABLE;
    if (l->dlma)
        store_read(l->engine->store, lane, &read_leads_after,
                   BIND(ARG_TEXT("dlma", l->dlma), ARG_INT("after", l->after),
                        ARG_INT("limit", leads_page(l))),
                   leads_on_page, l);
    else
        store_read(l->engine->store, lane, &read_leads,
                   BIND(ARG_INT("after", l->after), ARG_INT("limit", leads_page(l))),
                   leads_on_page, l);
}

static void leads_more(void *arg) {
    struct lead_list *l = arg;
    if (answer_session(l->answer) == NULL) {
        leads_end(l);
        return;
    }
    answer_pause(l->answer);
    leads_read(l);
}

/* ---- one lead: from the cache if it is in work, else from the store ---- */

static void leads_on_one(void *arg, struct lead *lead, const char *error) {
    struct answer *a = arg;
    if (lead == NULL) {
        entry_refuse(a, error);
        return;
    }
    entries_begin(a);
    entry_send(a, lead->row);
    entries_end(a, 1);
    lead_release(lead);
}

/* ---- the action ---- */

/* The lead to begin behind has been found. */
static void leads_on_after(void *arg, struct lead *lead, const char *error) {
    struct lead_list *l = arg;
    if (lead) {
        l->after = row_int(lead->row, LEAD_ID);
        lead_release(lead);
        leads_read(l);
        return;
    }
    entry_refuse(l->answer, error ? error : "After does not exist");
    free(l->dlma);
    free(l);
}

void action_show_leads(void *arg, struct answer *a, const struct message *m) {
    struct engine *e = arg;
    const char *uuid = message_get(m, "Uuid"), *dlma = message_get(m, "DlmaUuid");
    const char *count = message_get(m, "Count"), *after = message_get(m, "After");
    int64_t n = COUNT_DEFAULT;
    if (uuid) {
        lead_fetch(e, uuid, true, leads_on_one, a);
    } else if (count && !str_int(count, 1, COUNT_MAX, &n)) {
        entry_refuse(a, "Count must be 1 to 100000000");
    } else if (dlma && noun_find(e, &noun_dlma, dlma) == NULL) {
        entry_refuse(a, "DlmaUuid does not exist");
    } else {
        struct lead_list *l = xcalloc(1, sizeof *l);
        *l = (struct lead_list){.engine = e, .answer = a, .dlma = xstrdup(dlma), .count = n};
        if (after)
            lead_fetch(e, after, true, leads_on_after, l);
        else
            leads_read(l);
    }
}
