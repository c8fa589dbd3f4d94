#include "dialer/dialer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/record.h"
#include "io/watch.h"
#include "store/sqlite/sqlite.h"
#include "dialer/list/agenda.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/call/calls.h"
#include "dialer/call/dialing.h"
#include "dialer/pace/dialview.h"
#include "dialer/list/lead.h"
#include "dialer/pace/limits.h"
#include "dialer/pace/learnlua.h"
#include "dialer/plan/memory.h"
#include "dialer/decide/decide.h"
#include "dialer/plan/plan.h"
#include "dialer/pace/preview.h"
#include "dialer/call/resultview.h"
#include "dialer/plan/retryview.h"
#include "dialer/call/routeview.h"

#define LEAVE_TIME SECONDS(5)

/* ---- loading what an earlier run left ---- */

static bool dialer_load_items(struct engine *e, const struct statement *st,
                              const struct noun *n, struct map *into) {
    struct query q;
    query_begin(&q, e->store, st);
    while (query_step(&q)) {
        struct item *item = xcalloc(1, sizeof *item);
        item->row = query_row(&q, 0, n);
        map_put(into, row_uuid(item->row), item);
    }
    return query_end(&q);
}

static bool dialer_load_plans(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_all_plans);
    while (query_step(&q)) {
        struct row *row = query_row(&q, 0, &noun_plan);
        map_put(&e->plans, row_uuid(row), plan_new(e, row));
    }
    return query_end(&q);
}

static bool dialer_load_campaigns(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_all_campaigns);
    while (query_step(&q)) {
        struct row *row = query_row(&q, 0, &noun_campaign);
        map_put(&e->campaigns, row_uuid(row), campaign_new(e, row, true));
    }
    return query_end(&q);
}

/* Calls without a result. Asterisk's list of channels will tell whether they have ended. */
static bool dialer_load_dialings(struct engine *e) {
    struct query q;
    int found = 0;
    query_begin(&q, e->store, &read_ledger_open);
    while (query_step(&q))
        found += dialing_recover(e, &q) != NULL;
    if (found)
        log_info(e->log, "calls of an earlier run without a result: %d", found);
    return query_end(&q);
}

static void dialer_on_freed(void *arg, enum batch_end end) {
    (void)end;
    lead_tell(arg);
    lead_written(arg);
}

static void dialer_set_free(struct lead *l) {
    struct batch *b = batch_new();
    row_set_int(l->row, LEAD_STATUS, 0);
    row_set_text(l->row, LEAD_DIALING_UUID, NULL);
    row_set_text(l->row, LEAD_RESV_TARGET, NULL);
    agenda_write(l, b);
    store_submit(l->engine->store, b, dialer_on_freed, l);
}

/* Sets free leads that are marked as being called although the ledger has no such call, for
 * example because the database was edited. */
static bool dialer_free_stray_leads(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_leads_dialing);
    while (query_step(&q)) {
        struct lead *l = lead_hold_row(e, query_row(&q, 0, &noun_lead), NULL);
        if (map_get(&e->dialings, row_text(l->row, LEAD_DIALING_UUID)) == NULL) {
            log_warn(e->log,
                     "lead %s: it was marked as being called, but there is no such "
                     "call; set free",
                     row_uuid(l->row));
            dialer_set_free(l);
        }
        lead_release(l);
    }
    return query_end(&q);
}

/* Sets free leads that an earlier run offered to agents: these offers have ended. */
static bool dialer_free_reserved_leads(struct engine *e) {
    struct query q;
    query_begin(&q, e->store, &read_leads_reserved);
    while (query_step(&q)) {
        struct lead *l = lead_hold_row(e, query_row(&q, 0, &noun_lead), NULL);
        const char *agent = row_text(l->row, LEAD_RESV_TARGET);
        log_info(e->log, "lead %s: it was offered to %s in an earlier run; set free",
                 row_uuid(l->row), agent ? agent : "an unknown agent");
        dialer_set_free(l);
        lead_release(l);
    }
    return query_end(&q);
}

/* False if the store cannot be read. */
static bool dialer_load(struct engine *e) {
    bool ok =
        dialer_load_items(e, &read_all_dlmas, &noun_dlma, &e->dlmas) &&
        dialer_load_items(e, &read_all_destinations, &noun_destination, &e->destinations) &&
        dialer_load_items(e, &read_all_queues, &noun_queue, &e->queues) && memories_load(e) &&
        dialer_load_plans(e) && agendas_load(e) && dialer_load_campaigns(e);
    if (!ok)
        return false;
    for (struct map_entry *i = e->campaigns.first; i; i = i->next)
        decide_begin(i->value);
    agendas_sweep(e);
    return dialer_load_dialings(e) && dialer_free_stray_leads(e) &&
           dialer_free_reserved_leads(e);
}

