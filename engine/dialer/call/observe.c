#include "dialer/call/observe.h"

#include <string.h>

void observe_begun(struct dialing *d) {
    d->begun = engine_seconds(d->engine);
    learn_begun(&d->campaign->observer->learn, d->begun);
    d->watched = true;
}

/* In the ledger at once, so that the call counts even if the engine is killed meanwhile. */
static void observe_write_join(const struct dialing *d) {
    char join[TIME_TEXT];
    struct batch *b = batch_new();
    time_text(join, d->tm_join);
    batch_statement(b, &write_ledger_join,
                    BIND(ARG_INT("id", d->ledger), ARG_TEXT("tm_join", join),
                         ARG_INT("abandoned", d->abandoned)));
    store_submit(d->engine->store, b, NULL, NULL);
}

/* After a restart: the join event was missed, but the caller was in the queue. */
static void observe_count_unseen(struct dialing *d) {
    if (d->recovered && d->tm_join == 0)
        observe_joined(d);
}

void observe_joined(struct dialing *d) {
    if (d->tm_join)
        return;
    d->tm_join = engine_wall(d->engine);
    observe_write_join(d);
    live_add(&d->campaign->observer->live, d->tm_join, 1, 0);
    if (d->watched)
        learn_answered(&d->campaign->observer->learn, engine_seconds(d->engine), d->begun);
    d->watched = false;
}

static void observe_abandon(struct dialing *d) {
    d->abandoned = true;
    observe_write_join(d);
    live_add(&d->campaign->observer->live, d->tm_join, 0, 1);
}

void observe_connected(struct dialing *d) {
    observe_count_unseen(d);
    if (d->tm_join == 0 || d->tm_connect)
        return;
    d->tm_connect = engine_wall(d->engine);
    char connect[TIME_TEXT];
    struct batch *b = batch_new();
    time_text(connect, d->tm_connect);
    batch_statement(b, &write_ledger_connect,
                    BIND(ARG_INT("id", d->ledger), ARG_TEXT("tm_connect", connect)));
    store_submit(d->engine->store, b, NULL, NULL);
    double waited = (double)(d->tm_connect - d->tm_join) / (double)NS_PER_S;
    if (!d->abandoned && waited > d->engine->conf->limits.abandon_within)
        observe_abandon(d);
}

void observe_gone(struct dialing *d) {
    if (d->watched && d->amd && strcmp(d->amd, "MACHINE") == 0)
        live_add_machine(&d->campaign->observer->live, engine_wall(d->engine));
    if (d->watched)
        learn_ended(&d->campaign->observer->learn, engine_seconds(d->engine), d->begun);
    d->watched = false;
    if (d->tm_join && d->tm_connect == 0 && !d->abandoned)
        observe_abandon(d);
}

void observe_left_queue(struct dialing *d) {
    observe_count_unseen(d);
    observe_gone(d);
}

void observe_unsent(struct dialing *d) {
    if (d->watched)
        learn_unsent(&d->campaign->observer->learn, engine_seconds(d->engine), d->begun);
    d->watched = false;
}
