/* Queues, agents and AMD of the simulated Asterisk, and that nothing is left over
 * whatever is done to it. */
#include "simbench.h"

#define AT(b, name, id) (place(b, name, id))
/* How many messages came before that event. */
static size_t place(const struct bench *b, const char *name, const char *id) {
    const struct message *m = must(b, name, id);
    for (size_t i = 0; i < b->count; i++)
        if (&b->got[i].m == m)
            return i;
    return 0;
}

static void check_queue(int dialect, const char *tech, const char *pickup) {
    struct bench b;
    char *world =
        xasprintf("{\"agents\": 1, \"pickup\": %s, \"patience\": 20, \"orders\": false,"
                  "\"talk\": {\"mean\": 60, \"cv\": 0},"
                  "\"ring\": {\"mean\": 5, \"cv\": 0},"
                  "\"wrapup\": {\"mean\": 30, \"cv\": 0}}",
                  pickup);
    bench_start(&b, dialect, 3, world);
    free(world);
    char *channel = xasprintf("%s/300", tech), *agent = xasprintf("%s/agent-01", tech);
    originate(&b, channel, "one", "Application: Queue\r\nData: sales_1\r\n");
    run_for(&b, 1);
    originate(&b, channel, "two", "Application: Queue\r\nData: sales_1\r\n");
    run_for(&b, 300);
    has(must(&b, "QueueCallerJoin", "one"), "Position", "1");
    has(must(&b, "AgentCalled", "one"), "Interface", agent);
    has(must(&b, "AgentCalled", "one"), "DestLinkedid", "one");
    has(must(&b, "AgentConnect", "one"), "HoldTime", pickup);
    has(must(&b, "AgentComplete", "one"), "TalkTime", "60");
    assert_true(AT(&b, "QueueCallerJoin", "one") < AT(&b, "AgentCalled", "one"));
    assert_true(AT(&b, "QueueCallerLeave", "one") < AT(&b, "AgentConnect", "one"));
    assert_true(AT(&b, "QueueMemberPause", NULL) < AT(&b, "AgentComplete", "one"));
    const struct message *paused = event(&b, "QueueMemberPause", NULL, 0);
    has(paused, "Paused", "1");
    has(paused, "PausedReason", "wrapup");
    assert_int_equal(message_has(paused, "Reason"), dialect == 16);
    has(event(&b, "QueueMemberPause", NULL, 1), "Paused", "0");
    const char *const states[] = {"6", "2", "1"};
    for (int i = 0; i < 3; i++)
        has(event(&b, "QueueMemberStatus", NULL, i), "Status", states[i]);
    has(must(&b, "QueueCallerAbandon", "two"), "HoldTime", "20");
    has(must(&b, "QueueCallerLeave", "two"), "Count", "0");
    assert_null(event(&b, "AgentConnect", "two", 0));
    free(channel);
    free(agent);
    bench_stop(&b);
}

static void test_queue(void **state) {
    (void)state;
    check_queue(16, "SIP", "0");
    check_queue(22, "PJSIP", "0");
    check_queue(16, "SIP", "3");
}

/* What lists tell, an unknown queue, an agent who does not pick up, and a queue's own
 * timeout. */
static void test_queue_more(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 22, 3,
                "{\"agents\": [{\"from\": 0, \"value\": 2}, {\"from\": 500, \"value\": 1}],"
                "\"ring\": {\"mean\": 5, \"cv\": 0}, \"misses\": 1, \"patience\": 100,"
                "\"queue\": [\"sales_1\", \"help\"]}");
    originate(&b, "PJSIP/300", "one", "Application: Queue\r\nData: sales_1\r\n");
    originate(&b, "PJSIP/300", "none", "Application: Queue\r\nData: other\r\n");
    run_for(&b, 10);
    say(&b, "Action: QueueStatus\r\nActionID: q\r\n\r\n");
    say(&b, "Action: QueueSummary\r\nQueue: sales_1\r\n\r\n");
    run_for(&b, 20);
    has(must(&b, "AgentRingNoAnswer", "one"), "RingTime", "15000");
    has(must(&b, "AgentRingNoAnswer", "one"), "MemberName", "agent-01");
    has(must(&b, "QueueStatusComplete", NULL), "ListItems", "7");
    has(event(&b, "QueueEntry", NULL, 0), "Uniqueid", "one");
    has(must(&b, "QueueSummary", NULL), "LoggedIn", "2");
    has(must(&b, "QueueSummary", NULL), "Available", "1");
    assert_string_equal(variable(&b, "none", "QUEUESTATUS"), "UNKNOWN");
    assert_null(event(&b, "QueueCallerJoin", "none", 0));
    run_for(&b, 1000);
    has(must(&b, "QueueMemberRemoved", NULL), "MemberName", "agent-02");
    say(&b, "Action: QueuePause\r\nInterface: PJSIP/agent-01\r\nPaused: "
            "true\r\nReason: lunch\r\n\r\n");
    say(&b, "Action: QueueAdd\r\nInterface: Local/x@y\r\nQueue: help\r\nMemberName: "
            "X\r\n\r\n");
    say(&b, "Action: QueueRemove\r\nInterface: Local/x@y\r\nQueue: help\r\n\r\n");
    bench_clear(&b);
    run_for(&b, 1);
    has(event(&b, "QueueMemberPause", NULL, 0), "PausedReason", "lunch");
    has(must(&b, "QueueMemberAdded", NULL), "Interface", "Local/x@y");
    has(must(&b, "QueueMemberRemoved", NULL), "MemberName", "X");
    originate(&b, "PJSIP/300", "two", "Application: Queue\r\nData: sales_1,,,,8\r\n");
    run_for(&b, 100);
    has(must(&b, "QueueCallerAbandon", "two"), "HoldTime", "8");
    assert_string_equal(variable(&b, "two", "QUEUESTATUS"), "TIMEOUT");
    bench_stop(&b);
}

