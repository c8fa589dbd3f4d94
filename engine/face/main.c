/* astout: the commands. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/tls.h"
#include "dialer/asterisk.h"
#include "dialer/engine.h"
#include "face/actions.h"
#include "face/agi.h"
#include "face/check.h"
#include "face/console.h"
#include "face/consoleclient.h"
#include "face/reference.h"
#include "face/relay.h"
#include "face/simulate.h"
#include "face/previewactions.h"
#include "face/reload.h"
#include "face/strategyactions.h"
#include "sim/sim.h"

/* What `astout run` holds. */
struct daemon {
    struct log log;
    struct clock clock;
    struct conf *conf;
    struct reload reload; /* has the users */
    struct loop *loop;
    struct engine *engine;
    struct server *server;
    struct console *console;
    struct agi *agi;
    struct tls *tls;     /* of the encrypted listener */
    struct str commands; /* our lines of ListCommands */
    struct relays *relays;
    struct timer alive; /* tells systemd's watchdog */
};

/* ---- our AMI port ---- */

/* That of the Asterisk behind us, as long as one has been seen; else of Asterisk 16,
 * which the scripts of the seeds were written for. */
static const char *version(void *arg) {
    struct engine *e = arg;
    struct asterisk *a = e->asterisks.first->value;
    const char *banner = client_banner(a->client), *slash = strchr(banner, '/');
    return slash && strspn(slash + 1, "0123456789.") == strlen(slash + 1) ? slash + 1 : "5.0.4";
}

static const struct conf_asterisk *find_asterisk(const struct engine *e, const char *name) {
    for (size_t i = 0; name && i < e->conf->asterisk_count; i++)
        if (strcmp(e->conf->asterisks[i].name, name) == 0)
            return &e->conf->asterisks[i];
    return NULL;
}

static bool on_knows(void *arg, const char *name) { return find_asterisk(arg, name) != NULL; }

static void on_login(void *arg, struct session *s) {
    struct engine *e = arg;
    struct daemon *d = e->out.arg;
    const struct conf_asterisk *c = find_asterisk(e, session_target(s));
    struct asterisk *a = map_get(&e->asterisks, (c ? c : &e->conf->asterisks[0])->name);
    session_set_data(s, relay_new(d->relays, a->conf, a->tls, s));
}

static void on_gone(void *arg, struct session *s) {
    (void)arg;
    relay_free(session_data(s));
    session_set_data(s, NULL);
}

static bool on_masked(void *arg, struct answer *a, const struct str *packet) {
    (void)arg;
    return relay_mask(session_data(answer_session(a)), a, packet);
}

static bool on_other(void *arg, struct answer *a, const struct message *m) {
    (void)arg;
    relay_action(session_data(answer_session(a)), a, m);
    return true;
}

static void on_event(void *arg, const struct str *packet) {
    struct daemon *d = arg;
    if (d->server)
        server_event(d->server, CLASS_MESSAGE, packet);
    if (d->console)
        console_event(d->console, packet);
}

static bool on_heard(void *arg) {
    struct daemon *d = arg;
    for (struct session *s = d->server ? server_first(d->server) : NULL; s; s = session_next(s))
        if (session_hears(s, CLASS_MESSAGE))
            return true;
    return console_hears(d->console);
}

static const struct action *const tables[] = {actions, strategy_actions, preview_actions, NULL};

static bool open_server(struct daemon *d, char **err) {
    if (!d->conf->ami.enabled)
        return true;
    struct server_config sc = {
        .bindaddr = d->conf->ami.bindaddr,
        .port = (int)d->conf->ami.port,
        .users = d->reload.users[0],
        .limits = {.sessions = (unsigned)d->conf->ami.max_sessions,
                   .unauthenticated = (unsigned)d->conf->ami.authlimit,
                   .login_time = d->conf->ami.authtimeout * NS_PER_S,
                   .owed = (size_t)d->conf->ami.writebuffer},
        .tables = tables,
        .arg = d->engine,
        .version = version,
        .login = on_login,
        .gone = on_gone,
        .other = on_other,
        .masked = on_masked,
        .knows = on_knows,
    };
    actions_print(&d->commands, tables);
    d->relays = relays_new(d->loop, &d->commands);
    if (d->conf->ami.tlsenable) {
        const char *cert = d->conf->ami.tlscertfile, *key = d->conf->ami.tlsprivatekey;
        d->tls = tls_server(cert, *key ? key : cert, err);
        if (d->tls == NULL)
            return false;
        sc.encrypted.tls = d->tls;
        sc.encrypted.bindaddr = d->conf->ami.tlsbindaddr;
        sc.encrypted.port = (int)d->conf->ami.tlsport;
    }
    d->server = server_new(d->loop, &d->engine->chance, &sc, err);
    if (d->server)
        log_info(&d->log, "ami: listening on %s:%d", sc.bindaddr, server_port(d->server));
    if (d->server && d->tls)
        log_info(&d->log, "ami: listening for TLS on %s:%d", sc.encrypted.bindaddr,
                 server_tls_port(d->server));
    return d->server != NULL;
}

/* ---- the dialplan's way in ---- */

