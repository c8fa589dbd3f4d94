/* The AMI client against a server played by the test: login, back-off, deadlines,
 * lists. Virtual time, a connection in memory. */
#include "tool.h"

#include "ami/client.h"
#include "ami/digest.h"

#define BANNER "Asterisk Call Manager/5.0.4\r\n"
#define BOOTED "Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n"

static struct house h;
static struct client *c;
static struct peer far; /* Asterisk's end of the last connection */
static int dials, ups, downs, events;
static char last_event[64], last_why[160];

/* What came back for an action: "response item complete " and so on. */
struct reply {
    struct str text;
    int lost, lasts;
    bool send_again; /* in the reply itself */
};

static struct conn *dial(void *arg, const struct conn_events *ev, void *ev_arg) {
    (void)arg;
    struct conn *ends[2];
    if (dials++)
        peer_end(&far);
    conn_pair(h.loop, ends);
    conn_attach(ends[0], ev, ev_arg);
    peer_begin(&far, ends[1]);
    return ends[0];
}

static void on_up(void *arg) { (void)arg, ups++; }

static void on_down(void *arg, const char *why) {
    (void)arg;
    downs++;
    snprintf(last_why, sizeof last_why, "%s", why);
}

static void on_event(void *arg, const struct message *m) {
    (void)arg;
    events++;
    snprintf(last_event, sizeof last_event, "%s", message_text(m, "Event"));
}

static const struct client_events client_events = {on_up, on_down, on_event};

static void on_reply(void *arg, enum reply_kind kind, const struct message *m, bool last) {
    static const char *const kinds[] = {"response ", "item ", "complete ", "lost "};
    struct reply *r = arg;
    str_add(&r->text, kinds[kind]);
    assert_int_equal(m == NULL, kind == REPLY_LOST);
    assert_int_equal(r->lasts, 0);
    r->lost += kind == REPLY_LOST;
    r->lasts += last;
    if (r->send_again) {
        struct str b = {0};
        header_add(&b, "Action", "Again");
        assert_false(client_send(c, &b, SECONDS(1), on_reply, r));
        str_free(&b);
    }
}

static int set_up(void **state) {
    (void)state;
    house_begin(&h, true);
    dials = ups = downs = events = 0;
    const struct client_config config = {.name = "main",
                                         .host = "memory",
                                         .username = "astout",
                                         .secret = "s3cret",
                                         .dial = dial};
    c = client_new(h.loop, &h.chance, &config, &client_events, NULL);
    loop_turn(h.loop, true);
    settle(&h);
    return dials == 1 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    client_free(c);
    settle(&h);
    peer_end(&far);
    settle(&h);
    house_end(&h);
    return 0;
}

static void say(const char *text) {
    peer_say(&far, text);
    settle(&h);
}

/* Asterisk's end goes away. */
static void cut(void) {
    conn_close(far.conn, false);
    far.conn = NULL;
    settle(&h);
}

/* The value of a header that the client sent last, to be freed. */
static char *sent(const char *name) {
    char *key = xasprintf("%s: ", name);
    const char *at = NULL;
    for (const char *p = str_get(&far.got); (p = strstr(p, key)); p += strlen(key))
        at = p + strlen(key);
    free(key);
    return at ? xstrndup(at, strcspn(at, "\r\n")) : NULL;
}

/* Answers the client's last action with these further headers. */
static void answer(const char *kind, const char *more) {
    char *id = sent("ActionID");
    assert_non_null(id);
    char *text = xasprintf("Response: %s\r\nActionID: %s\r\n%s\r\n", kind, id, more);
    str_reset(&far.got);
    say(text);
    free(text);
    free(id);
}

/* Asserts which action the client has sent last. */
static void asks(const char *action) {
    char *name = sent("Action");
    assert_non_null(name);
    assert_string_equal(name, action);
    free(name);
}

static void log_in(void) {
    say(BANNER);
    asks("Challenge");
    answer("Success", "Challenge: 1234567\r\n");
    asks("Login");
    answer("Success", "Message: Authentication accepted\r\n");
    say(BOOTED);
    assert_true(client_is_up(c));
}

/* Sends an action; false if the client did not take it. */
static bool send(const char *action, int64_t deadline, struct reply *r) {
    struct str b = {0};
    header_add(&b, "Action", action);
    bool ok = client_send(c, &b, deadline, on_reply, r);
    str_free(&b);
    settle(&h);
    return ok;
}

