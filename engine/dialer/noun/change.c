#include "dialer/noun/change.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialer/campaign/campaign.h"
#include "dialer/core/number.h"
#include "dialer/plan/plan.h"
#include "dialer/core/schedule.h"

#define TEXT_MAX 900 /* bytes of any one value: it must fit a line on its way back */

bool change_fail(struct change *ch, const char *header, const char *why) {
    snprintf(ch->why, sizeof ch->why, "%s %s", header, why);
    return false;
}

static bool noun_change_is_utf8(const char *text) {
    json_t *probe = json_string(text);
    json_decref(probe);
    return probe != NULL;
}

/* MaxRetry1 is MaxRetryCnt1 by another name. */
static const char *noun_change_alias_of(const struct field *f, char buf[32]) {
    static const char prefix[] = "MaxRetryCnt";
    if (f->header == NULL || !str_has_prefix(f->header, prefix))
        return NULL;
    snprintf(buf, 32, "MaxRetry%s", f->header + strlen(prefix));
    return buf;
}

static bool noun_change_read_vars(struct change *ch, const struct message *m, int field) {
    json_t *vars = json_object();
    for (unsigned i = 0; i < m->count; i++) {
        const struct header *h = &m->headers[i];
        if (strcasecmp(h->name, "Variable") || *h->value == '\0')
            continue;
        const char *why = variable_add(vars, h->value);
        if (why) {
            json_decref(vars);
            return change_fail(ch, "Variable", why);
        }
    }
    row_set_vars(ch->row, field, json_object_size(vars) ? vars : NULL);
    json_decref(vars);
    return true;
}

static bool noun_change_read_field(struct change *ch, const struct message *m, int i) {
    const struct field *f = &ch->noun->fields[i];
    char buf[32];
    const char *name = f->header, *alias = noun_change_alias_of(f, buf);
    if (!message_has(m, name) && alias && message_has(m, alias))
        name = alias;
    if (!message_has(m, name))
        return true;
    if (f->type == FIELD_VARS)
        return noun_change_read_vars(ch, m, i);
    const char *text = message_text(m, name);
    if (*text == '\0' && f->type == FIELD_INT)
        return true; /* an empty number says nothing */
    if (strlen(text) > TEXT_MAX)
        return change_fail(ch, name, "is over 900 bytes");
    if (!noun_change_is_utf8(text))
        return change_fail(ch, name, "is not UTF-8");
    if ((f->flags & FIELD_NUMBER) && *text &&
        !number_is_dialable(text,
                            ch->noun == &noun_lead && ch->engine->conf->general.allow_uri))
        return change_fail(ch, name, "has characters that could change a dial string");
    if (!row_parse(ch->row, i, text))
        return change_fail(ch, name, "is not a number in its range");
    return true;
}

bool change_read(struct change *ch, const struct message *m) {
    for (int i = 0; i < ch->noun->count; i++)
        if ((ch->noun->fields[i].flags & FIELD_INPUT) && !noun_change_read_field(ch, m, i))
            return false;
    return true;
}

/* ---- what must hold for a row as a whole ---- */

static bool noun_change_exists(struct change *ch, const struct noun *n, int field,
                               bool needed) {
    const char *uuid = row_text(ch->row, field), *header = ch->noun->fields[field].header;
    if (uuid == NULL)
        return !needed || change_fail(ch, header, "is missing");
    return noun_find(ch->engine, n, uuid) || change_fail(ch, header, "does not exist");
}

static bool noun_change_check_campaign(struct change *ch) {
    const char *bad = schedule_check(ch->row);
    if (bad)
        return change_fail(ch, bad, "cannot be read");
    const char *next = row_text(ch->row, CAMPAIGN_NEXT_CAMPAIGN);
    if (next && strcmp(next, row_uuid(ch->row)) == 0)
        return change_fail(ch, "NextCampaign", "is the campaign itself");
    return noun_change_exists(ch, &noun_plan, CAMPAIGN_PLAN, true) &&
           noun_change_exists(ch, &noun_dlma, CAMPAIGN_DLMA, true) &&
           noun_change_exists(ch, &noun_destination, CAMPAIGN_DEST, true) &&
           noun_change_exists(ch, &noun_campaign, CAMPAIGN_NEXT_CAMPAIGN, false);
}

