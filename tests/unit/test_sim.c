/* The simulated Asterisk: what it says in each outcome and dialect, on a virtual clock
 * over a connection in memory. */
#include "simbench.h"

/* ---- outcomes ---- */

static const struct outcome_case {
    int dialect;
    const char *channel, *more;
    const char *order;  /* with orders = false */
    const char *status; /* of DialEnd; NULL: none */
    const char *reason, *cause, *tech, *half_cause;
} outcomes[] = {
#define SOON "Application: Wait\r\nData: 2\r\nTimeout: 3000\r\n"
    {16, "SIP/300", SOON, "NBRUEOH", "ANSWER", "4", "16", NULL, NULL},
    {16, "SIP/300", "Application: Park\r\n", "NBRUEOQH", "ANSWER", "4", "16", NULL, NULL},
    {16, "sip/310@trunk", SOON, "NBEOH", "BUSY", "5", "17", NULL, NULL},
    {16, "SIP/311", SOON, "NBROH", NULL, "3", "16", NULL, NULL},
    {16, "SIP/312", SOON, "NBEOH", "BUSY", "5", "21", NULL, NULL},
    {16, "SIP/313", SOON, "NBQEOH", "NOANSWER", "0", "1", NULL, NULL},
    {16, "SIP/314", SOON, "NBEOH", "CONGESTION", "8", "34", NULL, NULL},
    {16, "SIP/315", SOON, "NBEOH", "BUSY", "5", "19", NULL, NULL},
    {16, "SIP/316", SOON, "NBOH", NULL, "3", "0", NULL, NULL},
    {16, "SIP/317", SOON, "O", NULL, "0", NULL, NULL, NULL},
    {16, "SIP/320", SOON, "NBREOH", "BUSY", "5", "17", NULL, NULL},
    {16, "SIP/321", SOON, "NBQEOH", "NOANSWER", "0", "1", NULL, NULL},
    {16, "Zork/300", SOON, "O", NULL, "0", NULL, NULL, NULL},
    {16, "PJSIP/310", SOON, "NBQEOH", "BUSY", "0", "17", NULL, NULL},
    {16, "PJSIP/311", SOON, "NBROH", NULL, "3", "0", NULL, NULL},
    {22, "PJSIP/300", SOON, "NBRUEOH", "ANSWER", "4", "0", NULL, NULL},
    {22, "PJSIP/300", "Application: Park\r\n", "NBRUEOQH", "ANSWER", "4", "0", NULL, NULL},
    {22, "PJSIP/310", SOON, "NBQEOH", "BUSY", "0", "17", "486", NULL},
    {22, "PJSIP/311", SOON, "NBROH", NULL, "3", "19", "480", NULL},
    {22, "PJSIP/312", SOON, "NBQEOH", "NOANSWER", "0", "21", "603", NULL},
    {22, "PJSIP/313", SOON, "NBQEOH", "NOANSWER", "0", "1", "404", NULL},
    {22, "PJSIP/314@trunk", SOON, "NBQEOH", "CONGESTION", "0", "34", "503", NULL},
    {22, "PJSIP/315", SOON, "NBQEOH", "NOANSWER", "0", "19", "480", NULL},
    {22, "SIP/300", SOON, "O", NULL, "0", NULL, NULL, NULL},
    {16, "Local/talk1@far/n", "Application: Wait\r\nData: 9\r\n", "NBUEOQH", "ANSWER", "4",
     "16", NULL, "16"},
    {16, "Local/300@far/n", SOON, "NBRUEOH", "ANSWER", "4", "0", NULL, "0"},
    {16, "Local/busy@far/n", SOON, "NBEOH", "BUSY", "5", "0", NULL, "17"},
    {16, "Local/cong@far", SOON, "NBEOH", "CONGESTION", "8", "0", NULL, "34"},
    {16, "Local/hc17@far", SOON, "NBQEOH", "BUSY", "0", "17", NULL, "17"},
    {16, "Local/313@far", SOON, "NBQEOH", "NOANSWER", "0", "1", NULL, "1"},
    {16, "Local/ring@far", SOON, "NBROH", NULL, "3", "0", NULL, "0"},
    {16, "Local/nosuch@far", SOON, "NOH", NULL, "0", "0", NULL, "0"},
    {22, "Local/ring@far", SOON, "NBROH", NULL, "3", "19", NULL, "19"},
    {22, "Local/busy@far", SOON, "NBEOH", "BUSY", "5", "0", NULL, "17"},
};

