#include "dialer/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/lead.h"
#include "dialer/outcome.h"

/* The dial strategies behind DialMode; NULL is still to come: it starts no call. */
static const char *const modes[] = {"none", "available", NULL, "power", "robo", NULL};

static const int script_fields[HOOK_COUNT] = {
    [HOOK_DIAL] = PLAN_DIAL_SCRIPT,
    [HOOK_RETRY] = PLAN_RETRY_SCRIPT,
    [HOOK_ROUTE] = PLAN_ROUTE_SCRIPT,
    [HOOK_RESULT] = PLAN_RESULT_SCRIPT,
};

static const char *const standard[HOOK_COUNT] = {
    [HOOK_RETRY] = "standard", [HOOK_ROUTE] = "standard", [HOOK_RESULT] = "json"};

/* The file a hook of this row comes from. */
static const char *hook_file(const struct row *row, enum hook h) {
    const char *name = row_text(row, script_fields[h]);
    if (name == NULL && h == HOOK_DIAL) {
        name = modes[row_int(row, PLAN_DIAL_MODE)];
        return name ? name : "none";
    }
    return name ? name : standard[h];
}

const char *plan_check(struct engine *e, const struct row *row) {
    for (int h = 0; h < HOOK_COUNT; h++) {
        const char *name = row_text(row, script_fields[h]);
        if (name && !script_exists(&e->scripts, (enum hook)h, name))
            return row->noun->fields[script_fields[h]].header;
    }
    return NULL;
}

static void load(struct plan *p, enum hook h) {
    const char *name = hook_file(p->item.row, h);
    char *err = NULL;
    xreplace(&p->hooks[h], NULL);
    if (script_load(p->script, h, name, &err)) {
        log_error(p->engine->log, "plan %s: %s; its built-in takes over",
                  row_uuid(p->item.row), err);
        free(err);
        return;
    }
    p->hooks[h] = xstrdup(name);
}

/* Everything that decides what is due next, as text. */
static void set_version(struct plan *p) {
    const struct row *r = p->item.row;
    struct str v = {0};
    str_addf(&v, "%s %lld", hook_file(r, HOOK_RETRY), (long long)row_int(r, PLAN_RETRY_DELAY));
    for (int i = 0; i < LEAD_NUMBERS; i++)
        str_addf(&v, " %lld", (long long)row_int(r, PLAN_MAX_RETRY_CNT_1 + i));
    free(p->version);
    p->version = str_take(&v);
}

struct plan *plan_new(struct engine *e, struct row *row) {
    struct plan *p = xcalloc(1, sizeof *p);
    p->engine = e;
    p->item.row = row;
    p->holds = 1;
    p->script = script_new(&e->scripts);
    for (int h = 0; h < HOOK_COUNT; h++)
        load(p, (enum hook)h);
    set_version(p);
    return p;
}

struct plan *plan_hold(struct plan *p) {
    p->holds++;
    return p;
}

void plan_release(struct plan *p) {
    if (p == NULL || --p->holds)
        return;
    script_free(p->script);
    for (int h = 0; h < HOOK_COUNT; h++)
        free(p->hooks[h]);
    free(p->version);
    row_free(p->item.row);
    json_decref(p->item.frozen);
    free(p);
}

void plan_changed(struct plan *p) {
    for (int h = 0; h < HOOK_COUNT; h++) {
        const char *name = hook_file(p->item.row, (enum hook)h);
        if (p->hooks[h] == NULL || strcmp(p->hooks[h], name))
            load(p, (enum hook)h);
    }
    set_version(p);
}

const char *plan_script(const struct plan *p, enum hook h) {
    return p->hooks[h] ? p->hooks[h] : "built-in";
}

const char *plan_hash(const struct plan *p, enum hook h) {
    return p->hooks[h] ? script_hash(p->script, h) : "";
}

/* Calls a hook; NULL after an error, which is logged with the script's file and line. */
static json_t *call(struct plan *p, enum hook h, const struct script_use *use, json_t *view) {
    json_t *out = NULL;
    char *err = NULL;
    if (p->hooks[h] == NULL)
        return NULL;
    if (script_call(p->script, h, use, view, &out, &err)) {
        log_error(p->engine->log, "plan %s, %s: %s", row_uuid(p->item.row), hook_name(h), err);
        free(err);
        return NULL;
    }
    return out;
}

/* ---- dial ---- */

static int64_t whole_calls(double n) {
    if (isnan(n) || n < 1)
        return 0;
    return n > 1e9 ? 1000000000 : (int64_t)n;
}

/* The seed's rule: free agents and what is wanted beyond, less the calls there are;
 * without a queue, all that the limits let through. */
static int64_t builtin_dial(json_t *view) {
    json_t *queue = json_object_get(view, "queue"), *plan = json_object_get(view, "plan");
    if (queue == NULL)
        return json_integer_value(json_object_get(view, "room"));
    int64_t n = json_integer_value(json_object_get(queue, "available")) +
                json_integer_value(json_object_get(plan, "service_level")) -
                json_integer_value(json_object_get(view, "in_flight"));
    return n > 0 ? n : 0;
}

