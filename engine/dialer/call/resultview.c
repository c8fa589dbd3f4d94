#include "dialer/call/resultview.h"

#include <stdlib.h>

#include "dialer/call/dialing.h"

static const struct dialing *resultview_of(const void *from) { return from; }

static json_t *resultview_wall(int64_t wall_ns) {
    char text[TIME_TEXT];
    if (wall_ns == 0)
        return NULL;
    time_text(text, wall_ns);
    return json_string(text);
}

/* The variables of a frozen row; "" if it has none. */
static json_t *resultview_row_variables(const void *from, const char *row) {
    json_t *v = json_object_get(json_object_get(resultview_of(from)->info, row), "variables");
    return json_is_string(v) ? json_incref(v) : json_string("");
}

/* A value of d->call. */
#define CALL(key)                                                             \
    static json_t *resultview_##key(const void *from) {                       \
        return json_incref(json_object_get(resultview_of(from)->call, #key)); \
    }
/* A text, absent if there is none. */
#define TEXT(name, text) \
    static json_t *resultview_##name(const void *from) { return view_text(text); }

CALL(dial_addr)
CALL(dial_index)
CALL(dial_trycnt)
CALL(dial_channel)
CALL(dial_timeout)
CALL(dial_type)
CALL(dial_application)
CALL(dial_exten)
CALL(dial_context)
CALL(dial_priority)
CALL(dlma_uuid)
CALL(dest_uuid)
TEXT(camp_uuid, row_uuid(resultview_of(from)->campaign->item.row))
TEXT(plan_uuid, row_uuid(resultview_of(from)->plan->item.row))
TEXT(lead_uuid, row_uuid(resultview_of(from)->lead->row))
TEXT(dialing_uuid, resultview_of(from)->uuid)
TEXT(otherchannelid, resultview_of(from)->other)
TEXT(channel_name, resultview_of(from)->channel_name ? resultview_of(from)->channel_name : "")
TEXT(res_hangup_detail, resultview_of(from)->outcome.res_hangup_detail)
TEXT(res_amd, resultview_of(from)->amd)
TEXT(res_amd_detail, resultview_of(from)->amd_detail)
TEXT(current_queue, resultview_of(from)->queue)
TEXT(current_agent, resultview_of(from)->agent)
TEXT(campaign_name, row_text(resultview_of(from)->campaign->item.row, CAMPAIGN_NAME))
TEXT(plan_name, row_text(resultview_of(from)->plan->item.row, PLAN_NAME))
TEXT(caller_id, json_string_value(json_object_get(resultview_of(from)->call, "dial_caller_id")))
TEXT(outcome, outcome_word(resultview_of(from)->outcome.res_dial,
                           resultview_of(from)->outcome.res_dial_detail))

static json_t *resultview_dial_data(const void *from) {
    json_t *data = json_object_get(resultview_of(from)->call, "dial_data");
    if (data)
        return json_incref(data);
    bool app = json_object_get(resultview_of(from)->call, "dial_application") != NULL;
    return app ? json_string("") : NULL;
}

static json_t *resultview_dest_variables(const void *from) {
    return resultview_row_variables(from, "info_dest");
}

static json_t *resultview_dl_variables(const void *from) {
    return resultview_row_variables(from, "info_dl_list");
}

static json_t *resultview_plan_variables(const void *from) {
    return resultview_row_variables(from, "info_plan");
}

static json_t *resultview_variables(const void *from) {
    char *text = json_dumps(resultview_of(from)->variables, JSON_COMPACT);
    json_t *v = json_string(text ? text : "{}");
    free(text);
    return v;
}

static json_t *resultview_res_dial(const void *from) {
    return json_integer(resultview_of(from)->outcome.res_dial);
}

static json_t *resultview_res_hangup(const void *from) {
    return json_integer(resultview_of(from)->outcome.res_hangup);
}

static json_t *resultview_res_dial_detail(const void *from) {
    bool told = resultview_of(from)->outcome.ours || resultview_of(from)->facts.lost;
    return told ? view_text(resultview_of(from)->outcome.res_dial_detail) : NULL;
}

static json_t *resultview_tm_dialing(const void *from) {
    return resultview_wall(resultview_of(from)->tm_dialing);
}

static json_t *resultview_tm_begin(const void *from) {
    return resultview_wall(resultview_of(from)->tm_begin);
}

static json_t *resultview_tm_end(const void *from) {
    return resultview_wall(resultview_of(from)->tm_end);
}

static json_t *resultview_tm_hangup(const void *from) {
    return resultview_wall(resultview_of(from)->tm_hangup);
}

static json_t *resultview_info(const void *from) {
    return resultview_of(from)->engine->conf->general.result_info_enable
               ? json_incref(resultview_of(from)->info)
               : NULL;
}

static json_t *resultview_extra(const void *from) { return (void)from, json_object(); }

static json_t *resultview_history(const void *from) {
    return json_incref(resultview_of(from)->history);
}

#define UUID "\"19dfc3f2-8b4e-4c7e-9f35-1a2a6b2e1c11\""
#define TIME "\"2016-11-15T02:10:52.930031700Z\""

/* `fields` are those of the tutorial's short results. */
const struct view_field resultview_fields[] = {
    {"fields.camp_uuid", "", "uuid of the campaign", UUID, resultview_camp_uuid},
    {"fields.plan_uuid", "", "uuid of the plan", UUID, resultview_plan_uuid},
    {"fields.dlma_uuid", "", "uuid of the list", UUID, resultview_dlma_uuid},
    {"fields.dest_uuid", "", "uuid of the destination", UUID, resultview_dest_uuid},
    {"fields.dl_list_uuid", "", "uuid of the lead", UUID, resultview_lead_uuid},
    {"fields.uuid", "", "uuid of the lead, too", UUID, resultview_lead_uuid},
    {"fields.dialing_uuid", "", "uuid of this call", UUID, resultview_dialing_uuid},
    {"fields.channelid", "", "the same; it is also the channel's id in Asterisk", UUID,
     resultview_dialing_uuid},
    {"fields.otherchannelid", "", "channel id of the other half of a Local channel", UUID,
     resultview_otherchannelid},
    {"fields.channel_name", "", "the channel's name in Asterisk; empty if there was none",
     "\"SIP/300-00000001\"", resultview_channel_name},
    {"fields.dial_addr", "", "the number that was dialed", "\"300\"", resultview_dial_addr},
    {"fields.dial_index", "", "which of the lead's numbers that is, 1 to 8", "1",
     resultview_dial_index},
    {"fields.dial_trycnt", "attempts", "at this number, this one included", "1",
     resultview_dial_trycnt},
    {"fields.dial_channel", "", "the channel that the Originate asked for", "\"sip/300\"",
     resultview_dial_channel},
    {"fields.dial_timeout", "ms", "how long it might ring", "30000", resultview_dial_timeout},
    {"fields.dial_type", "", "0 extension, 1 application", "1", resultview_dial_type},
    {"fields.dial_application", "", "the application; absent for an extension", "\"Queue\"",
     resultview_dial_application},
    {"fields.dial_data", "", "its arguments; absent for an extension", "\"sales\"",
     resultview_dial_data},
    {"fields.dial_exten", "", "the extension; absent for an application, as are the next two",
     NULL, resultview_dial_exten},
    {"fields.dial_context", "", "context of the extension", NULL, resultview_dial_context},
    {"fields.dial_priority", "", "priority of the extension", NULL, resultview_dial_priority},
    {"fields.plan_variables", "", "variables of the plan, as JSON; empty if it has none",
     "\"\"", resultview_plan_variables},
    {"fields.dest_variables", "", "those of the destination", "\"\"",
     resultview_dest_variables},
    {"fields.dl_variables", "", "those of the lead", "\"\"", resultview_dl_variables},
    {"fields.variables", "", "all variables of the channel, merged, as JSON", "\"{}\"",
     resultview_variables},
    {"fields.res_dial", "",
     "outcome: 0 failed, 1 refused, 3 no answer, 4 answered, 5 busy, 8 congestion", "4",
     resultview_res_dial},
    {"fields.res_dial_detail", "",
     "local or unknown: a local failure, or an end that nobody observed; else absent", NULL,
     resultview_res_dial_detail},
    {"fields.res_hangup", "", "Q.850 cause", "16", resultview_res_hangup},
    {"fields.res_hangup_detail", "", "the same in words", "\"Normal Clearing\"",
     resultview_res_hangup_detail},
    {"fields.res_amd", "", "verdict of the answering machine detection; absent without one",
     NULL, resultview_res_amd},
    {"fields.res_amd_detail", "", "what led to it", NULL, resultview_res_amd_detail},
    {"fields.tm_dialing", "UTC", "when the Originate was sent", TIME, resultview_tm_dialing},
    {"fields.tm_dial_begin", "UTC", "when dialing began; absent if it did not", TIME,
     resultview_tm_begin},
    {"fields.tm_dial_end", "UTC",
     "when the call was answered or dialing ended otherwise; absent if it never began", TIME,
     resultview_tm_end},
    {"fields.tm_hangup", "UTC", "when the call ended", TIME, resultview_tm_hangup},
    {"extra", "", "values that the default line does not have", "{}", resultview_extra},
    {"extra.current_queue", "", "queue that the call was in; absent if in none", "\"sales\"",
     resultview_current_queue},
    {"extra.current_agent", "", "agent who took the call; absent if nobody did",
     "\"SIP/agent1\"", resultview_current_agent},
    {"extra.campaign_name", "", "name of the campaign; absent if it has none", "\"spring\"",
     resultview_campaign_name},
    {"extra.plan_name", "", "name of the plan; absent if it has none", "\"daytime\"",
     resultview_plan_name},
    {"extra.caller_id", "", "caller id of the call; absent if it had none",
     "\"\\\"Shop\\\" <100>\"", resultview_caller_id},
    {"extra.outcome", "",
     "the outcome in one word: failed, refused, no_answer, answered, busy, congestion, "
     "machine, abandoned, local, unknown",
     "\"answered\"", resultview_outcome},
    {"info", "",
     "the frozen rows: {info_camp, info_plan, info_dlma, info_dest, info_dl_list, info_dial, "
     "info_events}; absent unless result_info_enable = yes",
     NULL, resultview_info},
    {"history", "",
     "list of the call's AMI events, header names in lower case; absent unless "
     "result_history_events_enable = yes",
     NULL, resultview_history},
    {0}};