static void check_outcome(const struct outcome_case *o) {
    struct bench b;
    bench_start(&b, o->dialect, 1, "{\"orders\": false, \"ring\": {\"mean\": 1, \"cv\": 0}}");
    originate(&b, o->channel, "id", o->more);
    run_for(&b, 10000);
    char *order = letters(&b, "id", "");
    if (strcmp(order, o->order))
        fail_msg("%d %s: %s, not %s", o->dialect, o->channel, order, o->order);
    free(order);
    const struct message *e = event(&b, "DialEnd", "id", 0), *h = event(&b, "Hangup", "id", 0);
    assert_string_equal(e ? message_text(e, "DialStatus") : "", o->status ? o->status : "");
    assert_string_equal(h ? message_text(h, "Cause") : "", o->cause ? o->cause : "");
    assert_string_equal(h ? message_text(h, "TechCause") : "", o->tech ? o->tech : "");
    const struct message *r = must(&b, "OriginateResponse", "id");
    has(r, "Reason", o->reason);
    has(r, "ActionID", "a-id");
    has(r, "Response", strcmp(o->reason, "4") ? "Failure" : "Success");
    if (strcmp(o->reason, "4"))
        has(r, "Channel", o->channel);
    if (o->half_cause)
        has(must(&b, "Hangup", "id-2"), "Cause", o->half_cause);
    else
        assert_null(event(&b, "Newchannel", "id-2", 0));
    bench_stop(&b);
}

static void test_outcomes(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        check_outcome(&outcomes[i]);
}

/* The fields of the first events, as the real one has them. */
static void test_fields(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 16, 1, "{\"orders\": false}");
    originate(&b, "SIP/310@trunk", "id",
              "Application: Queue\r\nData: sales_1,,,,8\r\nCallerID: \"Camp\" <5550100>\r\n"
              "Variable: A=1,B=\"x,y\",C=u\\,v\r\nVariable: D=\r\n");
    run_for(&b, 1);
    const struct message *n = must(&b, "Newchannel", "id");
    static const char *const names[] = {"Event",        "Privilege",        "Channel",
                                        "ChannelState", "ChannelStateDesc", "CallerIDNum",
                                        "CallerIDName", "ConnectedLineNum", "ConnectedLineName",
                                        "Language",     "AccountCode",      "Context",
                                        "Exten",        "Priority",         "Uniqueid",
                                        "Linkedid"};
    assert_int_equal(n->count, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_string_equal(n->headers[i].name, names[i]);
    has(n, "Channel", "SIP/trunk-00000000");
    has(n, "CallerIDNum", "<unknown>");
    has(must(&b, "DialBegin", "id"), "DialString", "310@trunk");
    has(must(&b, "DialBegin", "id"), "DestCallerIDNum", "5550100");
    has(event(&b, "VarSet", "id", 1), "Variable", "D");
    has(event(&b, "VarSet", "id", 2), "Value", "u,v");
    has(event(&b, "VarSet", "id", 3), "Value", "x,y");
    has(event(&b, "VarSet", "id", 4), "Variable", "A");
    has(must(&b, "OriginateResponse", "id"), "Data", "sales_1,,,,8");
    has(must(&b, "OriginateResponse", "id"), "CallerIDName", "Camp");
    has(must(&b, "Hangup", "id"), "Cause-txt", "User busy");
    bench_stop(&b);
}

/* ---- the orders ---- */

static void count_orders(int dialect, const char *const *channels, size_t channel_count,
                         const char *const *wanted, size_t wanted_count) {
    struct bench b;
    bench_start(&b, dialect, 7,
                "{\"ring\": {\"mean\": 0.02, \"cv\": 0.5}, \"talk\": {\"mean\": 1}}");
    unsigned seen[16] = {0};
    for (int k = 0; k < 2000; k++) {
        char id[32];
        snprintf(id, sizeof id, "id-%d", k);
        originate(&b, channels[(size_t)k % channel_count], id, NULL);
        run_for(&b, 60);
        char *order = letters(&b, id, "RQ");
        size_t i = 0;
        while (i < wanted_count && strcmp(wanted[i], order))
            i++;
        if (i == wanted_count)
            fail_msg("%s never happens", order);
        seen[i]++;
        free(order);
        bench_clear(&b);
    }
    for (size_t i = 0; i < wanted_count; i++)
        if (seen[i] == 0)
            fail_msg("%d: no %s in 2000 calls", dialect, wanted[i]);
    bench_stop(&b);
}

