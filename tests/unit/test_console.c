/* The shell under the console: what runs in it makes way for the loop, waits for the
 * engine and ends within its limits; whoever leaves in the middle leaves nothing behind. */
#include "tool.h"

#include "script/shell/shell.h"

#define MEMORY (2 * 1024 * 1024)
#define INSTRUCTIONS 3000000

static struct house h;
static struct shell *shell;
static struct str printed, ended;
static struct shell_call *waiting; /* of the lent function wait */
static int resets, turns;

/* ---- a small prelude and what it is lent ---- */

static const struct shell_source prelude[] = {
    {"one.lua", "local P = ...\n"
                "for name, f in pairs(P.raw) do P[name] = nil end\n"
                "P.globals.raw = P.raw\n"
                "P.globals.print = function(...)\n"
                "    P.write(table.concat({...}, ' ') .. '\\n')\n"
                "end\n"},
    {"two.lua", "local P = ...\n"
                "P.globals.loaded = P.raw.add(1, 2)\n"
                "function P.line(code)\n"
                "    local f, why = P.compile(code, '=line')\n"
                "    if not f then error(why, 0) end\n"
                "    return f()\n"
                "end\n"},
    {0},
};

static void lent_add(void *arg, struct shell_call *c, json_t *args) {
    (void)arg;
    shell_answer(c, json_integer(json_integer_value(json_array_get(args, 0)) +
                                 json_integer_value(json_array_get(args, 1))));
}

static void lent_refuse(void *arg, struct shell_call *c, json_t *args) {
    (void)arg, (void)args;
    shell_refuse(c, "not today");
}

static void lent_wait(void *arg, struct shell_call *c, json_t *args) {
    (void)arg, (void)args;
    waiting = c;
}

static void lent_costly(void *arg, struct shell_call *c, json_t *args) {
    (void)arg, (void)args;
    shell_charge(c, 1000000);
    shell_answer(c, json_true());
}

static const struct lent table[] = {{"add", lent_add, "a + b"},
                                    {"refuse", lent_refuse, "never"},
                                    {"wait", lent_wait, "until it is answered"},
                                    {"costly", lent_costly, "a lot"},
                                    {0}};
static const struct lent *const tables[] = {table, NULL};

static void on_output(void *arg, const char *text, size_t n) {
    assert_ptr_equal(arg, &h);
    str_addn(&printed, text, n);
}

static void on_reset(void *arg) {
    (void)arg;
    resets++;
}

