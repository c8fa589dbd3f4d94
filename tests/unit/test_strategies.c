/* What each shipped strategy decides, run in the sandbox that the engine runs it in.
 * STRATEGIES names their folder; without it, strategies/ here. With COST=1 in the
 * environment the time per call of each hook is printed too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "dialer/pace/dialview.h"
#include "dialer/pace/learnlua.h"
#include "dialer/call/resultview.h"
#include "dialer/plan/retryview.h"
#include "dialer/call/routeview.h"
#include "script/hook/script.h"
#include "script/hook/source.h"

static const struct log logger = {.level = LOG_WARN};
static struct clock now;
static struct chance chance;
static struct script_env env = {.log = &logger,
                                .clock = &now,
                                .chance = &chance,
                                .memory = 8 * 1024 * 1024,
                                .instructions = 1000000,
                                .functions = {[HOOK_DIAL] = learn_functions},
                                .views = {[HOOK_DIAL] = dialview_fields,
                                          [HOOK_RETRY] = retryview_fields,
                                          [HOOK_ROUTE] = routeview_fields,
                                          [HOOK_RESULT] = resultview_fields}};

/* ---- helpers ---- */

static struct script *loaded(enum hook h, const char *name) {
    struct script *s = script_new(&env);
    char *err = NULL;
    assert_true(script_exists(&env, h, name));
    if (script_load(s, h, name, &err))
        fail_msg("%s", err);
    return s;
}

/* Calls a hook with a view in JSON and expects a result in JSON. */
static void decides(struct script *s, enum hook h, const char *view, const char *result) {
    char *err = NULL;
    json_t *in = json_loads(view, 0, NULL), *out = NULL;
    assert_non_null(in);
    if (script_call(s, h, NULL, in, &out, &err))
        fail_msg("%s", err);
    char *got = json_dumps(out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(got, result);
    free(got);
    json_decref(in);
    json_decref(out);
}

/* A dial view: a queue's figures, then the plan's service level and the calls. */
static void dials(struct script *s, const char *queue, int service_level, int in_flight,
                  int ringing, const char *result) {
    char *view = xasprintf("{\"now\":1479184252.25,\"campaign\":{\"uuid\":\"c\"},"
                           "\"plan\":{\"uuid\":\"p\",\"dial_mode\":1,"
                           "\"service_level\":%d},%s\"in_flight\":%d,\"ringing\":%d,"
                           "\"room\":37}",
                           service_level, queue, in_flight, ringing);
    decides(s, HOOK_DIAL, view, result);
    free(view);
}

static char *queue(int available, int logged_in, const char *performance) {
    return xasprintf("\"queue\":{\"name\":\"q\",\"available\":%d,\"logged_in\":%d,"
                     "\"waiting\":0,\"performance\":%s},",
                     available, logged_in, performance);
}

/* ---- each file's own tests ---- */

struct told {
    const char *file;
    int tests;
};

static void on_told(void *arg, const char *name, const char *why) {
    struct told *t = arg;
    t->tests++;
    if (why)
        print_error("%s: %s: %s\n", t->file, name, why);
}

static void run_tests_of(enum hook h, const char *name) {
    char *err = NULL;
    struct source *source = source_read(&env, h, name, &err);
    if (source == NULL)
        fail_msg("%s", err);
    struct told t = {source->file, 0};
    if (script_test(&env, source, on_told, &t))
        fail_msg("%s fails its own tests", source->file);
    if (t.tests == 0)
        fail_msg("%s has no test", source->file);
    source_release(source);
}

static void own_tests(void **state) {
    (void)state;
    for (int h = 0; h < HOOK_COUNT; h++) {
        char *folder = xasprintf("%s/%s", env.strategies, hook_name((enum hook)h));
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        int files = 0;
        for (const struct dirent *e; (e = readdir(dir));) {
            const char *suffix = strrchr(e->d_name, '.');
            if (suffix == NULL || strcmp(suffix, ".lua"))
                continue;
            char *name = xstrndup(e->d_name, (size_t)(suffix - e->d_name));
            run_tests_of((enum hook)h, name);
            free(name);
            files++;
        }
        assert_true(files > 0);
        closedir(dir);
        free(folder);
    }
}

/* ---- dial ---- */

static void dial_available(void **state) {
    (void)state;
    static const struct {
        int available, logged_in;
        const char *performance;
        int service_level, in_flight;
        const char *result;
    } cases[] = {
        {5, 5, "0.5", 0, 0, "5"},   /* under ten logged in: not scaled */
        {5, 9, "0.1", 0, 2, "3"},   /* calls in flight are taken off */
        {5, 9, "0.1", 3, 2, "6"},   /* the service level is added */
        {8, 10, "0.5", 0, 0, "4"},  /* from ten on: scaled */
        {5, 20, "0.9", 0, 0, "4"},  /* rounded down */
        {5, 20, "0.9", 0, 5, "0"},  /* never negative */
        {5, 20, "0", 0, 0, "5"},    /* nobody served yet: taken as 1 */
        {5, 20, "1", 0, 0, "5"},    /* an integer performance */
        {0, 20, "0.9", -2, 0, "0"}, /* a service level below zero */
        {0, 0, "0", 2, 0, "2"},     /* overdials with nobody there, as asterisk-outbound */
    };
    struct script *s = loaded(HOOK_DIAL, "available");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *q = queue(cases[i].available, cases[i].logged_in, cases[i].performance);
        dials(s, q, cases[i].service_level, cases[i].in_flight, 0, cases[i].result);
        free(q);
    }
    dials(s, "", 5, 10, 3, "37");
    script_free(s);
}

