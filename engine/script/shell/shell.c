#include "script/shell/shell.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "script/shell/inner.h"
#include "script/lua/value.h"

#define SLICE 100000          /* instructions: about a millisecond */
#define PAUSE (NS_PER_MS / 2) /* between two slices, for the rest of the engine */
#define JOBS_MAX 64

/* Its address is the registry key of the prelude's table. */
static const char prelude_key;

static void shell_rebuild(struct shell *s);

/* ---- the end of jobs ---- */

static void shell_unlink_job(struct job *j) {
    struct job **p = &j->shell->jobs;
    while (*p != j)
        p = &(*p)->next;
    *p = j->next;
    j->shell->count--;
    timer_stop(&j->timer);
    shell_forget(j->call);
}

/* Releases the coroutine. (Assigning to an existing key does not raise.) */
static void shell_drop_strand(struct job *j) {
    lua_State *L = j->shell->sandbox.L;
    if (j->co == NULL)
        return;
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, j);
}

static void shell_free_job(struct job *j) {
    free(j->name);
    json_decref(j->args);
    json_decref(j->result);
    free(j);
}

/* Tells the end of a job; an error without a listener is printed. */
static void shell_tell(struct job *j, const char *error) {
    struct shell *s = j->shell;
    if (j->done) {
        j->done(j->arg, j->result, error);
    } else if (error) {
        char *text = xasprintf("%s\n", error);
        s->config.output(s->config.arg, text, strlen(text));
        free(text);
    }
}

static void shell_finish(struct job *j, const char *error) {
    shell_unlink_job(j);
    shell_drop_strand(j);
    shell_tell(j, error);
    shell_free_job(j);
}

/* ---- one slice ---- */

/* Makes the coroutine of a new job and pushes its function and arguments on L. */
static int shell_begin_strand(lua_State *L, struct job *j) {
    lua_State *co = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, j);
    j->co = co;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &prelude_key);
    if (lua_getfield(L, -1, j->name) != LUA_TFUNCTION)
        return luaL_error(L, "the prelude has no function %s", j->name);
    lua_remove(L, -2);
    int n = (int)json_array_size(j->args);
    luaL_checkstack(L, n + 1, "too many arguments");
    for (int i = 0; i < n; i++)
        value_push(L, json_array_get(j->args, (size_t)i));
    return n + 1;
}

/* Protected part of shell_run_slice. */
static int shell_step(lua_State *L) {
    struct job *j = lua_touserdata(L, 1);
    char why[VALUE_WHY];
    int top = lua_gettop(L), results;
    if (j->co == NULL)
        shell_begin_strand(L, j);
    else if (j->call)
        shell_push_answer(L, j->call);
    if (!lua_checkstack(j->co, lua_gettop(L) - top + 4))
        return luaL_error(L, "stack overflow");
    int status = sandbox_resume(L, j->co, lua_gettop(L) - top, &results);
    if (status == LUA_YIELD)
        return 0;
    if (status != LUA_OK) {
        lua_xmove(j->co, L, 1);
        return lua_error(L);
    }
    if (results && (j->result = value_take(j->co, -results, why)) == NULL)
        luaL_error(L, "the result: %s", why);
    return 0;
}

/* Ends all jobs of a state that is going to be closed. */
static void shell_fail_all(struct shell *s, const char *why) {
    while (s->jobs) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each takes itself off the list */
        s->jobs->co = NULL; /* closing the state frees it */
        shell_finish(s->jobs, why);
    }
}

static void shell_run_slice(void *arg) {
    struct job *j = arg;
    struct shell *s = j->shell;
    struct sandbox *sb = &s->sandbox;
    char *err = NULL;
    sb->budget = j->left > 0 ? j->left : 1;
    s->running = j;
    int rc = sandbox_run(sb, "", shell_step, j, &err);
    s->running = NULL;
    j->left = sb->left;
    if (rc && sb->full) {
        char *text = xasprintf("%s: the console starts again, without its variables", err);
        shell_fail_all(s, text);
        free(text);
        shell_rebuild(s);
    } else if (rc) {
        shell_finish(j, err);
    } else if (sb->paused) {
        timer_set(&j->timer, PAUSE);
    } else if (j->call == NULL) {
        shell_finish(j, NULL);
    }
    free(err);
}

void shell_wake(struct job *j) { timer_set(&j->timer, 0); }

int64_t shell_begin(struct shell *s, const char *name, json_t *args, shell_done *done,
                    void *arg) {
    if (s->count == JOBS_MAX) {
        json_decref(args);
        return 0;
    }
    struct job *j = xcalloc(1, sizeof *j), **last = &s->jobs;
    *j = (struct job){.shell = s, .id = ++s->ids, .name = xstrdup(name), .args = args};
    j->left = s->config.env.instructions;
    j->done = done;
    j->arg = arg;
    timer_init(&j->timer, s->config.loop, shell_run_slice, j);
    timer_set(&j->timer, 0);
    while (*last)
        last = &(*last)->next;
    *last = j;
    s->count++;
    return j->id;
}

void shell_stop(struct shell *s, int64_t id) {
    struct job *j = s->jobs;
    while (j && j->id != id)
        j = j->next;
    if (j)
        shell_finish(j, "stopped");
}

/* ---- life ---- */

/* Protected part of shell_load_prelude: all texts get the same table. */
static int shell_load(lua_State *L) {
    struct shell *s = lua_touserdata(L, 1);
    lua_newtable(L);
    shell_add_tools(L);
    lua_newtable(L);
    shell_lend(L, s->config.lent);
    lua_setfield(L, -2, "raw");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &prelude_key);
    for (const struct shell_source *p = s->config.prelude; p->name; p++) {
        lua_pushfstring(L, "=%s", p->name);
        if (luaL_loadbufferx(L, p->text, strlen(p->text), lua_tostring(L, -1), "t"))
            return lua_error(L);
        lua_pushvalue(L, -3);
        lua_call(L, 1, 0);
        lua_pop(L, 1);
    }
    return 0;
}

static int shell_load_prelude(struct shell *s, char **err) {
    sandbox_open(&s->sandbox, &s->config.env);
    s->sandbox.slice = SLICE;
    s->sandbox.budget = s->config.env.instructions;
    return sandbox_run(&s->sandbox, "prelude", shell_load, s, err);
}

/* After a run that was out of memory: nothing of the old state can be relied on. */
static void shell_rebuild(struct shell *s) {
    char *err = NULL;
    sandbox_close(&s->sandbox);
    if (shell_load_prelude(s, &err))
        log_error(s->config.env.log, "console: %s", err);
    free(err);
    if (s->config.reset)
        s->config.reset(s->config.arg);
}

struct shell *shell_new(const struct shell_config *config, char **err) {
    struct shell *s = xcalloc(1, sizeof *s);
    s->config = *config;
    if (shell_load_prelude(s, err) == 0)
        return s;
    shell_free(s);
    return NULL;
}

void shell_free(struct shell *s) {
    if (s == NULL)
        return;
    while (s->jobs) {
        struct job *j = s->jobs;
        shell_unlink_job(j); /* NOLINT(clang-analyzer-unix.Malloc): off the list */
        shell_free_job(j);
    }
    sandbox_close(&s->sandbox);
    free(s);
}
