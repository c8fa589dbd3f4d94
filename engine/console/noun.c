/* The nouns for the console: what they consist of, finding, creating, changing and
 * deleting them. */
#include <stdlib.h>
#include <string.h>

#include "dialer/campaign/campaign.h"
#include "dialer/list/lead.h"
#include "dialer/noun/nouns.h"
#include "console/inner.h"

#define PIECE 200    /* resources that one call of list looks at */
#define ROW_COST 300 /* instructions that one of them is taken for */

const char *arg_text(json_t *args, size_t i) {
    const char *s = json_string_value(json_array_get(args, i));
    return s ? s : "";
}

int64_t arg_int(json_t *args, size_t i, int64_t otherwise) {
    json_t *v = json_array_get(args, i);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

/* ---- what there is ---- */

static void console_noun_each_stored(struct engine *e, const struct kind *k, kind_visit *visit,
                                     void *ctx) {
    for (struct map_entry *i = noun_map(e, k->noun)->first; i; i = i->next)
        if (!visit(ctx, i->key, (void *)(uintptr_t)noun_row(k->noun, i->value)))
            return;
}

static json_t *console_noun_stored_row(struct engine *e, void *value) {
    (void)e;
    return kind_row(value);
}

const struct kind kinds[] = {
    {"campaign", "joins one plan, one list (dlma) and one destination", "Campaign",
     &noun_campaign, NULL, "uuid", console_noun_each_stored, console_noun_stored_row},
    {"plan", "how and when to call", "Plan", &noun_plan, NULL, "uuid", console_noun_each_stored,
     console_noun_stored_row},
    {"dlma", "a named list of leads (dial list master)", "Dlma", &noun_dlma, NULL, "uuid",
     console_noun_each_stored, console_noun_stored_row},
    {"dl", "a lead: a customer with up to eight numbers", "DlList", &noun_lead, NULL, "uuid",
     NULL, console_noun_stored_row},
    {"destination", "where a call goes once it is answered", "Destination", &noun_destination,
     NULL, "uuid", console_noun_each_stored, console_noun_stored_row},
    {"dialing", "a call in flight", "Dialing", NULL, dialing_fields, "uuid", each_dialing,
     dialing_row},
    {"preview", "a lead offered to an agent", NULL, NULL, preview_fields, "uuid", each_preview,
     preview_row},
    {"agent", "a member of a queue", NULL, NULL, agent_fields, "key", each_agent, agent_row},
    {"queue", "a queue of agents", NULL, NULL, queue_fields, "key", each_queue, queue_row},
    {"asterisk", "a server that calls go through", NULL, NULL, asterisk_fields, "name",
     each_asterisk, asterisk_row},
    {"trunk", "a [trunk:NAME] section with its limits and calls", NULL, NULL, trunk_fields,
     "name", each_trunk, trunk_row},
    {"strategy", "what runs in one hook of a plan", NULL, NULL, strategy_fields, "key",
     each_strategy, strategy_row},
    {"shadow", "a second dial script of a plan, only compared", NULL, NULL, shadow_fields,
     "plan", each_shadow, shadow_row},
    {0},
};

const struct kind *kind_find(const char *name) {
    for (const struct kind *k = kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

const struct kind *kind_of_event(const char *event) {
    for (const struct kind *k = kinds; k->name && str_has_prefix(event, "Out"); k++)
        if (k->event && str_has_prefix(event + 3, k->event))
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
            j = json_string("?"); /* bytes that are no UTF-8 */
        if (j)
            json_object_set_new(o, f->column, j);
    }
    return o;
}

/* One header as a value of that type; NULL for <unknown>. */
static json_t *console_noun_header_value(const char *text, enum kind_type type) {
    int64_t n;
    if (strcmp(text, "<unknown>") == 0)
        return NULL;
    if (type == KIND_INT && str_int(text, INT64_MIN, INT64_MAX, &n))
        return json_integer(n);
    json_t *v = json_string(text);
    return v ? v : json_string("?");
}

/* name=value into the object of variables. */
static void console_noun_add_variable(json_t *o, const char *text) {
    const char *eq = strchr(text, '=');
    json_t *vars = json_object_get(o, "variables");
    if (eq == NULL)
        return;
    if (vars == NULL) {
        vars = json_object();
        json_object_set_new(o, "variables", vars);
    }
    char *name = xstrndup(text, (size_t)(eq - text));
    json_t *value = console_noun_header_value(eq + 1, KIND_TEXT);
    json_object_set_new(vars, name, value ? value : json_null());
    free(name);
}

/* The name and type under which the kind knows a header; NULL if it does not. */
static const char *console_noun_field_of(const struct kind *k, const char *header,
                                         enum kind_type *type) {
    for (int i = 0; k->noun && i < k->noun->count; i++) {
        const struct field *f = &k->noun->fields[i];
        *type = f->type == FIELD_INT ? KIND_INT : KIND_TEXT;
        if (f->header && strcmp(f->header, header) == 0)
            return f->column;
    }
    for (const struct kind_field *f = k->fields; f && f->name; f++) {
        *type = f->type;
        if (f->header && strcmp(f->header, header) == 0)
            return f->name;
    }
    return NULL;
}

json_t *kind_headers(const struct kind *k, const struct message *m) {
    json_t *o = json_object();
    for (unsigned i = 0; i < m->count; i++) {
        const struct header *h = &m->headers[i];
        enum kind_type type;
        if (strcmp(h->name, "Variable") == 0) {
            console_noun_add_variable(o, h->value);
            continue;
        }
        const char *name = console_noun_field_of(k, h->name, &type);
        json_t *v = name ? console_noun_header_value(h->value, type) : NULL;
        if (v)
            json_object_set_new(o, name, v);
    }
    return o;
}

/* ---- what they consist of ---- */

static const char *const type_names[] = {[KIND_TEXT] = "text",
                                         [KIND_INT] = "number",
                                         [KIND_BOOL] = "boolean",
                                         [KIND_REAL] = "number",
                                         [KIND_VARS] = "table"};

static json_t *console_noun_describe_noun(const struct noun *n) {
    static const enum kind_type types[] = {
        [FIELD_TEXT] = KIND_TEXT, [FIELD_INT] = KIND_INT, [FIELD_VARS] = KIND_VARS};
    json_t *all = json_array();
    for (int i = 0; i < n->count; i++) {
        const struct field *f = &n->fields[i];
        if (f->flags & FIELD_STATE)
            continue;
        json_array_append_new(all,
                              json_pack("{s:s, s:s*, s:s*, s:s, s:s*, s:s*, s:b, s:b}", "name",
                                        f->column, "header", f->header, "alias", f->alias,
                                        "type", type_names[types[f->type]], "help", f->help,
                                        "init", f->init, "input", (f->flags & FIELD_INPUT) != 0,
                                        "asks", (f->flags & FIELD_ASKED) != 0));
    }
    return all;
}

static json_t *console_noun_describe_fields(const struct kind_field *f) {
    json_t *all = json_array();
    for (; f->name; f++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s*, s:b}", "name", f->name, "type",
                                             type_names[f->type], "help", f->help, "input", 0));
    return all;
}

