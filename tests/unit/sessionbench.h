/* A server with its users and actions, and clients in memory, for the tests of
 * sessions. Virtual time. */
#ifndef TESTS_SESSIONBENCH_H
#define TESTS_SESSIONBENCH_H

#include "tool.h"

#include "ami/server.h"

#define BANNER "Asterisk Call Manager/5.0.4\r\n"
#define LOGIN "Action: Login\nActionID: in\nUsername: joe\nSecret: s3cret\n\n"
#define WELCOME "Response: Success\r\nActionID: in\r\nMessage: Authentication accepted\r\n\r\n"
#define BOOTED "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
#define FAILED "Response: Error\r\nActionID: in\r\nMessage: Authentication failed\r\n\r\n"
#define EVENT(text) "Event: " text "\r\n\r\n"

static struct house h;
static struct server *sv;
static struct users *users;
static struct answer *waiting[4]; /* actions that a test answers when it likes */
TOOL int waits, logins, gones, masks;
static char folder[] = "/tmp/astout-session-XXXXXX";

TOOL void run_wait(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    waiting[waits++] = a;
}

TOOL void run_ok(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    answer_success(a, "fine");
}

static const struct action table[] = {{"Wait", 0, run_wait, "", NULL},
                                      {"Ok", 0, run_ok, "", NULL},
                                      {"Command", CLASS_COMMAND, run_ok, "", NULL},
                                      {0}};
static const struct action *const tables[] = {table, NULL};

TOOL const char *version(void *arg) { return (void)arg, "5.0.4"; }
TOOL void on_login(void *arg, struct session *s) { (void)arg, (void)s, logins++; }
TOOL void on_gone(void *arg, struct session *s) { (void)arg, (void)s, gones++; }
TOOL bool on_mask(void *arg, struct answer *a, const struct str *packet) {
    (void)arg, (void)a, (void)packet, masks++;
    return false;
}

TOOL int set_up(void **state) {
    (void)state;
    house_begin(&h, true);
    waits = logins = gones = masks = 0;
    const struct server_config config = {.users = users,
                                         .limits = {.sessions = 5,
                                                    .unauthenticated = 3,
                                                    .login_time = SECONDS(30),
                                                    .owed = 20000},
                                         .tables = tables,
                                         .version = version,
                                         .login = on_login,
                                         .gone = on_gone,
                                         .masked = on_mask};
    char *err = NULL;
    sv = server_new(h.loop, &h.chance, &config, &err);
    return sv ? 0 : -1;
}

TOOL int tear_down(void **state) {
    (void)state;
    server_free(sv);
    settle(&h);
    house_end(&h);
    return 0;
}

/* A connection has been accepted. */
TOOL void arrive(struct peer *p) {
    struct conn *ends[2];
    conn_pair(h.loop, ends);
    server_accept(sv, ends[0]);
    peer_begin(p, ends[1]);
    settle(&h);
}

/* Says it and lets the server do what it does at once. */
TOOL void say(struct peer *p, const char *text) {
    peer_say(p, text);
    settle(&h);
}

TOOL void log_in(struct peer *p) {
    arrive(p);
    say(p, LOGIN);
    pass(&h, SECONDS(0.1));
    HEARD(p, BANNER WELCOME BOOTED);
}

TOOL void event(uint32_t need, const char *text) {
    struct str b = {0};
    str_add(&b, text);
    server_event(sv, need, &b);
    str_free(&b);
}

TOOL int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    char *path = xasprintf("%s/manager.conf", folder), *err = NULL;
    write_file(path, "[joe]\nsecret = s3cret\nread = system,call,agent\nwrite = call\n"
                     "[reader]\nsecret = r\nread = call\n"
                     "[nosecret]\nread = all\n"
                     "[far]\nsecret = s3cret\ndeny = 0.0.0.0/0\n"
                     "permit = 10.0.0.1/32\n");
    users = users_load(path, &err);
    free(path);
    return users ? 0 : -1;
}

TOOL int end(void **state) {
    (void)state;
    users_free(users);
    remove_folder(folder);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