/* ---- saving what is learned ---- */

static void dialer_on_save(void *arg) {
    campaigns_save(arg, false);
    memories_save(arg);
}

/* ---- strategies that change ---- */

static void dialer_on_files(void *arg) {
    int refused;
    plans_reload(arg, NULL, false, &refused);
}

/* Watches the strategies' folder, the folders in it, and the library beside it. */
static void dialer_watch_strategies(struct engine *e) {
    const char *path = e->conf->scripts.path;
    struct dirent *entry;
    DIR *dir = opendir(path);
    e->watch = watch_new(e->loop, dialer_on_files, e);
    while (e->watch && dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' && entry->d_name[1])
            continue;
        char *folder = xasprintf("%s/%s", path, entry->d_name);
        watch_folder(e->watch, folder); /* false for a file */
        free(folder);
    }
    if (dir)
        closedir(dir);
    char *library = xasprintf("%s/../scripts/lib", path);
    if (e->watch)
        watch_folder(e->watch, library);
    free(library);
}

/* ---- life ---- */

void dialer_conf_changed(struct engine *e) {
    e->scripts.memory = (size_t)e->conf->scripts.memory;
    e->scripts.instructions = e->conf->scripts.instructions;
    for (struct map_entry *i = e->asterisks.first; i; i = i->next) {
        asterisk_conf_changed(i->value);
    }
    for (struct map_entry *i = e->trunks.first; i; i = i->next) {
        struct trunk *t = i->value;
        cap_set(&t->cap, t->conf->channels, t->conf->cps);
    }
    agendas_count_anew(e); /* the limits may need other attempts now */
    campaigns_kick(e);
}

