#include "dialer/call/originate.h"

#include <stdlib.h>
#include <string.h>

#include "ami/message.h"
#include "dialer/core/number.h"
#include "dialer/call/routeview.h"

#define AGENT_RING 30 /* s that an agent's phone rings for the call that they accepted */
#define REPLY_TIME SECONDS(30)
#define VALUE_MAX 900 /* bytes of Data, CallerID and the like: a line holds 1,024 */

/* From campaign, plan, dlma, destination and lead; the later overrides the earlier. */
static json_t *call_originate_merged(const struct dialing *d) {
    const struct campaign *c = d->campaign;
    const json_t *sets[] = {
        row_vars(c->item.row, CAMPAIGN_VARIABLES),
        row_vars(d->plan->item.row, PLAN_VARIABLES),
        row_vars(campaign_dlma(c)->row, DLMA_VARIABLES),
        row_vars(campaign_destination(c)->row, DESTINATION_VARIABLES),
        row_vars(d->lead->row, LEAD_VARIABLES),
    };
    json_t *all = json_object();
    for (size_t i = 0; i < ARRAY_LEN(sets); i++)
        if (sets[i])
            json_object_update(all, (json_t *)(uintptr_t)sets[i]);
    return all;
}

static void call_originate_put_text(json_t *o, const char *key, const char *text) {
    if (text)
        json_object_set_new(o, key, json_string(text));
}

/* A text of the route hook's result; `otherwise` if it has none of that key. */
static const char *call_originate_routed(json_t *route, const char *key,
                                         const char *otherwise) {
    const char *s = json_string_value(json_object_get(route, key));
    return s ? s : otherwise;
}

static char *call_originate_default_channel(const struct dialing *d, json_t *route) {
    const struct row *plan = d->plan->item.row;
    const char *tech = row_text(plan, PLAN_TECH_NAME);
    const char *trunk = call_originate_routed(route, "trunk", row_text(plan, PLAN_TRUNK_NAME));
    return xasprintf("%s%s%s%s", tech ? tech : "", dialing_text(d, "dial_addr"),
                     trunk ? "@" : "", trunk ? trunk : "");
}

/* `trunk = NAME` in the result: the call counts against the limits of that trunk, not of the
 * plan's. NULL, or why the trunk cannot be used. */
static const char *call_originate_take_trunk(struct dialing *d, const json_t *route) {
    const json_t *name = json_object_get(route, "trunk");
    if (name == NULL || json_is_null(name))
        return NULL;
    struct trunk *t = map_get(&d->engine->trunks, json_string_value(name));
    if (t == NULL)
        return "the route script names a trunk that has no [trunk:] section";
    if (strcmp(t->conf->asterisk, d->asterisk->conf->name))
        return "the route script names a trunk of another Asterisk";
    d->trunk = t;
    return NULL;
}

/* The agent who accepted the lead gets the call, not the next agent of the queue. */
static void call_originate_plan_agent(struct dialing *d, json_t *route) {
    char queue[128];
    const struct row *dest = campaign_destination(d->campaign)->row;
    bool elsewhere = json_object_get(route, "application") || json_object_get(route, "exten");
    if (d->target == NULL || elsewhere || row_int(dest, DESTINATION_TYPE) != 1 ||
        campaign_queue(d->campaign, queue) == NULL)
        return;
    json_object_set_new(route, "application", json_string("Dial"));
    json_object_set_new(route, "data", json_sprintf("%s,%d", d->target, AGENT_RING));
}

static void call_originate_plan_target(struct dialing *d, json_t *route) {
    const struct row *dest = campaign_destination(d->campaign)->row;
    bool app = row_int(dest, DESTINATION_TYPE) == 1;
    if (json_object_get(route, "application"))
        app = true;
    else if (json_object_get(route, "exten"))
        app = false;
    json_object_set_new(d->call, "dial_type", json_integer(app));
    if (app) {
        call_originate_put_text(d->call, "dial_application",
                                call_originate_routed(route, "application",
                                                      row_text(dest, DESTINATION_APPLICATION)));
        call_originate_put_text(d->call, "dial_data",
                                call_originate_routed(route, "data",
                                                      row_text(dest, DESTINATION_DATA)));
        return;
    }
    call_originate_put_text(d->call, "dial_exten",
                            call_originate_routed(route, "exten",
                                                  row_text(dest, DESTINATION_EXTEN)));
    call_originate_put_text(d->call, "dial_context",
                            call_originate_routed(route, "context",
                                                  row_text(dest, DESTINATION_CONTEXT)));
    const char *priority = row_text(dest, DESTINATION_PRIORITY);
    call_originate_put_text(d->call, "dial_priority",
                            call_originate_routed(route, "priority",
                                                  priority ? priority : "1"));
}

static void call_originate_plan_variables(struct dialing *d, json_t *route) {
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get(route, "variables"), name, value) {
        char *text = json_is_string(value) ? xstrdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        const char *why = variable_add(d->variables, name, text ? text : "");
        if (why)
            log_warn(d->engine->log, "dialing %s: variable %.64s of the route script %s",
                     d->uuid, name, why);
        free(text);
    }
}

/* Why the call cannot be sent: values that are too long, missing, or would break their line.
 * NULL if it can. */
