#include "script/lua/sandbox.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"
#include "script/lua/libs.h"

#define STEP 1000          /* instructions between two checks of the budget */
#define BYTES_PER_INSTR 64 /* of allocation that charge one instruction */
#define ERROR_MAX 1000     /* bytes of an error text that are kept */
#define STRETCH 10         /* slices that a C function may take without a pause */
#define SLICE_TIME (2 * NS_PER_MS)
#define REST_BYTES 4096 /* of growth for each step of the garbage collector */
#define REST_MAX 64     /* steps of one sandbox_rest */
#define LUA_NO_MEMORY "not enough memory"

struct sandbox *sandbox_of(lua_State *L) {
    return *(struct sandbox **)lua_getextraspace(L);
}

/* Finds the innermost Lua function from this level up; false if there is none. */
static bool sandbox_find_place(lua_State *L, int level, lua_Debug *ar) {
    for (; lua_getstack(L, level, ar); level++)
        if (lua_getinfo(L, "Sl", ar) && ar->currentline > 0)
            return true;
    return false;
}

/* Writes "file:line: ", or nothing if no Lua function runs. */
static void sandbox_write_place(lua_State *L, int level, char *out, size_t size) {
    lua_Debug ar;
    out[0] = '\0';
    if (sandbox_find_place(L, level, &ar))
        snprintf(out, size, "%s:%d: ", ar.short_src, ar.currentline);
}

/* Notes that growth was refused, and where. Inspecting the stack allocates nothing, and Lua
 * has saved its position before anything that may raise. A refusal after the error, when no
 * function runs any more, does not replace the place. */
static void *sandbox_refuse_growth(struct sandbox *sb) {
    char place[sizeof sb->place];
    sandbox_write_place(sb->strand ? sb->strand : sb->L, 0, place, sizeof place);
    if (*place || !sb->refused)
        memcpy(sb->place, place, sizeof place);
    sb->refused = true;
    return NULL;
}

/* Counts the memory of the state and refuses growth beyond the cap. If p is NULL, old is a
 * type tag, not a size. Shrinking must never fail (Lua's manual, lua_Alloc). */
static void *sandbox_allocate(void *ud, void *p, size_t old, size_t size) {
    struct sandbox *sb = ud;
    if (p == NULL)
        old = 0;
    if (size == 0) {
        free(p);
        sb->used -= old;
        return NULL;
    }
    size_t growth = size > old ? size - old : 0;
    if (growth && sb->cap && (sb->used > sb->cap || growth > sb->cap - sb->used))
        return sandbox_refuse_growth(sb);
    void *q = realloc(p, size);
    if (q == NULL)
        return size <= old ? p : NULL;
    sb->used += size - old;
    sb->grown += growth;
    sb->left -= (int64_t)(growth / BYTES_PER_INSTR); /* sandbox_on_count checks it */
    return q;
}

/* ---- the end of a run ---- */

static void sandbox_on_count(lua_State *L, lua_Debug *ar);

/* Ends the run: from here on every instruction raises. */
static void sandbox_kill_run(lua_State *L, const char *place, const char *reason) {
    struct sandbox *sb = sandbox_of(L);
    sb->killed = true;
    snprintf(sb->why, sizeof sb->why, "%s%s", place, reason);
    lua_sethook(L, sandbox_on_count, LUA_MASKCOUNT, 1);
}

static void sandbox_kill_for_budget(lua_State *L, int level) {
    char reason[96], place[80];
    sandbox_write_place(L, level, place, sizeof place);
    snprintf(reason, sizeof reason, "more than %" PRId64 " instructions in one call",
             sandbox_of(L)->env->instructions);
    sandbox_kill_run(L, place, reason);
}

static void sandbox_kill_for_memory(lua_State *L) {
    struct sandbox *sb = sandbox_of(L);
    char reason[96] = "out of memory";
    if (sb->cap)
        snprintf(reason, sizeof reason, "out of memory (%zu bytes allowed)", sb->cap);
    sb->full = true;
    sandbox_kill_run(L, sb->refused ? sb->place : "", reason);
}

static int sandbox_raise_why(lua_State *L) {
    lua_pushstring(L, sandbox_of(L)->why);
    return lua_error(L);
}

