/* The nouns for the console: what they consist of, finding, creating, changing and
 * deleting them. */
#include <stdlib.h>
#include <string.h>

#include "dialer/call/dialing.h"
#include "dialer/events.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "dialer/pace/preview.h"
#include "dialer/pbx/attrs.h"
#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"
#include "console/inner.h"

#define PIECE 100    /* resources that one call of list examines */
#define ROW_COST 300 /* instructions that each of them is charged as */

/* ---- what there is ---- */

static void console_noun_each_stored(struct engine *e, const struct kind *k, kind_visit *visit,
                                     void *ctx) {
    for (struct map_entry *i = noun_map(e, k->noun)->first; i; i = i->next)
        if (!visit(ctx, i->key, noun_row(k->noun, i->value)))
            return;
}

const struct kind kinds[] = {
    {"campaign", "joins one plan, one list (dlma) and one destination", "uuid", &noun_campaign,
     NULL, console_noun_each_stored},
    {"plan", "how and when to call", "uuid", &noun_plan, NULL, console_noun_each_stored},
    {"dlma", "a named list of leads (dial list master)", "uuid", &noun_dlma, NULL,
     console_noun_each_stored},
    {"dl", "a lead: a customer with up to eight numbers", "uuid", &noun_lead, NULL, NULL},
    {"destination", "where a call goes once it is answered", "uuid", &noun_destination, NULL,
     console_noun_each_stored},
    {"dialing", "a call in flight", "uuid", NULL, dialing_attrs, each_dialing},
    {"preview", "a lead offered to an agent", "uuid", NULL, preview_attrs, each_preview},
    {"agent", "a member of a queue", "key", NULL, agent_attrs, each_agent},
    {"queue", "a queue of agents", "key", NULL, queue_attrs, each_queue},
    {"asterisk", "a server that calls go through", "name", NULL, asterisk_attrs, each_asterisk},
    {"trunk", "a [trunk:NAME] section with its limits and calls", "name", NULL, trunk_attrs,
     each_trunk},
    {"strategy", "what runs in one hook of a plan", "key", NULL, strategy_attrs, each_strategy},
    {"shadow", "a second dial script of a plan, only compared", "plan", NULL, shadow_attrs,
     each_shadow},
    {0},
};

