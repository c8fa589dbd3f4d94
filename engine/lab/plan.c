/* What is tried: a plan and the folder its strategies come from. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "lab/lab.h"
#include "script/hook/script.h"

#define DATA_MEMORY (64u << 20)
#define DATA_INSTRUCTIONS 100000000

static const struct log quiet = {.level = LOG_ERROR};

/* Runs text of Lua outside of any shift: to read tables, to see whether it loads. */
static struct script_env lab_plan_env_of(const char *strategies) {
    static struct clock clock;
    static struct chance chance;
    clock_virtual(&clock, 0);
    chance_seed(&chance, 1);
    return (struct script_env){.log = &quiet,
                               .clock = &clock,
                               .chance = &chance,
                               .strategies = strategies,
                               .memory = DATA_MEMORY,
                               .instructions = DATA_INSTRUCTIONS};
}

/* ---- a strategy that lies elsewhere ---- */

/* The name of a strategy's file without folder and .lua. */
static char *lab_plan_stem(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name);
    return xstrndup(name, n > 4 && strcmp(name + n - 4, ".lua") == 0 ? n - 4 : n);
}

static bool lab_plan_copy_file(const char *from, const char *to) {
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    char buf[4096];
    bool ok = out != NULL;
    for (size_t n; ok && (n = fread(buf, 1, sizeof buf, in)) > 0;)
        ok = fwrite(buf, 1, n, out) == n;
    ok = ok && !ferror(in);
    if (in)
        fclose(in);
    if (out)
        ok = fclose(out) == 0 && ok;
    return ok;
}

/* Copies the files of a folder, and with deep those of its folders. */
static bool lab_plan_copy_folder(const char *from, const char *to, bool deep) {
    DIR *d = opendir(from);
    bool ok = d && mkdir(to, 0700) == 0;
    for (struct dirent *e; ok && (e = readdir(d));) {
        char *a = xasprintf("%s/%s", from, e->d_name), *b = xasprintf("%s/%s", to, e->d_name);
        struct stat st;
        if (e->d_name[0] != '.' && stat(a, &st) == 0) {
            if (S_ISDIR(st.st_mode) && deep)
                ok = lab_plan_copy_folder(a, b, false);
            else if (S_ISREG(st.st_mode))
                ok = lab_plan_copy_file(a, b);
        }
        free(a);
        free(b);
    }
    if (d)
        closedir(d);
    return ok;
}

/* A folder of strategies like base, in which the file is one of dial/. NULL with *err. */
static char *lab_plan_overlay(const char *base, const char *file, const char *scratch,
                              char **err) {
    char *name = lab_plan_stem(file);
    char *folder = xasprintf("%s/with-%s", scratch, name), *dial = NULL;
    for (int i = 2; access(folder, F_OK) == 0; i++) {
        free(folder);
        folder = xasprintf("%s/with-%s-%d", scratch, name, i);
    }
    dial = xasprintf("%s/dial/%s.lua", folder, name);
    if (!lab_plan_copy_folder(base, folder, true) || !lab_plan_copy_file(file, dial)) {
        *err = xasprintf("%s with %s: %s", base, file, strerror(errno));
        free(folder);
        folder = NULL;
    }
    free(name);
    free(dial);
    return folder;
}

/* ---- the plan ---- */

static bool lab_plan_is_headers(const json_t *v) {
    const char *key;
    json_t *value;
    bool ok = json_is_object(v);
    json_object_foreach ((json_t *)v, key, value)
        ok = ok && !json_is_object(value) && !json_is_null(value);
    return ok;
}

/* Can the folder's strategy be loaded? *err says why not. */
static bool lab_plan_loads(const char *strategies, const char *name, char **err) {
    struct script_env env = lab_plan_env_of(strategies);
    struct script *s = script_new(&env);
    bool ok = script_load(s, HOOK_DIAL, name, err) == 0;
    script_free(s);
    return ok;
}

static void lab_plan_use_strategy(struct lab_plan *p, const char *name) {
    p->headers = json_pack("{s:s}", "DialScript", name);
    xreplace(&p->title, name);
}