/* Lets time go by until the next connection; returns how long that took in ms. */
static int64_t redial(void) {
    int64_t from = h.clock.mono;
    for (int before = dials; dials == before;)
        loop_turn(h.loop, true);
    settle(&h);
    return (h.clock.mono - from) / NS_PER_MS;
}

/* ---- login ---- */

/* The secret goes out hashed, in lower case; nothing goes before FullyBooted. */
static void test_md5(void **state) {
    (void)state;
    char key[DIGEST_TEXT];
    struct reply r = {0};
    assert_false(send("Ping", SECONDS(1), &r));
    say("Asterisk Call Mana"); /* the banner may come in pieces */
    assert_int_equal(far.got.len, 0);
    say("ger/5.0.4\r\n");
    asks("Challenge");
    answer("Success", "Challenge: 1234567\r\n");
    char *username = sent("Username"), *type = sent("AuthType");
    char *sent_key = sent("Key");
    digest_key(key, "1234567", "s3cret");
    assert_string_equal(username, "astout");
    assert_string_equal(type, "MD5");
    assert_string_equal(sent_key, key);
    assert_null(strstr(far.got.s, "s3cret"));
    free(username);
    free(sent_key);
    free(type);
    answer("Success", "Message: Authentication accepted\r\n");
    assert_false(client_is_up(c) || send("Ping", SECONDS(1), &r));
    say(BOOTED);
    assert_int_equal(ups, 1);
    assert_int_equal(client_generation(c), 1);
    assert_string_equal(client_banner(c), "Asterisk Call Manager/5.0.4");
    assert_string_equal(client_why(c), "");
}

/* A server that knows no challenge gets the plain secret at once; one that says MD5
 * is wrong gets it at the next try, and MD5 again after that. */
static void test_plain(void **state) {
    (void)state;
    say(BANNER);
    answer("Error", "Message: Invalid/unknown command: Challenge.\r\n");
    asks("Login");
    char *secret = sent("Secret");
    assert_string_equal(secret, "s3cret");
    free(secret);
    say("Response: Goodbye\r\n\r\n"); /* without ActionID: nobody's answer */
    cut();
    redial();
    say(BANNER);
    answer("Success", "Challenge: 1\r\n");
    answer("Error", "Message: Authentication failed\r\n");
    assert_string_equal(client_why(c), "login: Authentication failed");
    redial();
    say(BANNER);
    asks("Login");
    secret = sent("Secret");
    assert_string_equal(secret, "s3cret");
    free(secret);
    answer("Error", "Message: Authentication failed\r\n");
    redial();
    say(BANNER);
    asks("Challenge");
    assert_null(strstr(h.said.s, "s3cret"));
}

/* "Shutting down" says nothing about the secret: MD5 stays. */
static void test_shutting_down(void **state) {
    (void)state;
    say(BANNER);
    answer("Success", "Challenge: 1\r\n");
    answer("Error", "Message: Asterisk is shutting down\r\n");
    redial();
    say(BANNER);
    asks("Challenge");
}

/* Each failure waits longer, up to a bound, with some chance in it so that a crowd of
 * engines does not come back as one; a success sets it back. */
static void test_backoff(void **state) {
    (void)state;
    int64_t least = 250;
    for (int i = 0; i < 12; i++) {
        cut();
        int64_t took = redial();
        assert_in_range(took, least, least * 3 / 2 + 1);
        least = least * 2 < 15000 ? least * 2 : 15000;
    }
    assert_int_equal(downs, 0); /* it never was up */
    log_in();
    cut();
    assert_int_equal(downs, 1);
    assert_in_range(redial(), 250, 376);
    int lines = 0; /* the same trouble is not logged at each try */
    for (const char *p = h.said.s; (p = strstr(p, "trying again")); p++)
        lines++;
    assert_in_range(lines, 1, 2);
}

/* A server that says nothing, or everything but FullyBooted, is not waited for. */
static void test_silence(void **state) {
    (void)state;
    assert_in_range(redial(), 10000, 10400); /* no banner */
    say(BANNER);
    assert_in_range(redial(), 9900, 10800); /* no challenge */
    say(BANNER);
    answer("Success", "Challenge: 1\r\n");
    answer("Success", "Message: Authentication accepted\r\n");
    assert_in_range(redial(), 60000, 61600); /* not booted */
    assert_non_null(strstr(client_why(c), "FullyBooted"));
    for (int i = 0; i < 300; i++)
        peer_say(&far, "no line end ");
    settle(&h);
    assert_string_equal(client_why(c), "sends no AMI banner");
    assert_int_equal(ups, 0);
}

