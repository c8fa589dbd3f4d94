/* Recorded calls of real Asterisk servers, played to a whole engine: the server here
 * answers each Originate with the events of the trace that the number names. What
 * stands in the lead and in the ledger afterwards is what the protocol says. */
#include "dialer.h"

static struct office o;

/* Puts `to` wherever `from` stands. */
static char *replaced(char *text, const char *from, const char *to) {
    struct str out = {0};
    const char *p = text;
    for (const char *at; (at = strstr(p, from)); p = at + strlen(from)) {
        str_addn(&out, p, (size_t)(at - p));
        str_add(&out, to);
    }
    str_add(&out, p);
    free(text);
    return str_take(&out);
}

static char *header_of(const char *text, const char *name) {
    char *key = xasprintf("%s: ", name);
    const char *at = strstr(text, key);
    at = at ? at + strlen(key) : NULL;
    free(key);
    return at ? xstrndup(at, strcspn(at, "\r")) : NULL;
}

/* How the events are cut and whether OriginateResponse comes first, as it may. */
static bool response_first;

/* Sends the events of a trace; their ids become those of this call. */
static void play(const char *name, const struct message *m) {
    char *request, *text = trace_load(name, &request);
    char *id = header_of(request, "ChannelId");
    char *action = header_of(request, "ActionID");
    assert_non_null(id);
    char *other = xasprintf("%s-2", id);
    text = replaced(text, other, message_text(m, "OtherChannelId"));
    text = replaced(text, id, message_text(m, "ChannelId"));
    text = replaced(text, action, message_text(m, "ActionID"));
    for (int pass = 0; pass < 2; pass++)
        for (const char *p = text, *end; (end = strstr(p, "\r\n\r\n")); p = end + 4) {
            bool response = str_has_prefix(p, "Event: OriginateResponse");
            if (str_has_prefix(p, "Event:") &&
                (response_first ? response == (pass == 0) : pass == 0)) {
                struct str packet = {0};
                str_addn(&packet, p, (size_t)(end + 4 - p));
                server_event(o.asterisk, CLASS_CALL, &packet);
                str_free(&packet);
            }
        }
    free(other);
    free(action);
    free(id);
    free(text);
    free(request);
}

static void run_originate(void *arg, struct answer *a, const struct message *m) {
    (void)arg;
    const char *channel = strchr(message_text(m, "Channel"), '/');
    assert_non_null(channel);
    assert_string_equal(message_text(m, "ActionID"), message_text(m, "ChannelId"));
    char *name = xstrdup(channel + 1);
    answer_success(a, "Originate successfully queued");
    play(name, m);
    free(name);
}

static void run_list(void *arg, struct answer *a, const struct message *m) {
    (void)arg, (void)m;
    answer_list(a, "List will follow");
    answer_complete(a, "ListComplete", 0);
}

static const struct action table[] = {{"Originate", 0, run_originate, "", NULL},
                                      {"CoreShowChannels", 0, run_list, "", NULL},
                                      {"QueueStatus", 0, run_list, "", NULL},
                                      {0}};
static const struct action *const tables[] = {table, NULL};

/* What the customer did, and the numbers that must come of it on both versions. */
static const struct {
    const char *trace;
    int res_dial, res_hangup, tries;
} calls[] = {
    {"16-sip-answer-app", 4, 16, 1},
    {"22-sip-answer-app", 4, 16, 1},
    {"16-sip-answer-callee-hangs", 4, 16, 1},
    {"22-sip-answer-callee-hangs", 4, 16, 1},
    {"16-sip-busy", 5, 17, 1},
    {"22-sip-busy", 5, 17, 1},
    {"16-sip-noans", 3, 16, 1},
    {"22-sip-noans", 3, 19, 1},
    {"16-sip-c404", 0, 1, 1},
    {"22-sip-c404", 0, 1, 1},
    {"16-sip-c480", 3, 19, 1},
    {"22-sip-c480", 3, 19, 1},
    {"16-sip-c503", 8, 34, 1},
    {"22-sip-c503", 8, 34, 1},
    {"16-sip-c603", 1, 21, 1},
    {"22-sip-c603", 1, 21, 1},
    {"16-local-busy", 5, 17, 1},
    {"22-local-busy", 5, 17, 1},
    {"16-local-hc17", 5, 17, 1},
    {"22-local-hc17", 5, 17, 1},
    {"16-local-noans", 3, 19, 1},
    {"22-local-noans", 3, 19, 1},
    {"16-local-noexten", 0, 0, 1},
    {"22-local-noexten", 0, 0, 1},
    {"16-local-fall", 1, 0, 1},
    {"22-local-fall", 1, 0, 1},
    {"16-sip-nopeer", 0, 0, 0},
    {"22-sip-nopeer", 0, 0, 0},
};