/* The machine's clock, not the engine's: it measures how long a slice takes. */
static int64_t sandbox_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Is the time of the slice over? A replay gives the answers of the recorded run. */
static bool sandbox_is_time_over(const struct sandbox *sb) {
    struct record *record = sb->env->record;
    int64_t left = sb->left;
    if (record_is_replayed(record))
        return record_noted(record, RECORD_PAUSE, &left, NULL);
    if (sandbox_now() < sb->pause_at)
        return false;
    record_note(record, RECORD_PAUSE, left, NULL);
    return true;
}

/* Has a strand gone far beyond its slice because it could not pause? */
static bool sandbox_is_overlong(const struct sandbox *sb) {
    return sb->strand && sb->left <= sb->next - STRETCH * sb->slice;
}

static void sandbox_kill_overlong(lua_State *L, int level) {
    char place[80];
    sandbox_write_place(L, level, place, sizeof place);
    sandbox_kill_run(L, place, "too long in a function that cannot pause");
}

/* The slice of the strand is over: it pauses. Within a C function (in a sort's comparison, for
 * example) it cannot; that may last for STRETCH slices. True if the run has to end. */
static bool sandbox_must_end(lua_State *L, struct sandbox *sb) {
    if (lua_isyieldable(L)) {
        sb->paused = true;
        lua_yield(L, 0);
        return false;
    }
    if (sandbox_is_overlong(sb))
        sandbox_kill_overlong(L, 0);
    return sb->killed;
}

/* Called every STEP instructions; once the run is killed, at each instruction. */
static void sandbox_on_count(lua_State *L, lua_Debug *ar) {
    (void)ar;
    struct sandbox *sb = sandbox_of(L);
    if (!sb->killed) {
        sb->left -= STEP;
        bool slice_over = sb->strand == L && (sb->left <= sb->next || sandbox_is_time_over(sb));
        if (sb->left > 0 && (!slice_over || !sandbox_must_end(L, sb)))
            return;
        if (sb->left <= 0)
            sandbox_kill_for_budget(L, 0);
    }
    sandbox_raise_why(L);
}

void sandbox_charge(lua_State *L, int64_t n) {
    struct sandbox *sb = sandbox_of(L);
    if (sb->budget == 0)
        return;
    sb->left -= n;
    if (sb->left > 0 && !sb->killed && !sandbox_is_overlong(sb))
        return;
    if (!sb->killed && sb->left <= 0)
        sandbox_kill_for_budget(L, 1);
    else if (!sb->killed)
        sandbox_kill_overlong(L, 1);
    sandbox_raise_why(L);
}

/* ---- errors ---- */

/* Is the memory cap the cause of this error? luaL_Buffer raises it as an ordinary error. */
static bool sandbox_is_memory_error(lua_State *L, int status) {
    if (status == LUA_OK || status == LUA_ERRMEM)
        return status != LUA_OK;
    return sandbox_of(L)->refused && lua_type(L, -1) == LUA_TSTRING &&
           strcmp(lua_tostring(L, -1), LUA_NO_MEMORY) == 0;
}

/* The end of a pcall, also if there was a pause in it. */
static int sandbox_after_pcall(lua_State *L, int status, lua_KContext ctx) {
    (void)ctx;
    status = status == LUA_YIELD ? LUA_OK : status;
    if (!sandbox_of(L)->killed && sandbox_is_memory_error(L, status))
        sandbox_kill_for_memory(L);
    if (sandbox_of(L)->killed)
        return sandbox_raise_why(L);
    if (status == LUA_OK)
        return lua_gettop(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

int sandbox_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, sandbox_after_pcall);
    return sandbox_after_pcall(L, status, 0);
}

/* Message handler: an error that is not a text becomes a place and a description. It runs no
 * Lua code, since instructions are not counted in the handler of a hook's error. */
static int sandbox_on_error(lua_State *L) {
    char place[80];
    int type = lua_type(L, 1);
    if (type == LUA_TSTRING)
        return 1;
    sandbox_write_place(L, 1, place, sizeof place);
    if (type == LUA_TNUMBER)
        lua_pushfstring(L, "%serror is a number: %s", place, lua_tostring(L, 1));
    else
        lua_pushfstring(L, "%serror is a %s", place, lua_typename(L, type));
    return 1;
}

