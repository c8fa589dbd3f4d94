/* What the host lends to strategies: memory, helper functions, views made of tables. */
#include "tool.h"

#include <math.h>
#include <sys/stat.h>

#include "script/hook/param.h"
#include "script/hook/script.h"
#include "script/hook/source.h"
#include "script/hook/view.h"

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
        {HOOK_DIAL,
         "local t = {} for i = 1, 17 do t[i] = i end return learn.sum(table.unpack(t))",
         "more than 16 arguments"},
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
    struct script *s = with_body(HOOK_DIAL, "memory.n = (memory.n or 0) + 1 return memory.n");
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

/* What a key had is gone, and lies in the state no longer; other keys keep theirs. */
static void memory_is_forgotten(void **state) {
    (void)state;
    char *err = NULL;
    struct script *s = with_body(HOOK_DIAL, "memory.n = (memory.n or 0) + 1 return memory.n");
    script_forget(s, HOOK_DIAL, "a"); /* nothing was remembered at all */
    json_t *large = json_object();
    for (int i = 0; i < 2000; i++) {
        char name[16];
        snprintf(name, sizeof name, "lead%d", i);
        json_object_set_new(large, name, json_integer(i));
    }
    answers(s, HOOK_DIAL, "b", NULL, "1");
    assert_int_equal(script_remember(s, HOOK_DIAL, "a", large, &err), 0);
    json_decref(large);
    size_t with = script_memory(s);
    script_forget(s, HOOK_DIAL, "a");
    for (int i = 0; i < 1000; i++) /* the collector goes on after calls */
        script_forget(s, HOOK_DIAL, "none");
    assert_true(script_memory(s) + 2000 * sizeof(void *) < with);
    answers(s, HOOK_DIAL, "a", NULL, "1");
    answers(s, HOOK_DIAL, "b", NULL, "2");
    script_free(s);
}