const struct kind *kind_find(const char *name) {
    for (const struct kind *k = kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

/* ---- as plain values ---- */

json_t *kind_row(const struct row *row) {
    json_t *o = json_object();
    for (int i = 0; i < row->noun->count; i++) {
        const struct field *f = &row->noun->fields[i];
        const struct value *v = &row->v[i];
        json_t *j = NULL;
        if (f->flags & FIELD_STATE)
            continue;
        if (f->type == FIELD_INT)
            j = v->null ? NULL : json_integer(v->num);
        else if (f->type == FIELD_VARS)
            j = v->vars ? json_deep_copy(v->vars) : NULL;
        else if (v->text && (j = json_string(v->text)) == NULL)
            j = json_string("?"); /* not UTF-8 */
        if (j)
            json_object_set_new(o, f->column, j);
    }
    return o;
}

/* A text as JSON, or "?" if it is not UTF-8. */
static json_t *console_noun_text(const char *text, size_t n) {
    json_t *v = json_stringn(text, n);
    return v ? v : json_string("?");
}

static json_t *console_noun_lines(const char *lines) {
    json_t *all = json_array();
    for (const char *end; (end = strchr(lines, '\n')); lines = end + 1)
        json_array_append_new(all, console_noun_text(lines, (size_t)(end - lines)));
    return all;
}

/* NULL for null. */
static json_t *console_noun_value(const struct attr *a, const struct attr_value *v) {
    switch (a->type) {
    case ATTR_TEXT:
        return v->text ? console_noun_text(v->text, strlen(v->text)) : NULL;
    case ATTR_INT:
        return json_integer(v->num);
    case ATTR_BOOL:
        return json_boolean(v->yes);
    case ATTR_REAL:
        return json_real(v->real);
    case ATTR_VARS:
        return json_object_size(v->vars) ? json_deep_copy(v->vars) : NULL;
    case ATTR_LIST:
        return console_noun_lines(str_get(&v->made));
    }
    return NULL;
}

json_t *kind_attrs(const struct attr *attrs, const void *subject) {
    json_t *o = json_object();
    struct attr_value v = {0};
    for (const struct attr *a = attrs; a->get; a++) {
        if (a->name == NULL)
            continue;
        attr_read(a, subject, &v);
        json_t *j = v.absent ? NULL : console_noun_value(a, &v);
        if (j)
            json_object_set_new(o, a->name, j);
    }
    attr_value_free(&v);
    return o;
}

json_t *kind_json(const struct kind *k, const void *value) {
    return k->noun ? kind_row(value) : kind_attrs(k->attrs, value);
}

/* ---- what they consist of ---- */

static json_t *console_noun_describe_noun(const struct noun *n) {
    static const char *const types[] = {
        [FIELD_TEXT] = "text", [FIELD_INT] = "number", [FIELD_VARS] = "table"};
    json_t *all = json_array();
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        if (f->flags & FIELD_STATE)
            continue;
        json_array_append_new(all,
                              json_pack("{s:s, s:s*, s:s*, s:s, s:s*, s:s*, s:b, s:b}", "name",
                                        f->column, "header", f->header, "alias", f->alias,
                                        "type", types[f->type], "help", f->help, "init",
                                        f->init, "input", (f->flags & FIELD_INPUT) != 0, "asks",
                                        (f->flags & FIELD_ASKED) != 0));
    }
    return all;
}

static json_t *console_noun_describe_attrs(const struct attr *a) {
    static const char *const types[] = {
        [ATTR_TEXT] = "text",   [ATTR_INT] = "number", [ATTR_BOOL] = "boolean",
        [ATTR_REAL] = "number", [ATTR_VARS] = "table", [ATTR_LIST] = "table"};
    json_t *all = json_array();
    for (; a->get; a++)
        if (a->name)
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s*, s:b}", "name", a->name, "type",
                                            types[a->type], "help", a->help, "input", 0));
    return all;
}

/* Are there events about it? */
static bool console_noun_has_events(const struct kind *k) {
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (event_types[i].noun && strcmp(event_types[i].noun, k->name) == 0)
            return true;
    return false;
}

static void console_noun_lent_nouns(void *arg, struct shell_call *c, json_t *args) {
    (void)arg, (void)args;
    json_t *all = json_array();
    for (const struct kind *k = kinds; k->name; k++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "name", k->name,
                                             "help", k->help, "key", k->key, "stored",
                                             k->noun != NULL, "events",
                                             console_noun_has_events(k), "fields",
                                             k->noun ? console_noun_describe_noun(k->noun)
                                                     : console_noun_describe_attrs(k->attrs)));
    shell_answer(c, all);
}

/* ---- finding ---- */

/* Is a value of a row the same text as the value asked for? */
static bool console_noun_is_same(const json_t *value, const json_t *wanted) {
    char a[64], b[64];
    const char *text[2];
    const json_t *v[2] = {value, wanted};
    char *buf[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        text[i] = json_string_value(v[i]);
        if (json_is_integer(v[i]))
            snprintf(buf[i], sizeof a, "%lld", (long long)json_integer_value(v[i]));
        else if (json_is_real(v[i]))
            snprintf(buf[i], sizeof a, "%.15g", json_real_value(v[i]));
        else if (json_is_boolean(v[i]))
            snprintf(buf[i], sizeof a, "%s", json_is_true(v[i]) ? "true" : "false");
        if (text[i] == NULL)
            text[i] = json_is_number(v[i]) || json_is_boolean(v[i]) ? buf[i] : "";
    }
    return strcmp(text[0], text[1]) == 0;
}

static bool console_noun_matches(json_t *row, json_t *match) {
    const char *name;
    json_t *wanted;
    json_object_foreach (match, name, wanted) {
        if (!console_noun_is_same(json_object_get(row, name), wanted))
            return false;
    }
    return true;
}

