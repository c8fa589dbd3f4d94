#include "dialer/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "dialer/core/leadrow.h"
#include "dialer/core/outcome.h"
#include "dialer/plan/memory.h"
#include "dialer/plan/retryview.h"
#include "dialer/plan/shadow.h"

#define FILE_NAME_MAX 100
#define FILE_NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Everything that due dates depend on, as text. */
static void plan_set_version(struct plan *p) {
    const struct row *r = p->item.row;
    const struct version *retry = &p->strategies[HOOK_RETRY].now;
    struct str v = {0};
    char *values =
        retry->values ? json_dumps(retry->values, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    str_addf(&v, "%s %s %s %lld", version_name(retry), version_hash(retry),
             values ? values : "", (long long)row_int(r, PLAN_RETRY_DELAY));
    for (int i = 0; i < LEAD_NUMBERS; i++)
        str_addf(&v, " %lld", (long long)row_int(r, PLAN_MAX_RETRY_CNT_1 + i));
    free(values);
    free(p->version);
    p->version = str_take(&v);
}

static void plan_on_reschedule(void *arg) {
    struct plan *p = arg;
    plan_set_version(p);
    p->engine->up.rescheduled(p);
}

struct plan *plan_new(struct engine *e, struct row *row) {
    struct plan *p = xcalloc(1, sizeof *p);
    p->engine = e;
    p->item.row = row;
    p->holds = 1;
    task_init(&p->reschedule, e->loop, plan_on_reschedule, p);
    struct reading files = {.engine = e};
    strategies_open(p, &files);
    shadow_update(p, &files, true);
    reading_end(&files);
    plan_set_version(p);
    return p;
}

struct plan *plan_hold(struct plan *p) {
    p->holds++;
    return p;
}

void plan_release(struct plan *p) {
    if (p == NULL || --p->holds)
        return;
    task_cancel(&p->reschedule);
    shadow_free(p->shadow);
    strategies_close(p);
    free(p->version);
    row_free(p->item.row);
    json_decref(p->item.frozen);
    free(p);
}

static int plan_update(struct plan *p, struct reading *files, bool force, int *refused) {
    int swapped = strategies_update(p, files, force, refused);
    shadow_update(p, files, force);
    plan_set_version(p);
    return swapped;
}

void plan_changed(struct plan *p) {
    struct reading files = {.engine = p->engine};
    int refused = 0;
    plan_update(p, &files, true, &refused);
    reading_end(&files);
}

int plans_reload(struct engine *e, struct plan *only, bool force, int *refused) {
    struct reading files = {.engine = e};
    int swapped = 0;
    *refused = 0;
    for (struct map_entry *i = e->plans.first; i; i = i->next)
        if (only == NULL || i->value == only)
            swapped += plan_update(i->value, &files, force, refused);
    reading_end(&files);
    return swapped;
}

void plans_forget(struct engine *e, const char *campaign) {
    memory_forget(e, campaign);
    for (struct map_entry *i = e->plans.first; i; i = i->next)
        shadow_forget(i->value, campaign);
}

const char *plan_script(const struct plan *p, enum hook h) {
    return version_name(&p->strategies[h].now);
}

const char *plan_hash(const struct plan *p, enum hook h) {
    return version_hash(&p->strategies[h].now);
}

/* ---- dial ---- */

/* As dial/available.lua: free agents plus the service level minus the calls in flight; without
 * a queue, as many as the limits allow. */
static int64_t plan_builtin_dial(json_t *view) {
    json_t *queue = json_object_get(view, "queue"), *plan = json_object_get(view, "plan");
    if (queue == NULL)
        return json_integer_value(json_object_get(view, "room"));
    int64_t n = json_integer_value(json_object_get(queue, "available")) +
                json_integer_value(json_object_get(plan, "service_level")) -
                json_integer_value(json_object_get(view, "in_flight"));
    return n > 0 ? n : 0;
}

/* Logs, once for each version, that the hook's result had to be replaced. */
static void plan_note_odd(struct plan *p, enum hook h, const char *what) {
    if (strategy_is_odd(p, h))
        log_warn(p->engine->log, "plan %s: %s/%s %s", row_uuid(p->item.row), hook_name(h),
                 plan_script(p, h), what);
}

int64_t plan_dial(struct plan *p, const char *campaign, void *arg, json_t *view, double *ask_in,
                  struct offer *offer) {
    int64_t mode = row_int(p->item.row, PLAN_DIAL_MODE);
    bool odd = false;
    *ask_in = 0;
    *offer = (struct offer){0};
    json_t *out = strategy_call(p, NULL, HOOK_DIAL, campaign, arg, view);
    int64_t n = 0; /* if the script of these two modes fails: no call that no agent accepted */
    if (out)
        n = dialanswer_calls(out, ask_in, &odd);
    else if (mode != MODE_NONE && mode != MODE_PREVIEW)
        n = plan_builtin_dial(view);
    dialanswer_offer(out, offer, &odd);
    if (odd)
        plan_note_odd(p, HOOK_DIAL, "returned a value that is not a number of calls");
    json_decref(out);
    shadow_decide(p, campaign, arg, view, n);
    return n;
}

/* ---- retry ---- */

/* As retry/standard.lua: never again after an answer; else the first number with an attempt
 * left, retry_delay after the hangup. */
static void plan_builtin_retry(const struct plan *p, const struct row *lead, struct due *due) {
    bool answered = row_int(lead, LEAD_RES_DIAL) == RES_ANSWERED;
    *due = (struct due){0, DUE_NEVER, ""};
    snprintf(due->reason, sizeof due->reason, "%s", answered ? "answered" : "out of tries");
    for (int i = 0; i < LEAD_NUMBERS && due->number == 0 && !answered; i++)
        if (row_text(lead, LEAD_NUMBER_1 + i) &&
            row_int(lead, LEAD_TRYCNT_1 + i) < row_int(p->item.row, PLAN_MAX_RETRY_CNT_1 + i))
            due->number = i + 1;
    if (due->number == 0)
        return;
    int64_t last = leadrow_last_hangup(lead);
    due->at = last ? last + row_int(p->item.row, PLAN_RETRY_DELAY) * NS_PER_S : 0;
}

static bool plan_read_due(json_t *out, const struct row *lead, struct due *due) {
    double index = json_number_value(json_object_get(out, "index"));
    double at = json_number_value(json_object_get(out, "at"));
    const char *reason = json_string_value(json_object_get(out, "reason"));
    if (index == 0) {
        *due = (struct due){0, DUE_NEVER, ""};
        snprintf(due->reason, sizeof due->reason, "%s",
                 reason ? reason : "given up by the retry script");
        return true;
    }
    if (!(index >= 1 && index <= LEAD_NUMBERS) ||
        !row_text(lead, LEAD_NUMBER_1 + (int)index - 1) || !(at >= 0 && at < 9e9))
        return false;
    *due = (struct due){(int)index, (int64_t)(at * NS_PER_S), ""};
    return true;
}

void plan_retry(struct plan *p, const struct row *lead, struct due *due) {
    const char *detail = row_text(lead, LEAD_RES_DIAL_DETAIL);
    if (detail && strcmp(detail, "unknown") == 0) { /* somebody may have been called */
        *due = (struct due){0, DUE_NEVER, "unknown"};
        return;
    }
    json_t *view = view_make(retryview_fields, &(struct retryview){p, lead});
    json_t *out = strategy_call(p, NULL, HOOK_RETRY, NULL, NULL, view);
    if (out == NULL) {
        plan_builtin_retry(p, lead, due);
    } else if (!plan_read_due(out, lead, due)) {
        plan_note_odd(p, HOOK_RETRY, "returned no valid index and time");
        plan_builtin_retry(p, lead, due);
    }
    json_decref(out);
    json_decref(view);
}

/* ---- route and result ---- */

json_t *plan_route(struct plan *p, const char *campaign, json_t *view) {
    json_t *out = strategy_call(p, NULL, HOOK_ROUTE, campaign, NULL, view);
    json_t *timeout = json_object_get(out, "timeout");
    if (timeout && !json_is_null(timeout) && !(json_number_value(timeout) >= 1)) {
        plan_note_odd(p, HOOK_ROUTE, "returned an invalid timeout; the plan's is used");
        json_object_del(out, "timeout");
    }
    if (json_is_object(out))
        return out;
    if (out && !json_is_null(out))
        plan_note_odd(p, HOOK_ROUTE, "returned a value that is not a table");
    json_decref(out);
    return json_object();
}

/* A plain name: not a hidden file, nor one in another folder. */
static bool plan_is_file_name(const char *name) {
    size_t n = strlen(name);
    return n && n <= FILE_NAME_MAX && *name != '.' && strspn(name, FILE_NAME_CHARS) == n;
}

char *plan_result(struct plan *p, struct policy *under, const char *campaign, json_t *view,
                  char **file) {
    json_t *out = strategy_call(p, under, HOOK_RESULT, campaign, NULL, view);
    bool split = json_is_object(out);
    const char *text = json_string_value(split ? json_object_get(out, "line") : out);
    const char *name = json_string_value(split ? json_object_get(out, "file") : NULL);
    bool misnamed = split && json_object_get(out, "file") && !(name && plan_is_file_name(name));
    char *line = text ? xstrdup(text) : NULL;
    *file = line && name && !misnamed ? xstrdup(name) : NULL;
    if (line == NULL && !json_is_null(out)) /* the script failed: the default line instead */
        line = json_dumps(json_object_get(view, "fields"), JSON_COMPACT | JSON_SORT_KEYS);
    if (out && text == NULL && !json_is_null(out))
        plan_note_odd(p, HOOK_RESULT, "returned no line");
    if (misnamed)
        plan_note_odd(
            p, HOOK_RESULT,
            "returned a file name with other characters than letters, digits, . _ and -");
    json_decref(out);
    for (char *c = line; c && *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    return line;
}
