/* The fields of a call, in the order of the tutorial's events. */
#include "dialer/call/dialing.h"

static void call_attrs_get_campaign(const void *subject, const struct attr *a,
                                    struct attr_value *v) {
    (void)a;
    v->text = row_uuid(((const struct dialing *)subject)->campaign->item.row);
}

static void call_attrs_get_plan(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    v->text = row_uuid(((const struct dialing *)subject)->plan->item.row);
}

static void call_attrs_get_lead(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    v->text = row_uuid(((const struct dialing *)subject)->lead->row);
}

/* A value of d->call, whose keys are the names of the attributes. */
static void call_attrs_get_asked(const void *subject, const struct attr *a,
                                 struct attr_value *v) {
    const json_t *asked = json_object_get(((const struct dialing *)subject)->call, a->name);
    v->text = json_string_value(asked);
    v->num = json_integer_value(asked);
}

/* The same with "" in the place of null. */
static void call_attrs_get_uuid(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    v->text = dialing_text(subject, a->name);
}

/* An application's null data prints empty, as in the tutorial. */
static void call_attrs_get_data(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    const struct dialing *d = subject;
    call_attrs_get_asked(subject, a, v);
    if (v->text == NULL && json_object_get(d->call, "dial_application"))
        v->text = "";
}

static void call_attrs_get_vars(const void *subject, const struct attr *a,
                                struct attr_value *v) {
    (void)a;
    v->vars = ((const struct dialing *)subject)->variables;
}

/* Present if ResAmd is; it may be null. */
static void call_attrs_get_amd_detail(const void *subject, const struct attr *a,
                                      struct attr_value *v) {
    (void)a;
    const struct dialing *d = subject;
    v->text = d->amd_detail;
    v->absent = d->amd == NULL;
}

static void call_attrs_get_deleted(const void *subject, const struct attr *a,
                                   struct attr_value *v) {
    (void)a;
    const struct dialing *d = subject;
    attr_set_time(v, d->stage == STAGE_FINISHED ? d->tm_hangup : 0);
}

#define AT(member) offsetof(struct dialing, member)

const struct attr dialing_attrs[] = {
    {"uuid", "Uuid", ATTR_TEXT, 0, "uuid of the call, and id of its channel in Asterisk",
     attr_get_array, AT(uuid)},
    {"status", "Status", ATTR_INT, 0,
     "1 requested, 2 dial begin, 3 channel, 4 dial end, 5 response, 6 hangup, 10 error",
     attr_get_int, AT(status)},
    {"camp_uuid", "CampUuid", ATTR_TEXT, 0, "its campaign", call_attrs_get_campaign, 0},
    {"plan_uuid", "PlanUuid", ATTR_TEXT, 0, "its plan", call_attrs_get_plan, 0},
    {"dlma_uuid", "DlmaUuid", ATTR_TEXT, 0, "its list", call_attrs_get_uuid, 0},
    {"dest_uuid", "DestUuid", ATTR_TEXT, 0, "its destination", call_attrs_get_uuid, 0},
    {"dl_list_uuid", "DlListUuid", ATTR_TEXT, 0, "its lead", call_attrs_get_lead, 0},
    {"current_queue", "CurrentQueue", ATTR_TEXT, ATTR_ONCE, "queue that the call is in",
     attr_get_text, AT(queue)},
    {"current_agent", "CurrentAgent", ATTR_TEXT, ATTR_ONCE, "agent who has the call",
     attr_get_text, AT(agent)},
    {"dial_index", "DialIndex", ATTR_INT, 0, "which number of the lead, 1 to 8",
     call_attrs_get_asked, 0},
    {"dial_addr", "DialAddr", ATTR_TEXT, 0, "that number", call_attrs_get_asked, 0},
    {"dial_channel", "DialChannel", ATTR_TEXT, 0, "channel that the Originate asks for",
     call_attrs_get_asked, 0},
    {"dial_trycnt", "DialTryCnt", ATTR_INT, 0, "attempts at that number, this one included",
     call_attrs_get_asked, 0},
    {"dial_timeout", "DialTimeout", ATTR_INT, 0, "milliseconds that it may ring",
     call_attrs_get_asked, 0},
    {"dial_type", "DialType", ATTR_INT, 0, "0 extension, 1 application", call_attrs_get_asked,
     0},
    {"dial_exten", "DialExten", ATTR_TEXT, 0, "extension that the call goes to",
     call_attrs_get_asked, 0},
    {"dial_context", "DialContext", ATTR_TEXT, 0, "its context", call_attrs_get_asked, 0},
    {"dial_application", "DialApplication", ATTR_TEXT, 0, "application that the call goes to",
     call_attrs_get_asked, 0},
    {"dial_data", "DialData", ATTR_TEXT, 0, "its arguments", call_attrs_get_data, 0},
    {"variables", "Variable", ATTR_VARS, 0, "channel variables", call_attrs_get_vars, 0},
    {"channel_name", "ChannelName", ATTR_TEXT, 0, "name of the channel in Asterisk",
     attr_get_text, AT(channel_name)},
    {"res_dial", "ResDial", ATTR_INT, 0,
     "outcome: 1 refused, 3 no answer, 4 answered, 5 busy, 8 congestion; 0 failed, or not yet "
     "known",
     attr_get_int, AT(outcome.res_dial)},
    {"res_amd", "ResAmd", ATTR_TEXT, ATTR_ONCE, "HUMAN, MACHINE or another verdict of AMD",
     attr_get_text, AT(amd)},
    {"res_amd_detail", "ResAmdDetail", ATTR_TEXT, ATTR_SOMETIMES, "reason of the verdict",
     call_attrs_get_amd_detail, 0},
    {"res_hangup", "ResHangup", ATTR_INT, 0, "Q.850 cause", attr_get_int,
     AT(outcome.res_hangup)},
    {"res_hangup_detail", "ResHangupDetail", ATTR_TEXT, 0, "its text", attr_get_text,
     AT(outcome.res_hangup_detail)},
    {"tm_create", "TmCreate", ATTR_TEXT, 0, "when it was reserved", attr_get_time,
     AT(tm_create)},
    {"tm_update", "TmUpdate", ATTR_TEXT, 0, "when it last changed", attr_get_time,
     AT(tm_update)},
    {"tm_delete", "TmDelete", ATTR_TEXT, 0, "when it ended", call_attrs_get_deleted, 0},
    {0},
};