/* One call of list, which returns a piece of the whole list. */
struct walk {
    struct engine *engine;
    const struct kind *kind;
    struct shell_call *call;
    json_t *match, *rows;
    int64_t after, at, seen, wanted;
};

/* Keeps what matches; false when this piece is done. */
static bool console_noun_keep(struct walk *w, json_t *row) {
    w->seen++;
    if (console_noun_matches(row, w->match))
        json_array_append(w->rows, row);
    json_decref(row);
    return w->seen < PIECE && (int64_t)json_array_size(w->rows) < w->wanted;
}

/* Answers, and frees the walk. */
static void console_noun_end_walk(struct walk *w) {
    bool more = w->seen == PIECE || (int64_t)json_array_size(w->rows) >= w->wanted;
    shell_charge(w->call, w->seen * ROW_COST);
    json_t *answer = json_pack("{s:o}", "rows", w->rows);
    if (more)
        json_object_set_new(answer, "next", json_integer(w->at));
    shell_answer(w->call, answer);
    json_decref(w->match);
    free(w);
}

static bool console_noun_visit_next(void *ctx, const char *key, const void *value) {
    (void)key;
    struct walk *w = ctx;
    if (w->at++ < w->after)
        return true;
    return console_noun_keep(w, kind_json(w->kind, value));
}

static void console_noun_on_leads(void *arg, enum read_end end, const struct rows *rows) {
    struct walk *w = arg;
    if (end == READ_FAILED) {
        shell_refuse(w->call, read_error(rows));
        json_decref(w->rows);
        json_decref(w->match);
        free(w);
        return;
    }
    bool more = true;
    for (int i = 0; more && i < rows_count(rows); i++) {
        struct row *row = rows_row(rows, i);
        w->at = row_int(row, LEAD_ID);
        more = console_noun_keep(w, kind_row(row));
        row_free(row);
    }
    console_noun_end_walk(w);
}

/* Leads are in the store. */
static void console_noun_walk_leads(struct walk *w) {
    const char *dlma = json_string_value(json_object_get(w->match, "dlma_uuid"));
    w->at = w->after;
    if (dlma)
        store_read(w->engine->store, LANE_READ | READ_DURABLE, &read_leads_after,
                   BIND(ARG_TEXT("dlma", dlma), ARG_INT("after", w->after),
                        ARG_INT("limit", PIECE)),
                   console_noun_on_leads, w);
    else
        store_read(w->engine->store, LANE_READ | READ_DURABLE, &read_leads,
                   BIND(ARG_INT("after", w->after), ARG_INT("limit", PIECE)),
                   console_noun_on_leads, w);
}

/* list(noun, match, after, count) */
static void console_noun_lent_list(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    const struct kind *k = kind_find(arg_text(args, 0));
    if (k == NULL) {
        shell_refuse(c, "no such noun");
        return;
    }
    struct walk *w = xcalloc(1, sizeof *w);
    *w = (struct walk){.engine = p->console->engine,
                       .kind = k,
                       .call = c,
                       .match = json_incref(json_array_get(args, 1)),
                       .rows = json_array(),
                       .after = arg_int(args, 2, 0),
                       .wanted = arg_int(args, 3, PIECE)};
    if (k->each == NULL) {
        console_noun_walk_leads(w);
        return;
    }
    k->each(w->engine, k, console_noun_visit_next, w);
    console_noun_end_walk(w);
}

struct search {
    const struct kind *kind;
    const char *key;
    json_t *found;
};

static bool console_noun_visit_key(void *ctx, const char *key, const void *value) {
    struct search *s = ctx;
    if (strcmp(key, s->key) == 0)
        s->found = kind_json(s->kind, value);
    return s->found == NULL;
}

static void console_noun_on_lead(void *arg, struct lead *l, const char *error) {
    struct shell_call *c = arg;
    if (error)
        shell_refuse(c, error);
    else
        shell_answer(c, l ? kind_row(l->row) : json_false());
    lead_release(l);
}

