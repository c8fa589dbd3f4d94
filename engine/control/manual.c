#include "control/manual.h"

#include <stdlib.h>
#include <string.h>

#include "control/table.h"
#include "dialer/events.h"

/* ---- headers as JSON, from which the pages are printed too ---- */

/* Values that a field takes. */
static json_t *manual_value_of(const struct field *f) {
    if (f->type == FIELD_VARS)
        return json_string("NAME=VALUE, may be repeated");
    if (f->type == FIELD_TEXT)
        return json_string("text");
    if (f->min == INT64_MIN)
        return json_string("number");
    return json_sprintf("%lld to %lld", (long long)f->min, (long long)f->max);
}

static json_t *manual_field(const struct field *f) {
    return json_pack("{s:s, s:s*, s:o, s:s*, s:b, s:s*, s:b}", "name", f->header, "help",
                     f->help, "value", manual_value_of(f), "init", f->init, "needed",
                     (f->flags & FIELD_NEEDED) != 0, "alias", f->alias, "once",
                     (f->flags & FIELD_LATE) != 0);
}

/* Fields with all or one of these flags, and none of the others. */
static void manual_add_fields(json_t *all, const struct noun *n, unsigned flags,
                              unsigned others) {
    for (int i = 0; i < n->count; i++)
        if ((n->fields[i].flags & flags) && !(n->fields[i].flags & others))
            json_array_append_new(all, manual_field(&n->fields[i]));
}

static void manual_add_attrs(json_t *all, const struct attr *a) {
    static const char *const values[] = {[ATTR_TEXT] = "text",
                                         [ATTR_INT] = "number",
                                         [ATTR_BOOL] = "yes, no",
                                         [ATTR_REAL] = "number",
                                         [ATTR_VARS] = "NAME=VALUE, may be repeated",
                                         [ATTR_LIST] = "text, may be repeated"};
    for (; a->get; a++)
        if (a->header)
            json_array_append_new(all, json_pack("{s:s, s:s*, s:s, s:b}", "name", a->header,
                                                 "help", a->help, "value", values[a->type],
                                                 "once", a->flags != 0));
}

/* What an event or entry prints, in its order. */
static json_t *manual_printed(const struct noun *n, const struct attr *attrs) {
    json_t *all = json_array();
    if (n) {
        manual_add_fields(all, n, FIELD_PRINT, 0);
        manual_add_fields(all, n, FIELD_LATE, 0);
    } else {
        manual_add_attrs(all, attrs);
    }
    return all;
}

static void manual_add_headers(json_t *all, const struct about_header *h) {
    for (; h && h->name; h++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:b}", "name", h->name, "help",
                                             h->help, "needed", h->needed));
}

/* What an action takes: those of the noun first. */
static json_t *manual_taken(const struct about *about) {
    json_t *all = json_array();
    if (about->noun && about->verb != CHANGE_CREATE)
        json_array_append_new(all, json_pack("{s:s, s:s, s:b}", "name", "Uuid", "help",
                                             "which one", "needed", 1));
    if (about->noun && about->verb == CHANGE_CREATE)
        manual_add_fields(all, about->noun, FIELD_INPUT, 0);
    if (about->noun && about->verb == CHANGE_UPDATE)
        manual_add_fields(all, about->noun, FIELD_INPUT | FIELD_ASKED, FIELD_FIXED);
    manual_add_headers(all, about->takes);
    return all;
}

static json_t *manual_action(const struct action *a) {
    const struct about *about = a->about;
    json_t *answers = json_array();
    manual_add_headers(answers, about->answers);
    json_t *o = json_pack("{s:s, s:s, s:s*, s:s*, s:o, s:o, s:b}", "name", a->name, "help",
                          a->help, "success", about->success, "failure", about->failure,
                          "takes", manual_taken(about), "answers", answers, "updates",
                          about->noun && about->verb == CHANGE_UPDATE);
    if (about->list)
        json_object_set_new(o, "list",
                            json_pack("{s:s, s:s, s:s}", "message", about->list->message,
                                      "entry", about->list->entry, "complete",
                                      about->list->complete));
    return o;
}

json_t *manual_json(void) {
    json_t *all = json_array(), *entries = json_array(), *events = json_array();
    for (const struct action *a = actions; a->name; a++) {
        const struct about_list *list = ((const struct about *)a->about)->list;
        json_array_append_new(all, manual_action(a));
        if (list)
            json_array_append_new(entries,
                                  json_pack("{s:s, s:o}", "name", list->entry, "headers",
                                            manual_printed(list->stored, list->attrs)));
    }
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        const struct event_type *t = &event_types[i];
        json_array_append_new(events,
                              json_pack("{s:s, s:s, s:o}", "name", t->name, "when", t->when,
                                        "headers", manual_printed(t->stored, t->attrs)));
    }
    return json_pack("{s:o, s:o, s:o}", "actions", all, "events", events, "entries", entries);
}

/* ---- as Markdown ---- */

static const char *manual_text(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

/* Text in a table: a bar would end its cell, and <x> would not be shown. */
static void manual_print_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (strchr("|<", *text))
            putc('\\', out);
        putc(*text, out);
    }
}

