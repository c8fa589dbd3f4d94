/* Calls of lent functions from Lua into the engine and back, and the tools of the prelude. */
#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "script/lua/libs.h"
#include "script/shell/inner.h"
#include "script/lua/value.h"

#define CALL_COST 500     /* instructions that a call charges at least */
#define OUTPUT_MAX 262144 /* bytes that a job may print */
#define PRINT_BYTES_PER_INSTR 16

/* Its address is the registry key of the globals of typed lines. */
static const char globals_key;

/* ---- answers ---- */

static void shell_call_call_free(struct shell_call *c) {
    json_decref(c->value);
    free(c->error);
    free(c);
}

void shell_forget(struct shell_call *c) {
    if (c == NULL)
        return;
    c->job = NULL;
    if (c->answered)
        shell_call_call_free(c);
}

/* The answer has come: the job that waits for it continues. */
static void shell_call_answered(struct shell_call *c) {
    c->answered = true;
    if (c->inside)
        return;
    if (c->job)
        shell_wake(c->job);
    else
        shell_call_call_free(c);
}

void shell_answer(struct shell_call *c, json_t *value) {
    c->value = value;
    shell_call_answered(c);
}

void shell_refuse(struct shell_call *c, const char *text) {
    c->error = xstrdup(text);
    shell_call_answered(c);
}

void shell_charge(struct shell_call *c, int64_t instructions) { c->cost += instructions; }

/* ---- the call ---- */

/* The arguments as a JSON array; NULL with the reason. Never raises. */
static json_t *shell_call_take_args(lua_State *L, char why[VALUE_WHY]) {
    int n = lua_gettop(L);
    json_t *args = json_array();
    for (int i = 1; i <= n; i++) {
        json_t *v = value_take(L, i, why);
        if (v == NULL) {
            json_decref(args);
            return NULL;
        }
        json_array_append_new(args, v);
    }
    return args;
}

void shell_push_answer(lua_State *L, struct shell_call *c) {
    struct sandbox *sb = sandbox_of(L);
    if (c->job)
        c->job->call = NULL;
    json_decref(sb->tree); /* the sandbox owns the value, since an error may be raised */
    sb->tree = c->value;
    c->value = NULL;
    str_reset(&sb->text);
    if (c->error)
        str_add(&sb->text, c->error);
    bool refused = c->error != NULL;
    shell_call_call_free(c);
    lua_pushboolean(L, !refused);
    if (refused)
        lua_pushlstring(L, str_get(&sb->text), sb->text.len);
    else
        value_push(L, sb->tree);
}

/* Returns the answer that was pushed, or raises it. The error has no place, since that would
 * be a place in the prelude. */
static int shell_call_conclude(lua_State *L) { return lua_toboolean(L, -2) ? 1 : lua_error(L); }

static int shell_call_after_wait(lua_State *L, int status, lua_KContext ctx) {
    (void)status, (void)ctx;
    return shell_call_conclude(L);
}

/* Carries out the call; true if it was answered at once. */
static bool shell_call_carry_out(struct shell *s, const struct lent *f, struct shell_call *c,
                                 json_t *args) {
    c->inside = true;
    f->fn(s->config.arg, c, args);
    c->inside = false;
    json_decref(args);
    return c->answered;
}

/* An error is raised in the place of the call, so nobody waits for its answer. */
static void shell_call_abandon(struct shell_call *c) {
    if (c->job)
        c->job->call = NULL;
    shell_forget(c);
}

/* Returns the answer; if the work has used up the slice, after a pause. */
static int shell_call_return_answer(lua_State *L, struct shell_call *c) {
    struct sandbox *sb = sandbox_of(L);
    int64_t cost = c->cost;
    if (sb->left <= cost) {
        shell_call_abandon(c);
        sandbox_charge(L, cost);
        return luaL_error(L, "out of instructions"); /* sandbox_charge has raised already */
    }
    sb->left -= cost;
    if (c->job && sb->left <= sb->next && lua_isyieldable(L)) {
        shell_wake(c->job);
        return lua_yieldk(L, 0, 0, shell_call_after_wait);
    }
    shell_push_answer(L, c);
    return shell_call_conclude(L);
}

