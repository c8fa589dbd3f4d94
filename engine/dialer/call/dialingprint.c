/* A dialing as the headers of its event or list entry, in the tutorial's order. */
#include "dialer/call/dialing.h"

static void dialingprint_print_time(struct str *b, const char *name, int64_t wall) {
    char text[TIME_TEXT];
    if (wall)
        time_text(text, wall);
    header_add(b, name, wall ? text : NULL);
}

static void dialingprint_print_call(const struct dialing *d, struct str *b, const char *name,
                                    const char *key) {
    header_add(b, name, json_string_value(json_object_get(d->call, key)));
}

static void dialingprint_print_number(const struct dialing *d, struct str *b, const char *name,
                                      const char *key) {
    header_int(b, name, json_integer_value(json_object_get(d->call, key)));
}

static void dialingprint_print_target(const struct dialing *d, struct str *b) {
    bool app = json_object_get(d->call, "dial_application") != NULL;
    dialingprint_print_number(d, b, "DialType", "dial_type");
    dialingprint_print_call(d, b, "DialExten", "dial_exten");
    dialingprint_print_call(d, b, "DialContext", "dial_context");
    dialingprint_print_call(d, b, "DialApplication", "dial_application");
    if (app) /* an application's null data prints empty, as in the tutorial */
        header_add(b, "DialData", dialing_text(d, "dial_data"));
    else
        dialingprint_print_call(d, b, "DialData", "dial_data");
}

void dialing_print(const struct dialing *d, struct str *b) {
    header_add(b, "Uuid", d->uuid);
    header_int(b, "Status", d->status);
    header_add(b, "CampUuid", row_uuid(d->campaign->item.row));
    header_add(b, "PlanUuid", row_uuid(d->plan->item.row));
    header_add(b, "DlmaUuid", dialing_text(d, "dlma_uuid"));
    header_add(b, "DestUuid", dialing_text(d, "dest_uuid"));
    header_add(b, "DlListUuid", row_uuid(d->lead->row));
    if (d->queue)
        header_add(b, "CurrentQueue", d->queue);
    if (d->agent)
        header_add(b, "CurrentAgent", d->agent);
    dialingprint_print_number(d, b, "DialIndex", "dial_index");
    dialingprint_print_call(d, b, "DialAddr", "dial_addr");
    dialingprint_print_call(d, b, "DialChannel", "dial_channel");
    dialingprint_print_number(d, b, "DialTryCnt", "dial_trycnt");
    dialingprint_print_number(d, b, "DialTimeout", "dial_timeout");
    dialingprint_print_target(d, b);
    vars_print(d->variables, b);
    header_add(b, "ChannelName", d->channel_name);
    header_int(b, "ResDial", d->outcome.res_dial);
    if (d->amd) {
        header_add(b, "ResAmd", d->amd);
        header_add(b, "ResAmdDetail", d->amd_detail);
    }
    header_int(b, "ResHangup", d->outcome.res_hangup);
    header_add(b, "ResHangupDetail", d->outcome.res_hangup_detail);
    dialingprint_print_time(b, "TmCreate", d->tm_create);
    dialingprint_print_time(b, "TmUpdate", d->tm_update);
    dialingprint_print_time(b, "TmDelete", d->stage == STAGE_FINISHED ? d->tm_hangup : 0);
}
