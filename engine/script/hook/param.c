#include "script/hook/param.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define NAME_MAX_LEN 64

static const char *param_type_word(const json_t *v) {
    if (json_is_number(v))
        return "number";
    if (json_is_string(v))
        return "text";
    if (json_is_boolean(v))
        return "boolean";
    return json_is_array(v) ? "list" : "table";
}

/* What a value must be that cannot be read. */
static const char *param_wanted(const json_t *declared) {
    const json_t *usual = json_object_get(declared, "default");
    if (json_is_number(usual))
        return "must be a number";
    if (json_is_boolean(usual))
        return "must be yes or no";
    return json_is_array(usual) ? "must be a list, as JSON" : "must be a table, as JSON";
}

/* Is it one of the values of `oneof`? */
static const char *param_refuse_choice(json_t *oneof, const json_t *value,
                                       char why[PARAM_WHY]) {
    size_t i;
    json_t *each;
    json_array_foreach (oneof, i, each) {
        if (json_equal(each, (json_t *)(uintptr_t)value) ||
            (json_is_number(each) && json_is_number(value) &&
             !islessgreater(json_number_value(each), json_number_value(value))))
            return NULL;
    }
    char *all = json_dumps(oneof, JSON_COMPACT | JSON_ENCODE_ANY);
    snprintf(why, PARAM_WHY, "must be one of %.120s", all ? all : "those allowed");
    free(all);
    return why;
}

/* Is the number within its range? */
static const char *param_refuse_range(const json_t *declared, double n, char why[PARAM_WHY]) {
    const json_t *min = json_object_get(declared, "min"),
                 *max = json_object_get(declared, "max");
    double least = json_number_value(min), most = json_number_value(max);
    if (!(min && n < least) && !(max && n > most))
        return NULL;
    if (min && max)
        snprintf(why, PARAM_WHY, "must be %g to %g", least, most);
    else
        snprintf(why, PARAM_WHY, "must be at %s %g", min ? "least" : "most",
                 min ? least : most);
    return why;
}

const char *param_refuse(const json_t *declared, const json_t *value, char why[PARAM_WHY]) {
    const json_t *usual = json_object_get(declared, "default");
    json_t *oneof = json_object_get(declared, "oneof");
    double n = json_number_value(value);
    if (strcmp(param_type_word(usual), param_type_word(value))) {
        snprintf(why, PARAM_WHY, "must be a %s, not a %s", param_type_word(usual),
                 param_type_word(value));
        return why;
    }
    if (json_is_number(value) &&
        (!isfinite(n) ||
         (json_is_true(json_object_get(declared, "integer")) && islessgreater(n, floor(n))))) {
        snprintf(why, PARAM_WHY, "must be a whole number");
        return why;
    }
    if (json_is_number(value) && param_refuse_range(declared, n, why))
        return why;
    return oneof ? param_refuse_choice(oneof, value, why) : NULL;
}

/* Reads a value of the default's type from a text; NULL if the text is not of that type. */
static json_t *param_from_text(const json_t *declared, const char *text) {
    const json_t *usual = json_object_get(declared, "default");
    bool yes;
    char *end;
    if (json_is_string(usual))
        return json_string(text);
    if (json_is_boolean(usual))
        return str_bool(text, &yes) ? json_boolean(yes) : NULL;
    if (!json_is_number(usual))
        return json_loads(text, 0, NULL);
    double n = strtod(text, &end);
    if (end == text || *end || !isfinite(n) || strpbrk(text, "xX"))
        return NULL;
    bool whole = strspn(text, "+-0123456789") == strlen(text) && fabs(n) < 9e15;
    return whole ? json_integer((json_int_t)n) : json_real(n);
}

/* "'m' is not a parameter of this strategy, which has n, word" (free it). */
static char *param_unknown(const json_t *declared, const char *name) {
    struct str s = {0};
    const char *known, *comma = "";
    json_t *own;
    str_addf(&s, "'%.64s' is not a parameter of this strategy, which has ", name);
    json_object_foreach ((json_t *)(uintptr_t)declared, known, own) {
        str_addf(&s, "%s%.64s", comma, known);
        comma = ", ";
    }
    str_add(&s, *comma ? "" : "none");
    return str_take(&s);
}

/* Sets one value (taken over; NULL: its text could not be read). */
static bool param_set(json_t *values, json_t *declared, const char *name, json_t *value,
                      char **err) {
    char buf[PARAM_WHY];
    const json_t *own = json_object_get(declared, name);
    if (own == NULL) {
        *err = param_unknown(declared, name);
        json_decref(value);
        return false;
    }
    const char *why = value ? param_refuse(own, value, buf) : param_wanted(own);
    if (why == NULL) {
        json_object_set_new(values, name, value);
        return true;
    }
    *err = xasprintf("'%.64s' %s", name, why);
    json_decref(value);
    return false;
}

static bool param_read_object(json_t *values, json_t *declared, const char *text, char **err) {
    json_error_t at;
    json_t *given = json_loads(text, JSON_REJECT_DUPLICATES, &at), *value;
    const char *name;
    bool ok = true;
    if (given == NULL) {
        *err = xasprintf("must be valid JSON: %s", at.text);
        return false;
    }
    json_object_foreach (given, name, value) {
        ok = ok && param_set(values, declared, name, json_incref(value), err);
    }
    json_decref(given);
    return ok;
}

static bool param_read_pairs(json_t *values, json_t *declared, const char *text, char **err) {
    bool ok = true;
    for (const char *p = text; ok && *p; p += strcspn(p, ","), p += *p == ',') {
        char *pair = xstrndup(p, strcspn(p, ",")), *equals = strchr(pair, '=');
        if (equals == NULL) {
            *err = xasprintf("'%.64s' must be name=value", pair);
            free(pair);
            return false;
        }
        *equals = '\0';
        const char *name = str_trim(pair);
        json_t *own = json_object_get(declared, name);
        ok = param_set(values, declared, name,
                       own ? param_from_text(own, str_trim(equals + 1)) : NULL, err);
        free(pair);
    }
    return ok;
}

static json_t *param_defaults(json_t *declared) {
    json_t *values = json_object(), *own;
    const char *name;
    json_object_foreach (declared, name, own)
        json_object_set(values, name, json_object_get(own, "default"));
    return values;
}

json_t *param_values(json_t *declared, const json_t *variables, const char *text, char **err) {
    json_t *values = param_defaults(declared), *own;
    const char *name;
    bool ok = true;
    json_object_foreach (declared, name, own) {
        const char *v = json_string_value(json_object_get(variables, name));
        ok = ok &&
             (v == NULL || param_set(values, declared, name, param_from_text(own, v), err));
    }
    if (ok && text && *text)
        ok = *text == '{' ? param_read_object(values, declared, text, err)
                          : param_read_pairs(values, declared, text, err);
    if (!ok) {
        json_decref(values);
        return NULL;
    }
    return values;
}