/* What is recalled goes into another state and is live there; bad things stay out. */
static void memory_moves(void **state) {
    (void)state;
    char *err = NULL;
    struct script *s = with_body(HOOK_DIAL, "memory.n = (memory.n or 0) + 1\n"
                                            "memory.list = {1, {x = 'y'}} return memory.n");
    struct script *t = with_body(HOOK_DIAL, "memory.n = (memory.n or 0) + 1\n"
                                            "return {memory.n, memory.list[2].x}");
    answers(s, HOOK_DIAL, "a", NULL, "1");
    json_t *kept = script_recall(s, HOOK_DIAL, "a", &err);
    assert_non_null(kept);
    assert_int_equal(script_remember(t, HOOK_DIAL, "a", kept, &err), 0);
    answers(t, HOOK_DIAL, "a", NULL, "[2,\"y\"]");
    answers(t, HOOK_DIAL, "a", NULL, "[3,\"y\"]");
    json_decref(kept);
    script_free(s);
    script_free(t);
    static const struct {
        const char *body, *why;
    } bad[] = {{"memory.f = print", "memory: ['f'] a function is not a plain value"},
               {"memory.s = ('x'):rep(70000)", "memory: more than 65536 bytes"},
               {"memory.self = memory", "nested deeper than 32"},
               {"memory[1] = 1", "memory: must be a table"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s = with_body(HOOK_DIAL, bad[i].body);
        answers(s, HOOK_DIAL, "a", NULL, "null");
        assert_null(script_recall(s, HOOK_DIAL, "a", &err));
        if (strstr(err, bad[i].why) == NULL)
            fail_msg("%s: %s", bad[i].body, err);
        free(err);
        script_free(s);
    }
}

/* ---- parameters ---- */

static json_t *declared(const char *params, char **err) {
    char *path = xasprintf("%s/dial/p.lua", folder);
    char *text =
        xasprintf("return { api = 1, params = {%s},\ndial = function(v) return 1 end }",
                  params);
    write_file(path, text);
    free(text);
    free(path);
    struct script *s = script_new(&env);
    json_t *out = NULL;
    if (script_load(s, HOOK_DIAL, "p", err) == 0)
        out = json_incref(script_params(s, HOOK_DIAL));
    script_free(s);
    return out;
}

static void parameters_are_checked(void **state) {
    (void)state;
    static const char all[] = "n = {default = 2, help = 'h', min = 1, max = 5},"
                              "whole = {default = 3, help = 'h', integer = true},"
                              "word = {default = 'a', help = 'h', oneof = {'a', 'b'}},"
                              "flag = {default = false, help = 'h'},"
                              "list = {default = {1}, help = 'h'}";
    static const struct {
        const char *text, *values;
    } good[] = {
        {NULL, "{\"flag\":false,\"list\":[1],\"n\":2,\"whole\":3,\"word\":\"a\"}"},
        {"", "{\"flag\":false,\"list\":[1],\"n\":2,\"whole\":3,\"word\":\"a\"}"},
        {"n=1.5, word=b", "{\"flag\":false,\"list\":[1],\"n\":1.5,\"whole\":3,\"word\":\"b\"}"},
        {"{\"n\":5,\"flag\":true,\"list\":[]}",
         "{\"flag\":true,\"list\":[],\"n\":5,\"whole\":3,\"word\":\"a\"}"},
        {"flag=yes,whole=-4",
         "{\"flag\":true,\"list\":[1],\"n\":2,\"whole\":-4,\"word\":\"a\"}"},
    };
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"n=0", "'n' must be 1 to 5"},
        {"n=6", "'n' must be 1 to 5"},
        {"n=x", "'n' must be a number"},
        {"n=0x3", "'n' must be a number"},
        {"n=", "'n' must be a number"},
        {"n=nan", "'n' must be a number"},
        {"n=1e999", "'n' must be a number"},
        {"n", "'n' must be name=value"},
        {"m=1", "'m' is not a parameter of this strategy, which has "},
        {"whole=1.5", "'whole' must be a whole number"},
        {"word=c", "'word' must be one of [\"a\",\"b\"]"},
        {"flag=perhaps", "'flag' must be yes or no"},
        {"{\"n\":\"2\"}", "'n' must be a number, not a text"},
        {"{\"n\":2", "must be valid JSON"},
        {"{\"n\":2,\"n\":3}", "must be valid JSON"},
    };
    char *err = NULL;
    json_t *spec = declared(all, &err);
    assert_non_null(spec);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        json_t *values = param_values(spec, NULL, good[i].text, &err);
        if (values == NULL)
            fail_msg("%s: %s", good[i].text, err);
        char *got = json_dumps(values, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(got, good[i].values);
        free(got);
        json_decref(values);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(param_values(spec, NULL, bad[i].text, &err));
        if (strstr(err, bad[i].why) == NULL)
            fail_msg("%s: %s", bad[i].text, err);
        free(err);
    }
    /* plan variables of the name set it too, the text wins, other names do not matter */
    json_t *variables = json_pack("{s:s, s:s}", "n", "4", "other", "x");
    json_t *values = param_values(spec, variables, NULL, &err);
    assert_int_equal(json_integer_value(json_object_get(values, "n")), 4);
    json_decref(values);
    values = param_values(spec, variables, "n=3", &err);
    assert_int_equal(json_integer_value(json_object_get(values, "n")), 3);
    json_decref(values);
    json_object_set_new(variables, "n", json_string("many"));
    assert_null(param_values(spec, variables, NULL, &err));
    assert_string_equal(err, "'n' must be a number");
    free(err);
    json_decref(variables);
    json_decref(spec);
}

/* The form without names, which older strategies have, says the same. */
static void declarations_have_two_forms(void **state) {
    (void)state;
    static const char named[] = "n = {default = 2, help = 'h', min = 1, max = 5},"
                                "i = {help = 'h', integer = true, default = 3},"
                                "w = {default = 'a', help = 'h', oneof = {'a', 'b'}},"
                                "f = {default = false, help = 'h'},"
                                "l = {default = {1}, help = 'h'}";
    static const char placed[] = "n = {2, 'h', min = 1, max = 5}, i = {3, 'h', integer = true},"
                                 "w = {'a', 'h', oneof = {'a', 'b'}}, f = {false, 'h'},"
                                 "l = {{1}, 'h'}";
    static const char want[] =
        "{\"f\":{\"default\":false,\"help\":\"h\"},"
        "\"i\":{\"default\":3,\"help\":\"h\",\"integer\":true},"
        "\"l\":{\"default\":[1],\"help\":\"h\"},"
        "\"n\":{\"default\":2,\"help\":\"h\",\"max\":5,\"min\":1},"
        "\"w\":{\"default\":\"a\",\"help\":\"h\",\"oneof\":[\"a\",\"b\"]}}";
    const char *forms[] = {named, placed};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char *err = NULL;
        json_t *spec = declared(forms[i], &err);
        if (spec == NULL)
            fail_msg("%s", err);
        char *got = json_dumps(spec, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(got, want);
        free(got);
        json_decref(spec);
    }
}