static void dial_robo_and_none(void **state) {
    (void)state;
    char *q = queue(4, 12, "0.5");
    struct script *s = loaded(HOOK_DIAL, "robo");
    dials(s, q, 0, 9, 9, "37");
    dials(s, "", 0, 9, 9, "37");
    script_free(s);
    s = loaded(HOOK_DIAL, "none");
    dials(s, q, 9, 0, 0, "0");
    dials(s, "", 9, 0, 0, "0");
    script_free(s);
    free(q);
}

/* ---- retry ---- */

static void retries(struct script *s, const char *numbers, const char *tries, const char *rest,
                    const char *result) {
    char *view = xasprintf("{\"now\":1000.5,\"lead\":{\"uuid\":\"l\",\"numbers\":%s,"
                           "\"tries\":%s%s},\"plan\":{\"retry_delay\":60,"
                           "\"max_retry\":[3,2,5,5,5,5,5,0]}}",
                           numbers, tries, rest);
    decides(s, HOOK_RETRY, view, result);
    free(view);
}

static void retry_standard(void **state) {
    (void)state;
    struct script *s = loaded(HOOK_RETRY, "standard");
    const char *two = "{\"1\":\"300\",\"2\":\"301\"}", *none = "[0,0,0,0,0,0,0,0]";
    const char *busy = ",\"res_dial\":5,\"res_hangup\":17,\"tm_last_hangup\":950.25";
    retries(s, two, none, "", "{\"at\":0,\"index\":1}");
    retries(s, two, "[1,0,0,0,0,0,0,0]", busy, "{\"at\":1010.25,\"index\":1}");
    retries(s, two, "[3,0,0,0,0,0,0,0]", busy, "{\"at\":1010.25,\"index\":2}");
    retries(s, two, "[3,2,0,0,0,0,0,0]", busy, "{\"reason\":\"out of tries\"}");
    retries(s, two, "[9,9,0,0,0,0,0,0]", busy, "{\"reason\":\"out of tries\"}");
    retries(s, two, "[1,0,0,0,0,0,0,0]", ",\"res_dial\":4,\"tm_last_hangup\":950",
            "{\"reason\":\"answered\"}");
    retries(s, "{\"7\":\"300\"}", none, "", "{\"at\":0,\"index\":7}");
    retries(s, "{\"8\":\"300\"}", none, "", "{\"reason\":\"out of tries\"}");
    retries(s, "{}", none, "", "{\"reason\":\"no number\"}");
    script_free(s);
}