static void console_noun_lent_nouns(void *arg, struct shell_call *c, json_t *args) {
    (void)arg, (void)args;
    json_t *all = json_array();
    for (const struct kind *k = kinds; k->name; k++)
        json_array_append_new(all,
                              json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "name", k->name,
                                        "help", k->help, "key", k->key, "stored",
                                        k->noun != NULL, "events", k->event != NULL, "fields",
                                        k->noun ? console_noun_describe_noun(k->noun)
                                                : console_noun_describe_fields(k->fields)));
    shell_answer(c, all);
}

/* ---- finding ---- */

/* A value of a row against what was asked for: the same text. */
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
            strcpy(buf[i], json_is_true(v[i]) ? "true" : "false");
        if (text[i] == NULL)
            text[i] = json_is_number(v[i]) || json_is_boolean(v[i]) ? buf[i] : "";
    }
    return strcmp(text[0], text[1]) == 0;
}

static bool console_noun_matches(json_t *row, json_t *match) {
    const char *name;
    json_t *wanted;
    json_object_foreach (match, name, wanted)
        if (!console_noun_is_same(json_object_get(row, name), wanted))
            return false;
    return true;
}

/* One call of list: a piece of all there are. */
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

static bool console_noun_visit_next(void *ctx, const char *key, void *value) {
    (void)key;
    struct walk *w = ctx;
    if (w->at++ < w->after)
        return true;
    return console_noun_keep(w, w->kind->json(w->engine, value));
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
    struct engine *engine;
    const struct kind *kind;
    const char *key;
    json_t *found;
};

static bool console_noun_visit_key(void *ctx, const char *key, void *value) {
    struct search *s = ctx;
    if (strcmp(key, s->key) == 0)
        s->found = s->kind->json(s->engine, value);
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
    struct search s = {.engine = e, .kind = k, .key = arg_text(args, 1)};
    if (k && k->each == NULL) {
        lead_fetch(e, s.key, true, console_noun_on_lead, c);
        return;
    }
    if (k)
        k->each(e, k, console_noun_visit_key, &s);
    shell_answer(c, s.found ? s.found : json_false());
}

/* ---- changing ---- */

/* A value of Lua as that of a field; false if it cannot be one. */
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

/* {field = value}; the name of one that cannot be read, else NULL. */
static const char *console_noun_read_fields(struct change *ch, json_t *fields) {
    const char *name;
    json_t *value;
    json_object_foreach (fields, name, value) {
        if (!console_noun_read_value(ch, name, value))
            return name;
    }
    return NULL;
}

/* A call of the shell is answered, also one whose peer has gone. */
static void console_noun_on_changed(void *arg, const char *error, const struct row *row) {
    if (error)
        shell_refuse(arg, error);
    else
        shell_answer(arg, kind_row(row));
}

/* The common part of create, update and delete; fields: the place of the fields among the
 * arguments. */
static void console_noun_change(struct peer *p, struct shell_call *c, json_t *args,
                                enum change_verb verb, size_t fields) {
    const struct kind *k = kind_find(arg_text(args, 0));
    struct change ch;
    if (k == NULL || k->noun == NULL) {
        shell_refuse(c, "this cannot be changed from the console");
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
