/* What became of a call: every outcome seen on real Asterisk 16 and 22, in every order
 * its events were seen in, gives the same ResDial; the rows are those of the notes on
 * AMI (measured), the numbers those of the protocol. */
#include "tool.h"

#include "dialer/core/outcome.h"

/* Which driver: they differ in what they tell. */
#define SIP .channel = true, .hangup = true, .response = true, .begun = true
#define LOCAL SIP, .channel2 = true, .hangup2 = true
#define OK .success = true, .reason = 4, .end = END_ANSWER
#define TIMEOUT .timed_out = true, .reason = 3

static const struct {
    const char *name;
    struct facts f;
    int res_dial, res_hangup;
} outcomes[] = {
    {"answered, app ends, 16 sip", {SIP, OK, .cause = 16}, 4, 16},
    {"answered, app ends, 16 and 22 pjsip", {SIP, OK}, 4, 16},
    {"answered, app ends, Local", {LOCAL, OK}, 4, 16},
    {"answered, dialplan Hangup(21)", {SIP, OK, .cause = 21}, 4, 21},
    {"answered, callee hangs up, 16 sip", {SIP, OK, .cause = 16}, 4, 16},
    {"answered, callee hangs up, 22", {SIP, OK, .cause = 0}, 4, 16},
    {"answered, Action: Hangup Cause: 42", {SIP, OK, .cause = 42}, 4, 42},
    {"answered, no DialEnd yet seen", {SIP, .success = true, .reason = 4}, 4, 16},
    {"answered, the response said Failure", {SIP, .end = END_ANSWER}, 4, 16},

    {"Local busy", {LOCAL, .reason = 5, .end = END_BUSY, .cause2 = 17}, 5, 17},
    {"Local congestion", {LOCAL, .reason = 8, .end = END_CONGESTION, .cause2 = 34}, 8, 34},
    {"Local hc17", {LOCAL, .end = END_BUSY, .cause = 17, .cause2 = 17}, 5, 17},
    {"Local hc34", {LOCAL, .end = END_CONGESTION, .cause = 34, .cause2 = 34}, 8, 34},
    {"Local hc3", {LOCAL, .end = END_CHANUNAVAIL, .cause = 3, .cause2 = 3}, 0, 3},
    {"Local hc20", {LOCAL, .end = END_CHANUNAVAIL, .cause = 20, .cause2 = 20}, 0, 20},
    {"Local hc1", {LOCAL, .end = END_NOANSWER, .cause = 1, .cause2 = 1}, 0, 1},
    {"Local hc16", {LOCAL, .end = END_NOANSWER, .cause = 16, .cause2 = 16}, 1, 16},
    {"Local hc21", {LOCAL, .end = END_NOANSWER, .cause = 21, .cause2 = 21}, 1, 21},
    {"Local falls through", {LOCAL, .end = END_NOANSWER}, 1, 0},
    {"Local no such extension",
     {.channel = true, .hangup = true, .response = true, .channel2 = true, .hangup2 = true},
     0,
     0},

    {"timeout, 16 sip", {SIP, TIMEOUT, .cause = 16}, 3, 16},
    {"timeout, 16 pjsip", {SIP, TIMEOUT}, 3, 19},
    {"timeout, 16 Local", {LOCAL, TIMEOUT}, 3, 19},
    {"timeout, 22", {SIP, TIMEOUT, .cause = 19, .tech_cause = 480}, 3, 19},
    {"timeout, 22 Local", {LOCAL, TIMEOUT, .cause = 19, .cause2 = 19}, 3, 19},

    {"486, 16 sip", {SIP, .reason = 5, .end = END_BUSY, .cause = 17}, 5, 17},
    {"486, 16 pjsip", {SIP, .end = END_BUSY, .cause = 17}, 5, 17},
    {"486, 22", {SIP, .end = END_BUSY, .cause = 17, .tech_cause = 486}, 5, 17},
    {"600, 22", {SIP, .end = END_BUSY, .cause = 17, .tech_cause = 600}, 5, 17},
    {"480, 16", {SIP, .reason = 5, .end = END_BUSY, .cause = 19}, 3, 19},
    {"480, 22", {SIP, .end = END_NOANSWER, .cause = 19, .tech_cause = 480}, 3, 19},
    {"603, 16", {SIP, .reason = 5, .end = END_BUSY, .cause = 21}, 1, 21},
    {"603, 22", {SIP, .end = END_NOANSWER, .cause = 21, .tech_cause = 603}, 1, 21},
    {"404, 16", {SIP, .end = END_NOANSWER, .cause = 1}, 0, 1},
    {"404, 22", {SIP, .end = END_NOANSWER, .cause = 1, .tech_cause = 404}, 0, 1},
    {"403", {SIP, .end = END_NOANSWER, .cause = 21}, 1, 21},
    {"408", {SIP, .end = END_NOANSWER, .cause = 18}, 3, 18},
    {"484", {SIP, .end = END_NOANSWER, .cause = 28}, 0, 28},
    {"488", {SIP, .end = END_NOANSWER, .cause = 58}, 8, 58},
    {"410, 16", {SIP, .reason = 8, .end = END_CONGESTION, .cause = 22}, 0, 22},
    {"410, 22", {SIP, .end = END_NOANSWER, .cause = 22}, 0, 22},
    {"500, 16", {SIP, .reason = 8, .end = END_CONGESTION, .cause = 38}, 8, 38},
    {"500, 22", {SIP, .end = END_NOANSWER, .cause = 38}, 8, 38},
    {"502, 16", {SIP, .reason = 8, .end = END_CONGESTION, .cause = 27}, 8, 27},
    {"502, 22", {SIP, .end = END_NOANSWER, .cause = 27}, 8, 27},
    {"503, 16", {SIP, .reason = 8, .end = END_CONGESTION, .cause = 34}, 8, 34},
    {"503, 22", {SIP, .end = END_CONGESTION, .cause = 34}, 8, 34},
    {"401, 16", {SIP, .reason = 8, .end = END_CONGESTION, .cause = 21}, 1, 21},
    {"401, 22", {SIP, .end = END_NOANSWER, .cause = 21}, 1, 21},
    {"487, 16", {SIP, .end = END_NOANSWER, .cause = 16}, 1, 16},
    {"487, 22", {SIP, .end = END_NOANSWER, .cause = 127}, 1, 127},
    {"302, 16", {SIP, .end = END_CANCEL, .cause = 16}, 1, 16},
    {"302, 22", {SIP, .end = END_CANCEL, .cause = 23}, 1, 23},

    {"we hang up ringing, 16 sip", {SIP, .end = END_NOANSWER, .cause = 16}, 1, 16},
    {"we hang up ringing, Local", {LOCAL, .end = END_NOANSWER}, 1, 0},
    {"restart while it rings, 16 sip", {SIP, .cause = 16}, 1, 16},
    {"restart while it rings, 22", {SIP}, 1, 0},
};