/* ---- route ---- */

static void route_standard(void **state) {
    (void)state;
    struct script *s = loaded(HOOK_ROUTE, "standard");
#define LEAD "\"lead\":{\"uuid\":\"l\",\"number\":\"300\",\"index\":1}}"
    decides(s, HOOK_ROUTE, "{\"plan\":{\"tech_name\":\"sip/\"}," LEAD,
            "{\"channel\":\"sip/300\"}");
    decides(s, HOOK_ROUTE,
            "{\"plan\":{\"tech_name\":\"PJSIP/\",\"trunk_name\":\"carrier\"}," LEAD,
            "{\"channel\":\"PJSIP/300@carrier\"}");
    decides(s, HOOK_ROUTE, "{\"plan\":{\"tech_name\":\"sip/\",\"trunk_name\":\"\"}," LEAD,
            "{\"channel\":\"sip/300\"}");
    decides(s, HOOK_ROUTE, "{\"plan\":{}," LEAD, "{\"channel\":\"300\"}");
#undef LEAD
    script_free(s);
}

/* ---- result ---- */

/* The tutorial's queue example as the hook sees it. */
#define FIELDS                                                                 \
    "{\"uuid\":\"0686b654-16c0-4d1e-bdba-4a295c0d3434\",\"variables\":\"{}\"," \
    "\"camp_uuid\":\"665a54d8-f672-48bd-8f05-1163e6b4dc7f\",\"dial_index\":1," \
    "\"channel_name\":\"SIP/"                                                  \
    "300-00000004\",\"dest_variables\":\"\",\"dial_addr\":\"300\","            \
    "\"dial_application\":\"queue\",\"dial_channel\":\"sip/"                   \
    "300\",\"dial_data\":\"sales_1\","                                         \
    "\"dial_timeout\":30000,\"dial_trycnt\":1,\"dial_type\":1,\"res_dial\":4," \
    "\"res_hangup\":16,\"res_hangup_detail\":\"Normal Clearing\","             \
    "\"tm_hangup\":\"2016-11-15T04:32:33.257211878Z\"}"

/* Calls the hook and expects one line without newline. */
static void writes(struct script *s, const char *more, const char *line) {
    char *view = xasprintf("{\"fields\":" FIELDS "%s}", more), *err = NULL;
    json_t *in = json_loads(view, 0, NULL), *out = NULL;
    assert_non_null(in);
    if (script_call(s, HOOK_RESULT, NULL, in, &out, &err))
        fail_msg("%s", err);
    assert_true(json_is_string(out));
    assert_string_equal(json_string_value(out), line);
    json_decref(in);
    json_decref(out);
    free(view);
}

#define SHORT_START                                                            \
    "{\"camp_uuid\":\"665a54d8-f672-48bd-8f05-1163e6b4dc7f\","                 \
    "\"channel_name\":\"SIP/300-00000004\",\"dest_variables\":\"\","           \
    "\"dial_addr\":\"300\",\"dial_application\":\"queue\","                    \
    "\"dial_channel\":\"sip/300\",\"dial_data\":\"sales_1\",\"dial_index\":1," \
    "\"dial_timeout\":30000,\"dial_trycnt\":1,\"dial_type\":1,"
#define SHORT_END                                                                 \
    "\"res_dial\":4,\"res_hangup\":16,\"res_hangup_detail\":\"Normal Clearing\"," \
    "\"tm_hangup\":\"2016-11-15T04:32:33.257211878Z\","                           \
    "\"uuid\":\"0686b654-16c0-4d1e-bdba-4a295c0d3434\",\"variables\":\"{}\"}"

