#include "dialer/call/calls.h"

#include <string.h>
#include <strings.h>

#include "dialer/call/dialing.h"

/* The header of the event that names the call: Uniqueid for most events. */
static const char *calls_id_of(const struct message *m) {
    const char *event = message_text(m, "Event");
    if (strcasecmp(event, "DialBegin") == 0 || strcasecmp(event, "DialEnd") == 0 ||
        strcasecmp(event, "DialState") == 0)
        return message_get(m, "DestUniqueid");
    if (strcasecmp(event, "OriginateResponse") == 0) /* after a refusal Uniqueid is another's */
        return message_get(m, "ActionID");
    return message_get(m, "Uniqueid");
}

static void calls_on_event(struct asterisk *a, const struct message *m) {
    const char *id = calls_id_of(m);
    struct dialing *d = id ? map_get(&a->engine->channels, id) : NULL;
    if (d)
        dialing_event(d, m, strcmp(id, d->uuid) == 0);
    else if ((d = map_get(&a->engine->channels, message_text(m, "Uniqueid"))) &&
             strcmp(d->uuid, message_text(m, "Uniqueid")) == 0)
        dialing_dials(d, m);
}

/* Calls that were sent before the list was asked for and are not on it have ended. */
static void calls_on_looked(struct asterisk *a) {
    for (struct map_entry *e = a->engine->dialings.first, *next; e; e = next) {
        next = e->next;
        struct dialing *d = e->value;
        if (d->asterisk != a || !dialing_is_sent(d) || d->tm_dialing >= a->look_time)
            continue;
        const char *channel = map_get(&a->present, d->uuid);
        if (channel == NULL && dialing_may_come(d, client_generation(a->client)))
            continue;
        if (channel == NULL)
            dialing_missed(d);
        else
            dialing_found(d, channel + 1, *channel == 'U');
    }
}

static const char *calls_campaign_of(const struct asterisk *a, const char *channel) {
    const struct dialing *d = map_get(&a->engine->channels, channel);
    return d ? row_uuid(d->campaign->item.row) : "";
}

const struct asterisk_events calls_events = {calls_on_event, calls_on_looked,
                                             calls_campaign_of};
