#include "dialer/list/lead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/core/event.h"
#include <time.h>


struct lead *lead_hold(struct engine *e, const char *uuid) {
    struct lead *l = map_get(&e->leads, uuid);
    if (l) {
        l->holds++;
        return row_int(l->row, LEAD_IN_USE) ? l : (lead_release(l), NULL);
    }
    struct query q;
    struct row *row = NULL;
    query_begin(&q, e->store, READ_LEAD_BY_UUID, uuid);
    if (query_step(&q))
        row = query_row(&q, 0, &noun_lead);
    query_end(&q);
    if (row && row_int(row, LEAD_IN_USE))
        return lead_hold_row(e, row);
    row_free(row);
    return NULL;
}

static const char *lead_id_key(int64_t id, char buf[24]) {
    snprintf(buf, 24, "%lld", (long long)id);
    return buf;
}

struct lead *lead_hold_row(struct engine *e, struct row *row) {
    char key[24];
    struct lead *l = map_get(&e->leads, row_uuid(row));
    if (l) { /* what is in work is newer than what was read */
        row_free(row);
        l->holds++;
        return l;
    }
    l = xcalloc(1, sizeof *l);
    *l = (struct lead){.engine = e, .row = row, .holds = 1};
    map_put(&e->leads, row_uuid(row), l);
    map_put(&e->lead_ids, lead_id_key(row_int(row, LEAD_ID), key), l);
    return l;
}

void lead_release(struct lead *l) {
    char key[24];
    if (l == NULL || --l->holds)
        return;
    map_take(&l->engine->leads, row_uuid(l->row));
    map_take(&l->engine->lead_ids, lead_id_key(row_int(l->row, LEAD_ID), key));
    row_free(l->row);
    free(l);
}

bool lead_is_busy(struct engine *e, int64_t id) {
    char key[24];
    struct lead *l = map_get(&e->lead_ids, lead_id_key(id, key));
    return l && (l->writes || row_int(l->row, LEAD_STATUS) != 0);
}

struct lead_work leads_at_work(const struct engine *e, const char *dlma_uuid) {
    struct lead_work work = {0};
    for (struct map_entry *i = e->leads.first; i && !work.reserved; i = i->next) {
        const struct lead *l = i->value;
        int64_t status = row_int(l->row, LEAD_STATUS);
        if (status == 1 || strcmp(row_text(l->row, LEAD_DLMA_UUID), dlma_uuid))
            continue;
        work.reserved |= status == 2;
        work.written |= l->writes > 0;
    }
    return work;
}

void lead_writing(struct lead *l) {
    l->holds++;
    l->writes++;
}

void lead_written(struct lead *l) {
    l->writes--;
    lead_release(l);
}

void lead_tell(const struct lead *l) { event_tell(l->engine, EVENT_LEAD_UPDATE, l->row); }