static void declarations_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *params, *why;
    } bad[] = {
        {"n = 2", "params.n must be { default = ..., help = \"...\" }, not a number"},
        {"n = {}", "params.n must be { default = ..., help = \"...\" }: it has no default"},
        {"n = {2}", "params.n must be { default = ..., help = \"...\" }: it has no help"},
        {"n = {default = 2}", "it has no help"},
        {"n = {help = 'h'}", "it has no default"},
        {"n = {help = 'h', min = 1}", "it has no default"},
        {"n = {2, 'h', default = 2}", "params.n has its default twice, with the name and"},
        {"n = {2, 'h', help = 'h'}", "params.n has its help twice, with the name and without"},
        {"n = {default = 2, help = 3}", "params.n.help must be a string, not a number"},
        {"n = {2, 3}", "params.n.help must be a string, not a number"},
        {"n = {default = 2, help = 'h', mni = 1}",
         "params.n.mni is not known; a parameter may have "
         "default, help, min, max, oneof and integer"},
        {"n = {2, 'h', mni = 1}", "params.n.mni is not known"},
        {"n = {2, 'h', 3}", "params.n.3 is not known"},
        {"n = {2, 'h', [1.5] = 3}", "params.n.1.5 is not known"},
        {"n = {2, 'h', [true] = 3}", "params.n.boolean is not known"},
        {"{2, 'h'}", "params: the name of a parameter must be a string, not a number"},
        {"n = {2, 'h', min = '1'}", "params.n.min must be a number, not a string"},
        {"n = {default = 2, help = 'h', integer = 1}",
         "params.n.integer must be a boolean, not a"},
        {"n = {default = 'a', help = 'h', oneof = 'ab'}",
         "params.n.oneof must be a table, not a"},
        {"n = {2, 'h', min = 3}", "params.n: its default must be at least 3"},
        {"n = {default = 2, help = 'h', max = 1}", "params.n: its default must be at most 1"},
        {"n = {print, 'h'}", "params.n.default: a function is not a plain value"},
        {"n = {default = print, help = 'h'}",
         "params.n.default: a function is not a plain value"},
        {"n = {0/0, 'm'}", "not finite"},
        {"['\\xff'] = {1, 'm'}", "must be UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *err = NULL;
        assert_null(declared(bad[i].params, &err));
        assert_non_null(err);
        if (strstr(err, bad[i].why) == NULL || !str_has_prefix(err, "dial/p.lua: "))
            fail_msg("%s: %s", bad[i].params, err);
        free(err);
    }
}

/* ---- require ---- */

static void put(const char *path, const char *text) {
    char *whole = xasprintf("%s/%s", folder, path);
    write_file(whole, text);
    free(whole);
}

static struct source *read_source(const char *text) {
    char *err = NULL;
    put("dial/q.lua", text);
    struct source *source = source_read(&env, HOOK_DIAL, "q", &err);
    assert_non_null(source);
    return source;
}

static void require_reaches_the_folder(void **state) {
    (void)state;
    static const char use[] =
        "local m, again = require 'retry.m', require('retry/m')\n"
        "return { api = 1, dial = function() return m == again and m.n end }";
    char *err = NULL;
    put("retry/m.lua", "return { n = 5 }");
    struct source *first = read_source(use);
    struct script *s = script_new(&env);
    assert_int_equal(script_load_source(s, first, NULL, &err), 0);
    answers(s, HOOK_DIAL, NULL, NULL, "5");
    /* what was required is part of what runs, and of its hash */
    put("retry/m.lua", "return { n = 6 }");
    struct source *second = read_source(use);
    struct script *t = script_new(&env);
    assert_int_equal(script_load_source(t, second, NULL, &err), 0);
    answers(t, HOOK_DIAL, NULL, NULL, "6");
    assert_string_not_equal(first->hash, second->hash);
    assert_int_equal(script_load_source(t, first, NULL, &err), 0);
    answers(t, HOOK_DIAL, NULL, NULL, "5");
    source_release(first);
    source_release(second);
    script_free(s);
    script_free(t);
}

