/* The nouns: their rows and tables. */
#include "tool.h"

#include "store/noun.h"

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
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests_name("noun", tests, NULL, NULL);
}
