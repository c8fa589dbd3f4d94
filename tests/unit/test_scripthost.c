/* What the host lends to strategies: memory, helper functions, views made of tables. */
#include "tool.h"

#include <math.h>
#include <sys/stat.h>

#include "script/script.h"
#include "script/view.h"

static char folder[] = "/tmp/test_scripthost.XXXXXX";
static const struct log logger = {.level = LOG_ERROR};
static struct clock now;
static struct chance chance;

/* ---- helper functions ---- */

/* learn.sum(a, b, ...): the sum, how many there were, how many were left out. */
static int sum(void *arg, const double *in, int n, double *out) {
    int left_out = 0;
    if (arg == NULL)
        return -1;
    out[0] = 0;
    for (int i = 0; i < n; i++) {
        left_out += isnan(in[i]);
        out[0] += isnan(in[i]) ? 0 : in[i];
    }
    out[1] = n;
    out[2] = left_out ? left_out : NAN;
    return 3;
}

static const struct script_function functions[] = {
    {"sum", "(a, b, ...)", "adds", sum},
    {0},
};

static struct script_env env = {.log = &logger,
                                .clock = &now,
                                .chance = &chance,
                                .strategies = folder,
                                .memory = 4 * 1024 * 1024,
                                .instructions = 100000,
                                .functions = {[HOOK_DIAL] = functions}};

/* A script whose hook has this body. */
static struct script *with_body(enum hook h, const char *body) {
    char *err = NULL, *path = xasprintf("%s/%s/t.lua", folder, hook_name(h));
    char *text = xasprintf("return { api = 1, %s = function(view, memory)\n%s\nend }",
                           hook_name(h), body);
    write_file(path, text);
    free(text);
    free(path);
    struct script *s = script_new(&env);
    if (script_load(s, h, "t", &err))
        fail_msg("%s", err);
    return s;
}

/* Calls it and gives the result as text, or the error. */
static char *call(struct script *s, enum hook h, const char *memory, void *arg) {
    json_t *view = json_object(), *out = NULL;
    char *text = NULL;
    if (script_call(s, h, &(struct script_use){memory, arg}, view, &out, &text) == 0)
        text = json_dumps(out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    json_decref(out);
    json_decref(view);
    return text;
}

static void answers(struct script *s, enum hook h, const char *memory, void *arg,
                    const char *expected) {
    char *got = call(s, h, memory, arg);
    assert_string_equal(got, expected);
    free(got);
}

static void helpers_take_numbers(void **state) {
    (void)state;
    static const struct {
        const char *body, *result;
    } cases[] = {
        {"return {learn.sum(1, 2.5)}", "[3.5,2.0]"},
        {"return {learn.sum()}", "[0.0,0.0]"},
        {"return {learn.sum(1, nil, 3)}", "[4.0,3.0,1.0]"},
        {"return {learn.sum(1, nil)}", "[1.0,1.0]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = with_body(HOOK_DIAL, cases[i].body);
        answers(s, HOOK_DIAL, NULL, &env, cases[i].result);
        script_free(s);
    }
}

static void helpers_refuse(void **state) {
    (void)state;
    static const struct {
        enum hook hook;
        const char *body, *part;
    } cases[] = {
        {HOOK_DIAL, "return learn.sum(0/0)", "not a finite number"},
        {HOOK_DIAL, "return learn.sum(1, math.huge)", "#2 to 'sum' (not a finite number)"},
        {HOOK_DIAL, "return learn.sum({})", "number expected, got table"},
        {HOOK_DIAL, "local t = {} for i = 1, 17 do t[i] = i end return learn.sum(table.unpack(t))", "over 16 arguments"},
        {HOOK_DIAL, "return learn.product(1)", "there is no function learn.product"},
        {HOOK_DIAL, "learn.sum = print", "learn cannot be changed"},
        {HOOK_DIAL, "return getmetatable(learn).x", "index a boolean"},
        {HOOK_RETRY, "return learn.sum(1)", "learn.sum: not available here"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = with_body(cases[i].hook, cases[i].body);
        char *got = call(s, cases[i].hook, NULL, &env);
        if (strstr(got, cases[i].part) == NULL)
            fail_msg("%s: %s", cases[i].body, got);
        free(got);
        script_free(s);
    }
    struct script *s = with_body(HOOK_DIAL, "return learn.sum(1)"); /* it says -1 itself */
    char *got = call(s, HOOK_DIAL, NULL, NULL);
    assert_non_null(strstr(got, "dial/t.lua:2: learn.sum: not available here"));
    free(got);
    script_free(s);
}

/* ---- memory ---- */

static void memory_is_per_key(void **state) {
    (void)state;
    struct script *s =
        with_body(HOOK_DIAL, "memory.n = (memory.n or 0) + 1 return memory.n");
    answers(s, HOOK_DIAL, "a", NULL, "1");
    answers(s, HOOK_DIAL, "a", NULL, "2");
    answers(s, HOOK_DIAL, "b", NULL, "1");
    answers(s, HOOK_DIAL, "a", NULL, "3");
    script_free(s);
    s = with_body(HOOK_DIAL, "return type(memory)");
    answers(s, HOOK_DIAL, NULL, NULL, "\"nil\"");
    answers(s, HOOK_DIAL, "a", NULL, "\"table\"");
    script_free(s);
}

/* ---- views ---- */

static json_t *get_calls(const void *from) { return json_integer(*(const int *)from); }
static json_t *get_nothing(const void *from) { return (void)from, NULL; }

static void views_are_tables(void **state) {
    (void)state;
    static const struct view_field fields[] = {
        {"calls", "calls", "m", "2", get_calls},
        {"a.b.calls", "calls", "m", "3", get_calls},
        {"a.text", "", "m", "\"x\"", get_nothing},
        {"c.d", "", "m", NULL, get_nothing},
        {0},
    };
    int n = 7;
    json_t *made = view_make(fields, &n), *example = view_example(fields);
    json_t *want = json_loads("{\"calls\":7,\"a\":{\"b\":{\"calls\":7}}}", 0, NULL);
    assert_true(json_equal(made, want)); /* what is absent makes no object either */
    json_decref(want);
    json_t *over = json_loads("{\"a\":{\"text\":\"y\"},\"c\":[1]}", 0, NULL);
    view_lay(example, over);
    want = json_loads("{\"calls\":2,\"a\":{\"b\":{\"calls\":3},\"text\":\"y\"},\"c\":[1]}", 0, NULL);
    assert_true(json_equal(example, want));
    json_decref(want);
    json_decref(over);
    json_decref(made);
    json_decref(example);
}

/* ---- set-up ---- */

static int set_up(void **state) {
    (void)state;
    clock_virtual(&now, 0);
    chance_seed(&chance, 1);
    if (mkdtemp(folder) == NULL)
        return -1;
    for (int h = 0; h < HOOK_COUNT; h++) {
        char *path = xasprintf("%s/%s", folder, hook_name((enum hook)h));
        mkdir(path, 0700);
        free(path);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (int h = 0; h < HOOK_COUNT; h++) {
        char *path = xasprintf("%s/%s", folder, hook_name((enum hook)h));
        remove_folder(path);
        free(path);
    }
    remove_folder(folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(helpers_take_numbers),
        cmocka_unit_test(helpers_refuse),
        cmocka_unit_test(memory_is_per_key),
        cmocka_unit_test(views_are_tables),
    };
    return cmocka_run_group_tests_name("scripthost", tests, set_up, tear_down);
}