static bool open_agi(struct daemon *d, char **err) {
    if (!d->conf->agi.enabled)
        return true;
    d->agi = agi_new(d->engine, d->conf->agi.bindaddr, (int)d->conf->agi.port, err);
    if (d->agi)
        log_info(&d->log, "agi: listening on %s:%d", d->conf->agi.bindaddr, agi_port(d->agi));
    return d->agi != NULL;
}

/* ---- run ---- */

/* Tells systemd, if it started us, that the ports are open (sd_notify(3) says how). */
static void notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof addr.sun_path)
        return;
    strcpy(addr.sun_path, path);
    if (*path == '@')
        addr.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (fd >= 0 && sendto(fd, state, strlen(state), 0, (struct sockaddr *)&addr, len) < 0)
        perror("NOTIFY_SOCKET");
    if (fd >= 0)
        close(fd);
}

static void on_left(void *arg) { loop_stop(((struct daemon *)arg)->loop); }

/* The first signal leaves in order, the second at once. */
static void on_signal(void *arg) {
    struct daemon *d = arg;
    if (d->engine == NULL || d->engine->leaving) {
        loop_stop(d->loop);
        return;
    }
    log_info(&d->log, "leaving; %zu calls in flight go on in Asterisk",
             d->engine->dialings.count);
    notify("STOPPING=1");
    engine_leave(d->engine, on_left, d);
}

static char *on_reload(void *arg) {
    struct daemon *d = arg;
    d->reload.server = d->server;
    return reload_all(&d->reload);
}

/* Log rotation sends it too: the result file is opened anew for each batch anyway. */
static void on_hangup(void *arg) { free(on_reload(arg)); }

/* systemd's watchdog: nothing can interrupt C code that does not return, so a loop that
 * does not turn any more is ended from outside. Told twice as often as it wants. */
static void on_alive(void *arg) {
    struct daemon *d = arg;
    const char *every = getenv("WATCHDOG_USEC");
    int64_t us;
    if (every == NULL || !str_int(every, 1, INT64_MAX / 1000, &us))
        return;
    notify("WATCHDOG=1");
    timer_set(&d->alive, us * 1000 / 2);
}

static bool start(struct daemon *d, const char *path, char **err) {
    d->conf = conf_load(path, err);
    if (d->conf == NULL)
        return false;
    d->log.level = (enum log_level)d->conf->general.log_level;
    if (d->conf->ami.enabled) {
        d->reload.users[0] = users_load(d->conf->ami.users, err);
        if (d->reload.users[0] == NULL)
            return false;
        d->reload.user_count = 1;
    }
    d->loop = loop_new(&d->clock, &d->log);
    d->engine = engine_new(d->loop, &d->log, d->conf, err);
    if (d->engine == NULL)
        return false;
    d->engine->out.event = on_event;
    d->engine->out.heard = on_heard;
    d->engine->out.reload = on_reload;
    d->engine->out.arg = d;
    d->reload.log = &d->log;
    d->reload.conf = d->conf;
    d->reload.engine = d->engine;
    d->console = console_new(d->engine, err);
    return d->console && open_agi(d, err) && open_server(d, err);
}

/* As many descriptors as may be: a session takes two, its own and one to Asterisk. */
static void raise_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int run(const char *path) {
    struct daemon d = {.log = {.level = LOG_INFO}};
    char *err = NULL;
    clock_real(&d.clock);
    raise_files();
    bool ok = start(&d, path, &err);
    if (ok) {
        signal(SIGPIPE, SIG_IGN);
        loop_signal(d.loop, SIGTERM, on_signal, &d);
        loop_signal(d.loop, SIGINT, on_signal, &d);
        loop_signal(d.loop, SIGHUP, on_hangup, &d);
        notify("READY=1");
        timer_init(&d.alive, d.loop, on_alive, &d);
        on_alive(&d);
        loop_run(d.loop);
    } else {
        log_error(&d.log, "%s", err);
    }
    agi_free(d.agi);
    console_free(d.console);
    d.console = NULL;
    server_free(d.server);
    d.server = NULL;
    engine_free(d.engine);
    d.engine = NULL; /* a second signal may come while the connections drain */
    loop_free(d.loop);
    relays_free(d.relays);
    str_free(&d.commands);
    tls_free(d.tls);
    reload_free(&d.reload);
    conf_free(d.conf);
    free(err);
    return ok ? 0 : 1;
}

static int run_main(int argc, char **argv) {
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
    return run(path);
}

/* ---- commands ---- */

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", run_main, "run -c FILE                 the engine, in the foreground"},
    {"check", check_main, "check FILE...               strategies: load, types, own tests"},
    {"console", console_main, "console -c FILE [-e CODE]   Lua in the running engine"},
    {"reference", reference_main, "reference config|strategies the generated parts of docs"},
    {"sim", sim_main, "sim --listen HOST:PORT ...  the simulated Asterisk"},
    {"simulate", simulate_main, "simulate --plan FILE ...    shifts against it, in seconds"},
};

static int usage(FILE *to) {
    fputs("usage: astout COMMAND ...\n", to);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  astout %s\n", commands[i].help);
    return 2;
}

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].main(argc - 1, argv + 1);
    return usage(stderr);
}
