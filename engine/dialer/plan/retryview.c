#include "dialer/plan/retryview.h"

#include <time.h>

#include "dialer/core/leadrow.h"
#include "dialer/core/outcome.h"

static const struct row *retryview_lead_of(const void *from) {
    return ((const struct retryview *)from)->lead;
}

static const struct row *retryview_plan_of(const void *from) {
    return ((const struct retryview *)from)->plan->item.row;
}

/* Eight fields of a row, the first of which is given, as a list. */
static json_t *retryview_eight(const struct row *r, int field) {
    json_t *list = json_array();
    for (int i = 0; i < LEAD_NUMBERS; i++)
        json_array_append_new(list, json_integer(row_int(r, field + i)));
    return list;
}

static json_t *retryview_now(const void *from) {
    const struct retryview *v = from;
    return json_real((double)engine_wall(v->plan->engine) / NS_PER_S);
}

/* TZ is set to the configured zone. */
static json_t *retryview_utc_offset(const void *from) {
    time_t t = (time_t)(engine_wall(((const struct retryview *)from)->plan->engine) / NS_PER_S);
    struct tm tm;
    localtime_r(&t, &tm);
    return json_integer(tm.tm_gmtoff);
}

static json_t *retryview_uuid(const void *from) {
    return view_text(row_uuid(retryview_lead_of(from)));
}

static json_t *retryview_name(const void *from) {
    return view_text(row_text(retryview_lead_of(from), LEAD_NAME));
}

static json_t *retryview_numbers(const void *from) {
    json_t *all = json_object();
    for (int i = 0; i < LEAD_NUMBERS; i++) {
        const char *number = row_text(retryview_lead_of(from), LEAD_NUMBER_1 + i);
        char key[2] = {(char)('1' + i), '\0'};
        if (number)
            json_object_set_new(all, key, json_string(number));
    }
    return all;
}

static json_t *retryview_tries(const void *from) {
    return retryview_eight(retryview_lead_of(from), LEAD_TRYCNT_1);
}

static json_t *retryview_res_dial(const void *from) {
    return json_integer(row_int(retryview_lead_of(from), LEAD_RES_DIAL));
}

static json_t *retryview_res_dial_detail(const void *from) {
    return view_text(row_text(retryview_lead_of(from), LEAD_RES_DIAL_DETAIL));
}

static json_t *retryview_outcome(const void *from) {
    const struct row *l = retryview_lead_of(from);
    const char *detail = row_text(l, LEAD_RES_DIAL_DETAIL);
    bool called = detail || row_text(l, LEAD_TM_LAST_HANGUP);
    return called ? json_string(outcome_word((int)row_int(l, LEAD_RES_DIAL), detail)) : NULL;
}

static json_t *retryview_last_index(const void *from) {
    int64_t index = row_int(retryview_lead_of(from), LEAD_LAST_INDEX);
    return index ? json_integer(index) : NULL;
}

static json_t *retryview_res_hangup(const void *from) {
    return json_integer(row_int(retryview_lead_of(from), LEAD_RES_HANGUP));
}

static json_t *retryview_tm_last_hangup(const void *from) {
    int64_t last = leadrow_last_hangup(retryview_lead_of(from));
    return last ? json_real((double)last / NS_PER_S) : NULL;
}

static json_t *retryview_retry_delay(const void *from) {
    return json_integer(row_int(retryview_plan_of(from), PLAN_RETRY_DELAY));
}

static json_t *retryview_max_retry(const void *from) {
    return retryview_eight(retryview_plan_of(from), PLAN_MAX_RETRY_CNT_1);
}

const struct view_field retryview_fields[] = {
    {"now", "s", "time since 1970, with fraction", "1479184252.25", retryview_now},
    {"utc_offset", "s", "what to add to a time for the clock of the configured time zone, now",
     "0", retryview_utc_offset},
    {"lead.uuid", "", "uuid of the lead", "\"19dfc3f2-8b4e-4c7e-9f35-1a2a6b2e1c11\"",
     retryview_uuid},
    {"lead.name", "", "its name; absent if it has none", "\"Ms Customer\"", retryview_name},
    {"lead.numbers", "",
     "{[\"1\"] = number, ...}: keys \"1\" to \"8\", only those that are set",
     "{\"1\":\"300\",\"2\":\"400\"}", retryview_numbers},
    {"lead.tries", "attempts", "{n1, ..., n8}: so far, at each number", "[1,0,0,0,0,0,0,0]",
     retryview_tries},
    {"lead.res_dial", "",
     "outcome of the last call: 1 refused, 3 no answer, 4 answered, 5 busy, 8 congestion; 0 "
     "means that it failed, or that there is no outcome yet (lead.outcome tells which)",
     "5", retryview_res_dial},
    {"lead.res_dial_detail", "", "the same in words; absent if there is no outcome yet", NULL,
     retryview_res_dial_detail},
    {"lead.outcome", "",
     "the same in one word: failed, refused, no_answer, answered, busy, congestion, machine "
     "(AMD's verdict), abandoned, or local (a local failure); absent if there is no outcome "
     "yet",
     "\"busy\"", retryview_outcome},
    {"lead.last_index", "", "which number was called last, 1 to 8; absent if none was", "1",
     retryview_last_index},
    {"lead.res_hangup", "", "Q.850 cause of the last hangup, 17 = busy", "17",
     retryview_res_hangup},
    {"lead.tm_last_hangup", "s", "end of the last call, since 1970; absent if there was none",
     "1479184200.5", retryview_tm_last_hangup},
    {"plan.retry_delay", "s", "time between two calls of a lead", "60", retryview_retry_delay},
    {"plan.max_retry", "attempts", "{m1, ..., m8}: allowed for each number, the first included",
     "[5,5,5,5,5,5,5,5]", retryview_max_retry},
    {0}};