/* Upvalue 1: the lent function. */
static int shell_call_call_lent(lua_State *L) {
    const struct lent *f = lua_touserdata(L, lua_upvalueindex(1));
    struct shell *s = (struct shell *)sandbox_of(L);
    char why[VALUE_WHY];
    luaL_checkstack(L, 8, NULL);
    json_t *args = shell_call_take_args(L, why);
    if (args == NULL)
        return luaL_error(L, "%s: %s", f->name, why);
    struct shell_call *c = xcalloc(1, sizeof *c);
    c->job = s->running; /* NULL while the prelude loads */
    c->cost = CALL_COST;
    if (c->job)
        c->job->call = c;
    if (shell_call_carry_out(s, f, c, args))
        return shell_call_return_answer(L, c);
    if (lua_isyieldable(L))
        return lua_yieldk(L, 0, 0, shell_call_after_wait);
    shell_call_abandon(c);
    return luaL_error(L, "%s has to wait, which is not possible within a sort or gsub",
                      f->name);
}

void shell_lend(lua_State *L, const struct lent *const *tables) {
    for (; *tables; tables++)
        for (const struct lent *f = *tables; f->name; f++) {
            lua_pushlightuserdata(L, (void *)(uintptr_t)f);
            lua_pushcclosure(L, shell_call_call_lent, 1);
            lua_setfield(L, -2, f->name);
        }
}

/* ---- tools ---- */

/* Is it a character that changes the direction of writing? A line could look like another. */
static bool shell_call_turns_text(const unsigned char *p) {
    return p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
                            (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* The length of the UTF-8 character at p; 0 if there is none, or it may not be shown. */
static size_t shell_call_shown(const unsigned char *p, size_t n) {
    if (*p < 0x80)
        return *p == '\n' || *p == '\t' || (*p >= ' ' && *p != 0x7f);
    size_t len = 2 + (*p >= 0xe0) + (*p >= 0xf0);
    static const unsigned char lowest[] = {[2] = 0x80, [3] = 0xa0, [4] = 0x90};
    if (*p < 0xc2 || *p > 0xf4 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((*p == 0xe0 || *p == 0xf0) && p[1] < lowest[len]) /* an overlong form */
        return 0;
    if ((*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f)) /* not a character */
        return 0;
    bool drives = *p == 0xc2 && p[1] < 0xa0; /* C1 controls */
    return drives || shell_call_turns_text(p) ? 0 : len;
}

/* Data must not control the terminal: other than plain characters become question marks. */
static void shell_call_clean(struct str *out, const char *text, size_t n) {
    const unsigned char *p = (const unsigned char *)text;
    while (n) {
        size_t len = shell_call_shown(p, n);
        if (len)
            str_addn(out, p, len);
        else
            str_addc(out, '?');
        len += len == 0;
        p += len;
        n -= len;
    }
}

/* write(text) prints. Raises once the job has printed too much. */
static int shell_call_tool_write(lua_State *L) {
    struct shell *s = (struct shell *)sandbox_of(L);
    struct job *j = s->running;
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    if (j == NULL)
        return 0;
    size_t room = OUTPUT_MAX - j->printed;
    bool all = n <= room;
    n = all ? n : room;
    struct str *out = &s->sandbox.text;
    str_reset(out);
    shell_call_clean(out, text, n);
    j->printed += n;
    s->config.output(s->config.arg, str_get(out), out->len);
    str_reset(out);
    sandbox_charge(L, (int64_t)n / PRINT_BYTES_PER_INSTR);
    return all ? 0 : luaL_error(L, "one line may print at most %d bytes", OUTPUT_MAX);
}

/* compile(text, name): the function, or nil and the error. It takes no bytecode. */
static int shell_call_tool_compile(lua_State *L) {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n), *name = luaL_checkstring(L, 2);
    sandbox_charge(L, (int64_t)n);
    if (luaL_loadbufferx(L, text, n, name, "t") == LUA_OK) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key);
        lua_setupvalue(L, -2, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* Pushes a copy of the table on top; libraries: tables in it are copied too. */
static void shell_call_push_copy(lua_State *L, bool libraries) {
    int from = lua_gettop(L);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, from);) {
        if (libraries && lua_istable(L, -1)) {
            shell_call_push_copy(L, false);
            lua_remove(L, -2);
        }
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, from + 1);
    }
}

static int shell_call_on_unknown_global(lua_State *L) {
    return luaL_error(L, "there is no variable '%s'", libs_text(L, 2));
}

void shell_add_tools(lua_State *L) {
    lua_pushglobaltable(L);
    shell_call_push_copy(L, true);
    lua_remove(L, -2);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, shell_call_on_unknown_global);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);
    lua_setfield(L, -2, "globals");
    lua_pushcfunction(L, shell_call_tool_write);
    lua_setfield(L, -2, "write");
    lua_pushcfunction(L, shell_call_tool_compile);
    lua_setfield(L, -2, "compile");
}
