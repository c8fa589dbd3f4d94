/* A change to a noun: every way in which one is refused, in words that say what to do; and
 * the same row whatever form the change came in. */
#include "dialer.h"

static struct office o;

static int begin(void **state) {
    (void)state;
    office_begin(&o, NULL);
    office_start(&o);
    return 0;
}

static int end(void **state) {
    (void)state;
    office_end(&o);
    return 0;
}

/* Asks, and gives the words of the refusal (to be freed); NULL if it was done. */
static char *refusal(const struct noun *n, enum change_verb verb, const char *headers) {
    struct asked a;
    ask_begin(&o, &a, n, verb, headers);
    UNTIL(&o.h, a.done);
    return a.error;
}

static void refused(const struct noun *n, enum change_verb verb, const char *headers,
                    const char *words) {
    char *said = refusal(n, verb, headers);
    if (said == NULL || strcmp(said, words))
        fail_msg("%s: %s, not %s", headers, said ? said : "taken", words);
    free(said);
}

static const struct {
    const struct noun *noun;
    const char *headers, *words;
} bad_values[] = {
    {&noun_plan, "DialMode: 6", "DialMode must be 0 to 5"},
    {&noun_plan, "DialMode: -1", "DialMode must be 0 to 5"},
    {&noun_plan, "DialMode: 1x", "DialMode must be 0 to 5"},
    {&noun_plan, "DialTimeout: 0", "DialTimeout must be 1 to 3600000"},
    {&noun_plan, "DialTimeout: 1.5", "DialTimeout must be 1 to 3600000"},
    {&noun_plan, "MaxRetry8: 1000001", "MaxRetryCnt8 must be 0 to 1000000"},
    {&noun_plan, "RetryDelay: 99999999999999999999", "RetryDelay must be 0 to 31536000"},
    {&noun_plan, "TechName: PJSIP",
     "TechName must be a channel technology followed by a "
     "slash, such as PJSIP/"},
    {&noun_plan, "TrunkName: a&b",
     "TrunkName: only letters, digits and + * # . _ - are allowed"},
    {&noun_plan, "CallerId: \xff", "CallerId must be UTF-8"},
    {&noun_plan, "DialScript: nonsense", "DialScript names a script that does not exist"},
    {&noun_dlma, "Variable: novalue", "Variable is not of the form name=value"},
    {&noun_dlma, "Variable: =x", "Variable is not of the form name=value"},
    {&noun_dlma, "Variable: a b=x",
     "Variable has a name that is empty or has characters that a variable's name cannot have"},
    {&noun_dlma, "Variable: a=\xff", "Variable must be UTF-8"},
    {&noun_lead, "Name: x", "DlmaUuid is missing"},
    {&noun_lead, "DlmaUuid: x", "DlmaUuid does not exist"},
    {&noun_lead, "Number1: 300&301",
     "Number1: only letters, digits and + * # . _ - are allowed"},
    {&noun_campaign, "ScTimeStart: 9 o'clock", "ScTimeStart must be HH:MM or HH:MM:SS"},
    {&noun_campaign, "ScDateEnd: tomorrow", "ScDateEnd must be YYYY-MM-DD"},
    {&noun_campaign, "ScDateList: 2024-05-06;x",
     "ScDateList must be a list of dates, YYYY-MM-DD"},
    {&noun_campaign, "ScDayList: 7",
     "ScDayList must be a list of days, 0 (Sunday) to 6 (Saturday)"},
    {&noun_campaign, "ScMode: 2", "ScMode must be 0 to 1"},
    {&noun_campaign, "Name: x", "Plan is missing"},
    {&noun_campaign, "Plan: x", "Plan does not exist"},
    {&noun_destination, "Type: 2", "Type must be 0 to 1"},
};

