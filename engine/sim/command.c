/* The command `astout sim`: a simulated Asterisk in real time, until a signal ends it. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/hook/script.h"
#include "sim/sim.h"

struct options {
    char *host;
    int64_t port, seed, dialect;
    const char *world;
};

/* To stdout if it was asked for, else it is an error. */
static int command_usage(FILE *out) {
    fputs("usage: astout sim --listen HOST:PORT [--world FILE.lua] [--seed N] "
          "[--dialect 16|22]\n",
          out);
    return out == stdout ? 0 : 2;
}

/* HOST:PORT; an IPv6 address stands in brackets. */
static bool command_read_listen(struct options *o, const char *text) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !str_int(colon + 1, 0, 65535, &o->port))
        return false;
    bool bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
    free(o->host);
    o->host = xstrndup(text + bracketed, (size_t)(colon - text) - 2u * bracketed);
    return *o->host != '\0';
}

/* 0, or the status to exit with. */
static int command_read_options(struct options *o, int argc, char **argv) {
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'}, {"world", required_argument, NULL, 'w'},
        {"seed", required_argument, NULL, 's'},   {"dialect", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        bool good = c != '?';
        if (c == 'h')
            exit(command_usage(stdout));
        if (c == 'l')
            good = command_read_listen(o, optarg);
        if (c == 'w')
            o->world = optarg;
        if (c == 's')
            good = str_int(optarg, INT64_MIN, INT64_MAX, &o->seed);
        if (c == 'd')
            good = str_int(optarg, 16, 22, &o->dialect);
        if (!good)
            return command_usage(stderr);
    }
    return o->host && optind == argc ? 0 : command_usage(stderr);
}

/* The world's table, or NULL (with a text in *err if there should be one). */
static json_t *command_load_world(const char *path, struct loop *l, char **err) {
    if (path == NULL)
        return NULL;
    struct chance chance;
    chance_seed(&chance, 1);
    struct script_env env = {.log = loop_log(l),
                             .clock = loop_clock(l),
                             .chance = &chance,
                             .strategies = ".",
                             .memory = 64u << 20,
                             .instructions = 100000000};
    return script_data(&env, path, err);
}

/* SIGINT or SIGTERM. */
static void command_on_signal(void *arg) { loop_stop(arg); }

/* Makes it and runs the loop; the status to exit with. */
static int command_run(struct loop *l, const struct options *o) {
    char *err = NULL;
    json_t *world = command_load_world(o->world, l, &err);
    struct sim_config config = {.host = o->host,
                                .port = (int)o->port,
                                .world = world,
                                .seed = (uint64_t)o->seed,
                                .dialect = (int)o->dialect};
    struct sim *sim = err ? NULL : sim_new(l, &config, &err);
    json_decref(world);
    if (sim == NULL) {
        fprintf(stderr, "astout sim: %s\n", err);
        free(err);
        return 1;
    }
    loop_signal(l, SIGINT, command_on_signal, l);
    loop_signal(l, SIGTERM, command_on_signal, l);
    printf("listening on %s:%d\n", o->host, sim_port(sim));
    fflush(stdout);
    loop_run(l);
    sim_free(sim);
    loop_turn(l, false); /* what was said to the clients goes out */
    return 0;
}

int sim_main(int argc, char **argv) {
    struct options o = {.seed = 1, .dialect = 16};
    int status = command_read_options(&o, argc, argv);
    if (status == 0) {
        struct log log = {.level = LOG_INFO};
        struct clock clock;
        clock_real(&clock);
        struct loop *l = loop_new(&clock, &log);
        status = command_run(l, &o);
        loop_free(l);
    }
    free(o.host);
    return status;
}