/* How many headers in a row are NAME1, NAME2 ...; 1 for any other. */
static size_t manual_row(const json_t *headers, size_t from) {
    const char *first = manual_text(json_array_get(headers, from), "name");
    size_t length = strlen(first), n = 1;
    if (length == 0 || first[length - 1] != '1')
        return 1;
    size_t stem = length - 1;
    for (; from + n < json_array_size(headers); n++) {
        const char *name = manual_text(json_array_get(headers, from + n), "name");
        if (strncmp(name, first, stem) || name[stem] != (char)('1' + n) || name[stem + 1])
            break;
    }
    return n;
}

static void manual_print_name(FILE *out, const char *name, size_t row) {
    fprintf(out, "`%s`", name);
    if (row > 1)
        fprintf(out, "..`%zu`", row);
}

static void manual_print_help(FILE *out, const json_t *header) {
    fputs(" (", out);
    manual_print_text(out, manual_text(header, "help"));
    fputs(")", out);
}

static void manual_print_taken(FILE *out, const json_t *headers, bool updates) {
    size_t row;
    for (size_t i = 0; i < json_array_size(headers); i += row) {
        const json_t *h = json_array_get(headers, i);
        const char *alias = manual_text(h, "alias"), *init = manual_text(h, "init");
        row = manual_row(headers, i);
        fputs(i ? ", " : "", out);
        manual_print_name(out, manual_text(h, "name"), row);
        if (*alias) {
            fputs(" or ", out);
            manual_print_name(out, alias, row);
        }
        if (strcmp(manual_text(h, "name"), "Variable") == 0)
            fputs("\\*", out);
        if (json_is_true(json_object_get(h, "needed")) && (!updates || i == 0))
            fputs(" (required)", out);
        else if (*init && !updates)
            fprintf(out, " (%s)", init);
        else if (!json_object_get(h, "value"))
            manual_print_help(out, h);
    }
}

static void manual_print_action(FILE *out, const json_t *a) {
    const json_t *list = json_object_get(a, "list"), *answers = json_object_get(a, "answers");
    fprintf(out, "| `%s` | %s | ", manual_text(a, "name"), manual_text(a, "help"));
    manual_print_taken(out, json_object_get(a, "takes"),
                       json_is_true(json_object_get(a, "updates")));
    fputs(" | ", out);
    if (list)
        fprintf(out, "`%s`, `%s` ... `%s`", manual_text(list, "message"),
                manual_text(list, "entry"), manual_text(list, "complete"));
    else
        fprintf(out, "`%s`", manual_text(a, "success"));
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *h = json_array_get(answers, i);
        fprintf(out, ", `%s`", manual_text(h, "name"));
        manual_print_help(out, h);
    }
    fprintf(out, *manual_text(a, "failure") ? " | `%s` |\n" : " | %s |\n",
            manual_text(a, "failure"));
}

/* The table of what events or entries print. */
static void manual_print_headers(FILE *out, const json_t *headers) {
    size_t row;
    fputs("\n| header | value | |\n|---|---|---|\n", out);
    for (size_t i = 0; i < json_array_size(headers); i += row) {
        const json_t *h = json_array_get(headers, i);
        row = manual_row(headers, i);
        fputs("| ", out);
        manual_print_name(out, manual_text(h, "name"), row);
        fprintf(out, " | %s | ", manual_text(h, "value"));
        manual_print_text(out, manual_text(h, "help"));
        if (row > 1)
            fputs(" ...", out);
        if (json_is_true(json_object_get(h, "once")))
            fputs(" (printed only if it is set)", out);
        fputs(" |\n", out);
    }
}

/* Names of events and entries that print the same, from the first one on; each is printed
 * once. */
static void manual_print_alike(FILE *out, const json_t *all, size_t from) {
    const json_t *headers = json_object_get(json_array_get(all, from), "headers");
    for (size_t i = 0; i < from; i++)
        if (json_equal(json_object_get(json_array_get(all, i), "headers"),
                       (json_t *)(uintptr_t)headers))
            return;
    fputs("\n#### ", out);
    for (size_t i = from; i < json_array_size(all); i++) {
        const json_t *o = json_array_get(all, i);
        if (json_equal(json_object_get(o, "headers"), (json_t *)(uintptr_t)headers))
            fprintf(out, "%s%s", i == from ? "" : ", ", manual_text(o, "name"));
    }
    fputs("\n", out);
    manual_print_headers(out, headers);
}

void manual_print(FILE *out) {
    json_t *all = manual_json(), *events = json_object_get(all, "events");
    size_t i;
    json_t *o;
    fputs("### Actions\n\n| action | | headers | success | failure |\n|---|---|---|---|---|\n",
          out);
    json_array_foreach (json_object_get(all, "actions"), i, o) {
        manual_print_action(out, o);
    }
    fputs("\n\\* may be repeated. In parentheses: the default, or what the header means.\n\n"
          "### Events\n\n| event | sent when |\n|---|---|\n",
          out);
    json_array_foreach (events, i, o) {
        fprintf(out, "| `%s` | %s |\n", manual_text(o, "name"), manual_text(o, "when"));
    }
    fputs("\n### Headers of events and entries\n\nIn the order in which they are printed. "
          "Events begin with `Event` and `Privilege: message,all`, entries of a list with "
          "`Event` and the `ActionID`.\n",
          out);
    json_array_extend(events, json_object_get(all, "entries"));
    for (i = 0; i < json_array_size(events); i++)
        manual_print_alike(out, events, i);
    json_decref(all);
}