/* The text of the error on top of the stack. */
static char *sandbox_error_text(struct sandbox *sb, const char *what, int status) {
    const char *text = "the error is not a text";
    if (sb->killed)
        text = sb->why;
    else if (status == LUA_ERRERR)
        text = "error while handling an error";
    else if (lua_type(sb->L, -1) == LUA_TSTRING)
        text = lua_tostring(sb->L, -1);
    size_t n = strnlen(text, ERROR_MAX);
    if (str_has_prefix(text, what))
        return xstrndup(text, n);
    return xasprintf("%s: %.*s", what, (int)n, text);
}

int sandbox_run(struct sandbox *sb, const char *what, lua_CFunction fn, void *ctx, char **err) {
    lua_State *L = sb->L;
    int64_t budget = sb->budget;
    int top = lua_gettop(L);
    sb->killed = sb->refused = sb->paused = false;
    sb->lines = 0;
    sb->left = budget;
    lua_sethook(L, sandbox_on_count, budget ? LUA_MASKCOUNT : 0,
                budget < STEP ? (int)budget : STEP);
    lua_pushcfunction(L, sandbox_on_error); /* these three allocate nothing */
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, ctx);
    int status = lua_pcall(L, 1, 0, top + 1);
    if (!sb->killed && sandbox_is_memory_error(L, status))
        sandbox_kill_for_memory(L);
    int rc = status != LUA_OK || sb->killed ? -1 : 0; /* a killed run may end with LUA_OK */
    if (rc)
        *err = sandbox_error_text(sb, what, status);
    lua_settop(L, top);
    return rc;
}

int sandbox_resume(lua_State *L, lua_State *co, int n, int *results) {
    struct sandbox *sb = sandbox_of(L);
    sb->strand = co;
    sb->paused = false;
    sb->next = sb->left - sb->slice;
    sb->pause_at = sandbox_now() + SLICE_TIME;
    int function = lua_status(co) == LUA_OK; /* a new coroutine: its function is on the stack */
    lua_xmove(L, co, n);
    int status = lua_resume(co, L, n - function, results);
    sb->strand = NULL;
    return status;
}

/* With idle_gc the collector does not run during a call, so that no call pays for the garbage
 * of others. If memory runs short, Lua collects nevertheless. */
void sandbox_rest(struct sandbox *sb) {
    size_t steps = sb->grown / REST_BYTES + 1;
    if (!sb->idle_gc || sb->full)
        return;
    for (size_t i = 0; i < steps && i < REST_MAX; i++)
        lua_gc(sb->L, LUA_GCSTEP, 0);
    sb->grown = 0;
}

/* ---- the state ---- */

/* An error outside sandbox_run, which is a bug of the engine. Lua aborts after this returns. */
static int sandbox_on_panic(lua_State *L) {
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
    log_error(sandbox_of(L)->env->log, "script: unprotected error: %s", text);
    return 0;
}

static void sandbox_on_warning(void *ud, const char *text, int more) {
    (void)more;
    struct sandbox *sb = ud;
    log_warn(sb->env->log, "script: %s", text);
}

static int sandbox_build(lua_State *L) {
    libs_open(L);
    return 0;
}

void sandbox_open(struct sandbox *sb, const struct script_env *env) {
    *sb = (struct sandbox){.env = env, .budget = env->instructions};
    sb->L = lua_newstate(sandbox_allocate, sb);
    if (sb->L) {
        *(struct sandbox **)lua_getextraspace(sb->L) = sb;
        lua_atpanic(sb->L, sandbox_on_panic);
        lua_setwarnf(sb->L, sandbox_on_warning, sb);
        lua_pushcfunction(sb->L, sandbox_build);
    }
    /* there is no cap yet: the machine is out of memory */
    if (sb->L == NULL || lua_pcall(sb->L, 0, 0, 0) != LUA_OK) {
        log_error(env->log, "script: no memory for a Lua state");
        abort();
    }
    sb->cap = env->memory;
}

void sandbox_close(struct sandbox *sb) {
    if (sb->L)
        lua_close(sb->L);
    str_free(&sb->text);
    json_decref(sb->tree);
    *sb = (struct sandbox){0};
}