/* The same behaviour of the customer gives the same numbers, whatever the version. */
static void test_outcomes(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        struct outcome o = outcome_of(&outcomes[i].f);
        if (o.res_dial != outcomes[i].res_dial || o.res_hangup != outcomes[i].res_hangup)
            fail_msg("%s: %d %d, not %d %d", outcomes[i].name, o.res_dial, o.res_hangup,
                     outcomes[i].res_dial, outcomes[i].res_hangup);
        assert_true(facts_complete(&outcomes[i].f));
        assert_false(o.ours);
        assert_string_equal(o.res_hangup_detail, cause_text(o.res_hangup));
    }
}

/* All causes the protocol names, as a Local's ;2 half tells them: the half that was
 * dialled says 0. */
static void test_causes(void **state) {
    (void)state;
    static const struct {
        int res_dial;
        int causes[12];
    } t[] = {{5, {17}},
             {3, {18, 19}},
             {8, {27, 34, 38, 41, 42, 44, 47, 58}},
             {0, {1, 3, 20, 22, 28}},
             {1, {16, 21, 23, 127}}};
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        for (const int *cause = t[i].causes; *cause; cause++) {
            const struct facts sip = {SIP, .end = END_NOANSWER, .cause = *cause};
            const struct facts local = {LOCAL, .end = END_NOANSWER, .cause2 = *cause};
            assert_int_equal(outcome_of(&sip).res_dial, t[i].res_dial);
            assert_int_equal(outcome_of(&local).res_dial, t[i].res_dial);
            assert_int_equal(outcome_of(&local).res_hangup, *cause);
            assert_string_not_equal(cause_text(*cause), "Unknown");
        }
    assert_string_equal(cause_text(16), "Normal Clearing");
    assert_string_equal(cause_text(17), "User busy");
    assert_string_equal(cause_text(0), "Unknown");
}

/* Where the Hangup says nothing: TechCause, then DialEnd, then Reason, in this
 * order. */
