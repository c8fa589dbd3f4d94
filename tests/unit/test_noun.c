/* The nouns: what an event prints, in the tutorial's order, and what a field takes. */
#include "tool.h"

#include "ami/message.h"
#include "store/noun.h"

/* The event's body of a row, to be freed. */
static char *printed(const struct row *r) {
    struct str b = {0};
    row_print(r, &b);
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
    struct str b = {0};
    json_t *vars = json_pack("{s:s, s:s, s:s}", "z", "1", "a", "x=y", "m", "1\r\nB: 2");
    vars_print(vars, &b);
    assert_string_equal(b.s, "Variable: z=1\r\nVariable: a=x=y\r\n"
                             "Variable: m=1\\r\\nB: 2\r\n");
    str_reset(&b);
    vars_print(NULL, &b);
    assert_string_equal(b.s, "Variable: <unknown>\r\n");
    str_free(&b);
    json_decref(vars);
}

/* "" is null: over AMI the two cannot be told apart. A copy is on its own. */
static void test_values(void **state) {
    (void)state;
    struct row *r = row_new(&noun_plan);
    json_t *vars = json_pack("{s:s}", "a", "1");
    row_set_text(r, PLAN_NAME, "first");
    row_set_vars(r, PLAN_VARIABLES, vars);
    struct row *copy = row_copy(r);
    row_set_text(r, PLAN_NAME, "");
    row_set_vars(r, PLAN_VARIABLES, NULL);
    assert_null(row_text(r, PLAN_NAME));
    assert_string_equal(row_text(copy, PLAN_NAME), "first");
    assert_int_equal(json_object_size(row_vars(copy, PLAN_VARIABLES)), 1);
    row_free(r);
    row_free(copy);
    json_decref(vars);
}

/* The frozen row of a result: every column, nulls as null, variables as JSON text,
 * bytes that are no UTF-8 without harm; our own book-keeping stays out. */
static void test_json(void **state) {
    (void)state;
    struct row *r = row_new(&noun_lead);
    json_t *vars = json_pack("{s:s}", "a", "\"1\"");
    row_set_text(r, LEAD_NAME, "\xff");
    row_set_vars(r, LEAD_VARIABLES, vars);
    json_t *o = row_json(r);
    assert_true(json_is_null(json_object_get(o, "number_1")));
    assert_int_equal(json_integer_value(json_object_get(o, "trycnt_1")), 0);
    assert_string_equal(json_string_value(json_object_get(o, "name")), "?");
    assert_string_equal(json_string_value(json_object_get(o, "variables")),
                        "{\"a\":\"\\\"1\\\"\"}");
    assert_null(json_object_get(o, "id"));
    assert_null(json_object_get(o, "faults"));
    assert_non_null(json_object_get(o, "in_use"));
    json_decref(o);
    json_decref(vars);
    row_free(r);
}

/* Every noun is whole: columns named once, a word of help wherever one may set it. */
static void test_tables(void **state) {
    (void)state;
    for (size_t n = 0; n < NOUN_COUNT; n++) {
        assert_string_equal(nouns[n]->fields[0].column, "uuid");
        for (int i = 0; i < nouns[n]->count; i++) {
            const struct field *f = &nouns[n]->fields[i];
            assert_non_null(f->column);
            if (f->flags & (FIELD_INPUT | FIELD_PRINT | FIELD_LATE))
                assert_non_null(f->header);
            if (f->flags & FIELD_INPUT)
                assert_true(f->help && strlen(f->help) > 3);
            for (int k = 0; k < i; k++)
                assert_string_not_equal(f->column, nouns[n]->fields[k].column);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),      cmocka_unit_test(test_campaign),
        cmocka_unit_test(test_others),    cmocka_unit_test(test_lead),
        cmocka_unit_test(test_variables), cmocka_unit_test(test_values),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests_name("noun", tests, NULL, NULL);
}
