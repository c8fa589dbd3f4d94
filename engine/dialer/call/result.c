#include "dialer/call/result.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/call/resultview.h"

#define HISTORY_MAX 500 /* events of one call */

/* The lead as it is before its reservation, with the number of its attempts. */
static json_t *result_freeze_lead(const struct row *lead) {
    json_t *o = row_json(lead);
    json_object_set_new(o, "trycnt", json_integer(leadrow_tries(lead)));
    return o;
}

static json_t *result_frozen(struct item *item) {
    if (item->frozen == NULL)
        item->frozen = row_json(item->row);
    return item->frozen;
}

/* info_dial of the tutorial: the call as it was asked for. */
static json_t *result_freeze_call(const struct dialing *d) {
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
    if (d->engine->no_results)
        return json_object();
    if (d->engine->conf->general.result_history_events_enable)
        d->history = json_array();
    json_t *call = result_freeze_call(d);
    json_object_del(call, "dlma_uuid");
    json_object_del(call, "dest_uuid");
    return json_pack("{s:O, s:O, s:O, s:O, s:o, s:o, s:[]}", "info_camp",
                     result_frozen(&c->item), "info_plan", result_frozen(&d->plan->item),
                     "info_dlma", result_frozen(dlma), "info_dest", result_frozen(dest),
                     "info_dl_list", result_freeze_lead(d->lead->row), "info_dial", call,
                     "info_events");
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

/* The path of a result file in the folder of the configured one; file NULL: the configured
 * one. The database may be in the same folder: no result is written into its files. */
static char *result_path_of(const struct engine *e, const char *file) {
    const char *usual = e->conf->general.result_filename, *slash = strrchr(usual, '/');
    const char *db = e->conf->database.db_sqlite3_data;
    if (file == NULL)
        return xstrdup(usual);
    char *path = xasprintf("%.*s%s", slash ? (int)(slash - usual + 1) : 0, usual, file);
    if (!strstr(file, ".sqlite") && !str_has_prefix(path, db))
        return path;
    log_warn(e->log, "result file %s belongs to a database; the result goes to %s", path,
             usual);
    free(path);
    return xstrdup(usual);
}

void result_write(struct dialing *d, struct batch *b) {
    if (d->engine->no_results)
        return;
    json_t *view = view_make(resultview_fields, d);
    char *file, *line;
    line = plan_result(d->plan, d->policy, row_uuid(d->campaign->item.row), view, &file);
    char *path = line ? result_path_of(d->engine, file) : NULL;
    if (line)
        batch_output(b, d->ledger, path, line);
    free(path);
    free(file);
    free(line);
    json_decref(view);
}
