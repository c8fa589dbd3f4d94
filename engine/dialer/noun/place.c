#include "dialer/noun/place.h"

#include <stddef.h>
#include <stdlib.h>

#include "dialer/decide/decide.h"

static void place_drop_frozen(struct item *item) {
    json_decref(item->frozen);
    item->frozen = NULL;
}

static void place_put_campaign(struct engine *e, struct row *row) {
    struct campaign *c = campaign_new(e, row, false);
    map_put(&e->campaigns, row_uuid(row), c);
    decide_begin(c);
}

static void place_take_campaign(struct engine *e, const char *uuid) {
    struct campaign *c = map_take(&e->campaigns, uuid);
    decide_end(c);
    campaign_free(c);
    plans_forget(e, uuid);
}

static void place_changed_campaign(struct engine *e, void *value) {
    (void)e;
    decide_changed(value);
}

static void place_put_plan(struct engine *e, struct row *row) {
    map_put(&e->plans, row_uuid(row), plan_new(e, row));
}

static void place_take_plan(struct engine *e, const char *uuid) {
    plan_release(map_take(&e->plans, uuid));
}

static void place_changed_plan(struct engine *e, void *value) {
    (void)e;
    plan_changed(value);
    decide_plan_changed(value);
}

static struct item *place_item_new(struct row *row) {
    struct item *item = xcalloc(1, sizeof *item);
    item->row = row;
    return item;
}

static void place_item_free(struct item *item) {
    place_drop_frozen(item);
    row_free(item->row);
    free(item);
}

static void place_put_dlma(struct engine *e, struct row *row) {
    map_put(&e->dlmas, row_uuid(row), place_item_new(row));
}

static void place_take_dlma(struct engine *e, const char *uuid) {
    place_item_free(map_take(&e->dlmas, uuid));
}

static void place_put_destination(struct engine *e, struct row *row) {
    map_put(&e->destinations, row_uuid(row), place_item_new(row));
}

static void place_take_destination(struct engine *e, const char *uuid) {
    place_item_free(map_take(&e->destinations, uuid));
}

static void place_put_queue(struct engine *e, struct row *row) {
    map_put(&e->queues, row_uuid(row), place_item_new(row));
}

static void place_take_queue(struct engine *e, const char *uuid) {
    place_item_free(map_take(&e->queues, uuid));
}

/* Campaigns may depend on it: they decide again. */
static void place_changed_item(struct engine *e, void *value) {
    (void)value;
    campaigns_kick(e);
}

#define NO_MAP SIZE_MAX

static const struct {
    const struct noun *noun;
    const char *name;
    size_t map, item; /* offsets: of its map in the engine, of the item in a value of it */
    void (*put)(struct engine *e, struct row *row); /* takes the row */
    void (*take)(struct engine *e, const char *uuid);
    void (*changed)(struct engine *e, void *value); /* tells those who depend on it */
} places[] = {
    [NOUN_CAMPAIGN] = {&noun_campaign, "campaign", offsetof(struct engine, campaigns),
                       offsetof(struct campaign, item), place_put_campaign, place_take_campaign,
                       place_changed_campaign},
    [NOUN_PLAN] = {&noun_plan, "plan", offsetof(struct engine, plans),
                   offsetof(struct plan, item), place_put_plan, place_take_plan,
                   place_changed_plan},
    [NOUN_DLMA] = {&noun_dlma, "dlma", offsetof(struct engine, dlmas), 0, place_put_dlma,
                   place_take_dlma, place_changed_item},
    [NOUN_LEAD] = {&noun_lead, "dl", NO_MAP, 0, NULL, NULL, NULL}, /* lead.h keeps them */
    [NOUN_DESTINATION] = {&noun_destination, "destination",
                          offsetof(struct engine, destinations), 0, place_put_destination,
                          place_take_destination, place_changed_item},
    [NOUN_QUEUE] = {&noun_queue, "queue", offsetof(struct engine, queues), 0, place_put_queue,
                    place_take_queue, place_changed_item},
};
_Static_assert(ARRAY_LEN(places) == NOUN_COUNT, "a noun without its place");

const char *noun_name(const struct noun *n) { return places[n->id].name; }

const struct map *noun_map(const struct engine *e, const struct noun *n) {
    size_t offset = places[n->id].map;
    return offset == NO_MAP ? NULL : (const struct map *)((const char *)e + offset);
}

static struct item *place_item_of(const struct noun *n, void *value) {
    return value ? (struct item *)((char *)value + places[n->id].item) : NULL;
}

const struct row *noun_row(const struct noun *n, const void *value) {
    const struct item *item = place_item_of(n, (void *)(uintptr_t)value);
    return item ? item->row : NULL;
}

const struct row *noun_find(const struct engine *e, const struct noun *n, const char *uuid) {
    return noun_row(n, map_get(noun_map(e, n), uuid));
}

void place_put(struct engine *e, struct row *row) { places[row->noun->id].put(e, row); }

struct row *place_change(struct engine *e, const struct row *row) {
    void *value = map_get(noun_map(e, row->noun), row_uuid(row));
    struct item *item = place_item_of(row->noun, value);
    row_free(item->row);
    item->row = row_copy(row);
    place_drop_frozen(item);
    return item->row;
}

void place_changed(struct engine *e, const struct noun *n, const char *uuid) {
    places[n->id].changed(e, map_get(noun_map(e, n), uuid));
}

void place_take(struct engine *e, const struct noun *n, const char *uuid) {
    places[n->id].take(e, uuid);
}