/* ---- actions ---- */

/* Answers find their action by ActionID, in whatever order they come. */
static void test_replies(void **state) {
    (void)state;
    struct reply a = {0}, b = {0};
    log_in();
    assert_true(send("A", SECONDS(5), &a));
    char *first = sent("ActionID");
    assert_true(send("B", SECONDS(5), &b));
    answer("Error", "Message: no\r\n");
    assert_string_equal(str_get(&a.text), "");
    assert_string_equal(str_get(&b.text), "response ");
    char *text = xasprintf("Response: Success\r\nActionID: %s\r\n\r\n", first);
    say(text);
    say(text); /* a second answer is nobody's */
    assert_string_equal(a.text.s, "response ");
    pass(&h, SECONDS(4)); /* the deadlines of answered actions are off */
    assert_int_equal(a.lost + b.lost, 0);
    assert_int_equal(a.lasts + b.lasts, 2);
    assert_int_equal(events, 0);
    free(text);
    free(first);
    str_free(&a.text);
    str_free(&b.text);
}

/* A list: head, items, its end; foreign events between them are events. */
static void test_list(void **state) {
    (void)state;
    struct reply r = {0};
    log_in();
    assert_true(send("QueueStatus", SECONDS(5), &r));
    char *id = sent("ActionID");
    answer("Success", "EventList: start\r\nMessage: Queue status will follow\r\n");
    char *item = xasprintf("Event: QueueMember\r\nActionID: %s\r\n\r\n", id);
    char *end = xasprintf("Event: QueueStatusComplete\r\nActionID: %s\r\n"
                          "EventList: Complete\r\nListItems: 2\r\n\r\n",
                          id);
    say(item);
    say("Event: Hangup\r\n\r\n");
    say(item);
    say(end);
    assert_string_equal(r.text.s, "response item item complete ");
    assert_int_equal(r.lasts, 1);
    assert_int_equal(events, 1);
    free(id);
    free(item);
    free(end);
    str_free(&r.text);
}

/* OriginateResponse carries the ActionID of the Originate and is an event all the
 * same, before and after the answer: it came first more than once. */
static void test_originate_response(void **state) {
    (void)state;
    struct reply r = {0};
    struct str b = {0};
    log_in();
    header_add(&b, "Action", "Originate");
    assert_true(client_send_as(c, "my-uuid", &b, SECONDS(5), on_reply, &r));
    settle(&h);
    char *id = sent("ActionID");
    assert_string_equal(id, "my-uuid");
    static const char response[] =
        "Event: OriginateResponse\r\nActionID: my-uuid\r\nResponse: Failure\r\n\r\n";
    say(response);
    assert_int_equal(events, 1);
    assert_string_equal(last_event, "OriginateResponse");
    assert_string_equal(str_get(&r.text), "");
    answer("Success", "Message: Originate successfully queued\r\n");
    say(response);
    assert_int_equal(events, 2);
    assert_string_equal(r.text.s, "response ");
    free(id);
    str_free(&b);
    str_free(&r.text);
}

/* A deadline tells its owner once; what comes too late is dropped. */
static void test_deadline(void **state) {
    (void)state;
    struct reply r = {0};
    log_in();
    assert_true(send("Slow", SECONDS(2), &r));
    char *id = sent("ActionID");
    pass(&h, SECONDS(1.9));
    assert_int_equal(r.lost, 0);
    pass(&h, SECONDS(0.2));
    assert_int_equal(r.lost, 1);
    char *late = xasprintf("Response: Success\r\nActionID: %s\r\n\r\n", id);
    say(late);
    assert_string_equal(r.text.s, "lost ");
    assert_true(client_is_up(c));
    free(late);
    free(id);
    str_free(&r.text);
}

/* The connection goes: each action under way is lost once, before `down`, and nothing
 * can be sent from within. */
