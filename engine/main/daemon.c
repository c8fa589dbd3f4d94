#include "main/daemon.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/tls.h"
#include "dialer/pbx/asterisk.h"
#include "dialer/dialer.h"
#include "control/print.h"
#include "control/table.h"

/* ---- our AMI port ---- */

/* That of the Asterisk behind us, as long as one has been seen; else of Asterisk 16,
 * for which the scripts of asterisk-outbound were written. */
static const char *daemon_version(void *arg) {
    struct engine *e = arg;
    struct asterisk *a = e->asterisks.first->value;
    const char *banner = client_banner(a->client), *slash = strchr(banner, '/');
    return slash && strspn(slash + 1, "0123456789.") == strlen(slash + 1) ? slash + 1 : "5.0.4";
}

static const struct conf_asterisk *daemon_find_asterisk(const struct engine *e,
                                                        const char *name) {
    for (size_t i = 0; name && i < e->conf->asterisk_count; i++)
        if (strcmp(e->conf->asterisks[i].name, name) == 0)
            return &e->conf->asterisks[i];
    return NULL;
}

static bool daemon_on_knows(void *arg, const char *name) {
    return daemon_find_asterisk(arg, name) != NULL;
}

static void daemon_on_login(void *arg, struct session *s) {
    struct engine *e = arg;
    struct daemon *d = e->out.arg;
    const struct conf_asterisk *c = daemon_find_asterisk(e, session_target(s));
    struct asterisk *a = map_get(&e->asterisks, (c ? c : &e->conf->asterisks[0])->name);
    session_set_data(s, relay_new(d->relays, a->conf, a->tls, s));
}

static void daemon_on_gone(void *arg, struct session *s) {
    (void)arg;
    relay_free(session_data(s));
    session_set_data(s, NULL);
}

static bool daemon_on_masked(void *arg, struct answer *a, const struct str *packet) {
    (void)arg;
    return relay_mask(session_data(answer_session(a)), a, packet);
}

static bool daemon_on_other(void *arg, struct answer *a, const struct message *m) {
    (void)arg;
    relay_action(session_data(answer_session(a)), a, m);
    return true;
}

static void daemon_on_event(void *arg, const struct event *ev) {
    struct daemon *d = arg;
    if (d->server)
        print_to_all(d->server, ev);
    if (d->console)
        console_event(d->console, ev);
}

static const struct action *const tables[] = {actions, NULL};

/* The certificates of our port; a replay has no use for them, but something is there. */
static struct tls *daemon_open_tls(const struct daemon *d, char **err) {
    const char *cert = d->conf->ami.tlscertfile, *key = d->conf->ami.tlsprivatekey;
    if (record_is_replayed(d->record))
        return tls_client(NULL, err);
    return tls_server(cert, *key ? key : cert, err);
}

static bool daemon_open_server(struct daemon *d, char **err) {
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
        .version = daemon_version,
        .login = daemon_on_login,
        .gone = daemon_on_gone,
        .other = daemon_on_other,
        .masked = daemon_on_masked,
        .knows = daemon_on_knows,
    };
    actions_print(&d->commands);
    d->relays = relays_new(d->loop, &d->commands);
    if (d->conf->ami.tlsenable) {
        d->tls = daemon_open_tls(d, err);
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

static bool daemon_open_agi(struct daemon *d, char **err) {
    if (!d->conf->agi.enabled)
        return true;
    d->agi = agi_new(d->engine, d->conf->agi.bindaddr, (int)d->conf->agi.port, err);
    if (d->agi)
        log_info(&d->log, "agi: listening on %s:%d", d->conf->agi.bindaddr, agi_port(d->agi));
    return d->agi != NULL;
}

/* ---- systemd and signals ---- */

/* Tells systemd, if it started us, that the ports are open (sd_notify(3) says how). */
static void daemon_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (length == 0 || length >= sizeof addr.sun_path)
        return;
    memcpy(addr.sun_path, path, length + 1);
    if (*path == '@')
        addr.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (fd >= 0 && sendto(fd, state, strlen(state), 0, (struct sockaddr *)&addr, len) < 0)
        perror("NOTIFY_SOCKET");
    if (fd >= 0)
        close(fd);
}

static void daemon_on_left(void *arg) { loop_stop(((struct daemon *)arg)->loop); }

/* The first signal leaves in order, the second at once. */
static void daemon_on_signal(void *arg) {
    struct daemon *d = arg;
    if (d->engine == NULL || d->engine->leaving) {
        loop_stop(d->loop);
        return;
    }
    log_info(&d->log, "shutting down; %zu calls in progress continue in Asterisk",
             d->engine->dialings.count);
    daemon_notify("STOPPING=1");
    dialer_leave(d->engine, daemon_on_left, d);
}

static char *daemon_on_reload(void *arg) {
    struct daemon *d = arg;
    d->reload.server = d->server;
    return reload_all(&d->reload);
}

/* Log rotation sends it too: the result file is opened anew for each batch anyway. */
static void daemon_on_hangup(void *arg) { free(daemon_on_reload(arg)); }

