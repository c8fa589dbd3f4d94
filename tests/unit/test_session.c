/* Sessions of our AMI port: login, the order of answers, events, limits. Virtual time,
 * connections in memory. */
#include "tool.h"

#include "ami/digest.h"
#include "ami/server.h"

#define BANNER "Asterisk Call Manager/5.0.4\r\n"
#define LOGIN "Action: Login\nActionID: in\nUsername: joe\nSecret: s3cret\n\n"
#define WELCOME                                                                          \
    "Response: Success\r\nActionID: in\r\nMessage: Authentication accepted\r\n\r\n"
#define BOOTED                                                                           \
    "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
#define FAILED "Response: Error\r\nActionID: in\r\nMessage: Authentication failed\r\n\r\n"
#define EVENT(text) "Event: " text "\r\n\r\n"

static struct house h;
static struct server *sv;
static struct users *users;
static struct answer *waiting[4]; /* actions that a test answers when it likes */
static int waits, logins, gones, masks;
static char folder[] = "/tmp/astout-session-XXXXXX";

static void run_wait(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    waiting[waits++] = a;
}

static void run_ok(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    answer_success(a, "fine");
}

static const struct action table[] = {{"Wait", 0, run_wait, ""},
                                      {"Ok", 0, run_ok, ""},
                                      {"Command", CLASS_COMMAND, run_ok, ""},
                                      {0}};
static const struct action *const tables[] = {table, NULL};

static const char *version(void *arg) { return (void)arg, "5.0.4"; }
static void on_login(void *arg, struct session *s) { (void)arg, (void)s, logins++; }
static void on_gone(void *arg, struct session *s) { (void)arg, (void)s, gones++; }
static void on_mask(void *arg, struct session *s) { (void)arg, (void)s, masks++; }

