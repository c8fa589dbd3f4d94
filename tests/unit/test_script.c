/* The Lua host: values cross unchanged, errors name file and line, and nothing that a
 * script does outlives its call, its memory or its instruction budget. Guards the
 * pitfalls L1-L19 of the models study that belong to the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "script/hook/script.h"
#include "script/lua/sandbox.h"

#define MEMORY (4 * 1024 * 1024)
#define BUDGET 2000000

static char folder[] = "/tmp/test_script.XXXXXX";
static char *last_log;
static int log_lines;

static void note_line(void *arg, enum log_level level, const char *line) {
    (void)arg;
    (void)level;
    xreplace(&last_log, line);
    log_lines++;
}

static const struct log logger = {.level = LOG_INFO, .sink = note_line};
static struct clock now;
static struct chance chance;
static struct script_env env = {.log = &logger,
                                .clock = &now,
                                .chance = &chance,
                                .strategies = folder,
                                .memory = MEMORY,
                                .instructions = BUDGET};

/* ---- helpers ---- */

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Puts a strategy into the folder. */
static void put(enum hook h, const char *name, const char *text) {
    char *path = xasprintf("%s/%s/%s.lua", folder, hook_name(h), name);
    write_file(path, text);
    free(path);
}

/* A script with one dial hook of the given body; view is its argument. */
static struct script *with_body(const char *body) {
    char *err = NULL;
    char *text = xasprintf("return { api = 1, dial = function(view)\n%s\nend }", body);
    put(HOOK_DIAL, "t", text);
    free(text);
    struct script *s = script_new(&env);
    if (script_load(s, HOOK_DIAL, "t", &err))
        fail_msg("%s", err);
    return s;
}

/* Runs a body on a JSON text and gives the result as text, or the error. */
static char *run(const char *body, const char *in) {
    struct script *s = with_body(body);
    json_t *view = json_loads(in ? in : "{}", JSON_DECODE_ANY, NULL), *out = NULL;
    assert_non_null(view);
    char *text = NULL;
    if (script_call(s, HOOK_DIAL, NULL, view, &out, &text) == 0)
        text = json_dumps(out, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(out);
    json_decref(view);
    script_free(s);
    return text;
}

static void gives(const char *body, const char *in, const char *expected) {
    char *got = run(body, in);
    assert_string_equal(got, expected);
    free(got);
}

/* The body ends in an error that begins with start and holds part. */
static void fails(const char *body, const char *start, const char *part) {
    char *got = run(body, NULL);
    if (!str_has_prefix(got, start) || strstr(got, part) == NULL)
        fail_msg("expected %s...%s, got %s", start, part, got);
    free(got);
}

/* ---- values ---- */

static void values_round_trip(void **state) {
    (void)state;
    static const char *const texts[] = {"null",
                                        "true",
                                        "0",
                                        "-9223372036854775808",
                                        "9007199254740993",
                                        "2.0",
                                        "0.5",
                                        "\"\"",
                                        "\"a\\u0000b\"",
                                        "\"\\u00e9\\u20ac\"",
                                        "[]",
                                        "{}",
                                        "[1,[],{},null]",
                                        "{\"a\":{\"b\":[null,false,\"x\"]},\"c\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct script *s = with_body("return view");
        char *err;
        json_t *in = json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL), *out;
        assert_non_null(in);
        assert_int_equal(script_call(s, HOOK_DIAL, NULL, in, &out, &err), 0);
        assert_true(json_equal(in, out));
        json_decref(in);
        json_decref(out);
        script_free(s);
    }
    gives("return nil", NULL, "null");
    gives("return view.x == json.null and view.y == nil", "{\"x\":null}", "true");
    gives("return math.type(view[1]) .. math.type(view[2])", "[1,1.0]", "\"integerfloat\"");
    gives("return {z=1, b=2, a={y=1, x=2, c=3}, m=4}", NULL,
          "{\"a\":{\"c\":3,\"x\":2,\"y\":1},\"b\":2,\"m\":4,\"z\":1}");
    gives("return { json.array(), {}, json.array{1}, json.array(json.array()) }", NULL,
          "[[],{},[1],[]]");
}