int64_t plan_dial(struct plan *p, const char *campaign, void *arg, json_t *view,
                  double *ask_in) {
    *ask_in = 0;
    json_t *out = call(p, HOOK_DIAL, &(struct script_use){campaign, arg}, view);
    if (out == NULL && row_int(p->item.row, PLAN_DIAL_MODE) != 0)
        return builtin_dial(view);
    json_t *calls = json_is_object(out) ? json_object_get(out, "calls") : out;
    int64_t n = json_is_number(calls) ? whole_calls(json_number_value(calls)) : 0;
    if (out && !json_is_number(calls) && !json_is_null(calls))
        log_warn(p->engine->log, "plan %s, dial: returned no number", row_uuid(p->item.row));
    if (json_is_object(out))
        *ask_in = json_number_value(json_object_get(out, "ask_in"));
    json_decref(out);
    return n;
}

/* ---- retry ---- */

static json_t *retry_view(struct plan *p, const struct row *lead) {
    json_t *numbers = json_object(), *tries = json_array(), *max = json_array();
    for (int i = 0; i < LEAD_NUMBERS; i++) {
        char key[2] = {(char)('1' + i), '\0'};
        if (row_text(lead, LEAD_NUMBER_1 + i))
            json_object_set_new(numbers, key, json_string(row_text(lead, LEAD_NUMBER_1 + i)));
        json_array_append_new(tries, json_integer(row_int(lead, LEAD_TRYCNT_1 + i)));
        json_array_append_new(
            max, json_integer(row_int(p->item.row, PLAN_MAX_RETRY_CNT_1 + i)));
    }
    json_t *l = json_pack("{s:s, s:s*, s:o, s:o, s:I, s:I}", "uuid", row_uuid(lead), "name",
                          row_text(lead, LEAD_NAME), "numbers", numbers, "tries", tries,
                          "res_dial", (json_int_t)row_int(lead, LEAD_RES_DIAL), "res_hangup",
                          (json_int_t)row_int(lead, LEAD_RES_HANGUP));
    int64_t last = lead_last_hangup(lead);
    if (last)
        json_object_set_new(l, "tm_last_hangup", json_real((double)last / NS_PER_S));
    return json_pack("{s:f, s:o, s:{s:I, s:o}}", "now",
                     (double)engine_wall(p->engine) / NS_PER_S, "lead", l, "plan",
                     "retry_delay", (json_int_t)row_int(p->item.row, PLAN_RETRY_DELAY),
                     "max_retry", max);
}

/* The seed's rule: the lowest number with a try left, retry_delay after the hangup. */
static void builtin_retry(const struct plan *p, const struct row *lead, struct due *due) {
    *due = (struct due){0, DUE_NEVER, "out of tries"};
    for (int i = 0; i < LEAD_NUMBERS && due->number == 0; i++)
        if (row_text(lead, LEAD_NUMBER_1 + i) &&
            row_int(lead, LEAD_TRYCNT_1 + i) < row_int(p->item.row, PLAN_MAX_RETRY_CNT_1 + i))
            due->number = i + 1;
    if (due->number == 0)
        return;
    int64_t last = lead_last_hangup(lead);
    due->at = last ? last + row_int(p->item.row, PLAN_RETRY_DELAY) * NS_PER_S : 0;
}

static bool read_due(json_t *out, const struct row *lead, struct due *due) {
    double index = json_number_value(json_object_get(out, "index"));
    double at = json_number_value(json_object_get(out, "at"));
    const char *reason = json_string_value(json_object_get(out, "reason"));
    if (index == 0) {
        *due = (struct due){0, DUE_NEVER, ""};
        snprintf(due->reason, sizeof due->reason, "%s", reason ? reason : "retry says no");
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
    if (row_int(lead, LEAD_RES_DIAL) == RES_ANSWERED) {
        *due = (struct due){0, DUE_NEVER, "answered"};
        return;
    }
    if (detail && strcmp(detail, "unknown") == 0) { /* somebody may have been called */
        *due = (struct due){0, DUE_NEVER, "unknown"};
        return;
    }
    json_t *view = retry_view(p, lead);
    json_t *out = call(p, HOOK_RETRY, NULL, view);
    if (out == NULL) {
        builtin_retry(p, lead, due);
    } else if (!read_due(out, lead, due)) {
        log_warn(p->engine->log, "plan %s, retry: returned no index and time",
                 row_uuid(p->item.row));
        builtin_retry(p, lead, due);
    }
    json_decref(out);
    json_decref(view);
}

/* ---- route and result ---- */

json_t *plan_route(struct plan *p, const char *campaign, json_t *view) {
    json_t *out = call(p, HOOK_ROUTE, &(struct script_use){campaign, NULL}, view);
    if (json_is_object(out))
        return out;
    json_decref(out);
    return json_object();
}

char *plan_result(struct plan *p, const char *campaign, json_t *view) {
    json_t *out = call(p, HOOK_RESULT, &(struct script_use){campaign, NULL}, view);
    char *line = NULL;
    if (json_is_string(out))
        line = xstrdup(json_string_value(out));
    else if (out == NULL) /* the script failed: nothing is lost all the same */
        line = json_dumps(json_object_get(view, "fields"), JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(out);
    for (char *c = line; c && *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    return line;
}
