#include "sim/world.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Every value that is a number: where it stands in the table and in the struct, what
 * it is when the table is silent, and its range. The defaults are the world in which
 * the pacing methods are compared. */
static const struct number_key {
    const char *key, *field; /* field: NULL if the key is the value itself */
    size_t offset;
    double preset, min, max;
} number_keys[] = {
#define AT(member) offsetof(struct world, member)
    {"answer_rate", NULL, AT(answer_rate), 0.30, 0, 1},
    {"ring", "mean", AT(ring.mean), 11, 0, 3600},
    {"ring", "cv", AT(ring.cv), 0.45, 0, 10},
    {"ring", "cut", AT(ring_cut), 30, 0, 3600},
    {"machine_ring", "mean", AT(machine_ring.mean), 0, 0, 3600},
    {"machine_ring", "cv", AT(machine_ring.cv), 0.45, 0, 10},
    {"fail", "mean", AT(fail.mean), 0, 0, 3600},
    {"fail", "cv", AT(fail.cv), 0.45, 0, 10},
    {"fail_early", NULL, AT(fail_early), 0.25, 0, 1},
    {"busy", NULL, AT(busy), 0, 0, 1},
    {"congestion", NULL, AT(congestion), 0, 0, 1},
    {"unknown", NULL, AT(unknown), 0, 0, 1},
    {"nopeer", NULL, AT(nopeer), 0, 0, 1},
    {"talk", "mean", AT(talk.mean), 180, 0, 86400},
    {"talk", "cv", AT(talk.cv), 1.0, 0, 10},
    {"wrapup", "mean", AT(wrapup.mean), 30, 0, 86400},
    {"wrapup", "cv", AT(wrapup.cv), 0.6, 0, 10},
    {"machines", NULL, AT(machines), 0, 0, 1},
    {"amd", "min", AT(amd_min), 2, 0, 60},
    {"amd", "max", AT(amd_max), 5, 0, 60},
    {"amd", "error", AT(amd_error), 0.05, 0, 1},
    {"amd", "notsure", AT(amd_notsure), 0, 0, 1},
    {"agents", NULL, AT(agents), 10, 0, 10000},
    {"pickup", NULL, AT(pickup), 0, 0, 3600},
    {"misses", NULL, AT(misses), 0, 0, 1},
    {"patience", NULL, AT(patience), 2, 0, 86400},
    {"trunk", NULL, AT(trunk), 0, 0, 1e6},
};

/* Keys with something else than numbers, and fields that are read by hand. */
static const char *const other_keys[] = {"orders",      "queue", "channelvars", "numbers",
                                         "dialplan",    "users", "start",       "leads",
                                         "destination", "plan"};

/* What numbers do without a word in the table: those of the phones in tests/asterisk,
 * and some words for Local/WORD@far. */
static const struct {
    const char *pattern, *word;
} numbers[] = {
    {"30?", "answer"},        {"310", "busy"},        {"311", "ring"},
    {"312", "reject"},        {"313", "notfound"},    {"314", "noservice"},
    {"315", "unavailable"},   {"316", "dead"},        {"317", "nopeer"},
    {"318", "human"},         {"319", "machine"},     {"320", "ringbusy"},
    {"321", "nosuch"},        {"answer", "answer"},   {"busy", "busy"},
    {"cong", "congestion"},   {"ring", "ring"},       {"dead", "dead"},
    {"human", "human"},       {"machine", "machine"}, {"nosuch", "nosuch"},
    {"ringbusy", "ringbusy"},
};

/* Seconds or a share out of a JSON value. */
static bool world_plain(const json_t *v, const struct number_key *k, double *out) {
    if (!json_is_number(v))
        return false;
    *out = json_number_value(v);
    return *out >= k->min && *out <= k->max;
}

/* One more step behind the others. */
static void world_step_add(struct schedule *s, double from, double value) {
    s->steps = xrealloc(s->steps, (s->count + 1) * sizeof *s->steps);
    s->steps[s->count].from = from;
    s->steps[s->count++].value = value;
}