static void values_refused(void **state) {
    (void)state;
    fails("return 0/0", "dial/t.lua: ", "not finite");
    fails("return { calls = 1/0 }", "dial/t.lua: ", "['calls'] a number that is not");
    fails("return { f = print }", "dial/t.lua: ", "a function is not a plain value");
    fails("return {1, nil, 3}", "dial/t.lua: ", "holes");
    fails("return {1, 2, x = 3}", "dial/t.lua: ", "holes or with other keys");
    fails("return {[0] = 1}", "dial/t.lua: ", "neither text nor");
    fails("return {['a\\0b'] = 1}", "dial/t.lua: ", "zero byte");
    fails("return '\\xff'", "dial/t.lua: ", "UTF-8");
    fails("return {['\\xff'] = 1}", "dial/t.lua: ", "UTF-8");
    fails("local t = {} t.t = t return t", "dial/t.lua: ", "nested deeper");
    fails("local t = {} for i = 1, 200 do t = {t} end return t",
          "dial/t.lua: ", "nested deeper");
    fails("return ('x'):rep(1100000)", "dial/t.lua: ", "1 MiB");
    fails("local t = {} for i = 1, 70000 do t[i] = i end return t", "dial/t.lua: ", "too many");
}

static void views_too_deep(void **state) {
    (void)state;
    struct script *s = with_body("return 1");
    json_t *deep = json_object(), *out = NULL;
    for (int i = 0; i < 40; i++)
        deep = json_pack("[o]", deep);
    char *err = NULL;
    assert_int_equal(script_call(s, HOOK_DIAL, NULL, deep, &out, &err), -1);
    assert_non_null(strstr(err, "deeper than 32"));
    free(err);
    json_decref(deep);
    script_free(s);
}

static void json_library(void **state) {
    (void)state;
    gives("return json.encode{b=1, a={}, c=json.array(), d=json.null, e=0.3, f='\"\\n'}", NULL,
          "\"{\\\"a\\\":{},\\\"b\\\":1,\\\"c\\\":[],\\\"d\\\":null,\\\"e\\\":0.3,"
          "\\\"f\\\":\\\"\\\\\\\"\\\\n\\\"}\"");
    gives("local x = 0.1 + 0.2 return json.decode(json.encode(x)) == x", NULL, "true");
    gives("return json.decode('{\"a\":[1,2.5,null,{}]}')", NULL, "{\"a\":[1,2.5,null,{}]}");
    gives("local v, why = json.decode('[1,') return v == nil and why:sub(1, 4)", NULL,
          "\"line\"");
    gives("return select('#', json.decode('1')) == 1 and json.decode('1')", NULL, "1");
    fails("return json.encode(0/0)", "dial/t.lua:2: json.encode: ", "not finite");
    fails("return json.encode{f = print}", "dial/t.lua:2: json.encode: ['f']", "function");
    fails("return json.encode()", "dial/t.lua:2: ", "bad argument");
}

/* ---- the order of tables ---- */