static void test_orders(void **state) {
    (void)state;
    static const char *const answered[] = {"Local/300@far/n"};
    static const char *const sip[] = {"SIP/300"}, *const pjsip[] = {"PJSIP/300"};
    static const char *const up[] = {"NBUEOH", "NBOUEH", "NBUOEH", "NOBUEH"};
    static const char *const refused[] = {"Local/busy@far", "Local/hc21@far", "PJSIP/310"};
    static const char *const down[] = {"NBEOH", "NBEHO", "NBOEH", "NOBEH", "ONBEH"};
    static const char *const unknown[] = {"Local/nosuch@far"};
    static const char *const none[] = {"NHO", "NOH", "ONH"};
    static const char *const rings[] = {"PJSIP/311"}, *const late[] = {"NBHO", "NBOH"};
    for (int dialect = 16; dialect <= 22; dialect += 6) {
        count_orders(dialect, answered, 1, up, ARRAY_LEN(up));
        count_orders(dialect, dialect == 16 ? sip : pjsip, 1, up, ARRAY_LEN(up));
        count_orders(dialect, refused, ARRAY_LEN(refused), down, ARRAY_LEN(down));
        count_orders(dialect, unknown, 1, none, ARRAY_LEN(none));
        count_orders(dialect, rings, 1, late, ARRAY_LEN(late));
    }
}

/* ---- actions ---- */

static void test_errors(void **state) {
    (void)state;
    static const struct {
        const char *action, *message;
    } cases[] = {
        {"Originate", "Channel not specified"},
        {"Originate\r\nChannel: nonsense", "Invalid channel"},
        {"Originate\r\nChannel: SIP/1\r\nTimeout: abc", "Invalid timeout"},
        {"Originate\r\nChannel: SIP/1\r\nPriority: x", "Invalid priority"},
        {"Originate\r\nChannel: SIP/1\r\nContext: near\r\nExten: nosuch\r\nPriority: 1",
         "Extension does not exist."},
        {"Hangup", "No channel specified"},
        {"Hangup\r\nChannel: none", "No such channel"},
        {"Status\r\nChannel: none", "No such channel"},
        {"Getvar\r\nChannel: none\r\nVariable: x", "No such channel"},
        {"QueuePause\r\nInterface: none\r\nPaused: 1", "Interface not found"},
        {"QueueRemove\r\nInterface: none\r\nQueue: sales_1",
         "Unable to remove interface: Not there"},
        {"QueueAdd\r\nInterface: SIP/agent-01\r\nQueue: sales_1",
         "Unable to add interface: Already there"},
        {"Command", "No command provided"},
        {"Nonsense", "Invalid/unknown command: Nonsense. Use Action: ListCommands to show "
                     "available commands."},
    };
    struct bench b;
    bench_start(&b, 16, 1, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bench_clear(&b);
        char *text = xasprintf("Action: %s\r\n\r\n", cases[i].action);
        say(&b, text);
        run_for(&b, 0.0001);
        assert_int_equal(b.count, 1);
        has(&b.got[0].m, "Response", "Error");
        has(&b.got[0].m, "Message", cases[i].message);
        free(text);
    }
    bench_stop(&b);
}

/* Hangup while it rings and while it talks, a synchronous Originate, and the lists. */
static void test_hangup(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 16, 1, "{\"orders\": false, \"ring\": {\"mean\": 1, \"cv\": 0}}");
    originate(&b, "SIP/311", "ringing", NULL);
    originate(&b, "SIP/300", "talking", NULL);
    say(&b, "Action: Hangup\r\nChannel: talking\r\n\r\n");
    say(&b, "Action: Originate\r\nActionID: s\r\nChannel: SIP/300\r\nApplication: "
            "Park\r\n\r\n");
    run_for(&b, 2);
    has(&b.got[4].m, "Message", "No such channel"); /* not even begun */
    say(&b, "Action: CoreShowChannels\r\n\r\nAction: Status\r\nChannel: talking\r\n\r\n");
    say(&b, "Action: Hangup\r\nChannel: ringing\r\nCause: 31\r\n\r\n");
    say(&b, "Action: Hangup\r\nChannel: talking\r\n\r\n");
    run_for(&b, 1);
    has(must(&b, "CoreShowChannelsComplete", NULL), "ListItems", "3");
    has(must(&b, "Status", "talking"), "Application", "Park");
    has(must(&b, "DialEnd", "ringing"), "DialStatus", "NOANSWER");
    has(must(&b, "OriginateResponse", "ringing"), "Reason", "0");
    has(must(&b, "Hangup", "ringing"), "Cause", "31");
    has(must(&b, "Hangup", "talking"), "Cause", "16");
    assert_null(event(&b, "HangupRequest", "talking", 0));
    bool answered = false;
    for (size_t i = 0; i < b.count; i++)
        answered |= !strcmp(message_text(&b.got[i].m, "ActionID"), "s") &&
                    !strcmp(message_text(&b.got[i].m, "Response"), "Success");
    assert_true(answered);
    bench_stop(&b);
}