/* The two halves of a step, {from = 0, value = 1} or {0, 1}. */
static bool world_step_parts(const json_t *step, const json_t **from, const json_t **value) {
    bool is_list = json_is_array(step);
    *from = is_list ? json_array_get(step, 0) : json_object_get(step, "from");
    *value = is_list ? json_array_get(step, 1) : json_object_get(step, "value");
    return json_is_number(*from) && *value;
}

/* Reads a value or a list of steps into s, field by field: a step's value may hold
 * all fields of its key, or a field may have steps of its own. False: not right. */
static bool world_schedule_read(struct schedule *s, const json_t *v,
                                const struct number_key *k) {
    double value;
    if (json_is_object(v) && k->field)
        v = json_object_get(v, k->field);
    if (v == NULL)
        return true;
    if (!json_is_array(v)) {
        if (!world_plain(v, k, &value))
            return false;
        world_step_add(s, 0, value);
        return true;
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *from, *at;
        if (!world_step_parts(json_array_get(v, i), &from, &at))
            return false;
        if (json_is_object(at) && (k->field == NULL || !json_object_get(at, k->field)))
            continue;
        if (json_is_object(at))
            at = json_object_get(at, k->field);
        double t = json_number_value(from);
        if (!world_plain(at, k, &value) || (s->count && t < s->steps[s->count - 1].from))
            return false;
        world_step_add(s, t, value);
    }
    return true;
}

double schedule_at(const struct schedule *s, double t) {
    unsigned i = s->count - 1;
    while (i > 0 && s->steps[i].from > t)
        i--;
    return s->steps[i].value;
}

/* What is wrong with a key. */
static char *world_bad(const char *key, const char *field, const char *what) {
    return xasprintf("world: %s%s%s: %s", key, field ? "." : "", field ? field : "", what);
}

/* All numbers; a missing one takes the default. */
static char *world_read_numbers(struct world *w, const json_t *table) {
    for (size_t i = 0; i < ARRAY_LEN(number_keys); i++) {
        const struct number_key *k = &number_keys[i];
        struct schedule *s = (struct schedule *)((char *)w + k->offset);
        const json_t *v = json_object_get(table, k->key);
        if (v && k->field && json_is_number(v))
            return world_bad(k->key, NULL, "must be a table");
        if (v && !world_schedule_read(s, v, k))
            return xasprintf("world: %s%s%s: must be %g to %g, or a list of {from, value}",
                             k->key, k->field ? "." : "", k->field ? k->field : "", k->min,
                             k->max);
        if (s->count == 0)
            world_step_add(s, 0, k->preset);
    }
    return NULL;
}

/* A field that is no number: the shape of a distribution. */
static char *world_read_shape(struct duration *d, const json_t *table, const char *key) {
    const char *shape =
        json_string_value(json_object_get(json_object_get(table, key), "shape"));
    if (shape && strcmp(shape, "exponential") && strcmp(shape, "lognormal"))
        return world_bad(key, "shape", "must be lognormal or exponential");
    d->is_exponential = shape && strcmp(shape, "exponential") == 0;
    return NULL;
}

/* `time` sets both ends of the AMD's time. */
static char *world_read_amd(struct world *w, const json_t *table) {
    const json_t *time = json_object_get(json_object_get(table, "amd"), "time");
    if (time == NULL)
        return NULL;
    if (!json_is_number(time))
        return world_bad("amd", "time", "must be a number");
    struct schedule *both[] = {&w->amd_min, &w->amd_max};
    for (int i = 0; i < 2; i++) {
        both[i]->count = 0;
        world_step_add(both[i], 0, json_number_value(time));
    }
    return NULL;
}