static void result_json(void **state) {
    (void)state;
    struct script *s = loaded(HOOK_RESULT, "json");
    writes(s, "", SHORT_START SHORT_END);
    writes(s, ",\"info\":{\"info_events\":[],\"info_camp\":{\"name\":\"a\",\"dest\":null}}",
           SHORT_START
           "\"info_camp\":{\"dest\":null,\"name\":\"a\"},\"info_events\":[]," SHORT_END);
    writes(s, ",\"history\":[]", SHORT_START "\"history_events\":[]," SHORT_END);
    writes(s,
           ",\"info\":{\"info_events\":[]},\"history\":[{\"event\":\"Newchannel\","
           "\"exten\":\"\"},{\"event\":\"Hangup\"}]",
           SHORT_START "\"history_events\":[{\"event\":\"Newchannel\",\"exten\":\"\"},"
                       "{\"event\":\"Hangup\"}],\"info_events\":[]," SHORT_END);
    script_free(s);
}

/* ---- cost ---- */

/* Microseconds per call. */
static double cost(enum hook h, const char *name, const char *view) {
    enum { CALLS = 100000 };
    struct script *s = loaded(h, name);
    json_t *in = json_loads(view, 0, NULL), *out;
    struct clock c;
    char *err;
    clock_real(&c);
    int64_t start = c.mono;
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(script_call(s, h, NULL, in, &out, &err), 0);
        json_decref(out);
    }
    clock_read(&c);
    json_decref(in);
    script_free(s);
    return (double)(c.mono - start) / CALLS / 1000;
}

static void costs(void **state) {
    (void)state;
    printf("dial %.2f us\n",
           cost(HOOK_DIAL, "available",
                "{\"now\":1.5,\"campaign\":{\"uuid\":\"c\",\"name\":\"n\"},\"plan\":"
                "{\"uuid\":\"p\",\"name\":\"n\",\"dial_mode\":1,\"service_level\":0},"
                "\"queue\":{\"name\":\"q\",\"available\":4,\"logged_in\":12,\"waiting\":0,"
                "\"performance\":0.5},\"in_flight\":2,\"ringing\":1,\"room\":9}"));
    printf("retry %.2f us\n",
           cost(HOOK_RETRY, "standard",
                "{\"now\":1.5,\"lead\":{\"uuid\":\"l\",\"name\":\"n\",\"numbers\":"
                "{\"1\":\"300\",\"2\":\"301\"},\"tries\":[1,0,0,0,0,0,0,0],"
                "\"res_dial\":5,\"res_hangup\":17,\"tm_last_hangup\":950.25},\"plan\":"
                "{\"retry_delay\":60,\"max_retry\":[3,2,5,5,5,5,5,0]}}"));
    printf("route %.2f us\n",
           cost(HOOK_ROUTE, "standard",
                "{\"campaign\":{\"uuid\":\"c\",\"name\":\"n\"},\"plan\":{\"tech_name\":"
                "\"sip/\",\"trunk_name\":\"t\",\"dial_timeout\":30000},\"lead\":{"
                "\"uuid\":\"l\",\"name\":\"n\",\"number\":\"300\",\"index\":1},\"dest\":"
                "{\"type\":1,\"application\":\"park\"},\"variables\":{\"a\":\"b\"}}"));
    printf("result %.2f us\n", cost(HOOK_RESULT, "json", "{\"fields\":" FIELDS "}"));
}

static int set_up(void **state) {
    (void)state;
    env.strategies = getenv("STRATEGIES") ? getenv("STRATEGIES") : "strategies";
    clock_virtual(&now, SECONDS(1479184252));
    chance_seed(&chance, 1);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_tests),          cmocka_unit_test(dial_available),
        cmocka_unit_test(dial_robo_and_none), cmocka_unit_test(retry_standard),
        cmocka_unit_test(route_standard),     cmocka_unit_test(result_json),
    };
    const struct CMUnitTest figures[] = {cmocka_unit_test(costs)};
    int failed = cmocka_run_group_tests_name("strategies", tests, set_up, NULL);
    if (getenv("COST"))
        failed += cmocka_run_group_tests_name("cost", figures, set_up, NULL);
    return failed;
}