static int set_up(void **state) {
    (void)state;
    house_begin(&h, true);
    waits = logins = gones = masks = 0;
    const struct server_config config = {
        .users = users,
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

static int tear_down(void **state) {
    (void)state;
    server_free(sv);
    settle(&h);
    house_end(&h);
    return 0;
}

/* A connection has been accepted. */
static void arrive(struct peer *p) {
    struct conn *ends[2];
    conn_pair(h.loop, ends);
    server_accept(sv, ends[0]);
    peer_begin(p, ends[1]);
    settle(&h);
}

/* Says it and lets the server do what it does at once. */
static void say(struct peer *p, const char *text) {
    peer_say(p, text);
    settle(&h);
}

static void log_in(struct peer *p) {
    arrive(p);
    say(p, LOGIN);
    pass(&h, SECONDS(0.1));
    HEARD(p, BANNER WELCOME BOOTED);
}

static void event(uint32_t need, const char *text) {
    struct str b = {0};
    str_add(&b, text);
    server_event(sv, need, &b);
    str_free(&b);
}

/* ---- login ---- */

/* Plain login; FullyBooted follows a moment later, not in the same segment: there are
 * clients that lose what shares the answer's. */
static void test_login(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    HEARD(&p, BANNER);
    say(&p, LOGIN);
    HEARD(&p, WELCOME);
    assert_int_equal(logins, 1);
    pass(&h, SECONDS(0.1));
    HEARD(&p, BOOTED);
    say(&p, LOGIN);
    HEARD(&p, "Response: Success\r\nActionID: in\r\nMessage: Already authenticated\r\n\r\n");
    assert_int_equal(logins, 1);
    peer_end(&p);
    settle(&h);
    assert_int_equal(gones, 1);
}

/* MD5: the challenge stays the same within a session, the key must be right and in
 * lower case; without a challenge no key can be right. */
static void test_md5(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    str_reset(&p.got);
    say(&p, "Action: Challenge\nAuthType: sha\n\n");
    HEARD(&p, "Response: Error\r\nMessage: Must specify AuthType\r\n\r\n");
    say(&p, "Action: Challenge\nAuthType: md5\n\n");
    char *first = xstrdup(p.got.s), challenge[16] = "";
    str_reset(&p.got);
    say(&p, "Action: Challenge\nAuthType: MD5\n\n");
    HEARD(&p, first);
    assert_int_equal(
        sscanf(first, "Response: Success\r\nChallenge: %15[0-9]", challenge), 1);
    free(first);
    char key[DIGEST_TEXT];
    digest_key(key, challenge, "s3cret");
    char *text = xasprintf(
        "Action: Login\nActionID: in\nAuthType: MD5\nUsername: joe\nKey: %s\n\n", key);
    say(&p, text);
    HEARD(&p, WELCOME);
    peer_end(&p);
    arrive(&p);
    str_reset(&p.got);
    say(&p, text); /* a key of another session, and no challenge asked for */
    pass(&h, SECONDS(1.1));
    HEARD(&p, FAILED);
    peer_end(&p);
    free(text);
    digest_key(key, "1234567", "s3cret");
    assert_string_equal(key, "68edf1b4eee7014d8ac38ff454c0b3d1");
}

/* Nobody may learn which part was wrong: the same words, after the same second, and
 * nothing that was pipelined behind is done. */
static void test_refusals(void **state) {
    (void)state;
    static const char *const logins_[] = {
        "Action: Login\nActionID: in\nUsername: joe\nSecret: wrong\n\n",
        "Action: Login\nActionID: in\nUsername: joe\nSecret: s3cretX\n\n",
        "Action: Login\nActionID: in\nUsername: nobody\nSecret: s3cret\n\n",
        "Action: Login\nActionID: in\nUsername: joe\n\n",
        "Action: Login\nActionID: in\nSecret: s3cret\n\n",
        "Action: Login\nActionID: in\n\n",
        "Action: Login\nActionID: in\nUsername: nosecret\nSecret: \n\n",
        "Action: Login\nActionID: in\nUsername: joe\nAuthType: MD5\nKey: \n\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(logins_); i++) {
        struct peer p;
        arrive(&p);
        str_reset(&p.got);
        say(&p, logins_[i]);
        say(&p, LOGIN "Action: Ping\n\n");
        pass(&h, SECONDS(0.999));
        HEARD(&p, "");
        assert_false(p.lost);
        pass(&h, SECONDS(0.002));
        HEARD(&p, FAILED);
        assert_true(p.lost);
        peer_end(&p);
    }
    assert_int_equal(logins, 0);
    assert_null(strstr(h.said.s, "s3cret")); /* no secret in the log */
}

/* Over a socket the address counts, and its refusal looks like any other. */
static void test_address(void **state) {
    (void)state;
    struct house real;
    house_begin(&real, false);
    char *err = NULL;
    const struct server_config config = {
        .bindaddr = "127.0.0.1",
        .users = users,
        .limits = {5, 3, SECONDS(30), 20000},
        .version = version};
    struct server *open = server_new(real.loop, &real.chance, &config, &err);
    assert_non_null(open);
    struct peer far, joe;
    int port = server_port(open);
    peer_begin(&far, conn_dial(real.loop, "127.0.0.1", port, &peer_events, &far));
    peer_begin(&joe, conn_dial(real.loop, "127.0.0.1", port, &peer_events, &joe));
    peer_say(&far, "Action: Login\nActionID: in\nUsername: far\nSecret: s3cret\n\n");
    peer_say(&joe, LOGIN);
    int64_t began = real.clock.mono;
    UNTIL(&real, far.lost && joe.got.len >= strlen(BANNER WELCOME BOOTED));
    assert_true(real.clock.mono - began >= SECONDS(1));
    HEARD(&far, BANNER FAILED);
    HEARD(&joe, BANNER WELCOME BOOTED);
    peer_end(&far);
    peer_end(&joe);
    server_free(open);
    settle(&real);
    house_end(&real);
}

/* Before the login there are three actions; all others say the same. */
static void test_before_login(void **state) {
    (void)state;
    struct peer p;
    arrive(&p);
    str_reset(&p.got);
    static const char *const actions[] = {"Ping",  "Events",  "Ok", "Command",
                                          "Wait", "Nonsense"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        char *text = xasprintf("Action: %s\nActionID: %zu\n\n", actions[i], i);
        say(&p, text);
        free(text);
        text = xasprintf(
            "Response: Error\r\nActionID: %zu\r\nMessage: Permission denied\r\n\r\n", i);
        HEARD(&p, text);
        free(text);
    }
    assert_int_equal(waits, 0);
    event(0, EVENT("ForNobody"));
    settle(&h);
    HEARD(&p, "");
    say(&p, "Action: Logoff\n\n");
    HEARD(&p, "Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n");
    assert_true(p.lost);
    peer_end(&p);
}

/* Who never logs in does not stay. */
static void test_login_timeout(void **state) {
    (void)state;
    struct peer slow, quick;
    arrive(&slow);
    log_in(&quick);
    pass(&h, SECONDS(29));
    assert_false(slow.lost);
    pass(&h, SECONDS(2));
    assert_true(slow.lost);
    HEARD(&slow, BANNER);
    assert_false(quick.lost);
    peer_end(&slow);
    peer_end(&quick);
}

/* A crowd before the login cannot lock the door for good; logged in one does not count
 * as unauthenticated any more, nor does one that has gone. */
static void test_limits(void **state) {
    (void)state;
    struct peer p[7];
    for (int i = 0; i < 4; i++)
        arrive(&p[i]);
    assert_false(p[2].lost);
    assert_true(p[3].lost);
    HEARD(&p[3], "");
    peer_end(&p[3]);
    peer_end(&p[2]);
    settle(&h);
    log_in(&p[2]);
    arrive(&p[3]);
    assert_false(p[3].lost);
    say(&p[0], LOGIN);
    say(&p[1], LOGIN);
    log_in(&p[4]);
    arrive(&p[5]); /* the sixth session in all */
    assert_true(p[5].lost);
    peer_end(&p[4]);
    settle(&h);
    arrive(&p[6]);
    assert_false(p[6].lost);
    for (int i = 0; i < 7; i++)
        if (i != 4)
            peer_end(&p[i]);
}

/* ---- answers ---- */

/* Answers come in the order of the actions, also when the last one is ready first. */
static void test_order(void **state) {
    (void)state;
    struct peer p;
    log_in(&p);
    say(&p, "Action: Wait\nActionID: 1\n\nAction: wAIT\nActionID: 2\n\n"
            "Action: Ok\nActionID: 3\n\nAction: Wait\n\nACTIONID: 5\nACTION: OK\n\n");
    assert_int_equal(waits, 3);
    assert_string_equal(answer_id(waiting[1]), "2");
    assert_null(answer_id(waiting[2]));
    answer_success(waiting[2], "c");
    answer_success(waiting[1], "b");
    settle(&h);
    HEARD(&p, "");
    answer_error(waiting[0], "a");
    settle(&h);
    HEARD(&p, "Response: Error\r\nActionID: 1\r\nMessage: a\r\n\r\n"
              "Response: Success\r\nActionID: 2\r\nMessage: b\r\n\r\n"
              "Response: Success\r\nActionID: 3\r\nMessage: fine\r\n\r\n"
              "Response: Success\r\nMessage: c\r\n\r\n"
              "Response: Success\r\nActionID: 5\r\nMessage: fine\r\n\r\n");
    peer_end(&p);
}

/* A script sends everything at once, Logoff included: what was asked before it is
 * answered before the session ends, what comes behind it is not done. */
static void test_logoff_waits(void **state) {
    (void)state;
    struct peer p;
    log_in(&p);
    say(&p, "Action: Wait\nActionID: 1\n\nAction: Logoff\nActionID: 2\n\n"
            "Action: Wait\nActionID: 3\n\n");
    assert_int_equal(waits, 1);
    assert_false(p.lost);
    assert_non_null(answer_session(waiting[0]));
    answer_success(waiting[0], "created");
    settle(&h);
    HEARD(&p, "Response: Success\r\nActionID: 1\r\nMessage: created\r\n\r\nResponse: "
              "Goodbye\r\nActionID: 2\r\nMessage: Thanks for all the fish.\r\n\r\n");
    assert_true(p.lost);
    assert_int_equal(gones, 1);
    peer_end(&p);
}

/* No event comes between the items of a list, nor before its end. */
static void test_list(void **state) {
    (void)state;
    static const char item[] = "Event: Item\r\nActionID: L\r\n\r\n";
    struct peer p;
    log_in(&p);
    say(&p, "Action: Wait\nActionID: L\n\nAction: Wait\nActionID: next\n\n");
    event(CLASS_CALL, EVENT("Before")); /* nothing of the list was sent yet */
    answer_list(waiting[0], "Plan List will follow");
    answer_send(waiting[0], item, sizeof item - 1);
    event(CLASS_CALL, EVENT("First"));
    answer_send(waiting[0], item, sizeof item - 1);
    event(CLASS_CALL, EVENT("Second"));
    answer_complete(waiting[0], "OutPlanListComplete", 2);
    event(CLASS_CALL, EVENT("After"));
    answer_success(waiting[1], "b");
    settle(&h);
    HEARD(&p, EVENT("Before")
          "Response: Success\r\nActionID: L\r\nEventList: start\r\n"
          "Message: Plan List will follow\r\n\r\n"
          "Event: Item\r\nActionID: L\r\n\r\nEvent: Item\r\nActionID: L\r\n\r\n"
          "Event: OutPlanListComplete\r\nActionID: L\r\nEventList: Complete\r\n"
          "ListItems: 2\r\n\r\n"
          EVENT("First") EVENT("Second") EVENT("After")
          "Response: Success\r\nActionID: next\r\nMessage: b\r\n\r\n");
    peer_end(&p);
}

/* The client goes while its actions are under way: they end without it. */
static void test_gone(void **state) {
    (void)state;
    struct peer p;
    log_in(&p);
    say(&p, "Action: Wait\n\nAction: Wait\n\n");
    answer_list(waiting[0], "List will follow");
    answer_success(waiting[1], "held back");
    peer_end(&p);
    settle(&h);
    assert_int_equal(gones, 1);
    assert_null(answer_session(waiting[0]));
    answer_send(waiting[0], "x", 1);
    answer_complete(waiting[0], "ListComplete", 0);
}

/* What is wrong with a packet costs an Error in its place, never the session. */
static void test_faults(void **state) {
    (void)state;
    struct peer p;
    struct str b = {0};
    log_in(&p);
    str_add(&b, "ActionID: 1\nX: ");
    for (int i = 0; i < 1100; i++)
        str_addc(&b, 'x');
    str_add(&b, "\n\nAction: Nonsense\nActionID: 2\n\n\nAction: Command\n\n");
    for (int i = 0; i < 130; i++)
        str_add(&b, "Variable: a=b\n");
    str_add(&b, "ActionID: 9\n\nAction: Ok\n\n");
    say(&p, b.s);
    str_free(&b);
    HEARD(&p, "Response: Error\r\nActionID: 1\r\n"
              "Message: Failed to parse message: line too long\r\n\r\n"
              "Response: Error\r\nActionID: 2\r\nMessage: Invalid/unknown command: "
              "Nonsense. Use Action: ListCommands to show available commands.\r\n\r\n"
              "Response: Error\r\nMessage: Missing action in request\r\n\r\n"
              "Response: Error\r\nMessage: Permission denied\r\n\r\n"
              "Response: Error\r\n"
              "Message: Too many lines in message or allocation failure\r\n\r\n"
              "Response: Success\r\nMessage: fine\r\n\r\n");
    peer_end(&p);
}

/* ---- events ---- */

/* A class needs both: the user may read it, and the session asked for it. */
static void test_mask(void **state) {
    (void)state;
    struct peer p, reader;
    log_in(&p);
    arrive(&reader);
    str_reset(&reader.got);
    say(&reader, "Action: Login\nUsername: reader\nSecret: r\nEvents: call\n\n");
    str_reset(&reader.got);
    event(CLASS_CALL, EVENT("Call"));
    event(CLASS_AGENT, EVENT("Agent"));
    event(CLASS_CALL | CLASS_AGENT, EVENT("Both"));
    pass(&h, SECONDS(1));
    HEARD(&p, EVENT("Call") EVENT("Agent") EVENT("Both"));
    HEARD(&reader, EVENT("Call")); /* no FullyBooted either: no class system */
    say(&p, "Action: Events\nEventMask: off\n\n");
    HEARD(&p, "Response: Success\r\nEvents: Off\r\n\r\n");
    say(&reader, "Action: Events\nEventMask: agent,call\n\n");
    HEARD(&reader, "Response: Success\r\nEvents: On\r\n\r\n");
    event(CLASS_AGENT, EVENT("Agent")); /* asked for, but the user may not read it */
    event(CLASS_CALL, EVENT("Call"));
    settle(&h);
    HEARD(&p, "");
    HEARD(&reader, EVENT("Call"));
    say(&p, "Action: Events\n\nAction: Events\nEventMask: nonsense\n\n");
    HEARD(&p, "Response: Error\r\nMessage: Invalid event mask\r\n\r\n"
              "Response: Success\r\nEvents: Off\r\n\r\n");
    assert_int_equal(masks, 3);
    peer_end(&p);
    peer_end(&reader);
}

/* A reader that does not read is closed at its bound and costs the others nothing. */
static void test_slow_reader(void **state) {
    (void)state;
    static char packet[1000];
    struct peer slow, other;
    memset(packet, 'x', sizeof packet - 1);
    memcpy(packet, "Event: ", 7);
    memcpy(packet + sizeof packet - 5, "\r\n\r\n", 4);
    log_in(&slow);
    log_in(&other);
    conn_hold(slow.conn, true);
    for (int i = 0; i < 20; i++) {
        event(CLASS_CALL, packet);
        settle(&h);
    }
    assert_int_equal(gones, 0);
    event(CLASS_CALL, packet);
    assert_int_equal(gones, 1);
    assert_non_null(strstr(h.said.s, "joe@memory reads too slowly"));
    settle(&h);
    assert_int_equal(other.got.len, 21 * (sizeof packet - 1));
    str_reset(&other.got);
    conn_hold(slow.conn, false);
    settle(&h);
    assert_true(slow.lost);
    peer_end(&slow);

    /* the same when it is the events held back by a list that grow */
    say(&other, "Action: Wait\n\n");
    answer_list(waiting[0], "List will follow");
    for (int i = 0; i < 22; i++)
        event(CLASS_CALL, packet);
    assert_int_equal(gones, 2);
    answer_complete(waiting[0], "ListComplete", 0);
    peer_end(&other);
}

/* The end of the server is told, also to one who waits for his second of refusal. */
static void test_shutdown(void **state) {
    (void)state;
    struct peer p, refused;
    log_in(&p);
    arrive(&refused);
    say(&refused, "Action: Login\nUsername: joe\nSecret: wrong\n\n");
    server_free(sv);
    sv = NULL;
    settle(&h);
    HEARD(&p, "Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\n"
              "Restart: False\r\n\r\n");
    assert_true(p.lost && refused.lost);
    peer_end(&p);
    peer_end(&refused);
}

/* Pings are answered at once, with the time of the clock. */
static void test_ping(void **state) {
    (void)state;
    struct peer p;
    log_in(&p);
    say(&p, "Action: Ping\nActionID: a#b/c\n\n");
    HEARD(&p, "Response: Success\r\nActionID: a#b/c\r\nPing: Pong\r\n"
              "Timestamp: 1479175972.100000\r\n\r\n");
    peer_end(&p);
}

static int begin(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    char *path = xasprintf("%s/manager.conf", folder), *err = NULL;
    write_file(path, "[joe]\nsecret = s3cret\nread = system,call,agent\nwrite = call\n"
                     "[reader]\nsecret = r\nread = call\n"
                     "[nosecret]\nread = all\n"
                     "[far]\nsecret = s3cret\ndeny = 0.0.0.0/0\npermit = 10.0.0.1/32\n");
    users = users_load(path, &err);
    free(path);
    return users ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    users_free(users);
    remove_folder(folder);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_login),         TEST(test_md5),         TEST(test_refusals),     TEST(test_address),
        TEST(test_before_login),  TEST(test_login_timeout), TEST(test_limits),
        TEST(test_order),         TEST(test_logoff_waits), TEST(test_list),
        TEST(test_gone),          TEST(test_faults),      TEST(test_mask),
        TEST(test_slow_reader),   TEST(test_shutdown),    TEST(test_ping),
    };
    return cmocka_run_group_tests_name("session", tests, begin, end);
}
