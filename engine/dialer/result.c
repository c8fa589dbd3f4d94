#include "dialer/result.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_MAX 500 /* events of one call */

/* The lead as it is before it is reserved, with the sum of its tries. */
static json_t *freeze_lead(const struct row *lead) {
    json_t *o = row_json(lead);
    json_object_set_new(o, "trycnt", json_integer(lead_tries(lead)));
    return o;
}

static json_t *frozen(struct item *item) {
    if (item->frozen == NULL)
        item->frozen = row_json(item->row);
    return item->frozen;
}

/* What the tutorial calls info_dial: the call as it was asked for. */
static json_t *freeze_call(const struct dialing *d) {
    json_t *o = json_copy(d->call);
    json_object_del(o, "dial_caller_id");
    json_object_set_new(o, "uuid", json_string(row_uuid(d->lead->row)));
    json_object_set_new(o, "channelid", json_string(d->uuid));
    json_object_set_new(o, "otherchannelid", json_string(d->other));
    return o;
}

json_t *result_freeze(struct dialing *d) {
    struct campaign *c = d->campaign;
    struct item *dlma = campaign_dlma(c), *dest = campaign_destination(c);
    json_object_set_new(d->call, "dlma_uuid", json_string(row_uuid(dlma->row)));
    json_object_set_new(d->call, "dest_uuid", json_string(row_uuid(dest->row)));
    if (d->engine->conf->general.result_history_events_enable)
        d->history = json_array();
    json_t *call = freeze_call(d);
    json_object_del(call, "dlma_uuid");
    json_object_del(call, "dest_uuid");
    return json_pack("{s:O, s:O, s:O, s:O, s:o, s:o, s:[]}", "info_camp", frozen(&c->item),
                     "info_plan", frozen(&d->plan->item), "info_dlma", frozen(dlma),
                     "info_dest", frozen(dest), "info_dl_list", freeze_lead(d->lead->row),
                     "info_dial", call, "info_events");
}

void result_remember(struct dialing *d, const struct message *m) {
    if (json_array_size(d->history) >= HISTORY_MAX)
        return;
    json_t *event = json_object();
    for (unsigned i = 0; i < m->count; i++) {
        char *name = xstrdup(m->headers[i].name);
        for (char *p = name; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        json_t *value = json_string(m->headers[i].value);
        json_object_set_new(event, name, value ? value : json_string("?"));
        free(name);
    }
    char now[TIME_TEXT];
    time_text(now, engine_wall(d->engine));
    json_object_set_new(event, "tm_event", json_string(now));
    json_array_append_new(d->history, event);
}

static void put_time(json_t *o, const char *key, int64_t wall) {
    char text[TIME_TEXT];
    if (wall == 0)
        return;
    time_text(text, wall);
    json_object_set_new(o, key, json_string(text));
}

static void put_text(json_t *o, const char *key, const char *text) {
    if (text)
        json_object_set_new(o, key, json_string(text));
}

/* Variables of one frozen row, "" where it has none. */
static void put_variables(json_t *o, const char *key, json_t *info, const char *row) {
    const char *v =
        json_string_value(json_object_get(json_object_get(info, row), "variables"));
    put_text(o, key, v ? v : "");
}

/* protocol.md §5, the short form. */
static json_t *fields(const struct dialing *d) {
    json_t *o = json_copy(d->call);
    json_object_del(o, "dial_caller_id");
    if (json_object_get(o, "dial_application") && !json_object_get(o, "dial_data"))
        put_text(o, "dial_data", "");
    put_text(o, "camp_uuid", row_uuid(d->campaign->item.row));
    put_text(o, "channel_name", d->channel_name ? d->channel_name : "");
    put_text(o, "channelid", d->uuid);
    put_text(o, "dialing_uuid", d->uuid);
    put_text(o, "otherchannelid", d->other);
    put_text(o, "dl_list_uuid", row_uuid(d->lead->row));
    put_text(o, "uuid", row_uuid(d->lead->row));
    put_text(o, "plan_uuid", row_uuid(d->plan->item.row));
    put_variables(o, "dest_variables", d->info, "info_dest");
    put_variables(o, "dl_variables", d->info, "info_dl_list");
    put_variables(o, "plan_variables", d->info, "info_plan");
    char *variables = json_dumps(d->variables, JSON_COMPACT);
    put_text(o, "variables", variables ? variables : "{}");
    free(variables);
    json_object_set_new(o, "res_dial", json_integer(d->outcome.res_dial));
    json_object_set_new(o, "res_hangup", json_integer(d->outcome.res_hangup));
    put_text(o, "res_hangup_detail", d->outcome.res_hangup_detail);
    if (d->outcome.ours || d->facts.lost)
        put_text(o, "res_dial_detail", d->outcome.res_dial_detail);
    put_text(o, "res_amd", d->amd);
    put_text(o, "res_amd_detail", d->amd_detail);
    put_time(o, "tm_dialing", d->tm_dialing);
    put_time(o, "tm_dial_begin", d->tm_begin);
    put_time(o, "tm_dial_end", d->tm_end);
    put_time(o, "tm_hangup", d->tm_hangup);
    return o;
}

/* What the tutorial's lines do not have; scripts may want it. */
static json_t *extra(const struct dialing *d) {
    json_t *o = json_object();
    put_text(o, "current_queue", d->queue);
    put_text(o, "current_agent", d->agent);
    return o;
}

void result_write(struct dialing *d, struct batch *b) {
    const struct conf *conf = d->engine->conf;
    if (d->engine->no_results)
        return;
    json_t *view = json_object();
    json_object_set_new(view, "fields", fields(d));
    json_object_set_new(view, "extra", extra(d));
    if (conf->general.result_info_enable)
        json_object_set(view, "info", d->info);
    if (d->history)
        json_object_set(view, "history", d->history);
    char *line = plan_result(d->plan, view);
    if (line)
        batch_output(b, d->uuid, conf->general.result_filename, line);
    free(line);
    json_decref(view);
}
