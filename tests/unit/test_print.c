/* What AMI prints of nouns and events: the tutorial's headers in the tutorial's order. */
#include "tool.h"

#include "control/print.h"
#include "dialer/noun/change.h"
#include "dialer/plan/strategy.h"

/* The event's body of a row, to be freed. */
static char *printed(const struct row *r) {
    struct str b = {0};
    print_row(r, &b);
    return str_take(&b);
}

#define U "<unknown>\r\n"
#define CREATED "2016-11-15T02:10:52.930031700Z"

/* A plain plan prints exactly as in the tutorial; what the tutorial does not know
 * comes behind it, once it is set. */
static void test_plan(void **state) {
    (void)state;
    static const char tutorial[] =
        "Uuid: f9866959-9cf5-49fb-aee0-878bfc7bd71f\r\nName: sales_plan\r\n"
        "Detail: simple sales plan\r\nDialMode: 1\r\nDialTimeout: 30000\r\n"
        "CallerId: " U "DlEndHandle: 1\r\nRetryDelay: 60\r\nTrunkName: " U
        "TechName: sip/\r\nVariable: " U
        "MaxRetryCnt1: 5\r\nMaxRetryCnt2: 5\r\nMaxRetryCnt3: 5\r\nMaxRetryCnt4: 5\r\n"
        "MaxRetryCnt5: 5\r\nMaxRetryCnt6: 5\r\nMaxRetryCnt7: 5\r\nMaxRetryCnt8: 5\r\n"
        "TmCreate: " CREATED "\r\nTmDelete: " U "TmUpdate: " U;
    struct row *r = row_new(&noun_plan);
    row_set_text(r, PLAN_UUID, "f9866959-9cf5-49fb-aee0-878bfc7bd71f");
    row_set_text(r, PLAN_NAME, "sales_plan");
    row_set_text(r, PLAN_DETAIL, "simple sales plan");
    row_set_text(r, PLAN_TECH_NAME, "sip/");
    row_set_text(r, PLAN_TM_CREATE, CREATED);
    char *text = printed(r);
    assert_string_equal(text, tutorial);
    free(text);
    row_set_int(r, PLAN_SERVICE_LEVEL, -2);
    row_set_text(r, PLAN_DIAL_SCRIPT, "power");
    text = printed(r);
    assert_true(str_has_prefix(text, tutorial));
    assert_string_equal(text + strlen(tutorial), "ServiceLevel: -2\r\nDialScript: power\r\n");
    free(text);
    row_free(r);
}

static void test_campaign(void **state) {
    (void)state;
    struct row *r = row_new(&noun_campaign);
    json_t *vars = json_pack("{s:s}", "a", "1");
    row_set_text(r, CAMPAIGN_NAME, "Sales campaign");
    char *text = printed(r);
    assert_string_equal(text, "Uuid: " U "Name: Sales campaign\r\nDetail: " U
                              "Status: 0\r\nPlan: " U "Dlma: " U "Dest: " U
                              "ScMode: 0\r\nScTimeStart: " U "ScTimeEnd: " U "ScDateStart: " U
                              "ScDateEnd: " U "ScDateList: " U "ScDateListExcept: " U
                              "ScDayList: " U "TmCreate: " U "TmDelete: " U "TmUpdate: " U);
    free(text);
    row_set_vars(r, CAMPAIGN_VARIABLES, vars);
    row_set_text(r, CAMPAIGN_NEXT_CAMPAIGN, "next");
    text = printed(r);
    assert_non_null(strstr(text, "TmUpdate: " U "Variable: a=1\r\nNextCampaign: next\r\n"));
    free(text);
    json_decref(vars);
    row_free(r);
}

