#include "main/check.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialer/dialer.h"
#include "script/hook/source.h"
#include "script/hook/view.h"

#define MEMORY (8 * 1024 * 1024) /* as the configuration has it when it says nothing */
#define INSTRUCTIONS 1000000

/* One file on its way through. */
struct checked {
    const char *path;
    int tests, failed;
};

static void check_on_test(void *arg, const char *name, const char *why) {
    struct checked *c = arg;
    c->tests += *name != '\0';
    if (why == NULL)
        return;
    c->failed++;
    if (*name)
        printf("%s (test '%s')\n", why, name);
    else
        printf("%s\n", why);
}

/* Of its folder, -1 if that is none of the four. */
static int check_hook_of_folder(const char *path) {
    char *copy = xstrdup(path), *folder = basename(dirname(copy));
    int found = -1;
    for (int h = 0; h < HOOK_COUNT; h++)
        if (strcmp(folder, hook_name((enum hook)h)) == 0)
            found = h;
    free(copy);
    return found;
}

/* The folder that require looks in: that of strategies/, or the file's own. */
static char *check_root_of(const char *path, bool in_hook) {
    char *copy = xstrdup(path);
    char *folder = dirname(copy);
    char *root = in_hook ? xasprintf("%s/..", folder) : xstrdup(folder);
    free(copy);
    return root;
}

/* What each hook may return, as JSON sees it (docs/strategies.md). */
static bool check_result_fits(enum hook h, const json_t *out) {
    switch (h) {
    case HOOK_DIAL:
        return json_is_number(out) || json_is_number(json_object_get(out, "calls")) ||
               json_is_number(json_object_get(out, "previews"));
    case HOOK_RETRY:
        return json_is_object(out);
    case HOOK_ROUTE:
        return json_is_object(out) || json_is_null(out);
    default:
        return json_is_string(out) || json_is_null(out) ||
               json_is_string(json_object_get(out, "line"));
    }
}

/* One call with the example view; helper functions that need an engine are no fault. */
static void check_try_hook(struct script *s, const struct script_env *env, enum hook h,
                           struct checked *c) {
    json_t *view = view_example(env->views[h]), *out = NULL;
    char *err = NULL;
    const struct script_use use = {.memory = "example"};
    if (script_call(s, h, &use, view, &out, &err) &&
        strstr(err, "not available here") == NULL) {
        printf("%s (with the example view)\n", err);
        c->failed++;
    } else if (err == NULL && !check_result_fits(h, out)) {
        printf("%s: with the example view it returns something that is no result of '%s'\n",
               c->path, hook_name(h));
        c->failed++;
    }
    free(err);
    json_decref(out);
    json_decref(view);
}

/* Loads the file for one hook and runs its tests. False if it is for another one, when
 * the hook was only a guess. */
static bool check_as(const struct script_env *env, enum hook h, bool guess, struct checked *c) {
    char *err = NULL;
    struct source *source = source_open(h, c->path, &err);
    if (source == NULL) {
        printf("%s\n", err);
        free(err);
        c->failed++;
        return true;
    }
    struct script *s = script_new(env);
    bool loads = script_load_source(s, source, NULL, &err) == 0;
    bool is_other = !loads && guess && strstr(err, SCRIPT_NO_HOOK);
    if (loads) {
        check_try_hook(s, env, h, c);
        script_test(env, source, check_on_test, c);
    } else if (!is_other) {
        printf("%s\n", err);
        c->failed++;
    }
    free(err);
    script_free(s);
    source_release(source);
    return !is_other;
}

static bool check_file(const char *path) {
    struct checked c = {.path = path};
    struct log log = {.level = LOG_WARN};
    struct clock clock;
    struct chance chance;
    int hook = check_hook_of_folder(path), used = hook;
    clock_real(&clock);
    chance_seed(&chance, 1); /* the same at every check */
    char *root = check_root_of(path, hook >= 0);
    struct script_env env = {.log = &log,
                             .clock = &clock,
                             .chance = &chance,
                             .strategies = root,
                             .memory = MEMORY,
                             .instructions = INSTRUCTIONS};
    dialer_lend(&env);
    if (hook >= 0)
        check_as(&env, (enum hook)hook, false, &c);
    for (int h = 0; hook < 0 && used < 0 && h < HOOK_COUNT; h++)
        if (check_as(&env, (enum hook)h, true, &c))
            used = h;
    if (used < 0) {
        printf("%s: defines none of the functions dial, retry, route and result\n", path);
        c.failed++;
    }
    if (c.failed == 0)
        printf("%s: %s, %d test%s\n", path, hook_name((enum hook)used), c.tests,
               c.tests == 1 ? "" : "s");
    free(root);
    return c.failed == 0;
}

int check_main(int argc, char **argv) {
    bool ok = true;
    if (argc < 2 || argv[1][0] == '-') {
        fputs("usage: astout check FILE...\n", stderr);
        return 2;
    }
    for (int i = 1; i < argc; i++)
        ok = check_file(argv[i]) && ok;
    return ok ? 0 : 1;
}