/* systemd's watchdog: nothing can interrupt C code that does not return, so a loop that
 * does not turn any more is ended from outside. Told twice as often as it wants. */
static void daemon_on_alive(void *arg) {
    struct daemon *d = arg;
    const char *every = getenv("WATCHDOG_USEC");
    int64_t us;
    if (every == NULL || !str_int(every, 1, INT64_MAX / 1000, &us))
        return;
    daemon_notify("WATCHDOG=1");
    timer_set(&d->alive, us * 1000 / 2);
}

/* ---- recording ---- */

static void daemon_on_decision(void *arg, const char *line) {
    record_decision(((struct daemon *)arg)->record, line);
}

/* The first reading of the clock, as of then. */
static bool daemon_replay_clock(struct daemon *d, char **err) {
    struct record_item item;
    bool ok = record_next(d->record, &item) && item.kind == RECORD_CLOCK;
    record_reading(d->record, &d->clock.mono, &d->clock.wall);
    if (!ok)
        *err = xasprintf("the recording does not begin with a time%s%s",
                         *record_why(d->record) ? ": " : "", record_why(d->record));
    return ok;
}

static bool daemon_begin_record(struct daemon *d, char **err) {
    const struct conf *c = d->conf;
    if (record_is_replayed(d->record) || *c->general.record == '\0')
        return true;
    d->record = record_create(c->general.record, c->general.record_size, &d->log, err);
    if (d->record == NULL)
        return false;
    log_info(&d->log, "recording to %s", c->general.record);
    record_clock(d->record, d->clock.mono, d->clock.wall);
    record_file(d->record, c->path);
    return true;
}

/* ---- life ---- */

static bool daemon_read_conf(struct daemon *d, const char *path, char **err) {
    if (d->record && !daemon_replay_clock(d, err))
        return false;
    record_file(d->record, path);
    d->conf = conf_load_moved(path, d->reload.moved, err);
    if (d->conf == NULL)
        return false;
    d->log.level = (enum log_level)d->conf->general.log_level;
    return daemon_begin_record(d, err);
}

static bool daemon_read_users(struct daemon *d, char **err) {
    if (!d->conf->ami.enabled)
        return true;
    record_file(d->record, d->conf->ami.users);
    d->reload.users[0] = users_load(d->conf->ami.users, err);
    d->reload.user_count = d->reload.users[0] != NULL;
    return d->reload.users[0] != NULL;
}

/* The database of the start: one lies beside the recording. */
static bool daemon_open_engine(struct daemon *d, char **err) {
    struct engine_options o = {0};
    bool replayed = record_is_replayed(d->record);
    char *copy = NULL;
    if (replayed)
        copy = xasprintf("%s/database.db", d->reload.moved);
    else if (d->record)
        copy = xasprintf("%s.db", d->conf->general.record);
    *(replayed ? &o.replay : &o.copy_to) = copy;
    d->engine = dialer_open(d->loop, &d->log, d->conf, &o, err);
    free(copy);
    if (d->engine)
        d->engine->options.replay = d->engine->options.copy_to = NULL;
    return d->engine != NULL;
}

/* Before anybody can know that the engine is there: the loop hands them on when it runs. */
static void daemon_take_signals(struct daemon *d) {
    signal(SIGPIPE, SIG_IGN);
    loop_signal(d->loop, SIGTERM, daemon_on_signal, d);
    loop_signal(d->loop, SIGINT, daemon_on_signal, d);
    loop_signal(d->loop, SIGHUP, daemon_on_hangup, d);
}

static void daemon_tell_ready(struct daemon *d) {
    daemon_notify("READY=1");
    timer_init(&d->alive, d->loop, daemon_on_alive, d);
    daemon_on_alive(d);
}

bool daemon_start(struct daemon *d, const char *path, char **err) {
    if (!daemon_read_conf(d, path, err) || !daemon_read_users(d, err))
        return false;
    d->loop = loop_new(&d->clock, &d->log);
    loop_set_record(d->loop, d->record);
    if (!daemon_open_engine(d, err))
        return false;
    d->engine->out.event = daemon_on_event;
    d->engine->out.reload = daemon_on_reload;
    d->engine->out.decision = d->record ? daemon_on_decision : NULL;
    d->engine->out.arg = d;
    d->reload.log = &d->log;
    d->reload.conf = d->conf;
    d->reload.engine = d->engine;
    daemon_take_signals(d);
    d->console = console_new(d->engine, err);
    if (d->console == NULL || !daemon_open_agi(d, err) || !daemon_open_server(d, err))
        return false;
    daemon_tell_ready(d);
    return true;
}

void daemon_end(struct daemon *d) {
    record_end(d->record);
    agi_free(d->agi);
    console_free(d->console);
    d->console = NULL;
    server_free(d->server);
    d->server = NULL;
    dialer_close(d->engine);
    d->engine = NULL; /* a second signal may come while the connections drain */
    loop_free(d->loop);
    relays_free(d->relays);
    str_free(&d->commands);
    tls_free(d->tls);
    reload_free(&d->reload);
    conf_free(d->conf);
    record_close(d->record);
}