static void on_done(void *arg, json_t *result, const char *error) {
    char *text = result ? json_dumps(result, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    str_addf(&ended, "%s%s;", (const char *)arg, error ? error : text ? text : "nothing");
    free(text);
}

static struct shell *new_shell(size_t memory, char **err) {
    struct shell_config sc = {.env = {.log = &h.log,
                                      .clock = &h.clock,
                                      .chance = &h.chance,
                                      .memory = memory,
                                      .instructions = INSTRUCTIONS},
                              .loop = h.loop,
                              .prelude = prelude,
                              .lent = tables,
                              .arg = &h,
                              .output = on_output,
                              .reset = on_reset};
    return shell_new(&sc, err);
}

static int begin(void **state) {
    (void)state;
    char *err = NULL;
    resets = 0;
    house_begin(&h, true);
    shell = new_shell(MEMORY, &err);
    if (shell == NULL)
        fail_msg("%s", err);
    return 0;
}

static int end(void **state) {
    (void)state;
    shell_free(shell);
    if (waiting)
        shell_answer(waiting, json_true()); /* nobody is there any more */
    waiting = NULL;
    str_free(&printed);
    str_free(&ended);
    house_end(&h);
    return 0;
}

static int64_t start(const char *code) {
    return shell_begin(shell, "line", json_pack("[s]", code), on_done, (void *)(uintptr_t) "");
}

/* Virtual time goes by until the jobs have ended or wait. */
static void go(void) {
    turns = 0;
    while (loop_turn(h.loop, true))
        turns++;
}

#define ENDS(code, text)                                \
    do {                                                \
        assert_true(start(code) > 0);                   \
        go();                                           \
        assert_string_equal(str_get(&ended), text ";"); \
        str_reset(&ended);                              \
    } while (0)

/* ---- tests ---- */

static void results_and_errors(void **state) {
    (void)state;
    ENDS("return loaded", "3");
    ENDS("return {1, {a = 'b'}}", "[1,{\"a\":\"b\"}]");
    ENDS("", "nothing");
    ENDS("x = 1", "nothing"); /* globals stay */
    ENDS("return x", "1");
    ENDS("return y", "line:1: there is no variable 'y'");
    ENDS("return (", "line:1: unexpected symbol near <eof>");
    ENDS("error({})", "error is a table");
    ENDS("error()", "error is a nil");
    ENDS("return print", "the result: a function is not a plain value");
    ENDS("return ('x'):dump()", "line:1: attempt to call a nil value (method 'dump')");
}

static void lent_functions(void **state) {
    (void)state;
    ENDS("return raw.add(2, 3)", "5");
    ENDS("return raw.refuse()", "not today");
    ENDS("return {pcall(raw.refuse)}", "[false,\"not today\"]");
    ENDS("return raw.add(print)", "line:1: add: a function is not a plain value");
    ENDS("return raw.costly()", "true");
    ENDS("for i = 1, 4 do raw.costly() end",
         "line:1: more than 3000000 instructions in one call");
}

static void answers_that_come_later(void **state) {
    (void)state;
    start("local v = raw.wait(); return v + 1");
    start("return 'the others go on'");
    go();
    assert_string_equal(str_get(&ended), "\"the others go on\";");
    shell_answer(waiting, json_integer(41));
    waiting = NULL;
    go();
    assert_string_equal(str_get(&ended), "\"the others go on\";42;");
    str_reset(&ended);
    /* the wait is within a pcall, and ends badly */
    start("return {pcall(function() return raw.wait() end)}");
    go();
    shell_refuse(waiting, "no");
    waiting = NULL;
    go();
    assert_string_equal(str_get(&ended), "[false,\"no\"];");
}

static void no_wait_in_a_sort(void **state) {
    (void)state;
    ENDS("table.sort({2, 1}, function() return raw.wait() end)",
         "line:1: wait has to wait, which is not possible within a sort or gsub");
    shell_answer(waiting, json_true());
    waiting = NULL;
    go();
}

static void long_lines_make_way(void **state) {
    (void)state;
    ENDS("local n = 0 for i = 1, 400000 do n = n + i end return n", "80000200000");
    assert_true(turns >= 8); /* pauses in between */
    start("for i = 1, 1e9 do end");
    start("return 'short'"); /* is not behind it */
    go();
    assert_string_equal(str_get(&ended),
                        "\"short\";line:1: more than 3000000 instructions in one call;");
    str_reset(&ended);
    ENDS("while true do pcall(function() while true do end end) end",
         "line:1: more than 3000000 instructions in one call");
    ENDS("table.sort({3, 2, 1}, function() while true do end end)",
         "line:1: too long in a function that cannot pause");
    ENDS("return 1", "1");
}

/* Work in C counts, and ends as well. */
static void work_in_c_ends(void **state) {
    (void)state;
    static const char *const codes[] = {
        "(('a'):rep(40000)):find(('a-'):rep(6) .. 'b')",
        "(('a'):rep(40000)):gsub(('a*'):rep(9) .. 'b', '')",
        "for _ in (('a'):rep(40000)):gmatch(('a?'):rep(30) .. ('a'):rep(30)) do end",
        "local t = {} for i = 1, 50000 do t[i] = i end while true do table.insert(t, 1, 1) end",
        "local t = {} for i = 1, 50000 do t[i] = i end while true do table.remove(t, 1) end",
        "local t = {} for i = 1, 50000 do t[i] = i end while true do table.sort(t) end",
        "local s = ('a'):rep(500000) while true do utf8.len(s) end",
        "local s = ('a'):rep(500000) while true do s:find('b', 1, true) end",
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        start(codes[i]);
        go();
        if (!strstr(str_get(&ended), "cannot pause") && !strstr(str_get(&ended), "more than"))
            fail_msg("%s: %s", codes[i], str_get(&ended));
        str_reset(&ended);
    }
}

/* Our patterns are Lua's (the same list gives the same in the program lua5.4). */
static void patterns_as_in_the_manual(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"('hello world'):find('o w')", "[5,7]"},
        {"('a.b'):find('.', 1, true)", "[2,2]"},
        {"('abc'):find('b', -2)", "[2,2]"},
        {"('abc'):find('', 10)", "{}"},
        {"('abc'):find('')", "[1,0]"},
        {"('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "[\"key\",\"value\"]"},
        {"('  x  '):match('^%s*(.-)%s*$')", "[\"x\"]"},
        {"('THE (quick) fox'):find('%((%a+)%)')", "[5,11,\"quick\"]"},
        {"('THE (quick) fox'):gsub('%f[%a]%a+', string.lower)", "[\"the (quick) fox\",3]"},
        {"('x(a(b)c)y'):match('%b()')", "[\"(a(b)c)\"]"},
        {"('abab'):match('(a)(b)%1%2')", "[\"a\",\"b\"]"},
        {"('abc'):match('()b()')", "[2,3]"},
        {"('[]]'):match('[]]+')", "[\"]]\"]"},
        {"('a-z'):gsub('[a%-]', 'x')", "[\"xxz\",2]"},
        {"('abc'):gsub('', '-')", "[\"-a-b-c-\",4]"},
        {"('hello'):gsub('l', {l = 'L'}, 1)", "[\"heLlo\",1]"},
        {"('hello'):gsub('(h)(e)', '%2%1%0%%')", "[\"ehhe%llo\",1]"},
        {"('abc'):gsub('%w', function(c) return c == 'b' and false end)", "[\"abc\",3]"},
        {"('a,b,,c'):gsub(',*', ';')", "[\";a;b;c;\",4]"},
        {"pcall(string.find, 'a', '[a')", "[false,\"malformed pattern (missing ']')\"]"},
        {"pcall(string.find, 'a', '%')", "[false,\"malformed pattern (ends with '%')\"]"},
        {"pcall(string.find, 'a', '(a')", "[false,\"unfinished capture\"]"},
        {"pcall(string.gsub, 'a', 'a', '%2')", "[false,\"invalid capture index %2\"]"},
        {"pcall(string.rep, 'x', -1)", "[true,\"\"]"},
        {"pcall(string.match, ('a'):rep(300), ('a?'):rep(300) .. 'b')",
         "[false,\"pattern too complex\"]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *code = xasprintf("return {%s}", cases[i][0]);
        start(code);
        go();
        ended.s[--ended.len] = '\0'; /* the semicolon */
        if (strcmp(ended.s, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], ended.s);
        str_reset(&ended);
        free(code);
    }
    start("local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[k] = v end "
          "return t");
    go();
    assert_string_equal(str_get(&ended), "{\"a\":\"1\",\"b\":\"2\"};");
}

static void stopped_lines(void **state) {
    (void)state;
    int64_t id = start("while true do end");
    for (int i = 0; i < 3; i++)
        loop_turn(h.loop, true);
    shell_stop(shell, id);
    assert_string_equal(str_get(&ended), "stopped;");
    shell_stop(shell, id); /* is nothing any more */
    str_reset(&ended);
    id = start("raw.wait()");
    go();
    shell_stop(shell, id);
    assert_string_equal(str_get(&ended), "stopped;");
    str_reset(&ended);
    shell_answer(waiting, json_true()); /* comes too late */
    waiting = NULL;
    go();
    /* answered, and stopped before it could go on */
    id = start("raw.wait()");
    go();
    shell_answer(waiting, json_true());
    waiting = NULL;
    shell_stop(shell, id);
    go();
    str_reset(&ended);
    ENDS("return 1", "1");
}

static void memory_begins_anew(void **state) {
    (void)state;
    ENDS("x = 1", "nothing");
    start("raw.wait()"); /* goes down with the rest */
    go();
    start("local t = {} for i = 1, 1e9 do t[i] = {i} end");
    go();
    assert_int_equal(resets, 1);
    assert_non_null(strstr(str_get(&ended), "out of memory (2097152 bytes allowed): the "
                                            "console starts again"));
    assert_non_null(strstr(strchr(str_get(&ended), ';'), "starts again")); /* both */
    str_reset(&ended);
    shell_answer(waiting, json_true());
    waiting = NULL;
    ENDS("return x", "line:1: there is no variable 'x'");
    ENDS("return loaded", "3");
    ENDS("return ('x'):rep(1e9)", "line:1: out of memory (2097152 bytes allowed): the console "
                                  "starts again, without its variables");
}

static void output_is_bounded_and_clean(void **state) {
    (void)state;
    ENDS("print('a\\27[31m\\0b\\r\\7', '\\xff\\xc3\\xa9\\xc2\\x9b', '\\u{202e}')", "nothing");
    assert_string_equal(str_get(&printed), "a?[31m?b?? ?\xc3\xa9?? ???\n");
    str_reset(&printed);
    ENDS("local s = ('x'):rep(1000) while true do print(s) end",
         "one.lua:5: one line may print at most 262144 bytes");
    assert_int_equal(printed.len, 262144);
    str_reset(&printed);
    ENDS("print('again')", "nothing");
    assert_string_equal(str_get(&printed), "again\n");
}

static void errors_that_nobody_waits_for(void **state) {
    (void)state;
    shell_begin(shell, "line", json_pack("[s]", "error('x', 0)"), NULL, NULL);
    shell_begin(shell, "nonsense", json_array(), NULL, NULL);
    go();
    assert_string_equal(str_get(&printed), "x\nthe prelude has no function nonsense\n");
}

/* What somebody does to his globals is his own affair. */
static void globals_are_copies(void **state) {
    (void)state;
    ENDS("string = nil table.concat = nil error = 1", "nothing");
    ENDS("print('still', ('x'):rep(2))", "nothing");
    assert_string_equal(str_get(&printed), "still xx\n");
    ENDS("return )", "line:1: unexpected symbol near ')'");
    ENDS("getmetatable('').__index.format = nil", "line:1: attempt to index a boolean value");
}

static void too_many_jobs(void **state) {
    (void)state;
    int n = 0;
    while (start("return 1"))
        n++;
    assert_int_equal(n, 64);
    go();
    str_reset(&ended);
    ENDS("return 2", "2");
}

static void nothing_dangerous_in_reach(void **state) {
    (void)state;
    static const char *const names[] = {"load",    "loadstring", "dofile", "loadfile",
                                        "require", "debug",      "io",     "coroutine",
                                        "package", "xpcall",     "_G",     "collectgarbage"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *code = xasprintf("return %s", names[i]);
        start(code);
        go();
        assert_non_null(strstr(str_get(&ended), "there is no variable"));
        str_reset(&ended);
        free(code);
    }
    ENDS("return os.execute", "null");
    ENDS("setmetatable({}, {__gc = print})", "line:1: __gc is not available here");
}

static void memory_stays_flat(void **state) {
    (void)state;
    start("for i = 1, 10 do raw.add(i, i) end");
    go();
    for (int i = 0; i < 2000; i++) {
        start("local t = {raw.add(1, 2)} error(t)");
        go();
        str_reset(&ended);
    }
    assert_int_equal(resets, 0);
}

/* Whatever allocation fails, there is an error and no crash, and the next line runs. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    int worked = 0, failed = 0;
    for (size_t memory = 15000; memory < 60000; memory += 97) {
        char *err = NULL;
        struct shell *old = shell, *s = new_shell(memory, &err);
        if (s == NULL) {
            assert_non_null(err);
            free(err);
            failed++;
            continue;
        }
        shell = s;
        start("local t = {} for i = 1, 300 do t[i] = raw.add(i, 1) .. 'x' end return #t");
        go();
        worked += strcmp(str_get(&ended), "300;") == 0;
        str_reset(&ended);
        start("return pcall(raw.refuse)");
        go();
        str_reset(&ended);
        shell_free(s);
        shell = old;
    }
    if (worked <= 10 || failed <= 10)
        fail_msg("worked %d, failed %d: other sizes are wanted", worked, failed);
}

static void left_in_the_middle(void **state) {
    (void)state;
    start("raw.wait()");
    start("while true do end");
    for (int i = 0; i < 4; i++)
        loop_turn(h.loop, true);
    start("return 1"); /* and one that has not begun: the tear-down frees all of them */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(results_and_errors, begin, end),
        cmocka_unit_test_setup_teardown(lent_functions, begin, end),
        cmocka_unit_test_setup_teardown(answers_that_come_later, begin, end),
        cmocka_unit_test_setup_teardown(no_wait_in_a_sort, begin, end),
        cmocka_unit_test_setup_teardown(long_lines_make_way, begin, end),
        cmocka_unit_test_setup_teardown(work_in_c_ends, begin, end),
        cmocka_unit_test_setup_teardown(patterns_as_in_the_manual, begin, end),
        cmocka_unit_test_setup_teardown(stopped_lines, begin, end),
        cmocka_unit_test_setup_teardown(memory_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(output_is_bounded_and_clean, begin, end),
        cmocka_unit_test_setup_teardown(errors_that_nobody_waits_for, begin, end),
        cmocka_unit_test_setup_teardown(globals_are_copies, begin, end),
        cmocka_unit_test_setup_teardown(too_many_jobs, begin, end),
        cmocka_unit_test_setup_teardown(nothing_dangerous_in_reach, begin, end),
        cmocka_unit_test_setup_teardown(memory_stays_flat, begin, end),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, begin, end),
        cmocka_unit_test_setup_teardown(left_in_the_middle, begin, end),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
