#include "dialer/noun/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/core/number.h"
#include "dialer/core/schedule.h"
#include "dialer/decide/decide.h"
#include "dialer/plan/plan.h"

#define TEXT_MAX 900 /* bytes of a value: it must fit a line of AMI */

bool work_refuse(struct work *w, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(w->why, sizeof w->why, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- values ---- */

static bool noun_check_is_utf8(const char *text) {
    json_t *probe = json_string(text);
    json_decref(probe);
    return probe != NULL;
}

static bool noun_check_number(struct work *w, const char *header, const char *text) {
    bool allow_uri = w->noun == &noun_lead && w->engine->conf->general.allow_uri;
    if (strlen(text) > NUMBER_MAX)
        return work_refuse(w, "%s must be at most %d bytes", header, NUMBER_MAX);
    return number_is_dialable(text, allow_uri) ||
           work_refuse(w, "%s: only letters, digits and + * # . _ - are allowed%s", header,
                       allow_uri ? ", or sip:user@host" : "");
}

static bool noun_check_set_text(struct work *w, int i, const char *text) {
    const struct field *f = &w->noun->fields[i];
    if (strlen(text) > TEXT_MAX)
        return work_refuse(w, "%s must be at most %d bytes", f->header, TEXT_MAX);
    if (!noun_check_is_utf8(text))
        return work_refuse(w, "%s must be UTF-8", f->header);
    if (strpbrk(text, "\r\n"))
        return work_refuse(w, "%s must not contain a line break", f->header);
    if ((f->flags & FIELD_NUMBER) && *text && !noun_check_number(w, f->header, text))
        return false;
    row_set_text(w->row, i, text);
    return true;
}

static bool noun_check_set_int(struct work *w, int i, const struct change_value *v) {
    const struct field *f = &w->noun->fields[i];
    int64_t num = v->num;
    if (v->text ? !str_int(v->text, f->min, f->max, &num) : num < f->min || num > f->max)
        return work_refuse(w, "%s must be %lld to %lld", f->header, (long long)f->min,
                           (long long)f->max);
    row_set_int(w->row, i, num);
    return true;
}

static bool noun_check_set_vars(struct work *w, int i, const json_t *asked) {
    json_t *vars = json_object(), *value;
    const char *name, *why = NULL, *header = w->noun->fields[i].header;
    json_object_foreach ((json_t *)(uintptr_t)asked, name, value) {
        const char *text = json_string_value(value);
        if (why == NULL && strpbrk(text, "\r\n"))
            why = "has a value with a line break";
        if (why == NULL)
            why = variable_add(vars, name, text);
    }
    if (why == NULL)
        row_set_vars(w->row, i, json_object_size(vars) ? vars : NULL);
    json_decref(vars);
    return why == NULL || work_refuse(w, "%s %s", header, why);
}

static bool noun_check_set(struct work *w, const struct change_value *v) {
    const struct field *f = &w->noun->fields[v->field];
    char digits[24];
    bool is_vars = v->vars != NULL;
    if (is_vars != (f->type == FIELD_VARS))
        return work_refuse(w,
                           is_vars ? "%s must be a text or a number, not variables"
                                   : "%s must be variables",
                           f->header);
    if (f->type == FIELD_VARS)
        return noun_check_set_vars(w, v->field, v->vars);
    if (f->type == FIELD_INT)
        return noun_check_set_int(w, v->field, v);
    snprintf(digits, sizeof digits, "%lld", (long long)v->num);
    return noun_check_set_text(w, v->field, v->is_number ? digits : v->text);
}

bool check_values(struct work *w, const struct change *ch) {
    for (unsigned i = 0; i < ch->count; i++)
        if (!noun_check_set(w, &ch->values[i]))
            return false;
    return true;
}

/* ---- the row as a whole ---- */

/* A resource that the field names must exist; the field may be null unless it is needed. */
static bool noun_check_exists(struct work *w, const struct noun *n, int field) {
    const char *uuid = row_text(w->row, field);
    const struct field *f = &w->noun->fields[field];
    if (uuid == NULL)
        return !(f->flags & FIELD_NEEDED) || work_refuse(w, "%s is missing", f->header);
    return noun_find(w->engine, n, uuid) || work_refuse(w, "%s does not exist", f->header);
}

static bool noun_check_campaign(struct work *w) {
    const char *form, *bad = schedule_check(w->row, &form);
    if (bad)
        return work_refuse(w, "%s must be %s", bad, form);
    const char *next = row_text(w->row, CAMPAIGN_NEXT_CAMPAIGN);
    if (next && strcmp(next, row_uuid(w->row)) == 0)
        return work_refuse(w, "NextCampaign must be another campaign");
    return noun_check_exists(w, &noun_plan, CAMPAIGN_PLAN) &&
           noun_check_exists(w, &noun_dlma, CAMPAIGN_DLMA) &&
           noun_check_exists(w, &noun_destination, CAMPAIGN_DEST) &&
           noun_check_exists(w, &noun_campaign, CAMPAIGN_NEXT_CAMPAIGN);
}

static bool noun_check_plan(struct work *w) {
    const char *tech = row_text(w->row, PLAN_TECH_NAME);
    if (tech && !number_is_tech(tech))
        return work_refuse(w, "TechName must be a channel technology followed by a slash, such "
                              "as PJSIP/");
    char *why = NULL;
    const char *bad = strategies_check(w->engine, w->row, w->before, &why);
    if (bad && w->before)
        log_warn(w->engine->log, "plan %s stays as it is: %s: %s", row_uuid(w->row), bad, why);
    if (bad)
        work_refuse(w, "%s %s", bad, why);
    free(why);
    return bad == NULL;
}

static bool noun_check_lead(struct work *w) {
    return noun_check_exists(w, &noun_dlma, LEAD_DLMA_UUID);
}

static bool noun_check_nothing(struct work *w) {
    (void)w;
    return true;
}

/* ---- a call's merged variables: at most 100 ---- */

/* The row that a campaign refers to; the changed one in the place of the one in memory. */
static const struct row *noun_check_referred(struct work *w, const struct row *camp, int field,
                                             const struct noun *n) {
    const char *uuid = row_text(camp, field);
    if (uuid && strcmp(uuid, row_uuid(w->row)) == 0)
        return w->row;
    return noun_find(w->engine, n, uuid);
}

static void noun_check_merge(json_t *all, const struct row *r, int field) {
    if (r && row_vars(r, field))
        json_object_update(all, (json_t *)(uintptr_t)row_vars(r, field));
}

static bool noun_check_merged_fits(struct work *w, const struct row *camp,
                                   const struct row *lead) {
    json_t *all = json_object();
    noun_check_merge(all, camp, CAMPAIGN_VARIABLES);
    noun_check_merge(all, noun_check_referred(w, camp, CAMPAIGN_PLAN, &noun_plan),
                     PLAN_VARIABLES);
    noun_check_merge(all, noun_check_referred(w, camp, CAMPAIGN_DLMA, &noun_dlma),
                     DLMA_VARIABLES);
    noun_check_merge(all, noun_check_referred(w, camp, CAMPAIGN_DEST, &noun_destination),
                     DESTINATION_VARIABLES);
    noun_check_merge(all, lead, LEAD_VARIABLES);
    bool fits = json_object_size(all) <= VARIABLES_MAX;
    json_decref(all);
    return fits ||
           work_refuse(w, "Variable: a call of campaign %s would have more than %d variables",
                       row_uuid(camp), VARIABLES_MAX);
}

/* Plan, list and destination of a campaign. */
static const int references[] = {CAMPAIGN_PLAN, CAMPAIGN_DLMA, CAMPAIGN_DEST};

static bool noun_check_refers(const struct row *camp, const char *uuid) {
    for (size_t i = 0; i < ARRAY_LEN(references); i++) {
        const char *used = row_text(camp, references[i]);
        if (used && strcmp(used, uuid) == 0)
            return true;
    }
    return false;
}

/* Checks every campaign that the change concerns. Leads that exist already are not checked
 * again: one whose variables do not fit any more is refused when it is due. */
static bool noun_check_merged(struct work *w) {
    const struct row *lead = w->noun == &noun_lead ? w->row : NULL;
    if (w->noun == &noun_campaign)
        return noun_check_merged_fits(w, w->row, NULL);
    const char *uuid = lead ? row_text(lead, LEAD_DLMA_UUID) : row_uuid(w->row);
    for (struct map_entry *i = w->engine->campaigns.first; i; i = i->next) {
        const struct row *camp = noun_row(&noun_campaign, i->value);
        if (noun_check_refers(camp, uuid) && !noun_check_merged_fits(w, camp, lead))
            return false;
    }
    return true;
}

/* ---- a status that is asked for ---- */

bool check_status(struct work *w, const struct change *ch) {
    if (!ch->asks)
        return true;
    if (!decide_knows(ch->status))
        return work_refuse(w, "Status must be 0, 1, 2 or 30");
    if (ch->status != CAMPAIGN_START && ch->status != CAMPAIGN_STARTING)
        return true;
    /* a campaign that could never dial is not started */
    const char *fault = campaign_fault(map_get(&w->engine->campaigns, row_uuid(w->row)));
    return fault == NULL || work_refuse(w, "Status: %s", fault);
}

/* ---- what an Update may not change ---- */

/* A campaign's calls read its plan, list and destination until they end. */
static bool noun_check_update_campaign(struct work *w) {
    const struct campaign *c = map_get(&w->engine->campaigns, row_uuid(w->row));
    for (size_t i = 0; c->open && i < ARRAY_LEN(references); i++)
        if (strcmp(row_text(w->row, references[i]), row_text(w->before, references[i])))
            return work_refuse(w, "%s cannot change while calls are in flight",
                               w->noun->fields[references[i]].header);
    return true;
}

/* ---- what prevents a Delete ---- */

/* A campaign that is the resource or uses it, and is not at rest; NULL if there is none. */
static const struct campaign *noun_check_active_user(struct work *w) {
    const char *uuid = row_uuid(w->row);
    for (struct map_entry *i = w->engine->campaigns.first; i; i = i->next) {
        const struct campaign *c = i->value;
        if (campaign_is_at_rest(c))
            continue;
        if (strcmp(i->key, uuid) == 0 || noun_check_refers(noun_row(&noun_campaign, c), uuid))
            return c;
    }
    return NULL;
}

static const char *noun_check_state(int64_t status) {
    static const char *const names[] = {
        [CAMPAIGN_STOP] = "stop",         [CAMPAIGN_START] = "start",
        [CAMPAIGN_PAUSE] = "pause",       [CAMPAIGN_STOPPING] = "stopping",
        [CAMPAIGN_STARTING] = "starting", [CAMPAIGN_PAUSING] = "pausing",
    };
    bool known = status >= 0 && status < (int64_t)ARRAY_LEN(names) && names[status];
    return known ? names[status] : "unknown";
}

static bool noun_check_unused(struct work *w) {
    const struct campaign *c = noun_check_active_user(w);
    if (c == NULL)
        return true;
    int64_t status = campaign_status(c);
    const char *what = w->noun == &noun_campaign ? "is a" : "is used by a";
    if (status == CAMPAIGN_STOP)
        return work_refuse(w,
                           "Uuid %s campaign whose last changes are not on the disk yet; try "
                           "again",
                           what);
    return work_refuse(w, "Uuid %s campaign whose Status is %lld (%s); it must be 0 (stop)",
                       what, (long long)status, noun_check_state(status));
}

static bool noun_check_delete_lead(struct work *w) {
    return row_int(w->row, LEAD_STATUS) != 1 ||
           work_refuse(w, "Uuid is a lead that is being called; try again after the call");
}

/* ---- the table ---- */

static const struct {
    const struct noun *noun;
    bool (*row)(struct work *w);    /* the row as a whole */
    bool (*update)(struct work *w); /* the row compared with the one before */
    bool (*delete)(struct work *w);
} checks[] = {
    [NOUN_CAMPAIGN] = {&noun_campaign, noun_check_campaign, noun_check_update_campaign,
                       noun_check_unused},
    [NOUN_PLAN] = {&noun_plan, noun_check_plan, noun_check_nothing, noun_check_unused},
    [NOUN_DLMA] = {&noun_dlma, noun_check_nothing, noun_check_nothing, noun_check_unused},
    [NOUN_LEAD] = {&noun_lead, noun_check_lead, noun_check_nothing, noun_check_delete_lead},
    [NOUN_DESTINATION] = {&noun_destination, noun_check_nothing, noun_check_nothing,
                          noun_check_unused},
    [NOUN_QUEUE] = {&noun_queue, noun_check_nothing, noun_check_nothing, noun_check_unused},
};
_Static_assert(ARRAY_LEN(checks) == NOUN_COUNT, "a noun without its checks");

bool check_row(struct work *w) { return checks[w->noun->id].row(w) && noun_check_merged(w); }

/* Fields that place the row in an index, such as the list of a lead. */
static bool noun_check_fixed(struct work *w) {
    for (int i = 0; i < w->noun->count; i++) {
        const struct field *f = &w->noun->fields[i];
        const char *now = row_text(w->row, i), *then = row_text(w->before, i);
        if ((f->flags & FIELD_FIXED) && (now == NULL || then == NULL || strcmp(now, then)))
            return work_refuse(w, "%s cannot be changed", f->header);
    }
    return true;
}

bool check_update(struct work *w) {
    return noun_check_fixed(w) && checks[w->noun->id].update(w);
}

bool check_delete(struct work *w) { return checks[w->noun->id].delete(w); }