static struct asked leads[ARRAY_LEN(calls)];

/* Is there a result in each of the leads? */
static bool all_over(void) {
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        struct row *r = lead_row(&o, leads[i].uuid);
        bool over = row_text(r, LEAD_RES_DIAL_DETAIL) && row_int(r, LEAD_STATUS) == 0;
        row_free(r);
        if (!over)
            return false;
    }
    return true;
}

/* Result lines that name this lead. */
static int lines_of(const char *text, const char *uuid) {
    char *key = xasprintf("\"dl_list_uuid\":\"%s\"", uuid);
    char *spaced = xasprintf("\"dl_list_uuid\": \"%s\"", uuid);
    int n = 0;
    for (const char *p = text; (p = strstr(p, key)); p++)
        n++;
    for (const char *p = text; (p = strstr(p, spaced)); p++)
        n++;
    free(key);
    free(spaced);
    return n;
}

static void test_replay(void **state) {
    response_first = *state != NULL;
    office_begin(&o, tables);
    office_start(&o);
    struct asked plan =
        ask(&o, &noun_plan, CHANGE_CREATE, "DialMode: 3\nTechName: SIP/\nMaxRetry1: 1\n");
    struct asked dlma = ask(&o, &noun_dlma, CHANGE_CREATE, "Name: traces\n");
    struct asked dest =
        ask(&o, &noun_destination, CHANGE_CREATE, "Type: 1\nApplication: Wait\nData: 2\n");
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        char *text = xasprintf("DlmaUuid: %s\nNumber1: %s\n", dlma.uuid, calls[i].trace);
        leads[i] = ask(&o, &noun_lead, CHANGE_CREATE, text);
        free(text);
    }
    char *text = xasprintf("Plan: %s\nDlma: %s\nDest: %s\n", plan.uuid, dlma.uuid, dest.uuid);
    struct asked camp = ask(&o, &noun_campaign, CHANGE_CREATE, text);
    free(text);
    text = xasprintf("Uuid: %s\nStatus: 1\n", camp.uuid);
    ask(&o, &noun_campaign, CHANGE_UPDATE, text);
    free(text);
    UNTIL(&o.h, all_over());
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        struct row *r = lead_row(&o, leads[i].uuid);
        int64_t dial = row_int(r, LEAD_RES_DIAL), hangup = row_int(r, LEAD_RES_HANGUP);
        int64_t tries = row_int(r, LEAD_TRYCNT_1);
        if (dial != calls[i].res_dial || hangup != calls[i].res_hangup ||
            tries != calls[i].tries)
            fail_msg("%s: ResDial %d ResHangup %d after %d tries", calls[i].trace, (int)dial,
                     (int)hangup, (int)tries);
        if (calls[i].tries == 0)
            assert_string_equal(row_text(r, LEAD_RES_DIAL_DETAIL), "local");
        row_free(r);
    }
    office_stop(&o); /* and each attempt has one line of result */
    char *path = xasprintf("%s/results", o.folder), *results = read_file(path);
    assert_non_null(results);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (calls[i].tries)
            assert_int_equal(lines_of(results, leads[i].uuid), 1);
    free(results);
    free(path);
}

static int end(void **state) {
    (void)state;
    office_end(&o);
    return 0;
}

int main(void) {
    static char first[] = "OriginateResponse first";
    const struct CMUnitTest tests[] = {
        {"test_recorded_order", test_replay, NULL, end, NULL},
        {"test_response_first", test_replay, NULL, end, first},
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