static const char *call_originate_find_fault(const struct dialing *d) {
    static const char *const keys[] = {"dial_application", "dial_data",     "dial_exten",
                                       "dial_context",     "dial_priority", "dial_caller_id"};
    if (!number_is_channel(dialing_text(d, "dial_channel")))
        return "its channel is not of the form Technology/resource";
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *v = json_string_value(json_object_get(d->call, keys[i]));
        if (v && (strlen(v) > VALUE_MAX || strpbrk(v, "\r\n")))
            return "its extension, application, data or caller id is over 900 bytes or has a "
                   "line break";
    }
    bool app = json_integer_value(json_object_get(d->call, "dial_type")) == 1;
    if (json_object_get(d->call, app ? "dial_application" : "dial_exten") == NULL)
        return "its destination has neither application nor extension";
    return json_object_size(d->variables) > VARIABLES_MAX ? "it has more than 100 variables"
                                                          : NULL;
}

const char *originate_plan(struct dialing *d) {
    const struct row *plan = d->plan->item.row;
    d->call = json_object();
    d->variables = call_originate_merged(d);
    call_originate_put_text(d->variables, "OUTAGENT", d->target);
    call_originate_put_text(d->call, "dial_addr",
                            row_text(d->lead->row, LEAD_NUMBER_1 + d->index - 1));
    json_object_set_new(d->call, "dial_index", json_integer(d->index));
    json_object_set_new(d->call, "dial_trycnt", json_integer(d->tries));
    json_t *view = view_make(routeview_fields, d), *route;
    route = plan_route(d->plan, row_uuid(d->campaign->item.row), view);
    const char *fault = call_originate_take_trunk(d, route);
    char *channel = call_originate_default_channel(d, route);
    double asked = json_number_value(json_object_get(route, "timeout"));
    int64_t timeout =
        asked >= 1 && asked <= 3600000 ? (int64_t)asked : row_int(plan, PLAN_DIAL_TIMEOUT);
    const char *trunk_id =
        d->trunk && *d->trunk->conf->callerid ? d->trunk->conf->callerid : NULL;
    const char *plan_id = row_text(plan, PLAN_CALLER_ID);
    call_originate_put_text(d->call, "dial_channel",
                            call_originate_routed(route, "channel", channel));
    json_object_set_new(d->call, "dial_timeout", json_integer(timeout));
    call_originate_put_text(d->call, "dial_caller_id",
                            call_originate_routed(route, "caller_id",
                                                  plan_id ? plan_id : trunk_id));
    call_originate_plan_agent(d, route);
    call_originate_plan_target(d, route);
    call_originate_plan_variables(d, route);
    free(channel);
    json_decref(route);
    json_decref(view);
    return fault ? fault : call_originate_find_fault(d);
}

/* Adds the action's headers, without ActionID. False if a variable is too long. */
static bool originate_print(const struct dialing *d, struct str *action) {
    static const struct {
        const char *key, *header;
    } lines[] = {{"dial_caller_id", "CallerID"}, {"dial_application", "Application"},
                 {"dial_data", "Data"},          {"dial_exten", "Exten"},
                 {"dial_context", "Context"},    {"dial_priority", "Priority"}};
    const struct row *plan = d->plan->item.row;
    header_add(action, "Action", "Originate");
    header_add(action, "Channel", dialing_text(d, "dial_channel"));
    header_add(action, "ChannelId", d->uuid);
    header_add(action, "OtherChannelId", d->other);
    header_int(action, "Timeout", json_integer_value(json_object_get(d->call, "dial_timeout")));
    header_add(action, "Async", "true");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const char *v = json_string_value(json_object_get(d->call, lines[i].key));
        if (v)
            header_add(action, lines[i].header, v);
    }
    if (row_text(plan, PLAN_EARLY_MEDIA))
        header_add(action, "EarlyMedia", row_text(plan, PLAN_EARLY_MEDIA));
    if (row_text(plan, PLAN_CODECS))
        header_add(action, "Codecs", row_text(plan, PLAN_CODECS));
    const char *name;
    json_t *value;
    json_object_foreach (d->variables, name, value)
        if (!variable_print(action, name, json_string_value(value)))
            return false;
    return true;
}

/* ---- sending ---- */

/* Finds the dialing that a reply is for; it may have ended. */
struct reply_key {
    struct engine *engine;
    char uuid[UUID_TEXT];
    void (*refused)(struct dialing *d, bool servers);
};

static void originate_on_reply(void *arg, enum reply_kind kind, const struct message *m,
                               bool last) {
    (void)last;
    struct reply_key *key = arg;
    struct dialing *d = map_get(&key->engine->dialings, key->uuid);
    if (d && asterisk_is_error(kind, m)) {
        const char *why = message_text(m, "Message");
        bool servers = strstr(why, "shutting down") || strstr(why, "ermission denied");
        log_warn(key->engine->log, "dialing %s: Asterisk refused the Originate: %s", d->uuid,
                 why);
        if (servers)
            asterisk_rest(d->asterisk, "Originate", why);
        key->refused(d, servers);
    }
    free(key);
}

bool originate_send(struct dialing *d, void (*refused)(struct dialing *d, bool servers)) {
    struct client *client = d->asterisk->client;
    struct str b = {0};
    bool sent = client_is_up(client) && originate_print(d, &b);
    if (sent) {
        struct reply_key *key = xcalloc(1, sizeof *key);
        *key = (struct reply_key){.engine = d->engine, .refused = refused};
        memcpy(key->uuid, d->uuid, sizeof key->uuid);
        d->generation = client_generation(client);
        sent = client_send_as(client, d->uuid, &b, REPLY_TIME, originate_on_reply, key);
        if (!sent)
            free(key);
    }
    str_free(&b);
    return sent;
}