/* A value that cannot be is refused with what it must be; nothing is created then. */
static void test_values(void **state) {
    (void)state;
    char long_text[1000], *longest;
    memset(long_text, 'x', sizeof long_text);
    long_text[901] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(bad_values); i++)
        refused(bad_values[i].noun, CHANGE_CREATE, bad_values[i].headers, bad_values[i].words);
    longest = xasprintf("Name: %s", long_text);
    refused(&noun_queue, CHANGE_CREATE, longest, "Name must be at most 900 bytes");
    free(longest);
    longest = xasprintf("Number3: %.129s", long_text);
    refused(&noun_lead, CHANGE_CREATE, longest, "Number3 must be at most 128 bytes");
    free(longest);
    for (int n = 0; n < NOUN_COUNT; n++)
        if (n != NOUN_LEAD)
            assert_int_equal(noun_map(o.engine, nouns[n])->count, 0);
}

/* What is not there cannot be changed. */
static void test_unknown(void **state) {
    (void)state;
    for (int n = 0; n < NOUN_COUNT; n++)
        for (int verb = CHANGE_UPDATE; verb <= CHANGE_DELETE; verb++) {
            refused(nouns[n], (enum change_verb)verb, "Name: x", "Uuid is missing");
            refused(nouns[n], (enum change_verb)verb, "Uuid: x", "Uuid does not exist");
        }
}

/* Asks about the resource of that uuid. */
static void ask_of(const struct noun *n, enum change_verb verb, const char *uuid,
                   const char *more) {
    char *text = xasprintf("Uuid: %s\n%s", uuid, more);
    ask(&o, n, verb, text);
    free(text);
}

/* The same, refused. */
static void refused_of(const struct noun *n, enum change_verb verb, const char *uuid,
                       const char *more, const char *words) {
    char *text = xasprintf("Uuid: %s\n%s", uuid, more);
    refused(n, verb, text, words);
    free(text);
}

static const struct {
    const char *what, *words;
} bad_states[] = {
    {"Status: 3", "Status must be 0, 1, 2 or 30"},
    {"Status: x", "Status must be 0, 1, 2 or 30"},
    {"Status: -1", "Status must be 0, 1, 2 or 30"},
    {"Status: 1", "Status: the plan has no TechName"},
    {"Status: 11", "Status: the plan has no TechName"},
};

/* What is in use is left alone, and the words say why. */
static void test_state(void **state) {
    (void)state;
    struct asked plan = ask(&o, &noun_plan, CHANGE_CREATE, "Name: p\n");
    struct asked dlma = ask(&o, &noun_dlma, CHANGE_CREATE, "Name: l\n");
    struct asked other = ask(&o, &noun_dlma, CHANGE_CREATE, "Name: other\n");
    struct asked dest = ask(&o, &noun_destination, CHANGE_CREATE, "Type: 1\n");
    char *text = xasprintf("Plan: %s\nDlma: %s\nDest: %s\n", plan.uuid, dlma.uuid, dest.uuid);
    struct asked camp = ask(&o, &noun_campaign, CHANGE_CREATE, text);
    free(text);
    for (size_t i = 0; i < ARRAY_LEN(bad_states); i++)
        refused_of(&noun_campaign, CHANGE_UPDATE, camp.uuid, bad_states[i].what,
                   bad_states[i].words);
    text = xasprintf("NextCampaign: %s", camp.uuid);
    refused_of(&noun_campaign, CHANGE_UPDATE, camp.uuid, text,
               "NextCampaign must be another campaign");
    free(text);
    text = xasprintf("DlmaUuid: %s\nNumber1: 300\n", dlma.uuid);
    struct asked lead = ask(&o, &noun_lead, CHANGE_CREATE, text);
    free(text);
    text = xasprintf("DlmaUuid: %s", other.uuid);
    refused_of(&noun_lead, CHANGE_UPDATE, lead.uuid, text, "DlmaUuid cannot be changed");
    free(text);
    ask_of(&noun_plan, CHANGE_UPDATE, plan.uuid, "TechName: SIP/\n");
    ask_of(&noun_destination, CHANGE_UPDATE, dest.uuid, "Application: Wait\n");
    ask_of(&noun_campaign, CHANGE_UPDATE, camp.uuid, "Status: 2\n");
    UNTIL(&o.h, row_int(noun_find(o.engine, &noun_campaign, camp.uuid), CAMPAIGN_STATUS) == 2);
    refused_of(&noun_plan, CHANGE_DELETE, plan.uuid, "",
               "Uuid is used by a campaign whose Status is 2 (pause); it must be 0 (stop)");
    refused_of(&noun_campaign, CHANGE_DELETE, camp.uuid, "",
               "Uuid is a campaign whose Status is 2 (pause); it must be 0 (stop)");
}

