#include "dialer/pbx/asterisk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/record.h"
#include "io/tls.h"
#include "dialer/campaign/campaign.h"
#include "dialer/pbx/queue.h"

#define LIST_TIME SECONDS(30)
#define REPLY_TIME SECONDS(30)
#define CHECK_EVERY SECONDS(60)
#define FAULT_WINDOW SECONDS(2) /* failures this close together belong to one cluster */
#define FAULT_CLUSTER 5
#define REST_MIN SECONDS(2)
#define REST_MAX SECONDS(60)
#define ORIGINATES_MIN 2

/* ---- the list of channels ---- */

static void asterisk_free_present(struct asterisk *a) {
    for (struct map_entry *e = a->present.first; e; e = e->next)
        free(e->value);
    map_free(&a->present);
}

static void asterisk_set_synced(struct asterisk *a) {
    if (a->synced || a->looking || a->counting || !client_is_up(a->client))
        return;
    a->synced = true;
    campaigns_kick(a->engine);
}

bool asterisk_is_error(enum reply_kind kind, const struct message *m) {
    return kind == REPLY_RESPONSE && strcasecmp(message_text(m, "Response"), "Success");
}

void asterisk_rest(struct asterisk *a, const char *action, const char *why) {
    if (a->resting)
        return;
    if (a->rest == REST_MIN)
        log_error(a->engine->log,
                  "asterisk %s refused %s: %s; no call begins there until it accepts it",
                  a->conf->name, action, why);
    a->resting = true;
    timer_set(&a->wake, a->rest);
    a->rest = a->rest * 2 < REST_MAX ? a->rest * 2 : REST_MAX;
}

static void asterisk_on_wake(void *arg) {
    struct asterisk *a = arg;
    a->resting = false;
    if (!a->synced)
        asterisk_look(a);
    campaigns_kick(a->engine);
}

/* Notes a channel of one of the engine's calls in a->present. */
static void asterisk_add_present(struct asterisk *a, const struct message *m) {
    const char *id = message_get(m, "Uniqueid");
    if (id == NULL || map_get(&a->engine->dialings, id) == NULL)
        return;
    bool up = strcmp(message_text(m, "ChannelState"), "6") == 0 &&
              strcasecmp(message_text(m, "Application"), "AppDial2");
    free(map_put(&a->present, id,
                 xasprintf("%c%s", up ? 'U' : 'D', message_text(m, "Channel"))));
}

static void asterisk_on_channel(void *arg, enum reply_kind kind, const struct message *m,
                                bool last) {
    struct asterisk *a = arg;
    if (kind == REPLY_ITEM)
        asterisk_add_present(a, m);
    if (!last)
        return;
    a->looking = false;
    if (kind == REPLY_COMPLETE)
        a->events->looked(a);
    asterisk_free_present(a);
    if (kind == REPLY_COMPLETE)
        asterisk_set_synced(a);
    else if (client_is_up(a->client)) /* without the list no call's end is certain */
        asterisk_rest(a, "CoreShowChannels",
                      asterisk_is_error(kind, m) ? message_text(m, "Message") : "no answer");
}

void asterisk_look(struct asterisk *a) {
    if (a->looking || !client_is_up(a->client))
        return;
    struct str b = {0};
    header_add(&b, "Action", "CoreShowChannels");
    a->looking = true;
    a->look_time = engine_wall(a->engine);
    client_send(a->client, &b, LIST_TIME, asterisk_on_channel, a);
    str_free(&b);
}

/* ---- the list of queues ---- */

static void asterisk_on_queue(void *arg, enum reply_kind kind, const struct message *m,
                              bool last) {
    struct asterisk *a = arg;
    if (kind == REPLY_ITEM)
        queue_item(a, m);
    if (!last)
        return;
    a->counting = false;
    if (asterisk_is_error(kind, m)) /* an Asterisk without app_queue works, without agents */
        log_info(a->engine->log, "asterisk %s has no queues: %s", a->conf->name,
                 message_text(m, "Message"));
    else if (kind == REPLY_COMPLETE)
        queues_end(a);
    if (kind != REPLY_LOST)
        asterisk_set_synced(a);
    else if (client_is_up(a->client))
        timer_set(&a->check, REST_MIN);
}

static void asterisk_count_agents(struct asterisk *a) {
    if (a->counting || !client_is_up(a->client))
        return;
    struct str b = {0};
    header_add(&b, "Action", "QueueStatus");
    a->counting = true;
    queues_begin(a);
    client_send(a->client, &b, LIST_TIME, asterisk_on_queue, a);
    str_free(&b);
}

/* From time to time: corrects the queues and finds calls whose end was missed. */
static void asterisk_on_check(void *arg) {
    struct asterisk *a = arg;
    asterisk_count_agents(a);
    if (a->engine->dialings.count || !a->synced)
        asterisk_look(a);
    timer_set(&a->check, CHECK_EVERY);
}

/* ---- events ---- */

