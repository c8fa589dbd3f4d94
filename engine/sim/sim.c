#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "sim/fate.h"
#include "sim/action.h"
#include "sim/agent.h"
#include "sim/call.h"

#define OWED_MAX (64u << 20) /* bytes a client may leave unread */

/* ---- time and events ---- */

double sim_time(const struct sim *sim) {
    return (double)(sim->clock->mono - sim->start) / (double)NS_PER_S;
}

long long sim_epoch(const struct sim *sim) { return sim->clock->wall / NS_PER_S; }

bool event_begin(struct sim *sim, uint32_t need, const char *name) {
    static const struct {
        uint32_t need;
        const char *privilege;
    } classes[] = {
        {CLASS_CALL, "call,all"},
        {CLASS_DIALPLAN, "dialplan,all"},
        {CLASS_AGENT, "agent,all"},
        {CLASS_USER, "user,all"},
    };
    struct session *s = server_first(sim->server);
    while (s && !(session_user(s) && (session_user(s)->read & session_mask(s) & need)))
        s = session_next(s);
    if (s == NULL)
        return false;
    str_reset(&sim->out);
    header_add(&sim->out, "Event", name);
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (classes[i].need == need)
            header_add(&sim->out, "Privilege", classes[i].privilege);
    return true;
}

void event_send(struct sim *sim, uint32_t need) {
    message_end(&sim->out);
    server_event(sim->server, need, &sim->out);
}

/* ---- users ---- */

/* Everybody may do everything. */
static void sim_make_users(struct sim *sim) {
    static const struct world_user usual[] = {{(char *)"astout", (char *)"astout"},
                                              {(char *)"admin", (char *)"admin"}};
    const struct world *w = sim->world;
    const struct world_user *from = w->user_count ? w->users : usual;
    size_t n = w->user_count ? w->user_count : ARRAY_LEN(usual);
    sim->users.list = xcalloc(n, sizeof *sim->users.list);
    sim->users.count = n;
    for (size_t i = 0; i < n; i++)
        sim->users.list[i] = (struct user){.name = from[i].name,
                                           .secret = from[i].secret,
                                           .read = CLASS_ALL,
                                           .write = CLASS_ALL,
                                           .allowmultiplelogin = true};
}

/* ---- life ---- */

/* The version of AMI in the first line. */
static const char *sim_banner(void *arg) {
    const struct sim *sim = arg;
    return sim->dialect == 22 ? "11.0.0" : "5.0.4";
}

/* All memory, once nothing can call back any more. */
static void sim_destroy(void *arg) {
    struct sim *sim = arg;
    struct simqueue *q;
    while (!LIST_EMPTY(&sim->calls))
        simcall_free(LIST_FIRST(&sim->calls));
    while ((q = STAILQ_FIRST(&sim->queues)) != NULL) {
        STAILQ_REMOVE_HEAD(&sim->queues, link);
        simqueue_free(q);
    }
    simagents_free(sim);
    map_free(&sim->legs);
    str_free(&sim->out);
    tally_free(&sim->tally);
    free(sim->users.list);
    world_free(sim->world);
    free(sim);
}

/* Refuses an unknown outcome or dialect. */
static char *sim_check(const struct sim *sim) {
    if (sim->dialect != 16 && sim->dialect != 22)
        return xasprintf("dialect %d: must be 16 or 22", sim->dialect);
    for (unsigned i = 0; i < sim->world->number_count; i++)
        if (!fate_is_word(sim->world->numbers[i].word))
            return xasprintf("world: numbers.%s: unknown outcome %s",
                             sim->world->numbers[i].pattern, sim->world->numbers[i].word);
    return NULL;
}

/* All but the server: who is there before anybody connects. */
static struct sim *sim_make(struct loop *l, const struct sim_config *config, char **err) {
    struct world *w = world_new(config->world, err);
    if (w == NULL)
        return NULL;
    struct sim *sim = xcalloc(1, sizeof *sim);
    sim->loop = l;
    sim->clock = loop_clock(l);
    sim->log = config->log ? config->log : loop_log(l);
    sim->world = w;
    sim->seed = config->seed;
    sim->dialect = config->dialect;
    sim->start = sim->clock->mono;
    sim->start_wall = sim->clock->wall;
    tally_start(&sim->tally, sim->clock);
    STAILQ_INIT(&sim->queues);
    STAILQ_INIT(&sim->agents);
    chance_seed(&sim->chance, config->seed);
    sim_make_users(sim);
    *err = sim_check(sim);
    if (*err) {
        sim_destroy(sim);
        return NULL;
    }
    return sim;
}

struct sim *sim_new(struct loop *l, const struct sim_config *config, char **err) {
    struct sim *sim = sim_make(l, config, err);
    if (sim == NULL)
        return NULL;
    struct server_config sc = {
        .bindaddr = config->host,
        .port = config->port,
        .users = &sim->users,
        .limits = {.sessions = 1000,
                   .unauthenticated = 50,
                   .login_time = SECONDS(30),
                   .owed = OWED_MAX},
        .tables = simaction_tables,
        .arg = sim,
        .version = sim_banner,
    };
    sim->server = server_new(l, &sim->chance, &sc, err);
    if (sim->server == NULL) {
        sim_destroy(sim);
        return NULL;
    }
    for (unsigned i = 0; i < sim->world->queue_count; i++)
        simqueue_get(sim, sim->world->queues[i]);
    if (sim->world->queue_count == 0)
        simqueue_get(sim, "sales_1");
    simagents_start(sim);
    return sim;
}

void sim_accept(struct sim *sim, struct conn *c) { server_accept(sim->server, c); }

const struct tally *sim_tally(struct sim *sim) {
    tally_settle(&sim->tally);
    return &sim->tally;
}

int sim_port(const struct sim *sim) { return server_port(sim->server); }

void sim_free(struct sim *sim) {
    if (sim == NULL)
        return;
    server_free(sim->server);
    timer_stop(&sim->shift);
    struct simcall *c;
    LIST_FOREACH (c, &sim->calls, link) {
        timer_stop(&c->timer);
        timer_stop(&c->late);
    }
    struct simagent *a;
    STAILQ_FOREACH (a, &sim->agents, link)
        timer_stop(&a->timer);
    loop_later(sim->loop, sim_destroy, sim);
}