/* A word or a list of words. */
static char *world_read_words(const json_t *table, const char *key, const char ***list,
                              unsigned *count) {
    json_t *v = json_object_get(table, key);
    size_t n = json_is_array(v) ? json_array_size(v) : v != NULL;
    *list = n ? xcalloc(n, sizeof **list) : NULL;
    for (size_t i = 0; i < n; i++) {
        const char *word = json_string_value(json_is_array(v) ? json_array_get(v, i) : v);
        if (word == NULL)
            return world_bad(key, NULL, "must be a word or a list of words");
        (*list)[(*count)++] = xstrdup(word);
    }
    return NULL;
}

/* One more special number. */
static void world_number_add(struct world *w, const char *pattern, const char *word) {
    w->numbers = xrealloc(w->numbers, (w->number_count + 1) * sizeof *w->numbers);
    w->numbers[w->number_count++] =
        (struct world_number){.pattern = xstrdup(pattern), .word = xstrdup(word)};
}

/* The table's own numbers come first and so win. */
static char *world_read_special(struct world *w, const json_t *table) {
    const char *key;
    json_t *v;
    json_object_foreach ((json_t *)json_object_get(table, "numbers"), key, v) {
        if (!json_is_string(v))
            return world_bad("numbers", key, "must be an outcome");
        world_number_add(w, key, json_string_value(v));
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        world_number_add(w, numbers[i].pattern, numbers[i].word);
    return NULL;
}

/* exten@context = list of steps. */
static char *world_read_dialplan(struct world *w, const json_t *table) {
    json_t *plan = json_object_get(table, "dialplan"), *v;
    const char *name;
    w->extensions = xcalloc(json_object_size(plan) + 1, sizeof *w->extensions);
    json_object_foreach (plan, name, v) {
        struct world_extension *x = &w->extensions[w->extension_count++];
        x->name = xstrdup(name);
        char *err = world_read_words(plan, name, &x->steps, &x->count);
        if (err || strchr(name, '@') == NULL) {
            free(err);
            return world_bad("dialplan", name, "must be exten@context = list of applications");
        }
    }
    return NULL;
}

/* name = secret. */
static char *world_read_users(struct world *w, const json_t *table) {
    json_t *users = json_object_get(table, "users"), *v;
    const char *name;
    w->users = xcalloc(json_object_size(users) + 1, sizeof *w->users);
    json_object_foreach (users, name, v) {
        if (!json_is_string(v))
            return world_bad("users", name, "must be a secret");
        w->users[w->user_count++] =
            (struct world_user){.name = xstrdup(name), .secret = xstrdup(json_string_value(v))};
    }
    return NULL;
}

/* What only a whole shift reads: its types are checked here, since a slip in them would
 * be silence. */
static char *world_check_shift(const json_t *table) {
    static const char *const tables[] = {"destination", "plan"};
    const json_t *leads = json_object_get(table, "leads");
    const json_t *start = json_object_get(table, "start");
    if (leads && !(json_is_integer(leads) && json_integer_value(leads) > 0))
        return world_bad("leads", NULL, "must be a whole number above 0");
    if (start && !json_is_string(start))
        return world_bad("start", NULL, "must be a time like \"2026-03-02T09:00:00\"");
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const json_t *v = json_object_get(table, tables[i]);
        if (v && !json_is_object(v))
            return world_bad(tables[i], NULL, "must be a table of headers");
    }
    return NULL;
}

/* Is it a key, and where it has fields, a field? */
static bool world_known(const char *key, const char *field) {
    for (size_t i = 0; i < ARRAY_LEN(number_keys); i++) {
        const struct number_key *k = &number_keys[i];
        if (strcmp(k->key, key) == 0 &&
            (field == NULL || (k->field && !strcmp(k->field, field))))
            return true;
    }
    for (size_t i = 0; field == NULL && i < ARRAY_LEN(other_keys); i++)
        if (strcmp(other_keys[i], key) == 0)
            return true;
    return field && (strcmp(field, "shape") == 0 || strcmp(field, "time") == 0);
}