/* A file: headers if it returns plain values, else a strategy. */
static bool lab_plan_load_file(struct lab_plan *p, const char *path, const char *strategies,
                               const char *scratch, char **err) {
    struct script_env env = lab_plan_env_of(strategies);
    char *no_table = NULL, *no_script = NULL;
    json_t *table = script_data(&env, path, &no_table);
    if (table && lab_plan_is_headers(table)) {
        p->headers = table;
        p->strategies = xstrdup(strategies);
        p->title = lab_plan_stem(path);
        return true;
    }
    json_decref(table);
    char *name = lab_plan_stem(path);
    p->strategies = lab_plan_overlay(strategies, path, scratch, err);
    bool ok = p->strategies && lab_plan_loads(p->strategies, name, &no_script);
    if (ok)
        lab_plan_use_strategy(p, name);
    else if (p->strategies) /* the error of what it was meant to be */
        *err = xasprintf("%s: neither the headers of a plan nor a dial strategy: %s", path,
                         no_script);
    free(name);
    free(no_table);
    free(no_script);
    return ok;
}

bool lab_plan_load(struct lab_plan *p, const char *what, const char *strategies,
                   const char *scratch, char **err) {
    *p = (struct lab_plan){0};
    struct script_env env = lab_plan_env_of(strategies);
    bool is_file = access(what, F_OK) == 0;
    bool is_name = !is_file && script_exists(&env, HOOK_DIAL, what);
    if (!is_file && !is_name) {
        *err = xasprintf("%s: no such file, and no such strategy in %s/dial", what, strategies);
        return false;
    }
    if (is_file)
        return lab_plan_load_file(p, what, strategies, scratch, err);
    if (!lab_plan_loads(strategies, what, err))
        return false;
    p->strategies = xstrdup(strategies);
    lab_plan_use_strategy(p, what);
    return true;
}

void lab_plan_free(struct lab_plan *p) {
    free(p->title);
    free(p->strategies);
    json_decref(p->headers);
    *p = (struct lab_plan){0};
}

/* ---- the world ---- */

#define AGENTS 50 /* where neither world nor user says */

/* The value of a step {from = 0, value = 1} or {0, 1}; *key is its place. */
static json_t *lab_plan_step_value(json_t *step) {
    return json_is_array(step) ? json_array_get(step, 1) : json_object_get(step, "value");
}

static void lab_plan_set_step(json_t *step, double value) {
    json_t *v = json_integer(llround(value));
    if (json_is_array(step))
        json_array_set_new(step, 1, v);
    else
        json_object_set_new(step, "value", v);
}

/* So many at first, and later ones in proportion. */
static void lab_plan_scale_agents(json_t *world, int64_t agents) {
    json_t *now = json_object_get(world, "agents");
    double first = json_number_value(lab_plan_step_value(json_array_get(now, 0)));
    for (size_t i = 0; first <= 0 && i < json_array_size(now); i++) /* nobody at first */
        first = json_number_value(lab_plan_step_value(json_array_get(now, i)));
    if (json_is_array(now) && first > 0) {
        for (size_t i = 0; i < json_array_size(now); i++) {
            json_t *step = json_array_get(now, i);
            lab_plan_set_step(step, json_number_value(lab_plan_step_value(step)) *
                                        (double)agents / first);
        }
        return;
    }
    json_object_set_new(world, "agents", json_integer(agents));
}

/* The world as its file or its ledger has it; NULL path: the default one. */
static json_t *lab_plan_read_world(const char *path, json_t **learned, char **err) {
    static const char prefix[] = "from:";
    struct script_env env = lab_plan_env_of(".");
    if (path == NULL)
        return json_object();
    if (str_has_prefix(path, prefix))
        return lab_world_learn(path + strlen(prefix), learned, err);
    return script_data(&env, path, err);
}

json_t *lab_world_load(const char *path, int64_t agents, json_t **learned, char **err) {
    *learned = NULL;
    json_t *world = lab_plan_read_world(path, learned, err);
    if (json_is_array(world) && json_array_size(world) == 0) { /* an empty Lua table */
        json_decref(world);
        world = json_object();
    }
    if (world && !json_is_object(world)) {
        *err = xasprintf("%s: a world must be a table with named keys", path);
        json_decref(world);
        return NULL;
    }
    if (world && agents)
        lab_plan_scale_agents(world, agents);
    else if (world && json_object_get(world, "agents") == NULL)
        json_object_set_new(world, "agents", json_integer(AGENTS));
    return world;
}
