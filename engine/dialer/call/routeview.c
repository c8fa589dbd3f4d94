#include "dialer/call/routeview.h"

#include <string.h>

#include "dialer/call/dialing.h"

static const struct row *routeview_camp_of(const void *from) {
    return ((const struct dialing *)from)->campaign->item.row;
}

static const struct row *routeview_plan_of(const void *from) {
    return ((const struct dialing *)from)->plan->item.row;
}

static const struct row *routeview_lead_of(const void *from) {
    return ((const struct dialing *)from)->lead->row;
}

static const struct row *routeview_dest_of(const void *from) {
    return campaign_destination(((const struct dialing *)from)->campaign)->row;
}

/* A text, and a whole number, of one of the rows. */
#define TEXT(name, row, field)                          \
    static json_t *routeview_##name(const void *from) { \
        return view_text(row_text(row(from), field));   \
    }
#define NUMBER(name, row, field)                        \
    static json_t *routeview_##name(const void *from) { \
        return json_integer(row_int(row(from), field)); \
    }

TEXT(camp_uuid, routeview_camp_of, CAMPAIGN_UUID)
TEXT(camp_name, routeview_camp_of, CAMPAIGN_NAME)
TEXT(tech_name, routeview_plan_of, PLAN_TECH_NAME)
TEXT(trunk_name, routeview_plan_of, PLAN_TRUNK_NAME)
TEXT(caller_id, routeview_plan_of, PLAN_CALLER_ID)
NUMBER(dial_timeout, routeview_plan_of, PLAN_DIAL_TIMEOUT)
TEXT(lead_uuid, routeview_lead_of, LEAD_UUID)
TEXT(lead_name, routeview_lead_of, LEAD_NAME)
TEXT(ukey, routeview_lead_of, LEAD_UKEY)
TEXT(email, routeview_lead_of, LEAD_EMAIL)
NUMBER(dest_type, routeview_dest_of, DESTINATION_TYPE)
TEXT(exten, routeview_dest_of, DESTINATION_EXTEN)
TEXT(context, routeview_dest_of, DESTINATION_CONTEXT)
TEXT(priority, routeview_dest_of, DESTINATION_PRIORITY)
TEXT(application, routeview_dest_of, DESTINATION_APPLICATION)
TEXT(data, routeview_dest_of, DESTINATION_DATA)

static json_t *routeview_number(const void *from) {
    const struct dialing *d = from;
    return view_text(row_text(d->lead->row, LEAD_NUMBER_1 + d->index - 1));
}

static json_t *routeview_number_index(const void *from) {
    return json_integer(((const struct dialing *)from)->index);
}

static json_t *routeview_variables(const void *from) {
    return json_incref(((const struct dialing *)from)->variables);
}

/* The trunks of the Asterisk that the call goes to. */
static json_t *routeview_trunks(const void *from) {
    const struct dialing *d = from;
    json_t *list = json_array();
    int64_t now = engine_now(d->engine);
    for (struct map_entry *e = d->engine->trunks.first; e; e = e->next) {
        const struct trunk *t = e->value;
        if (strcmp(t->conf->asterisk, d->asterisk->conf->name) == 0)
            json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:b}", "name", t->conf->name,
                                                  "up", (json_int_t)t->cap.up, "channels",
                                                  (json_int_t)t->cap.channels, "resting",
                                                  cap_wait(&t->cap, now) != 0));
    }
    return list;
}

const struct view_field routeview_fields[] = {
    {"campaign.uuid", "", "uuid of the campaign", "\"22c8f7e5-8a46-4e2b-9c39-6f2f52d52a11\"",
     routeview_camp_uuid},
    {"campaign.name", "", "its name; absent if it has none", "\"spring\"", routeview_camp_name},
    {"plan.tech_name", "",
     "channel technology followed by a slash; absent if the plan has none", "\"sip/\"",
     routeview_tech_name},
    {"plan.trunk_name", "", "trunk; absent if the plan has none", "\"carrier\"",
     routeview_trunk_name},
    {"plan.caller_id", "", "caller id; absent if the plan has none", "\"\\\"Shop\\\" <100>\"",
     routeview_caller_id},
    {"plan.dial_timeout", "ms", "how long the call may ring", "30000", routeview_dial_timeout},
    {"lead.uuid", "", "uuid of the lead", "\"19dfc3f2-8b4e-4c7e-9f35-1a2a6b2e1c11\"",
     routeview_lead_uuid},
    {"lead.name", "", "name of the customer; absent if it has none", "\"Ms Customer\"",
     routeview_lead_name},
    {"lead.ukey", "", "the user's own key; absent if it has none", "\"4711\"", routeview_ukey},
    {"lead.email", "", "e-mail address; absent if it has none", "\"customer@example.org\"",
     routeview_email},
    {"lead.number", "", "the number to be dialed", "\"300\"", routeview_number},
    {"lead.index", "", "which of the lead's numbers that is, 1 to 8", "1",
     routeview_number_index},
    {"dest.type", "", "0 extension, 1 application", "1", routeview_dest_type},
    {"dest.exten", "", "the extension; absent if it has none, as are the next four", NULL,
     routeview_exten},
    {"dest.context", "", "context of the extension", NULL, routeview_context},
    {"dest.priority", "", "priority of the extension", NULL, routeview_priority},
    {"dest.application", "", "application of the dialplan", "\"Queue\"", routeview_application},
    {"dest.data", "", "its arguments", "\"sales\"", routeview_data},
    {"variables", "",
     "{name = value}: those of campaign, plan, dlma, destination and lead, merged", "{}",
     routeview_variables},
    {"trunks", "",
     "list of {name, up (calls now), channels (calls allowed at once, 0 = no limit), resting "
     "(its calls per second allow none at this moment)}: the [trunk:] sections of this "
     "Asterisk",
     "[{\"name\":\"carrier\",\"up\":3,\"channels\":30,\"resting\":false},"
     "{\"name\":\"second\",\"up\":1,\"channels\":10,\"resting\":false}]",
     routeview_trunks},
    {0}};