/* Headers and typed values make the same row. */
static void test_forms(void **state) {
    (void)state;
    struct asked one = ask(&o, &noun_plan, CHANGE_CREATE,
                           "name: first\nDETAIL: \nMaxRetry2: 7\nServiceLevel: -2\nDialMode: \n"
                           "Variable: a=1\nVariable: \nvariable: b=x=y\nUuid: ignored\n"
                           "Nonsense: 1\nStatus: 1\n");
    struct asked two = {0};
    struct change ch;
    change_begin(&ch, CHANGE_CREATE, &noun_plan, NULL, "test");
    change_text(&ch, "name", "later replaced");
    change_text(&ch, "name", "first");
    change_int(&ch, "max_retry_cnt_2", 7);
    change_text(&ch, "service_level", "-2");
    change_variable(&ch, "variables", "b", "x=y");
    assert_true(change_assign(&ch, "variables", "a=1"));
    assert_false(change_assign(&ch, "variables", "a"));
    noun_change(o.engine, &ch, on_asked, &two);
    change_end(&ch);
    UNTIL(&o.h, two.done);
    const struct row *a = noun_find(o.engine, &noun_plan, one.uuid);
    const struct row *b = noun_find(o.engine, &noun_plan, two.uuid);
    for (int i = 1; i < noun_plan.count; i++) {
        if (i == PLAN_TM_CREATE)
            continue;
        assert_int_equal(row_int(a, i), row_int(b, i));
        assert_true(json_equal(a->v[i].vars, b->v[i].vars) || a->v[i].vars == b->v[i].vars);
        assert_string_equal(row_text(a, i) ? row_text(a, i) : "",
                            row_text(b, i) ? row_text(b, i) : "");
    }
    assert_int_equal(row_int(a, PLAN_MAX_RETRY_CNT_1 + 1), 7);
    assert_int_equal(row_int(a, PLAN_DIAL_MODE), 1);
}

/* In Update a header sent empty sets its field to null; one that is not sent stays. */
static void test_update(void **state) {
    (void)state;
    struct asked made = ask(&o, &noun_dlma, CHANGE_CREATE,
                            "Name: n\nDetail: d\nVariable: a=1\nVariable: b=2\n");
    char *text = xasprintf("Uuid: %s\nName: \nVariable: c=3\n", made.uuid);
    ask(&o, &noun_dlma, CHANGE_UPDATE, text);
    free(text);
    const struct row *r = noun_find(o.engine, &noun_dlma, made.uuid);
    assert_null(row_text(r, DLMA_NAME));
    assert_string_equal(row_text(r, DLMA_DETAIL), "d");
    assert_int_equal(json_object_size(row_vars(r, DLMA_VARIABLES)), 1);
    text = xasprintf("Uuid: %s\nVariable: \n", made.uuid);
    ask(&o, &noun_dlma, CHANGE_UPDATE, text);
    free(text);
    r = noun_find(o.engine, &noun_dlma, made.uuid);
    assert_null(row_vars(r, DLMA_VARIABLES));
    assert_non_null(strstr(o.h.said.s, "test: dlma update "));
}

/* Every noun has its row in the tables that are indexed by it. */
static void test_tables(void **state) {
    (void)state;
    for (int n = 0; n < NOUN_COUNT; n++) {
        assert_int_equal(nouns[n]->id, n);
        assert_true(strlen(noun_name(nouns[n])) > 1);
        assert_int_equal(noun_map(o.engine, nouns[n]) == NULL, n == NOUN_LEAD);
        for (int k = 0; k < n; k++)
            assert_string_not_equal(noun_name(nouns[n]), noun_name(nouns[k]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, begin, end),
        cmocka_unit_test_setup_teardown(test_unknown, begin, end),
        cmocka_unit_test_setup_teardown(test_state, begin, end),
        cmocka_unit_test_setup_teardown(test_forms, begin, end),
        cmocka_unit_test_setup_teardown(test_update, begin, end),
        cmocka_unit_test_setup_teardown(test_tables, begin, end),
    };
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