static void tables_in_order(void **state) {
    (void)state;
    const char *body = "local keys = {}\n"
                       "local t = {b=1, a=1, [10]=1, [2.5]=1, [1]=1, [-3]=1, B=1, aa=1,"
                       " [true]=1, [false]=1}\n"
                       "for k in pairs(t) do keys[#keys + 1] = tostring(k) end\n"
                       "return table.concat(keys, ' ')";
    gives(body, NULL, "\"-3 1 2.5 10 B a aa b false true\"");
    gives("local s = '' for k, v in pairs(view) do s = s .. k .. v end return s", "[7,8,9]",
          "\"172839\"");
    gives("local n = 0 for k in pairs(view) do view.b = nil view.a = nil n = n + 1 end\n"
          "return n",
          "{\"a\":1,\"b\":1,\"c\":1}", "2");
    gives("local k, s = nil, '' repeat k = next(view, k) s = s .. (k or '.') until not "
          "k\n"
          "return s",
          "{\"z\":1,\"y\":1,\"x\":1}", "\"xyz.\"");
    gives("return next({}) == nil", NULL, "true");
    gives("local m = setmetatable({}, {__pairs = function(t) return next, {q=1} end})\n"
          "for k in pairs(m) do return k end",
          NULL, "\"q\"");
    fails("for k in pairs{[{}] = 1, [print] = 2} do end", "dial/t.lua:2: ", "a key must be");
}

/* ---- limits ---- */

static void endless_runs_end(void **state) {
    (void)state;
    const char *over = "more than 2000000 instructions";
    fails("while true do end", "dial/t.lua:2: ", over);
    fails("while true do pcall(function() while true do end end) end", "dial/t.lua:2: ", over);
    fails("local ok = pcall(function() while true do end end)\nreturn ok",
          "dial/t.lua:2: ", over);
    fails("local function f() return pcall(f) and pcall(f) or pcall(f) end f()",
          "dial/t.lua:2: ", over);
    fails("local t <close> = setmetatable({}, {__close = function() while true do end"
          " end})\nwhile true do end",
          "dial/t.lua:3: ", over);
    fails("error(setmetatable({}, {__tostring = function() while true do end end}))",
          "dial/t.lua:2: ", "error is a table");
    fails("for i = 1, 1e9 do local t = ('x'):rep(1000000) end", "dial/t.lua:2: ", over);
    fails("for i = 1, 1e9 do table.move({}, 1, 2^31, 2) end", "dial/t.lua:2: ", over);
    fails("local t = {} for i = 1, 1000 do t['k' .. i] = i end\n"
          "while true do for k in pairs(t) do end end",
          "dial/t.lua:3: ", over);
    fails("while true do json.decode('[1,2,3]') end", "dial/t.lua:2: ", over);
    fails("table.sort({1, 2, 3}, function() while true do end end)", "dial/t.lua:2: ", over);
    fails("string.gsub('x', 'x', function() while true do end end)", "dial/t.lua:2: ", over);
}

static void memory_ends(void **state) {
    (void)state;
    const char *full = "out of memory (4194304 bytes allowed)";
    fails("return ('x'):rep(1e9)", "dial/t.lua:2: ", full);
    fails("local s = 'x' while true do s = s .. s end", "dial/t.lua:2: ", full);
    fails("return pcall(string.rep, 'x', 1e9)", "dial/t.lua:2: ", full);
    fails("local t = {} for i = 1, 1e9 do t[i] = i end", "dial/t.lua:2: ", full);
    fails("local t = {} while true do t = {t} end", "dial/t.lua:2: ", full);
    fails("local t = {} for i = 1, 1e5 do t = {t} end return t", "dial/t.lua:2: ", full);
    /* a stack that has grown is to shrink when all is over, which is refused too */
    fails("local function f(n) return n == 0 and 0 or 1 + f(n - 1) end f(100)\n"
          "local t = {} while true do t = {t} end",
          "dial/t.lua:3: ", full);
}

static void recursion_ends(void **state) {
    (void)state;
    fails("local function f() return 1 + f() end return f()", "dial/t.lua", "");
    fails("local function f() pcall(f) error('x') end f()", "dial/t.lua:2: ", "");
    fails("local function f(s) return (s:gsub('.', f)) end return f('x')", "dial/t.lua",
          "C stack overflow");
}

/* A state that ran out of memory is rebuilt, other hooks included; one that overran
 * its budget goes on. */