static void test_others(void **state) {
    (void)state;
    struct row *r = row_new(&noun_destination);
    char *text = printed(r);
    assert_string_equal(text, "Uuid: " U "Name: " U "Detail: " U "Type: 0\r\nExten: " U
                              "Context: " U "Priority: " U "Variable: " U "Application: " U
                              "Data: " U "TmCreate: " U "TmDelete: " U "TmUpdate: " U);
    free(text);
    row_free(r);
    r = row_new(&noun_dlma);
    text = printed(r);
    assert_string_equal(text, "Uuid: " U "Name: " U "Detail: " U "DlTable: " U "Variable: " U
                              "TmCreate: " U "TmDelete: " U "TmUpdate: " U);
    free(text);
    row_free(r);
}

/* A lead: numbers before tries, and none of our own book-keeping. */
static void test_lead(void **state) {
    (void)state;
    struct row *r = row_new(&noun_lead);
    char *text = printed(r);
    const char *const order[] = {"Uuid",
                                 "DlmaUuid",
                                 "Name",
                                 "Detail",
                                 "Status",
                                 "UKey",
                                 "Variable",
                                 "DialingUuid",
                                 "DialingCampUuid",
                                 "DialingPlanUuid",
                                 "Number1",
                                 "Number2",
                                 "Number3",
                                 "Number4",
                                 "Number5",
                                 "Number6",
                                 "Number7",
                                 "Number8",
                                 "Email",
                                 "TryCnt1",
                                 "TryCnt2",
                                 "TryCnt3",
                                 "TryCnt4",
                                 "TryCnt5",
                                 "TryCnt6",
                                 "TryCnt7",
                                 "TryCnt8",
                                 "ResDial",
                                 "ResDialDetail",
                                 "ResHangup",
                                 "ResHangupDetail",
                                 "TmCreate",
                                 "TmDelete",
                                 "TmUpdate"};
    char *rest = text;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_true(str_has_prefix(rest, order[i]));
        assert_int_equal(rest[strlen(order[i])], ':');
        rest = strstr(rest, "\r\n") + 2;
    }
    assert_string_equal(rest, "");
    free(text);
    row_free(r);
}

/* Variables repeat, one line each, in the order given; a line end in a value begins
 * no header. */
static void test_variables(void **state) {
    (void)state;
    struct row *r = row_new(&noun_dlma);
    json_t *vars = json_pack("{s:s, s:s, s:s}", "z", "1", "a", "x=y", "m", "1\r\nB: 2");
    row_set_vars(r, DLMA_VARIABLES, vars);
    char *text = printed(r);
    assert_non_null(strstr(text, "DlTable: " U "Variable: z=1\r\nVariable: a=x=y\r\n"
                                 "Variable: m=1\\r\\nB: 2\r\nTmCreate: "));
    free(text);
    row_set_vars(r, DLMA_VARIABLES, NULL);
    text = printed(r);
    assert_non_null(strstr(text, "DlTable: " U "Variable: " U "TmCreate: "));
    free(text);
    json_decref(vars);
    row_free(r);
}

/* Attributes: null, left out, made texts, lists, variables; what has no header is not
 * there. */
struct thing {
    char name[8], *once, *text;
    int num;
    int64_t time;
    bool yes;
};

static void get_list(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)subject, (void)a;
    str_add(&v->made, "one\ntwo words\n");
}

static void get_real(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)subject, (void)a;
    v->real = 0.5;
}

static void get_made(const void *subject, const struct attr *a, struct attr_value *v) {
    (void)a;
    attr_set_made(v, "<%d>", ((const struct thing *)subject)->num);
}

#define AT(member) offsetof(struct thing, member)

static const struct attr thing_attrs[] = {
    {"name", "Name", ATTR_TEXT, 0, NULL, attr_get_array, AT(name)},
    {"key", NULL, ATTR_TEXT, 0, NULL, attr_get_array, AT(name)},
    {"once", "Once", ATTR_TEXT, ATTR_ONCE, NULL, attr_get_text, AT(once)},
    {"text", "Text", ATTR_TEXT, 0, NULL, attr_get_text, AT(text)},
    {"num", "Num", ATTR_INT, 0, NULL, attr_get_int, AT(num)},
    {"made", "Made", ATTR_TEXT, 0, NULL, get_made, 0},
    {"time", "Time", ATTR_TEXT, 0, NULL, attr_get_time, AT(time)},
    {"yes", "Yes", ATTR_BOOL, 0, NULL, attr_get_bool, AT(yes)},
    {"real", "Real", ATTR_REAL, 0, NULL, get_real, 0},
    {"list", "Line", ATTR_LIST, 0, NULL, get_list, 0},
    {0},
};