/* The same id twice: the second fails without a channel, the first goes on. */
static void test_same_id(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 22, 1, NULL);
    originate(&b, "PJSIP/311", "dup", "Application: Park\r\nTimeout: 2000\r\n");
    run_for(&b, 1);
    originate(&b, "PJSIP/311", "dup", NULL);
    run_for(&b, 0.5);
    has(must(&b, "OriginateResponse", "dup"), "Reason", "0");
    assert_null(event(&b, "Hangup", "dup", 0));
    run_for(&b, 60);
    has(event(&b, "OriginateResponse", "dup", 1), "Reason", "3");
    assert_non_null(event(&b, "Hangup", "dup", 0));
    assert_null(event(&b, "Hangup", "dup", 1));
    bench_stop(&b);
}

/* A trunk of one channel: the second call is refused for want of one. */
static void test_trunk(void **state) {
    (void)state;
    struct bench b;
    bench_start(&b, 16, 1, "{\"trunk\": 1}");
    originate(&b, "SIP/300", "one", NULL);
    originate(&b, "SIP/300", "two", NULL);
    run_for(&b, 0.5);
    has(must(&b, "Hangup", "two"), "Cause", "34");
    assert_null(event(&b, "Hangup", "one", 0));
    bench_stop(&b);
}

/* ---- the seed ---- */

/* All bytes of a run of many calls. */
static char *whole_run(uint64_t seed, double gap) {
    struct bench b;
    bench_start(&b, 16, seed, "{\"busy\": 0.2, \"misses\": 0.1, \"pickup\": 1}");
    for (int k = 0; k < 300; k++) {
        char id[32];
        snprintf(id, sizeof id, "id-%d", k);
        originate(&b, "SIP/0123456", id, "Application: Queue\r\nData: sales_1\r\n");
        run_for(&b, gap);
    }
    run_for(&b, 5000);
    char *bytes = str_take(&b.bytes);
    bench_stop(&b);
    return bytes;
}

static void test_same_seed(void **state) {
    (void)state;
    char *one = whole_run(5, 3), *two = whole_run(5, 3), *other = whole_run(6, 3);
    assert_true(strlen(one) > 100000);
    assert_string_equal(one, two);
    assert_string_not_equal(one, other);
    free(one);
    free(two);
    free(other);
}

/* The k-th dial ends the same way whatever is dialled around it. */
static void test_fate_of_its_own(void **state) {
    (void)state;
    char *outcome[2][100];
    for (int run = 0; run < 2; run++) {
        struct bench b;
        bench_start(&b, 22, 9, "{\"busy\": 0.2, \"unknown\": 0.1}");
        for (int k = 0; k < 100; k++) {
            char id[32];
            snprintf(id, sizeof id, "id-%d", k);
            /* in the second run every other call goes to a number with a fate of its
             * own */
            originate(&b, run && k % 2 ? "PJSIP/310" : "PJSIP/0123", id, NULL);
            run_for(&b, run ? 0.01 : 50);
        }
        run_for(&b, 100000);
        for (int k = 0; k < 100; k++) {
            char id[32];
            snprintf(id, sizeof id, "id-%d", k);
            char *order = letters(&b, id, "");
            outcome[run][k] =
                xasprintf("%s %s", order, message_text(must(&b, "Hangup", id), "Cause"));
            free(order);
        }
        bench_stop(&b);
    }
    int answered = 0;
    for (int k = 0; k < 100; k += 2) {
        assert_string_equal(outcome[0][k], outcome[1][k]);
        answered += strchr(outcome[0][k], 'U') != NULL;
    }
    assert_in_range(answered, 5, 30);
    for (int i = 0; i < 200; i++)
        free(outcome[i / 100][i % 100]);
}

static void test_bad_world(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"answerrate\": 1}",
        "{\"answer_rate\": 2}",
        "{\"ring\": {\"men\": 2}}",
        "{\"ring\": 3}",
        "{\"agents\": \"x\"}",
        "{\"numbers\": {\"1\": \"x\"}}",
        "{\"busy\": [[0, 2]]}",
        "{\"queue\": 1}",
        "{\"talk\": {\"shape\": \"x\"}}",
        "{\"dialplan\": {\"s\": []}}",
    };
    struct log log = {.level = LOG_ERROR, .sink = quiet};
    struct clock clock;
    clock_virtual(&clock, WALL);
    struct loop *l = loop_new(&clock, &log);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *err = NULL;
        struct sim_config config = {.world = json_loads(bad[i], 0, NULL), .dialect = 16};
        if (sim_new(l, &config, &err) != NULL)
            fail_msg("%s", bad[i]);
        assert_non_null(strstr(err, "world: "));
        free(err);
        json_decref((json_t *)config.world);
    }
    loop_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_orders),          cmocka_unit_test(test_errors),
        cmocka_unit_test(test_hangup),          cmocka_unit_test(test_same_id),
        cmocka_unit_test(test_trunk),           cmocka_unit_test(test_same_seed),
        cmocka_unit_test(test_fate_of_its_own), cmocka_unit_test(test_bad_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