static void require_reaches_nothing_else(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"require '../q'", "must be a name such as"},
        {"require '/etc/passwd'", "must be a name such as"},
        {"require 'a.b.c.d'", "must be a name such as"},
        {"require 'a..b'", "must be a name such as"},
        {"require ''", "must be a name such as"},
        {"require 'nobody'", "nobody.lua: No such file or directory"},
        {"require 'retry.loop'", "require: retry/loop requires itself"},
        {"require 'retry.nothing'", "retry/nothing.lua returns nothing"},
        {"require 'retry.binary'", "retry/binary.lua: Invalid or incomplete"},
        {"require 'retry.wrong'", "retry/wrong.lua:1: "},
        {"return {api = 1, dial = function() end, about = require 'retry.endless'}",
         "retry/endless.lua:1: more than"},
    };
    put("retry/loop.lua", "return require 'retry.loop'");
    put("retry/nothing.lua", "local x = 1");
    put("retry/wrong.lua", "error('no')");
    put("retry/endless.lua", "while true do end");
    char *binary = xasprintf("%s/retry/binary.lua", folder);
    FILE *f = fopen(binary, "wb");
    fwrite("\033Lua\0", 1, 5, f);
    fclose(f);
    free(binary);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *err = NULL;
        struct source *source = read_source(bad[i].text);
        struct script *s = script_new(&env);
        assert_int_equal(script_load_source(s, source, NULL, &err), -1);
        if (strstr(err, bad[i].why) == NULL)
            fail_msg("%s: %s", bad[i].text, err);
        free(err);
        source_release(source);
        script_free(s);
    }
    struct script *s = with_body(HOOK_DIAL, "return require 'retry.m'");
    char *got = call(s, HOOK_DIAL, NULL, NULL);
    assert_non_null(strstr(got, "only while the file is loaded"));
    free(got);
    script_free(s);
}

/* ---- a strategy's own tests ---- */

static void note_test(void *arg, const char *name, const char *why) {
    str_addf(arg, "%s: %s\n", name, why ? why : "ok");
}

static void own_tests(void **state) {
    (void)state;
    static const struct view_field fields[] = {{"queue.free", "members", "m", "3", NULL},
                                               {"room", "calls", "m", "10", NULL},
                                               {0}};
    env.views[HOOK_DIAL] = fields;
    struct source *source = read_source(
        "return { api = 1, params = { lines = { 2, 'm' } },\n"
        "dial = function(v, m) m.n = (m.n or 0) + 1\n"
        "  return v.queue and v.queue.free * v.params.lines + m.n or v.room end,\n"
        "tests = {\n"
        "['a: defaults'] = function(run) assert(run{} == 7) end,\n"
        "['b: parts'] = function(run) assert(run{queue = {free = 1}, params = {lines = 5}} == "
        "6)"
        " end,\n"
        "['c: absent'] = function(run) assert(run{queue = json.null} == 10) end,\n"
        "['d: memory'] = function(run) local m = {n = 4} assert(run({}, m) == 11 and m.n == 5)"
        " end,\n"
        "['e: wrong'] = function(run)\nassert(run{} == 8, 'not 8') end,\n"
        "['f: endless'] = function(run) while true do end end,\n"
        "['g: budget is fresh'] = function(run) for i = 1, 5000 do end end,\n"
        "} }");
    struct str said = {0};
    assert_int_equal(script_test(&env, source, note_test, &said), 2);
    assert_string_equal(said.s,
                        "a: defaults: ok\nb: parts: ok\nc: absent: ok\nd: memory: ok\n"
                        "e: wrong: dial/q.lua:10: not 8\n"
                        "f: endless: dial/q.lua:11: more than 100000 instructions in one"
                        " call\ng: budget is fresh: ok\n");
    str_free(&said);
    source_release(source);
    source = read_source("return { api = 1, dial = 7 }");
    assert_int_equal(script_test(&env, source, note_test, &said), 1);
    assert_string_equal(said.s,
                        ": dial/q.lua: the table that it returns has no function 'dial'\n");
    str_free(&said);
    source_release(source);
    env.views[HOOK_DIAL] = NULL;
}

