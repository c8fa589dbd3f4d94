/* astout: the commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "main/check.h"
#include "console/client.h"
#include "main/daemon.h"
#include "main/reference.h"
#include "main/replay.h"
#include "lab/simulate.h"
#include "sim/sim.h"

/* ---- run ---- */

/* As many descriptors as may be: a session takes two, its own and one to Asterisk. */
static void main_raise_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int main_run_daemon(const char *path) {
    struct daemon d = {.log = {.level = LOG_INFO}};
    char *err = NULL;
    clock_real(&d.clock);
    main_raise_files();
    bool ok = daemon_start(&d, path, &err);
    if (ok)
        loop_run(d.loop);
    else
        log_error(&d.log, "%s", err);
    daemon_end(&d);
    free(err);
    return ok ? 0 : 1;
}

static int main_run(int argc, char **argv) {
    const char *path = NULL;
    for (int opt; (opt = getopt(argc, argv, "c:")) != -1;)
        if (opt == 'c')
            path = optarg;
        else
            return 2;
    if (path == NULL || optind != argc) {
        fputs("usage: astout run -c FILE\n", stderr);
        return 2;
    }
    return main_run_daemon(path);
}

/* ---- commands ---- */

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", main_run, "run -c FILE                 run the engine, in the foreground"},
    {"check", check_main,
     "check FILE...               load strategies and run their own tests"},
    {"console", console_main,
     "console -c FILE [-e CODE]   the Lua console of a running engine"},
    {"reference", reference_main,
     "reference PAGE              print a part of the manual: ami, config, strategies"},
    {"sim", sim_main, "sim --listen HOST:PORT ...  run the simulated Asterisk"},
    {"replay", replay_main, "replay FILE                 run a recording again and compare"},
    {"simulate", simulate_main,
     "simulate --plan FILE ...    try a plan in simulated shifts, each in seconds"},
};

static int main_usage(FILE *to) {
    fputs("usage: astout COMMAND ...\n", to);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  astout %s\n", commands[i].help);
    return 2;
}

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].main(argc - 1, argv + 1);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        main_usage(stdout);
        return 0;
    }
    return main_usage(stderr);
}