static void test_attrs(void **state) {
    (void)state;
    struct thing t = {.name = "n", .num = -7};
    struct str b = {0};
    print_attrs(thing_attrs, &t, &b);
    assert_string_equal(b.s, "Name: n\r\nText: " U "Num: -7\r\nMade: <-7>\r\nTime: " U
                             "Yes: no\r\nReal: 0.500\r\nLine: one\r\nLine: two words\r\n");
    str_reset(&b);
    t = (struct thing){.name = "",
                       .once = (char[]){"x"},
                       .text = (char[]){"a\nb"},
                       .yes = true};
    t.time = NS_PER_S;
    print_attrs(thing_attrs, &t, &b);
    assert_string_equal(b.s, "Name: \r\nOnce: x\r\nText: a\\nb\r\nNum: 0\r\nMade: <0>\r\n"
                             "Time: 1970-01-01T00:00:01.000000000Z\r\nYes: yes\r\n"
                             "Real: 0.500\r\nLine: one\r\nLine: two words\r\n");
    str_free(&b);
}

/* Each event has its row, and every attribute of it a header, a getter and a word of
 * help; no two have the same name. */
static void test_events(void **state) {
    (void)state;
    for (int i = 0; i < EVENT_COUNT; i++) {
        const struct event_type *t = &event_types[i];
        assert_true(t->name && str_has_prefix(t->name, "Out"));
        assert_true(t->when && strlen(t->when) > 10);
        assert_true((t->stored == NULL) != (t->attrs == NULL));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(t->name, event_types[k].name);
        for (const struct attr *a = t->attrs; a && a->get; a++) {
            assert_true(a->header || a->name);
            for (const struct attr *b = t->attrs; b < a; b++)
                assert_string_not_equal(a->name, b->name);
        }
    }
    for (int n = 0; n < NOUN_COUNT; n++)
        for (int verb = CHANGE_CREATE; verb <= CHANGE_DELETE; verb++) {
            const struct event_type *t = &event_types[3 * n + verb];
            char *name = xasprintf("Out%s", nouns[n]->event);
            assert_ptr_equal(t->stored, nouns[n]);
            assert_true(str_has_prefix(t->name, name));
            assert_string_equal(t->verb, change_verb_name((enum change_verb)verb));
            free(name);
        }
}

/* A whole packet. */
static void test_packet(void **state) {
    (void)state;
    struct row *r = row_new(&noun_queue);
    struct str b = {0};
    row_set_text(r, QUEUE_NAME, "q");
    print_event(&(struct event){EVENT_QUEUE_UPDATE, r}, &b);
    assert_string_equal(b.s, "Event: OutQueueUpdate\r\nPrivilege: message,all\r\nUuid: " U
                             "Name: q\r\nDetail: " U "TmCreate: " U "TmDelete: " U
                             "TmUpdate: " U "\r\n");
    str_reset(&b);
    const struct strategy_swap told = {"p", "dial", "x", "1234", ""};
    print_event(&(struct event){EVENT_STRATEGY_SWAP, &told}, &b);
    assert_string_equal(b.s, "Event: OutStrategySwap\r\nPrivilege: message,all\r\nPlan: p\r\n"
                             "Hook: dial\r\nScript: x\r\nHash: 1234\r\nOldHash: \r\n\r\n");
    str_free(&b);
    row_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),      cmocka_unit_test(test_campaign),
        cmocka_unit_test(test_others),    cmocka_unit_test(test_lead),
        cmocka_unit_test(test_variables), cmocka_unit_test(test_attrs),
        cmocka_unit_test(test_events),    cmocka_unit_test(test_packet),
    };
    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