static void test_amd(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 16, 1,
                "{\"amd\": {\"min\": 3, \"max\": 3, \"error\": 0},"
                "\"channelvars\": \"AMDSTATUS\", \"talk\": {\"mean\": 9},"
                "\"dialplan\": {\"s@near\": [\"AMD\", \"machine:Hangup(26)\", "
                "\"Queue(help)\"]}}");
    static const char more[] = "Context: near\r\nExten: s\r\nPriority: 1\r\n";
    originate(&b, "SIP/319", "machine", more);
    originate(&b, "SIP/318", "human", more);
    originate(&b, "SIP/319", "direct", "Context: amd\r\nExten: 1\r\nPriority: 1\r\n");
    run_for(&b, 500);
    assert_string_equal(variable(&b, "machine", "AMDSTATUS"), "MACHINE");
    assert_string_equal(variable(&b, "human", "AMDCAUSE"), "HUMAN-800-800");
    has(must(&b, "Hangup", "machine"), "Cause", "26");
    has(must(&b, "Hangup", "machine"), "ChanVariable", "AMDSTATUS=MACHINE");
    has(must(&b, "QueueCallerJoin", "human"), "Queue", "help");
    assert_string_equal(variable(&b, "direct", "AMDSTATUS"), "MACHINE");
    has(must(&b, "UserEvent", "direct"), "UserEvent", "AmdResult");
    has(must(&b, "UserEvent", "direct"), "Status", "MACHINE");
    bench_stop(&b);
}

/* ---- whatever comes ---- */

/* One action out of all that change something, on a call or an agent of any age. */
static void act(struct bench *b, struct chance *c, int k) {
    static const char *const channels[] = {"SIP/0123", "Local/0123@far", "PJSIP/0123@trunk",
                                           "SIP/310"};
    static const char *const wants[] = {"Application: Queue\r\nData: sales_1,,,,4\r\n",
                                        "Application: Queue\r\nData: b\r\n",
                                        "Application: Park\r\n",
                                        "Context: amd\r\nExten: 1\r\nPriority: 1\r\n",
                                        "Application: Hangup\r\nTimeout: 500\r\n"};
    static const char *const rows[] = {"QueuePause\r\nPaused: yes",
                                       "QueuePause\r\nPaused: no",
                                       "QueueRemove\r\nQueue: sales_1",
                                       "QueueAdd\r\nQueue: sales_1",
                                       "QueueRemove\r\nQueue: b",
                                       "QueueAdd\r\nQueue: b"};
    int dice = (int)(chance_next(c) % 10);
    char id[32], *text;
    snprintf(id, sizeof id, "id-%d", k);
    if (dice < 6) {
        originate(b, channels[chance_next(c) % 4], id, wants[chance_next(c) % 5]);
        return;
    }
    if (dice < 9)
        text = xasprintf("Action: Hangup\r\nChannel: id-%d%s\r\n\r\n",
                         k - (int)(chance_next(c) % 20), chance_hit(c, 0.3) ? "-2" : "");
    else
        text = xasprintf("Action: %s\r\nInterface: SIP/agent-0%d\r\n\r\n",
                         rows[chance_next(c) % 6], 1 + (int)(chance_next(c) % 4));
    say(b, text);
    free(text);
}

static unsigned count_of(const struct bench *b, const char *name) {
    unsigned n = 0;
    for (size_t i = 0; i < b->count; i++)
        n += message_is_event(&b->got[i].m, name);
    return n;
}

/* Whatever is done to calls and agents: every channel ends once, every Originate is
 * told of once, who joins leaves, and in the end nobody is busy. */
static void test_whatever(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 16, 11,
                "{\"agents\": [[0, 3], [200, 1], [600, 4]], \"pickup\": 1, \"misses\": 0.2,"
                "\"ring\": {\"mean\": 2}, \"talk\": {\"mean\": 8}, \"answer_rate\": 0.8,"
                "\"wrapup\": {\"mean\": 2}, \"patience\": 25, \"busy\": 0.3, \"nopeer\": 0.2}");
    struct chance c;
    chance_seed(&c, 12);
    unsigned originates = 0;
    for (int k = 0; k < 4000; k++) {
        act(&b, &c, k);
        run_for(&b, chance_unit(&c) * 0.6);
    }
    run_for(&b, 10000);
    for (size_t i = 0; i < b.count; i++)
        originates +=
            !strcmp(message_text(&b.got[i].m, "Message"), "Originate successfully queued");
    assert_in_range(originates, 2000, 3000);
    assert_int_equal(count_of(&b, "OriginateResponse"), originates);
    assert_int_equal(count_of(&b, "Newchannel"), count_of(&b, "Hangup"));
    assert_int_equal(count_of(&b, "QueueCallerJoin"), count_of(&b, "QueueCallerLeave"));
    assert_int_equal(count_of(&b, "AgentConnect"), count_of(&b, "AgentComplete"));
    assert_true(count_of(&b, "AgentConnect") > 50);
    assert_true(count_of(&b, "AgentRingNoAnswer") > 5);
    bench_clear(&b);
    say(&b, "Action: CoreShowChannels\r\n\r\nAction: QueueStatus\r\n\r\n");
    run_for(&b, 1);
    has(must(&b, "CoreShowChannelsComplete", NULL), "ListItems", "0");
    const struct message *m;
    for (int i = 0; (m = event(&b, "QueueMember", NULL, i)); i++)
        has(m, "Status", "1");
    assert_null(event(&b, "QueueEntry", NULL, 0));
    bench_stop(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_more),
        cmocka_unit_test(test_amd),
        cmocka_unit_test(test_whatever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