static void limits_leave_it_usable(void **state) {
    (void)state;
    struct script *s = with_body("local n = view.n\n"
                                 "if n == 1 then while true do end end\n"
                                 "if n == 2 then return ('x'):rep(1e9) end\n"
                                 "return n");
    char *err = NULL;
    put(HOOK_RETRY, "r", "return {api = 1, retry = function() return {index = 2} end}");
    assert_int_equal(script_load(s, HOOK_RETRY, "r", &err), 0);
    static const int order[] = {3, 1, 3, 2, 3, 2, 2, 1, 3};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        json_t *view = json_pack("{si}", "n", order[i]), *out = NULL;
        int rc = script_call(s, HOOK_DIAL, NULL, view, &out, &err);
        assert_int_equal(rc, order[i] == 3 ? 0 : -1);
        if (rc)
            free(err);
        else
            assert_int_equal(json_integer_value(out), 3);
        json_decref(out);
        json_decref(view);
    }
    json_t *out;
    assert_int_equal(script_call(s, HOOK_RETRY, NULL, json_null(), &out, &err), 0);
    assert_int_equal(json_integer_value(json_object_get(out, "index")), 2);
    json_decref(out);
    script_free(s);
}

static void no_limits_by_zero(void **state) {
    (void)state;
    env.memory = 0;
    env.instructions = 0;
    gives("local n = 0 for i = 1, 5000000 do n = n + 1 end return n", NULL, "5000000");
    gives("return #('x'):rep(8000000)", NULL, "8000000");
    env.memory = MEMORY;
    env.instructions = BUDGET;
}

/* ---- the allow-list ---- */

static void nothing_else_in_reach(void **state) {
    (void)state;
    static const char *const gone[] = {
        "load",   "loadstring", "loadfile", "dofile", "collectgarbage",
        "xpcall", "package",    "debug",    "io",     "coroutine",
        "warn",   "_G",         "_ENV.x",   "arg"};
    static const char *const fields[] = {"string.dump", "os.execute",  "os.exit",
                                         "os.getenv",   "os.remove",   "os.rename",
                                         "os.tmpname",  "os.setlocale"};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
        char *body = xasprintf("return %s", gone[i]);
        fails(body, "dial/t.lua:2: there is no variable", "");
        free(body);
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        char *body = xasprintf("return %s == nil", fields[i]);
        gives(body, NULL, "true");
        free(body);
    }
    const char *all = "local n = {} for k in pairs(_ENV) do n[#n + 1] = k end\n"
                      "return table.concat(n, ' ')";
    gives(
        all, NULL,
        "\"_VERSION assert error getmetatable ipairs json learn log math next os pairs pcall"
        " print rawequal rawget rawlen rawset require select setmetatable string table tonumber"
        " tostring type utf8\"");
    gives("return getmetatable('') == false and getmetatable(_ENV) == false", NULL, "true");
    fails("setmetatable({}, {__gc = function() end})", "dial/t.lua:2: ", "__gc");
    fails("setmetatable(_ENV, nil)", "dial/t.lua:2: ", "protected");
    fails("function helper() end", "dial/t.lua:2: 'helper' would be global", "");
}

static void same_in_every_process(void **state) {
    (void)state;
    gives("return tostring({}) .. ' ' .. tostring(print) .. ' ' .. tostring(json.null)", NULL,
          "\"table function null\"");
    gives("return ('%s %5.1f %d%%'):format({}, 2.25, 3)", NULL, "\"table   2.2 3%\"");
    fails("return ('%10p'):format({})", "dial/t.lua:2: ", "%p");
    const char *body = "math.randomseed(9) return {math.random(6), math.random(-3, 3),"
                       " math.random() < 1, math.random(math.mininteger,"
                       " math.maxinteger) ~= math.random(0)}";
    chance_seed(&chance, 1);
    char *first = run(body, NULL);
    chance_seed(&chance, 1);
    gives(body, NULL, first);
    free(first);
    fails("return math.random(2, 1)", "dial/t.lua:2: ", "empty");
}