static void asterisk_on_event(void *arg, const struct message *m) {
    struct asterisk *a = arg;
    a->events->event(a, m);
    queue_event(a, m);
}

static void asterisk_on_up(void *arg) {
    struct asterisk *a = arg;
    a->originates = a->conf->originates;
    a->resting = false;
    a->rest = REST_MIN;
    asterisk_look(a);
    asterisk_count_agents(a);
    timer_set(&a->check, CHECK_EVERY);
}

static void asterisk_on_down(void *arg, const char *why) {
    struct asterisk *a = arg;
    (void)why;
    a->synced = false;
    timer_stop(&a->check);
    timer_stop(&a->wake);
    campaigns_kick(a->engine);
}

static const struct client_events client_events = {asterisk_on_up, asterisk_on_down,
                                                   asterisk_on_event};

/* ---- actions ---- */

void asterisk_hangup(struct asterisk *a, const char *channel) {
    struct str b = {0};
    header_add(&b, "Action", "Hangup");
    header_add(&b, "Channel", channel);
    header_int(&b, "Cause", 16);
    client_send(a->client, &b, REPLY_TIME, NULL, NULL);
    str_free(&b);
}

/* ---- limits ---- */

void asterisk_ask(struct asterisk *a) { a->asked++; }

void asterisk_answer(struct asterisk *a) { a->asked--; }

void asterisk_fault(struct asterisk *a) {
    int64_t now = engine_now(a->engine);
    a->faults = now - a->fault_time < FAULT_WINDOW ? a->faults + 1 : 1;
    a->fault_time = now;
    if (a->faults < FAULT_CLUSTER)
        return;
    a->faults = 0;
    a->originates = a->originates / 2 > ORIGINATES_MIN ? a->originates / 2 : ORIGINATES_MIN;
    if (a->originates > a->conf->originates)
        a->originates = a->conf->originates;
    log_warn(a->engine->log,
             "asterisk %s: calls fail before a channel exists (endpoint, trunk or "
             "technology?): slowing down to %lld at a time",
             a->conf->name, (long long)a->originates);
}

void asterisk_good(struct asterisk *a) {
    a->rest = REST_MIN;
    if (a->originates < a->conf->originates)
        a->originates++;
}

bool asterisk_is_ready(const struct asterisk *a) {
    return a->synced && !a->resting && client_is_up(a->client);
}

void asterisk_conf_changed(struct asterisk *a) {
    cap_set(&a->cap, a->conf->channels, a->conf->cps);
    a->originates = a->conf->originates;
}

/* ---- its agents ---- */

void asterisk_offer_begins(struct asterisk *a, const char *agent, struct preview *p) {
    map_put(&a->offered, agent, p);
}

void asterisk_offer_ends(struct asterisk *a, const char *agent) {
    map_take(&a->offered, agent);
}

bool asterisk_is_offered(const struct asterisk *a, const char *agent) {
    return map_get(&a->offered, agent) != NULL;
}

void asterisk_claim(struct asterisk *a, const char *agent, struct dialing *d) {
    map_put(&a->claimed, agent, d);
}

bool asterisk_unclaim(struct asterisk *a, const char *agent, const struct dialing *d) {
    return map_get(&a->claimed, agent) == d && map_take(&a->claimed, agent);
}

bool asterisk_is_claimed(const struct asterisk *a, const char *agent) {
    return map_get(&a->claimed, agent) != NULL;
}

/* ---- life ---- */

struct asterisk *asterisk_new(struct engine *e, const struct conf_asterisk *conf,
                              const struct asterisk_events *events, char **err) {
    bool encrypted = conf->tls && !record_is_replayed(loop_record(e->loop));
    struct tls *tls = encrypted ? tls_client(conf->tlscafile, err) : NULL;
    if (encrypted && tls == NULL)
        return NULL;
    struct asterisk *a = xcalloc(1, sizeof *a);
    a->engine = e;
    a->events = events;
    a->tls = tls;
    a->conf = conf;
    asterisk_conf_changed(a);
    a->rest = REST_MIN;
    timer_init(&a->check, e->loop, asterisk_on_check, a);
    timer_init(&a->wake, e->loop, asterisk_on_wake, a);
    struct client_config config = {.name = conf->name,
                                   .host = conf->host,
                                   .port = (int)conf->port,
                                   .username = conf->username,
                                   .secret = conf->secret,
                                   .tls = tls,
                                   .dial = e->options.dial,
                                   .dial_arg = e->options.dial_arg};
    a->client = client_new(e->loop, &e->chance, &config, &client_events, a);
    return a;
}

void asterisk_free(struct asterisk *a) {
    timer_stop(&a->check);
    timer_stop(&a->wake);
    a->synced = false;
    client_free(a->client);
    for (struct map_entry *e = a->queues.first; e; e = e->next)
        queue_free(e->value);
    map_free(&a->queues);
    map_free(&a->offered);
    map_free(&a->claimed);
    asterisk_free_present(a);
    tls_free(a->tls);
    free(a);
}
