/* Leads that are offered to agents, for the console. */
#include "dialer/pace/preview.h"
#include "console/inner.h"

const struct kind_field preview_fields[] = {
    {"uuid", "Uuid", KIND_TEXT, "uuid of the offer"},
    {"camp_uuid", "CampUuid", KIND_TEXT, "its campaign"},
    {"plan_uuid", "PlanUuid", KIND_TEXT, "its plan"},
    {"dlma_uuid", "DlmaUuid", KIND_TEXT, "its list"},
    {"dl_list_uuid", "DlListUuid", KIND_TEXT, "its lead"},
    {"agent", "Agent", KIND_TEXT, "interface of the agent who decides"},
    {"queue", "Queue", KIND_TEXT, "queue of the agent"},
    {"name", "Name", KIND_TEXT, "name of the lead"},
    {"dial_index", "DialIndex", KIND_INT, "which number of the lead, 1 to 8"},
    {"dial_addr", "DialAddr", KIND_TEXT, "the number"},
    {"timeout", "Timeout", KIND_INT, "milliseconds to decide in"},
    {"tm_create", "TmCreate", KIND_TEXT, "when the offer was made"},
    {0},
};

void each_preview(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->previews.first; i; i = i->next) {
        const struct preview *p = i->value;
        if (p->told && !visit(ctx, i->key, i->value))
            return;
    }
}

json_t *preview_row(struct engine *e, void *value) {
    (void)e;
    struct str b = {0};
    preview_print(value, &b);
    json_t *row = kind_packet(kind_find("preview"), &b);
    json_object_del(row, "variables"); /* the lead's: out.dl has them */
    str_free(&b);
    return row;
}