static void time_is_the_engines(void **state) {
    (void)state;
    clock_virtual(&now, SECONDS(1479175852) + 930031700);
    clock_advance(&now, SECONDS(3) / 2);
    gives("return {os.time(), os.clock(), os.date('%Y-%m-%d %H:%M:%S'),"
          " os.date('!%H', 0), os.time{year=2016, month=11, day=15, hour=2, min=10}}",
          NULL, "[1479175854,1.5,\"2016-11-15 02:10:54\",\"00\",1479175800]");
    gives("local d = os.date('*t', 86399.5) return {d.year, d.month, d.day, d.hour,"
          " d.min, d.sec, d.wday, d.yday, d.isdst}",
          NULL, "[1970,1,1,23,59,59,5,1,false]");
    fails("return os.time{year = 2016}", "dial/t.lua:2: field 'month'", "");
    fails("return os.date('%c', 0/0)", "dial/t.lua:2: ", "out of range");
}

static void log_lines_have_a_place(void **state) {
    (void)state;
    gives("log.info('%d calls for %s', 3, {})", NULL, "null");
    assert_string_equal(last_log, "dial/t.lua:2: 3 calls for table");
    gives("log.warn('100% plain')", NULL, "null");
    assert_string_equal(last_log, "dial/t.lua:2: 100% plain");
    gives("print('a', 1, nil, true)", NULL, "null");
    assert_string_equal(last_log, "dial/t.lua:2: a\t1\tnil\ttrue");
    log_lines = 0;
    gives("log.debug('%d', {}) log.debug('hidden')", NULL, "null");
    assert_int_equal(log_lines, 0);
    gives("for i = 1, 5000 do log.error('again') end", NULL, "null");
    assert_int_equal(log_lines, 101);
}

/* ---- errors and loading ---- */

static void errors_name_the_line(void **state) {
    (void)state;
    fails("\n\nreturn view.queue.available", "dial/t.lua:4: ", "nil value");
    fails("error('why')", "dial/t.lua:2: why", "");
    fails("error({code = 1})", "dial/t.lua:2: error is a table", "");
    fails("error()", "dial/t.lua:2: error is a nil", "");
    fails("error(12)", "dial/t.lua:2: error is a number: 12", "");
    fails("error('bare', 0)", "dial/t.lua: bare", "");
    fails("return ('x'):rep(-1, {})", "dial/t.lua:2: bad argument", "");
    gives("local ok, e = pcall(error, {code = 7}) return {ok, e.code}", NULL, "[false,7]");
    gives("return {pcall(function(...) return ... end, 1, 2)}", NULL, "[true,1,2]");
}

static void loads(struct script *s, const char *text, const char *error) {
    char *err = NULL;
    put(HOOK_RETRY, "l", text);
    assert_int_equal(script_load(s, HOOK_RETRY, "l", &err), -1);
    if (strstr(err, error) == NULL || !str_has_prefix(err, "retry/l.lua"))
        fail_msg("expected %s, got %s", error, err);
    free(err);
}

