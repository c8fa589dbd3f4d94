/* Sessions of our AMI port: the order of answers, lists, events by class, slow
 * readers. */
#include "sessionbench.h"

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
    HEARD(
        &p,
        EVENT(
            "Before") "Response: Success\r\nActionID: L\r\nEventList: start\r\n"
                      "Message: Plan List will follow\r\n\r\n"
                      "Event: Item\r\nActionID: L\r\n\r\nEvent: Item\r\nActionID: L\r\n\r\n"
                      "Event: OutPlanListComplete\r\nActionID: L\r\nEventList: Complete\r\n"
                      "ListItems: 2\r\n\r\n" EVENT("First") EVENT("Second") EVENT(
                          "After") "Response: Success\r\nActionID: next\r\nMessage: b\r\n\r\n");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order),       TEST(test_logoff_waits), TEST(test_list),
        TEST(test_gone),        TEST(test_faults),       TEST(test_mask),
        TEST(test_slow_reader), TEST(test_shutdown),     TEST(test_ping),
    };
    return cmocka_run_group_tests_name("answer", tests, begin, end);
}