/* A misspelt key would otherwise be a default in silence. */
static char *world_check_keys(const json_t *table) {
    const char *key, *field;
    json_t *v, *ignored;
    if (json_is_array(table) && json_array_size(table) == 0)
        return NULL; /* an empty Lua table */
    if (table && !json_is_object(table))
        return xstrdup("world: must be a table");
    json_object_foreach ((json_t *)table, key, v) {
        if (!world_known(key, NULL))
            return world_bad(key, NULL, "no such key");
        bool has_fields = strcmp(key, "numbers") && strcmp(key, "dialplan") &&
                          strcmp(key, "users") && strcmp(key, "destination") &&
                          strcmp(key, "plan");
        if (json_is_object(v) && has_fields)
            json_object_foreach (v, field, ignored)
                if (!world_known(key, field))
                    return world_bad(key, field, "no such key");
    }
    return NULL;
}

/* Reads all of it; NULL or what is wrong. */
static char *world_read_all(struct world *w, const json_t *table) {
    const json_t *orders = json_object_get(table, "orders");
    w->orders = !json_is_false(orders);
    struct {
        char *err;
    } all[] = {
        {world_check_keys(table)},
        {world_check_shift(table)},
        {world_read_numbers(w, table)},
        {world_read_shape(&w->ring, table, "ring")},
        {world_read_shape(&w->machine_ring, table, "machine_ring")},
        {world_read_shape(&w->fail, table, "fail")},
        {world_read_shape(&w->talk, table, "talk")},
        {world_read_shape(&w->wrapup, table, "wrapup")},
        {world_read_amd(w, table)},
        {world_read_words(table, "queue", &w->queues, &w->queue_count)},
        {world_read_words(table, "channelvars", &w->channelvars, &w->channelvar_count)},
        {world_read_special(w, table)},
        {world_read_dialplan(w, table)},
        {world_read_users(w, table)},
    };
    char *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (first == NULL)
            first = all[i].err;
        else
            free(all[i].err);
    }
    return first;
}

struct world *world_new(const json_t *table, char **err) {
    struct world *w = xcalloc(1, sizeof *w);
    *err = world_read_all(w, table);
    if (*err) {
        world_free(w);
        return NULL;
    }
    return w;
}

/* A list of words. */
static void world_words_free(const char **list, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        free((char *)list[i]);
    free(list);
}

void world_free(struct world *w) {
    if (w == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(number_keys); i++)
        free(((struct schedule *)((char *)w + number_keys[i].offset))->steps);
    world_words_free(w->queues, w->queue_count);
    world_words_free(w->channelvars, w->channelvar_count);
    for (unsigned i = 0; i < w->number_count; i++) {
        free(w->numbers[i].pattern);
        free(w->numbers[i].word);
    }
    free(w->numbers);
    for (unsigned i = 0; i < w->extension_count; i++) {
        free(w->extensions[i].name);
        world_words_free(w->extensions[i].steps, w->extensions[i].count);
    }
    free(w->extensions);
    for (unsigned i = 0; i < w->user_count; i++) {
        free(w->users[i].name);
        free(w->users[i].secret);
    }
    free(w->users);
    free(w);
}

/* ? stands for one character, a trailing * for the rest. */
static bool world_fits(const char *pattern, const char *text) {
    for (; *pattern; pattern++, text++) {
        if (*pattern == '*')
            return true;
        if (*text == '\0' || (*pattern != '?' && *pattern != *text))
            return false;
    }
    return *text == '\0';
}

const char *world_word(const struct world *w, const char *number) {
    for (unsigned i = 0; i < w->number_count; i++)
        if (world_fits(w->numbers[i].pattern, number))
            return w->numbers[i].word;
    return NULL;
}

const struct world_extension *world_extension(const struct world *w, const char *exten,
                                              const char *context) {
    size_t n = strlen(exten);
    for (unsigned i = 0; i < w->extension_count; i++) {
        const char *name = w->extensions[i].name;
        if (strncmp(name, exten, n) == 0 && name[n] == '@' &&
            strcmp(name + n + 1, context) == 0)
            return &w->extensions[i];
    }
    return NULL;
}