static void test_lost(void **state) {
    (void)state;
    static struct reply r[2000];
    log_in();
    memset(r, 0, sizeof r);
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        r[i].send_again = true;
        assert_true(send("A", SECONDS(5), &r[i]));
    }
    cut();
    pass(&h, SECONDS(0.2));
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        assert_int_equal(r[i].lost, 1);
        str_free(&r[i].text);
    }
    assert_int_equal(downs, 1);
    assert_string_equal(last_why, "closed by the far end");
}

/* Thousands under way at once, answered in another order than they were sent. */
static void test_many(void **state) {
    (void)state;
    static struct reply r[5000];
    struct str b = {0};
    log_in();
    memset(r, 0, sizeof r);
    header_add(&b, "Action", "A");
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        char id[16];
        snprintf(id, sizeof id, "mine-%zu", i);
        assert_true(client_send_as(c, id, &b, SECONDS(5), on_reply, &r[i]));
    }
    settle(&h);
    for (size_t i = ARRAY_LEN(r); i-- > 1;) { /* all but the first one */
        char text[80];
        snprintf(text, sizeof text, "Response: Success\r\nActionID: mine-%zu\r\n\r\n", i);
        say(text);
        assert_int_equal(r[i].lasts, 1);
        assert_int_equal(r[i - 1].lasts, 0);
        str_free(&r[i].text);
    }
    assert_int_equal(events, 0);
    cut();
    assert_string_equal(r[0].text.s, "lost ");
    str_free(&r[0].text);
    str_free(&b);
}

/* A connection cut without a word is found by Ping; a live one is pinged on and on. */
static void test_ping(void **state) {
    (void)state;
    struct reply r = {0};
    log_in();
    for (int i = 0; i < 3; i++) {
        str_reset(&far.got);
        pass(&h, SECONDS(5.01));
        asks("Ping");
        answer("Success", "Ping: Pong\r\n");
    }
    pass(&h, SECONDS(5.01));
    asks("Ping");
    assert_true(send("A", SECONDS(60), &r));
    pass(&h, SECONDS(9.8));
    assert_true(client_is_up(c));
    pass(&h, SECONDS(0.3));
    assert_false(client_is_up(c));
    assert_string_equal(last_why, "does not answer Ping");
    assert_int_equal(r.lost, 1);
    assert_int_equal(downs, 1);
    redial();
    log_in();
    assert_int_equal(client_generation(c), 2);
    assert_int_equal(ups, 2);
    str_free(&r.text);
}

/* A message beyond all bounds drops the connection, not the process. */
static void test_flood(void **state) {
    (void)state;
    static char piece[65537];
    memset(piece, 'x', sizeof piece - 1);
    log_in();
    peer_say(&far, "Event: Flood\r\nValue: ");
    for (int i = 0; i < 3; i++)
        peer_say(&far, piece);
    say("\r\n\r\nEvent: Behind\r\n\r\n");
    assert_int_equal(downs, 1);
    assert_int_equal(events, 0);
}

/* Freed in the middle of what it reads: no event after it, and a Logoff goes out. */
static void free_it(void *arg, const struct message *m) {
    (void)arg, (void)m;
    events++;
    client_free(c);
    c = NULL;
}

static void test_free_in_event(void **state) {
    (void)state;
    static const struct client_events freeing = {on_up, on_down, free_it};
    struct reply r = {0};
    client_free(c);
    const struct client_config config = {
        .name = "x", .host = "x", .username = "x", .secret = "x", .dial = dial};
    c = client_new(h.loop, &h.chance, &config, &freeing, NULL);
    loop_turn(h.loop, true);
    log_in();
    assert_true(send("A", SECONDS(5), &r));
    str_reset(&far.got);
    say("Event: One\r\n\r\nEvent: Two\r\n\r\n");
    assert_int_equal(events, 1);
    assert_int_equal(r.lost, 1);
    assert_int_equal(downs, 0);
    HEARD(&far, "Action: Logoff\r\n\r\n");
    assert_true(far.lost);
    pass(&h, SECONDS(60));
    assert_int_equal(dials, 2);
    str_free(&r.text);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_md5),           TEST(test_plain),
        TEST(test_shutting_down), TEST(test_backoff),
        TEST(test_silence),       TEST(test_replies),
        TEST(test_list),          TEST(test_originate_response),
        TEST(test_deadline),      TEST(test_lost),
        TEST(test_many),          TEST(test_ping),
        TEST(test_flood),         TEST(test_free_in_event),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