static void test_no_cause(void **state) {
    (void)state;
    static const struct {
        struct facts f;
        int res_dial, res_hangup;
    } t[] = {
        {{SIP, .tech_cause = 486, .end = END_NOANSWER}, 5, 0},
        {{SIP, .tech_cause = 404, .end = END_BUSY}, 0, 17},
        {{SIP, .tech_cause = 503, .end = END_NOANSWER}, 8, 0},
        {{SIP, .tech_cause = 480, .end = END_NOANSWER}, 3, 0},
        {{SIP, .tech_cause = 603, .end = END_NOANSWER}, 1, 0},
        {{SIP, .end = END_BUSY, .reason = 8}, 5, 17},
        {{SIP, .end = END_CONGESTION}, 8, 34},
        {{SIP, .end = END_CHANUNAVAIL}, 0, 0},
        {{SIP, .end = END_CANCEL}, 1, 0},
        {{SIP, .reason = 5}, 5, 0},
        {{SIP, .reason = 8}, 8, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct outcome o = outcome_of(&t[i].f);
        if (o.res_dial != t[i].res_dial || o.res_hangup != t[i].res_hangup)
            fail_msg("row %zu: %d %d", i, o.res_dial, o.res_hangup);
    }
}

/* No channel at all is our fault, and costs the lead no try; a call that ended while
 * nobody watched is unknown, unless it was seen to be answered. */
static void test_ours_and_lost(void **state) {
    (void)state;
    struct facts f = {.response = true};
    struct outcome o = outcome_of(&f);
    assert_int_equal(o.res_dial, RES_FAILED);
    assert_string_equal(o.res_dial_detail, "local");
    assert_true(o.ours);
    f = (struct facts){.channel = true, .begun = true, .lost = true};
    o = outcome_of(&f);
    assert_string_equal(o.res_dial_detail, "unknown");
    assert_false(o.ours);
    assert_true(facts_complete(&f));
    f = (struct facts){.channel = true, .response = true, .success = true, .lost = true};
    o = outcome_of(&f);
    assert_int_equal(o.res_dial, RES_ANSWERED);
    assert_string_equal(o.res_dial_detail, "answered");
    assert_false(o.ours);
}

/* The orders seen at 300 calls a second: N Newchannel, B DialBegin, U Up, E DialEnd,
 * H Hangup, O OriginateResponse; n and h are those of a Local's other half. A call must
 * not be over before all of it has come, or it would be counted twice. */
static const char *const orders[] = {"NBUEOH", "NBOUEH", "NBUOEH",  "NOBUEH",  "NBEOH",
                                     "NBEHO",  "NBOEH",  "NOBEH",   "ONBEH",   "NHO",
                                     "NOH",    "ONH",    "NnBEOhH", "NnBEOHh", "NnOBEHh",
                                     "NnhHO",  "nNHhO",  "ONnhH",   "NnHOh"};

static void add_fact(struct facts *f, char what) {
    switch (what) {
    case 'N':
        f->channel = true;
        break;
    case 'n':
        f->channel2 = true;
        break;
    case 'B':
        f->begun = true;
        break;
    case 'E':
        f->end = END_BUSY;
        break;
    case 'O':
        f->response = true;
        f->reason = 5;
        break;
    case 'H':
        f->channel = f->hangup = true;
        break;
    case 'h':
        f->hangup2 = true;
        f->cause2 = 17;
        break;
    default:
        break;
    }
}

static void test_orders(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct facts f = {0};
        for (const char *p = orders[i]; *p; p++) {
            if (facts_complete(&f))
                fail_msg("%s is over before %s", orders[i], p);
            add_fact(&f, *p);
        }
        if (!facts_complete(&f))
            fail_msg("%s is not over", orders[i]);
        assert_int_equal(outcome_of(&f).res_dial, RES_BUSY);
    }
}

/* The words of DialStatus; one we do not know is no answer. */
static void test_words(void **state) {
    (void)state;
    assert_int_equal(dial_end_of("ANSWER"), END_ANSWER);
    assert_int_equal(dial_end_of("BUSY"), END_BUSY);
    assert_int_equal(dial_end_of("CONGESTION"), END_CONGESTION);
    assert_int_equal(dial_end_of("CHANUNAVAIL"), END_CHANUNAVAIL);
    assert_int_equal(dial_end_of("CANCEL"), END_CANCEL);
    assert_int_equal(dial_end_of("NOANSWER"), END_NOANSWER);
    assert_int_equal(dial_end_of("DONTCALL"), END_NOANSWER);
    assert_int_equal(dial_end_of(""), END_NOANSWER);
}

/* What a retry strategy reads of a lead: the detail where it says more than the number. */
static void test_lead_words(void **state) {
    (void)state;
    assert_string_equal(outcome_word(RES_FAILED, NULL), "failed");
    assert_string_equal(outcome_word(RES_REFUSED, "refused"), "refused");
    assert_string_equal(outcome_word(RES_NO_ANSWER, "no answer"), "no_answer");
    assert_string_equal(outcome_word(RES_ANSWERED, "answered"), "answered");
    assert_string_equal(outcome_word(RES_BUSY, "busy"), "busy");
    assert_string_equal(outcome_word(RES_CONGESTION, "congestion"), "congestion");
    assert_string_equal(outcome_word(RES_ANSWERED, "machine"), "machine");
    assert_string_equal(outcome_word(RES_ANSWERED, "abandoned"), "abandoned");
    assert_string_equal(outcome_word(RES_FAILED, "local"), "local");
    assert_string_equal(outcome_word(RES_FAILED, "unknown"), "unknown");
    static const int strange[] = {-1, 2, 6, 99}; /* of an old database */
    for (size_t i = 0; i < ARRAY_LEN(strange); i++)
        assert_string_equal(outcome_word(strange[i], "what is this"), "failed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),   cmocka_unit_test(test_causes),
        cmocka_unit_test(test_no_cause),   cmocka_unit_test(test_ours_and_lost),
        cmocka_unit_test(test_orders),     cmocka_unit_test(test_words),
        cmocka_unit_test(test_lead_words),
    };
    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