/* get(noun, key) */
static void console_noun_lent_get(void *arg, struct shell_call *c, json_t *args) {
    struct engine *e = ((struct peer *)arg)->console->engine;
    const struct kind *k = kind_find(arg_text(args, 0));
    struct search s = {.kind = k, .key = arg_text(args, 1)};
    if (k && k->each == NULL) {
        lead_fetch(e, s.key, true, console_noun_on_lead, c);
        return;
    }
    if (k)
        k->each(e, k, console_noun_visit_key, &s);
    shell_answer(c, s.found ? s.found : json_false());
}

/* ---- changing ---- */

/* Sets a field to a value from Lua; false if the field cannot be set. */
static bool console_noun_read_value(struct change *ch, const char *name, json_t *value) {
    const char *variable;
    json_t *v;
    if (change_field(ch->noun, name) < 0)
        return false;
    if (json_is_object(value)) {
        change_variable(ch, name, NULL, NULL);
        json_object_foreach (value, variable, v) {
            const char *text = json_string_value(v);
            change_variable(ch, name, variable, text ? text : "");
        }
    } else if (json_is_integer(value)) {
        change_int(ch, name, json_integer_value(value));
    } else {
        const char *text = json_string_value(value);
        change_text(ch, name, text ? text : "");
    }
    return true;
}

/* Sets all fields of {field = value}. Returns the name of one that cannot be set, or NULL. */
static const char *console_noun_read_fields(struct change *ch, json_t *fields) {
    const char *name;
    json_t *value;
    json_object_foreach (fields, name, value) {
        if (!console_noun_read_value(ch, name, value))
            return name;
    }
    return NULL;
}

/* The call may be answered even if its peer has gone. */
static void console_noun_on_changed(void *arg, const char *error, const struct row *row) {
    if (error)
        shell_refuse(arg, error);
    else
        shell_answer(arg, kind_row(row));
}

/* The common part of create, update and delete. fields is the place of the fields among the
 * arguments; in an update and a delete the uuid comes before it. */
static void console_noun_change(struct peer *p, struct shell_call *c, json_t *args,
                                enum change_verb verb, size_t fields) {
    const struct kind *k = kind_find(arg_text(args, 0));
    struct change ch;
    if (k == NULL || k->noun == NULL) {
        shell_refuse(c, "the console does not change this noun");
        return;
    }
    char by[40];
    snprintf(by, sizeof by, "console: uid %u", (unsigned)p->uid);
    change_begin(&ch, verb, k->noun, fields == 2 ? arg_text(args, 1) : NULL, by);
    const char *bad = console_noun_read_fields(&ch, json_array_get(args, fields));
    if (bad) {
        char *why = xasprintf("%s: no field that may be set", bad);
        shell_refuse(c, why);
        free(why);
    } else {
        noun_change(p->console->engine, &ch, console_noun_on_changed, c);
    }
    change_end(&ch);
}

/* create(noun, fields) */
static void console_noun_lent_create(void *arg, struct shell_call *c, json_t *args) {
    console_noun_change(arg, c, args, CHANGE_CREATE, 1);
}

/* update(noun, uuid, fields) */
static void console_noun_lent_update(void *arg, struct shell_call *c, json_t *args) {
    console_noun_change(arg, c, args, CHANGE_UPDATE, 2);
}

/* delete(noun, uuid) */
static void console_noun_lent_delete(void *arg, struct shell_call *c, json_t *args) {
    console_noun_change(arg, c, args, CHANGE_DELETE, 2);
}

const struct lent console_nouns[] = {
    {"nouns", console_noun_lent_nouns, "nouns(): all nouns with their fields."},
    {"list", console_noun_lent_list,
     "list(noun, match, after, count): {rows, next}, a piece of them."},
    {"get", console_noun_lent_get,
     "get(noun, key): the fields of one, false if there is none."},
    {"create", console_noun_lent_create,
     "create(noun, fields): the new one, once it is durable."},
    {"update", console_noun_lent_update,
     "update(noun, uuid, fields): the changed one, once durable."},
    {"delete", console_noun_lent_delete,
     "delete(noun, uuid): the deleted one, once that is durable."},
    {0},
};