static void loading_checks(void **state) {
    (void)state;
    struct script *s = script_new(&env);
    char *err = NULL;
    loads(s, "return {\napi = = 1}", "retry/l.lua:2: ");
    loads(s, "return 1", "returns a number, not a table");
    loads(s, "return {}", "needs api = 1");
    loads(s, "return {api = 2}", "needs api = 1");
    loads(s, "return {api = 1, dial = print}", "no function 'retry'");
    loads(s, "return {api = 1, retry = print, about = {}}", "about must be a string");
    loads(s, "return {api = 1, retry = print, params = {x = 1}}", "params.x must be");
    loads(s, "return {api = 1, retry = print, params = {x = {print, 'p'}}}", "function");
    loads(s, "while true do end", "retry/l.lua:1: more than");
    loads(s, "\x1bLua", "retry/l.lua");
    static const char *const names[] = {"", "../dial/t", "a/b", "a.b", "none\n", "a b"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_false(script_exists(&env, HOOK_DIAL, names[i]));
        assert_int_equal(script_load(s, HOOK_DIAL, names[i], &err), -1);
        free(err);
    }
    assert_false(script_exists(&env, HOOK_DIAL, "missing"));
    assert_int_equal(script_load(s, HOOK_DIAL, "missing", &err), -1);
    assert_string_equal(err, "dial/missing.lua: No such file or directory");
    free(err);
    char *fifo = xasprintf("%s/dial/fifo.lua", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0); /* nobody ever writes into it */
    assert_int_equal(script_load(s, HOOK_DIAL, "fifo", &err), -1);
    assert_string_equal(err, "dial/fifo.lua: not a regular file");
    free(err);
    unlink(fifo);
    free(fifo);
    put(HOOK_DIAL, "t", "return 1");
    assert_true(script_exists(&env, HOOK_DIAL, "t"));
    json_t *out;
    assert_int_equal(script_call(s, HOOK_DIAL, NULL, json_null(), &out, &err), -1);
    assert_string_equal(err, "no dial script is loaded");
    free(err);
    script_free(s);
}

/* A file that does not load leaves the hook as it was. */
static void bad_load_keeps_the_good(void **state) {
    (void)state;
    struct script *s = with_body("return 7");
    char *err = NULL;
    put(HOOK_DIAL, "t", "return {api = 1, dial = function() return 8 end");
    assert_int_equal(script_load(s, HOOK_DIAL, "t", &err), -1);
    free(err);
    json_t *out;
    assert_int_equal(script_call(s, HOOK_DIAL, NULL, json_null(), &out, &err), 0);
    assert_int_equal(json_integer_value(out), 7);
    json_decref(out);
    script_free(s);
}

static void parameters(void **state) {
    (void)state;
    put(HOOK_DIAL, "p",
        "return {api = 1, params = {lines = {2, 'lines'}, mode = {'fast', 'how'}},\n"
        "dial = function(v) return {v.params.lines, v.params.mode, v.now} end}");
    struct script *s = script_new(&env);
    char *err;
    json_t *out, *view = json_pack("{si}", "now", 5);
    assert_int_equal(script_load(s, HOOK_DIAL, "p", &err), 0);
    assert_int_equal(script_call(s, HOOK_DIAL, NULL, view, &out, &err), 0);
    json_t *expected = json_pack("[isi]", 2, "fast", 5);
    assert_true(json_equal(out, expected));
    json_decref(expected);
    json_decref(out);
    json_object_set_new(view, "params", json_pack("{sisi}", "lines", 3, "other", 1));
    assert_int_equal(script_call(s, HOOK_DIAL, NULL, view, &out, &err), 0);
    expected = json_pack("[isi]", 3, "fast", 5);
    assert_true(json_equal(out, expected));
    json_decref(expected);
    json_decref(out);
    json_decref(view);
    script_free(s);
}

static void data_files(void **state) {
    (void)state;
    char *err = NULL, *path = xasprintf("%s/world.lua", folder);
    write_file(path, "local n = 5\nreturn {agents = n * 2, busy = {{0, 0.1}, {60, 0.2}}}");
    json_t *v = script_data(&env, path, &err);
    assert_non_null(v);
    char *text = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(3));
    assert_string_equal(text, "{\"agents\":10,\"busy\":[[0,0.1],[60,0.2]]}");
    free(text);
    json_decref(v);
    static const char *const bad[][2] = {{"return 1", "not a table"},
                                         {"return {f = print}", "['f'] a function"},
                                         {"\nreturn nothing", ":2: there is no"},
                                         {"while true do end", ":1: more than"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        write_file(path, bad[i][0]);
        assert_null(script_data(&env, path, &err));
        assert_non_null(strstr(err, bad[i][1]));
        assert_non_null(strstr(err, "world.lua"));
        free(err);
    }
    unlink(path);
    assert_null(script_data(&env, path, &err));
    free(err);
    free(path);
}