/* Checks at the start what would otherwise fail at the first call. */
static bool dialer_check_files(const struct conf *conf, char **err) {
    const char *result = conf->general.result_filename, *path = conf->scripts.path;
    if (access(path, R_OK | X_OK)) {
        *err = xasprintf("[scripts] path: %s: %s", path, strerror(errno));
        return false;
    }
    int fd = open(result, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        *err = xasprintf("[general] result_filename: %s: %s", result, strerror(errno));
    else
        close(fd);
    return fd >= 0;
}

/* The C library has one time zone for the whole process. */
static void dialer_set_timezone(const char *zone) {
    setenv("TZ", zone, 1);
    tzset();
}

static bool dialer_connect_all(struct engine *e, char **err) {
    for (size_t i = 0; i < e->conf->asterisk_count; i++) {
        const struct conf_asterisk *c = &e->conf->asterisks[i];
        struct asterisk *a = asterisk_new(e, c, &calls_events, err);
        if (a == NULL)
            return false;
        map_put(&e->asterisks, c->name, a);
    }
    for (size_t i = 0; i < e->conf->trunk_count; i++) {
        const struct conf_trunk *c = &e->conf->trunks[i];
        struct trunk *t = xcalloc(1, sizeof *t);
        *t = (struct trunk){c, {.channels = c->channels, .cps = c->cps}};
        map_put(&e->trunks, c->name, t);
    }
    return true;
}

struct engine *dialer_new(struct loop *l, const struct log *log, const struct conf *conf,
                          char **err) {
    return dialer_open(l, log, conf, &(struct engine_options){0}, err);
}

void dialer_lend(struct script_env *env) {
    env->functions[HOOK_DIAL] = learn_functions;
    env->views[HOOK_DIAL] = dialview_fields;
    env->views[HOOK_RETRY] = retryview_fields;
    env->views[HOOK_ROUTE] = routeview_fields;
    env->views[HOOK_RESULT] = resultview_fields;
}

/* An engine without a store. */
static struct engine *dialer_make(struct loop *l, const struct log *log,
                                  const struct conf *conf,
                                  const struct engine_options *options) {
    struct engine *e = xcalloc(1, sizeof *e);
    e->loop = l;
    e->log = log;
    e->conf = conf;
    e->options = *options;
    e->no_results = options->in_memory && *conf->general.result_filename == '\0';
    e->born = loop_clock(l)->mono;
    e->up.decide = decide_turn;
    e->up.rescheduled = decide_plan_changed;
    e->up.may_leave = decide_may_leave;
    LIST_INIT(&e->agendas);
    LIST_INIT(&e->reads);
    timer_init(&e->memory_save, l, dialer_on_save, e);
    if (options->seed)
        chance_seed(&e->chance, *options->seed);
    else
        chance_seed_kernel(&e->chance);
    record_bytes(loop_record(l), &e->chance, sizeof e->chance);
    e->scripts = (struct script_env){.log = log,
                                     .clock = loop_clock(l),
                                     .chance = &e->chance,
                                     .record = loop_record(l),
                                     .strategies = conf->scripts.path,
                                     .memory = (size_t)conf->scripts.memory,
                                     .instructions = conf->scripts.instructions};
    dialer_lend(&e->scripts);
    return e;
}

static bool dialer_open_store(struct engine *e, char **err) {
    const struct engine_options *options = &e->options;
    struct store_config sc = {.backend = &sqlite_backend,
                              .path = e->conf->database.db_sqlite3_data,
                              .full = e->conf->database.durability == CONF_FULL,
                              .memory = options->in_memory,
                              .replay = options->replay};
    e->store = store_open(e->loop, &sc, err);
    return e->store && (!options->copy_to || store_save(e->store, options->copy_to, err));
}

struct engine *dialer_open(struct loop *l, const struct log *log, const struct conf *conf,
                           const struct engine_options *options, char **err) {
    struct engine *e = dialer_make(l, log, conf, options);
    if ((!e->no_results && !options->replay && !dialer_check_files(conf, err)) ||
        !dialer_open_store(e, err)) {
        store_close(e->store);
        free(e);
        return NULL;
    }
    dialer_set_timezone(conf->general.timezone);
    if (!limits_open(e, conf, err) || !dialer_connect_all(e, err)) {
        dialer_close(e);
        return NULL;
    }
    if (!dialer_load(e)) {
        *err =
            xasprintf("%s: cannot be read (the log says more)", conf->database.db_sqlite3_data);
        dialer_close(e);
        return NULL;
    }
    if (!loop_clock(l)->is_virtual)
        dialer_watch_strategies(e);
    return e;
}

static void dialer_free_items(struct map *m) {
    for (struct map_entry *i = m->first; i; i = i->next) {
        struct item *item = i->value;
        row_free(item->row);
        json_decref(item->frozen);
        free(item);
    }
    map_free(m);
}

/* Frees the values of a map one by one, then the map. */
static void dialer_free_all(struct map *m, void (*fn)(void *value)) {
    while (m->first) {
        void *v = m->first->value;
        map_take(m, m->first->key);
        fn(v);
    }
    map_free(m);
}

static void dialer_free_dialing(void *v) { dialing_free(v); }
static void dialer_free_preview(void *v) { preview_free(v); }
static void dialer_free_campaign(void *v) { campaign_free(v); }
static void dialer_free_plan(void *v) { plan_release(v); }
static void dialer_free_asterisk(void *v) { asterisk_free(v); }

/* Reservations in progress end in a first round; what they write then, in a second. */
static void dialer_on_round(void *arg, enum batch_end end) {
    (void)end;
    struct engine *e = arg;
    if (e->leave.rounds-- > 0)
        store_submit(e->store, batch_new(), dialer_on_round, e);
    else if (e->leave.gone)
        e->leave.gone(e->leave.arg);
}

/* The disk takes too long; the next start will put things in order. */
static void dialer_on_leave_limit(void *arg) {
    struct engine *e = arg;
    log_warn(e->log, "leaving although not everything could be written to the database");
    e->leave.gone(e->leave.arg);
}

void dialer_leave(struct engine *e, void (*gone)(void *arg), void *arg) {
    if (e->leaving)
        return;
    e->leaving = true;
    e->leave.rounds = 2;
    e->leave.gone = gone;
    e->leave.arg = arg;
    timer_init(&e->leave.limit, e->loop, dialer_on_leave_limit, e);
    timer_set(&e->leave.limit, LEAVE_TIME);
    previews_withdraw(e, NULL, "the engine stops");
    dialer_on_round(e, BATCH_DURABLE);
}

void dialer_close(struct engine *e) {
    if (e == NULL)
        return;
    e->leaving = true;
    e->leave.gone = NULL;
    timer_stop(&e->leave.limit);
    watch_free(e->watch);
    campaigns_save(e, true);
    memories_save(e);
    store_close(e->store); /* writes what is left and calls its callbacks */
    e->out.event = NULL;
    map_free(&e->channels);
    dialer_free_all(&e->previews, dialer_free_preview);
    dialer_free_all(&e->dialings, dialer_free_dialing);
    dialer_free_all(&e->campaigns, dialer_free_campaign);
    agendas_free(e);
    dialer_free_all(&e->plans, dialer_free_plan);
    memories_free(e);
    map_free(&e->passed);
    dialer_free_items(&e->dlmas);
    dialer_free_items(&e->destinations);
    dialer_free_items(&e->queues);
    dialer_free_all(&e->asterisks, dialer_free_asterisk);
    dialer_free_all(&e->trunks, free);
    limits_close(e);
    map_free(&e->leads);
    map_free(&e->lead_ids);
    map_free(&e->fetches);
    free(e);
}