static bool noun_change_check_plan(struct change *ch) {
    const char *tech = row_text(ch->row, PLAN_TECH_NAME);
    if (tech && !number_is_tech(tech))
        return change_fail(ch, "TechName", "is no channel technology with its slash");
    char *why = NULL;
    const char *bad = strategies_check(ch->engine, ch->row, ch->before, &why);
    if (bad && ch->before)
        log_warn(ch->engine->log, "plan %s keeps what it has: %s %s", row_uuid(ch->row), bad,
                 why);
    if (bad)
        change_fail(ch, bad, why);
    free(why);
    return bad == NULL;
}

static bool noun_change_check_lead(struct change *ch) {
    return noun_change_exists(ch, &noun_dlma, LEAD_DLMA_UUID, true);
}

static bool noun_change_check_nothing(struct change *ch) {
    (void)ch;
    return true;
}

/* ---- a call's merged variables: at most 100 ---- */

/* The row a campaign refers to, the changed one in place of what is in memory. */
static const struct row *noun_change_referred(struct change *ch, const struct row *camp,
                                              int field, const struct noun *n) {
    const char *uuid = row_text(camp, field);
    if (uuid && strcmp(uuid, row_uuid(ch->row)) == 0)
        return ch->row;
    return noun_find(ch->engine, n, uuid);
}

static void noun_change_merge(json_t *all, const struct row *r, int field) {
    if (r && row_vars(r, field))
        json_object_update(all, (json_t *)(uintptr_t)row_vars(r, field));
}

static bool noun_change_merged_fits(struct change *ch, const struct row *camp,
                                    const struct row *lead) {
    json_t *all = json_object();
    noun_change_merge(all, camp, CAMPAIGN_VARIABLES);
    noun_change_merge(all, noun_change_referred(ch, camp, CAMPAIGN_PLAN, &noun_plan),
                      PLAN_VARIABLES);
    noun_change_merge(all, noun_change_referred(ch, camp, CAMPAIGN_DLMA, &noun_dlma),
                      DLMA_VARIABLES);
    noun_change_merge(all, noun_change_referred(ch, camp, CAMPAIGN_DEST, &noun_destination),
                      DESTINATION_VARIABLES);
    noun_change_merge(all, lead, LEAD_VARIABLES);
    bool fits = json_object_size(all) <= VARIABLES_MAX;
    json_decref(all);
    return fits;
}

static bool noun_change_refers(const struct row *camp, const char *uuid) {
    for (int f = CAMPAIGN_PLAN; f <= CAMPAIGN_DEST; f++)
        if (row_text(camp, f) && strcmp(row_text(camp, f), uuid) == 0)
            return true;
    return false;
}

/* For every campaign the change touches. Leads that are there already are not counted
 * again: one that does not fit any more is refused when it is its turn. */
static bool noun_change_check_merged(struct change *ch) {
    bool is_lead = ch->noun == &noun_lead;
    if (ch->noun == &noun_campaign)
        return noun_change_merged_fits(ch, ch->row, NULL) ||
               change_fail(ch, "Variable", "makes over 100 in all");
    const char *uuid = is_lead ? row_text(ch->row, LEAD_DLMA_UUID) : row_uuid(ch->row);
    for (struct map_entry *i = ch->engine->campaigns.first; i; i = i->next) {
        const struct row *camp = ((struct campaign *)i->value)->item.row;
        if (noun_change_refers(camp, uuid) &&
            !noun_change_merged_fits(ch, camp, is_lead ? ch->row : NULL))
            return change_fail(ch, "Variable", "makes over 100 in all");
    }
    return true;
}

static const struct {
    const struct noun *noun;
    bool (*check)(struct change *ch);
} checks[] = {{&noun_campaign, noun_change_check_campaign},
              {&noun_plan, noun_change_check_plan},
              {&noun_dlma, noun_change_check_nothing},
              {&noun_lead, noun_change_check_lead},
              {&noun_destination, noun_change_check_nothing},
              {&noun_queue, noun_change_check_nothing}};

bool change_check(struct change *ch) {
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        if (checks[i].noun == ch->noun)
            return checks[i].check(ch) && noun_change_check_merged(ch);
    return false;
}