/* What the functions answer where there is no engine. */
static int pair(void *arg, const double *in, int n, double *out) {
    (void)arg, (void)in, (void)n;
    out[0] = 1.5;
    out[1] = NAN;
    return 2;
}

static int count(void *arg, const double *in, int n, double *out) {
    (void)arg, (void)in;
    out[0] = n + 1;
    return 1;
}

/* A test says what the engine's functions answer, for the time of one run. */
static void own_tests_answer_for_the_engine(void **state) {
    (void)state;
    static const struct script_function answering[] = {
        {"pair", "()", "two numbers, of which the second is not known", pair},
        {"count", "(...)", "arguments, and one", count},
        {0}};
    env.functions[HOOK_DIAL] = answering;
    struct source *source = read_source(
        "return { api = 1, dial = function(v, m)\n"
        "  local a, b = learn.pair() m.n = learn.count(a, v.bad, 2) m.b = b return a end,\n"
        "tests = {\n"
        "['a: no engine'] = function(run) local m = {}\n"
        "  assert(run({}, m) == 1.5 and m.b == nil and m.n == 4) end,\n"
        "['b: numbers, lists and functions'] = function(run) local m, asked = {}, nil\n"
        "  assert(run({}, m, { count = 7, pair = { 3, 4 } }) == 3 and m.n == 7 and m.b == 4)\n"
        "  run({}, m, { count = function(...) asked = { ... } return 8 end })\n"
        "  assert(m.n == 8 and asked[1] == 1.5 and asked[2] == nil and asked[3] == 2)\n"
        "  assert(run({}, m, { pair = function() return 5, nil end }) == 5 and m.b == nil) "
        "end,\n"
        "['c: for one run'] = function(run) local m = {}\n"
        "  run({}, m, { count = 7 }) run({}, m) assert(m.n == 4)\n"
        "  assert(not pcall(run, {}, m, { pair = function() error('x') end }))\n"
        "  assert(run({}, m) == 1.5) end,\n"
        "['d: unknown'] = function(run) run({}, {}, { nobody = 1 }) end,\n"
        "['e: no answer'] = function(run) run({}, {}, { pair = 'x' }) end,\n"
        "['f: no number'] = function(run) run({}, {}, { pair = { 1, 'x' } }) end,\n"
        "['g: no table'] = function(run) run({}, {}, 7) end,\n"
        "['h: what is asked'] = function(run) run({ bad = 'x' }, {}, { count = 1 }) end,\n"
        "['i: a wrong name'] = function(run) run({}, {}, { 5 }) end,\n"
        "} }");
    struct str said = {0};
    assert_int_equal(script_test(&env, source, note_test, &said), 6);
    assert_string_equal(
        said.s,
        "a: no engine: ok\nb: numbers, lists and functions: ok\nc: for one run: ok\n"
        "d: unknown: dial/q.lua:15: run: there is no function learn.nobody\n"
        "e: no answer: dial/q.lua:16: run: learn.pair must be a function, a number or a "
        "list of numbers, not a string\n"
        "f: no number: dial/q.lua:2: the test's learn.pair must return a number, not a string\n"
        "g: no table: dial/q.lua:18: bad argument #3 to 'run' (table expected, got number)\n"
        "h: what is asked: dial/q.lua:2: bad argument #2 to 'count' (number expected, got "
        "string)\n"
        "i: a wrong name: dial/q.lua:20: run: the keys of its third argument must be "
        "names of functions, not a number\n");
    str_free(&said);
    source_release(source);
    env.functions[HOOK_DIAL] = functions;
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
    want = json_loads("{\"calls\":2,\"a\":{\"b\":{\"calls\":3},\"text\":\"y\"},\"c\":[1]}", 0,
                      NULL);
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
        cmocka_unit_test(memory_is_forgotten),
        cmocka_unit_test(memory_moves),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(declarations_have_two_forms),
        cmocka_unit_test(declarations_are_checked),
        cmocka_unit_test(require_reaches_the_folder),
        cmocka_unit_test(require_reaches_nothing_else),
        cmocka_unit_test(own_tests),
        cmocka_unit_test(own_tests_answer_for_the_engine),
        cmocka_unit_test(views_are_tables),
    };
    return cmocka_run_group_tests_name("scripthost", tests, set_up, tear_down);
}