/* ---- memory ---- */

static void memory_stays_flat(void **state) {
    (void)state;
    struct script *s = with_body("if view.n % 10 == 0 then error('x') end\n"
                                 "return {json.encode(view), json.decode('[1,{}]')}");
    size_t most[2] = {0, 0};
    for (int i = 0; i < 100000; i++) {
        json_t *view = json_pack("{siss}", "n", i % 100, "s", "text"), *out = NULL;
        char *err = NULL;
        if (script_call(s, HOOK_DIAL, NULL, view, &out, &err))
            free(err);
        json_decref(out);
        json_decref(view);
        size_t *m = &most[i / 50000];
        *m = script_memory(s) > *m ? script_memory(s) : *m;
    }
    assert_true(most[1] < most[0] + 4096);
    assert_true(most[1] < 128 * 1024);
    script_free(s);
}

/* Every allocation of a call fails once: an error each time, and (under the address
 * sanitizer or valgrind) nothing lost. Then it works again. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    static const char *const body =
        "local t = {} for k, v in pairs(view) do t[k .. 'x'] = {v} end\n"
        "t.text = json.encode(view) t.back = json.decode(t.text)\n"
        "t.line = ('%s %d'):format('x', 1) print('a', 2)\n"
        "pcall(function() t.more = table.concat({'a', 'b', 'c'}, ('-'):rep(50)) end)\n"
        "return t";
    json_t *view = json_pack("{s[iii]ssso}", "a", 1, 2, 3, "b", "two", "c", json_null());
    int failed = 0, worked = 0;
    for (size_t room = 0; room < 6000; room += 8) {
        struct script *s = with_body(body);
        struct sandbox *sb = (struct sandbox *)(void *)s; /* its first member */
        lua_gc(sb->L, LUA_GCCOLLECT);
        sb->cap = sb->used + room;
        json_t *out = NULL;
        char *err = NULL;
        if (script_call(s, HOOK_DIAL, NULL, view, &out, &err)) {
            assert_true(str_has_prefix(err, "dial/t.lua"));
            assert_non_null(strstr(err, "out of memory"));
            free(err);
            failed++;
            assert_int_equal(script_call(s, HOOK_DIAL, NULL, view, &out, &err), 0);
        } else {
            worked++;
        }
        json_decref(out);
        script_free(s);
    }
    json_decref(view);
    assert_true(failed > 100 && worked > 10);
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
    static const char *const names[] = {"dial/t", "dial/p", "retry/r", "retry/l"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = xasprintf("%s/%s.lua", folder, names[i]);
        unlink(path);
        free(path);
    }
    for (int h = 0; h < HOOK_COUNT; h++) {
        char *path = xasprintf("%s/%s", folder, hook_name((enum hook)h));
        rmdir(path);
        free(path);
    }
    free(last_log);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_round_trip),
        cmocka_unit_test(values_refused),
        cmocka_unit_test(views_too_deep),
        cmocka_unit_test(json_library),
        cmocka_unit_test(tables_in_order),
        cmocka_unit_test(endless_runs_end),
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(recursion_ends),
        cmocka_unit_test(limits_leave_it_usable),
        cmocka_unit_test(no_limits_by_zero),
        cmocka_unit_test(nothing_else_in_reach),
        cmocka_unit_test(same_in_every_process),
        cmocka_unit_test(time_is_the_engines),
        cmocka_unit_test(log_lines_have_a_place),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(loading_checks),
        cmocka_unit_test(bad_load_keeps_the_good),
        cmocka_unit_test(parameters),
        cmocka_unit_test(data_files),
        cmocka_unit_test(memory_stays_flat),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("script", tests, set_up, tear_down);
}
