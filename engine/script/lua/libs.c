#include "script/lua/libs.h"

#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "script/lua/lend.h"
#include "script/lua/order.h"
#include "script/lua/pattern.h"
#include "script/lua/sandbox.h"
#include "script/lua/value.h"

#define WHOLE_PER_INSTR 4 /* elements or bytes for which one instruction is charged */

/* Left out: load and similar functions (code from data), collectgarbage, xpcall (its handler
 * would run after a kill), coroutine (it has count hooks of its own), debug, io, package,
 * string.dump. */
static const char *const base_names[] = {
    "assert", "error",        "getmetatable", "ipairs",   "next",   "pairs",
    "pcall",  "print",        "rawequal",     "rawget",   "rawlen", "rawset",
    "select", "setmetatable", "tonumber",     "tostring", "type",   "_VERSION",
    "string", "table",        "math",         "utf8",     NULL};
static const char *const string_names[] = {"byte",     "char", "find",    "format", "gmatch",
                                           "gsub",     "len",  "lower",   "match",  "pack",
                                           "packsize", "rep",  "reverse", "sub",    "unpack",
                                           "upper",    NULL};
static const char *const table_names[] = {"concat", "insert", "move",   "pack",
                                          "remove", "sort",   "unpack", NULL};
static const char *const math_names[] = {"abs",        "acos",       "asin", "atan",
                                         "ceil",       "cos",        "deg",  "exp",
                                         "floor",      "fmod",       "huge", "log",
                                         "max",        "maxinteger", "min",  "mininteger",
                                         "modf",       "pi",         "rad",  "random",
                                         "randomseed", "sin",        "sqrt", "tan",
                                         "tointeger",  "type",       "ult",  NULL};
static const char *const utf8_names[] = {"char", "charpattern", "codepoint", "codes",
                                         "len",  "offset",      NULL};

static const struct lib {
    const char *name;
    lua_CFunction open;
    const char *const *names; /* the functions of Lua's that are kept */
    const luaL_Reg *ours;     /* those that are replaced or added */
} libs[] = {
    {"string", luaopen_string, string_names, libs_string},
    {"table", luaopen_table, table_names, libs_table},
    {"math", luaopen_math, math_names, libs_math},
    {"utf8", luaopen_utf8, utf8_names, libs_utf8},
    {LUA_GNAME, luaopen_base, base_names, libs_base},
};

/* ---- opening ---- */

static bool libs_is_listed(const char *const *names, const char *name) {
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Removes what is not listed from the table on top, also what a newer Lua may add. */
static void libs_keep_listed(lua_State *L, const char *const *names) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && libs_is_listed(names, lua_tostring(L, -1)))
            continue;
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4);
    }
}

/* Puts our functions into the table on top, each with the function it replaces as upvalue. */
static void libs_add_ours(lua_State *L, const luaL_Reg *r) {
    for (; r && r->name; r++) {
        lua_getfield(L, -1, r->name);
        lua_pushcclosure(L, r->func, 1);
        lua_setfield(L, -2, r->name);
    }
}

/* Makes a new global table of our functions. */
static void libs_add_table(lua_State *L, const char *name, const luaL_Reg *r) {
    lua_newtable(L);
    libs_add_ours(L, r);
    lua_setglobal(L, name);
}

/* Hides the metatable that all strings share. */
static void libs_lock_strings(lua_State *L) {
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

static int libs_on_unknown_global(lua_State *L) {
    return luaL_error(L, "there is no variable '%s'", libs_text(L, 2));
}

static int libs_on_new_global(lua_State *L) {
    return luaL_error(L, "'%s' would be global: make it local", libs_text(L, 2));
}

/* No new globals: the hooks of a plan share a state, and a new global is usually a mistake. */
static void libs_close_globals(lua_State *L) {
    lua_pushglobaltable(L);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, libs_on_unknown_global);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, libs_on_new_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void libs_open(lua_State *L) {
    value_setup(L);
    for (size_t i = 0; i < ARRAY_LEN(libs); i++) {
        luaL_requiref(L, libs[i].name, libs[i].open, 1);
        libs_keep_listed(L, libs[i].names);
        libs_add_ours(L, libs[i].ours);
        lua_pop(L, 1);
    }
    libs_lock_strings(L);
    libs_add_table(L, "os", libs_os);
    libs_add_table(L, "json", libs_json);
    lua_getglobal(L, "json");
    libs_add_null(L);
    lua_pop(L, 1);
    libs_push_log(L);
    lua_setglobal(L, "log");
    lend_open(L, sandbox_of(L)->env);
    libs_close_globals(L);
}

/* ---- replacements ---- */

/* Continues as the function that the running one replaces, in the same frame, so that errors
 * name the script's line. The originals have no upvalues of their own. */
static int libs_go_on(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(1))(L); }

const char *libs_text(lua_State *L, int idx) {
    int type = lua_type(L, idx);
    if (type == LUA_TLIGHTUSERDATA && lua_touserdata(L, idx) == NULL)
        return lua_pushliteral(L, "null");
    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL)
        return luaL_tolstring(L, idx, NULL);
    if (luaL_getmetafield(L, idx, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        return luaL_tolstring(L, idx, NULL);
    }
    return lua_pushstring(L, lua_typename(L, type));
}

static int libs_base_tostring(lua_State *L) {
    luaL_checkany(L, 1);
    libs_text(L, 1);
    return 1;
}

/* print writes to the log, with tabs between its arguments. */
static int libs_base_print(lua_State *L) {
    int n = lua_gettop(L);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, '\t');
        libs_text(L, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    lua_insert(L, 1);
    lua_settop(L, 1);
    lua_getglobal(L, "log"); /* log.info takes a single argument as plain text */
    lua_getfield(L, -1, "info");
    lua_insert(L, 1);
    lua_pop(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

/* Finalizers run without count hooks, so that a loop in one could not be ended. */
static int libs_base_setmetatable(lua_State *L) {
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "__gc is not available here");
        lua_pop(L, 1);
    }
    return libs_go_on(L);
}

/* Addresses differ from process to process, so there is no %p, and %s of a table is "table". */
static int libs_string_format(lua_State *L) {
    const char *p = luaL_checkstring(L, 1);
    while ((p = strchr(p, '%'))) {
        p += 1 + strspn(p + 1, "-+ #0123456789.");
        if (*p == 'p')
            return luaL_argerror(L, 1, "%p is not available here");
        if (*p)
            p++;
    }
    for (int i = 2; i <= lua_gettop(L); i++) {
        int type = lua_type(L, i);
        if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA ||
            type == LUA_TLIGHTUSERDATA) {
            libs_text(L, i);
            lua_replace(L, i);
        }
    }
    return libs_go_on(L);
}

/* These functions loop in C; their work is charged in advance. */
static int libs_table_move(lua_State *L) {
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    if (to >= from) {
        lua_Unsigned n = (lua_Unsigned)to - (lua_Unsigned)from;
        sandbox_charge(L, n < INT32_MAX ? (int64_t)n : INT32_MAX);
    }
    return libs_go_on(L);
}

/* insert(t, place, v), remove(t, place) and concat are charged by the length of the table. */
static int libs_table_whole(lua_State *L) {
    if (lua_type(L, 1) == LUA_TTABLE && lua_gettop(L) != 1)
        sandbox_charge(L, (int64_t)lua_rawlen(L, 1) / WHOLE_PER_INSTR);
    return libs_go_on(L);
}

/* insert(t, v) is not charged. */
static int libs_table_insert(lua_State *L) {
    return lua_gettop(L) > 2 ? libs_table_whole(L) : libs_go_on(L);
}

static int libs_table_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t n = (int64_t)lua_rawlen(L, 1), levels = 1;
    while (n >> levels)
        levels++;
    sandbox_charge(L, n * levels / WHOLE_PER_INSTR);
    return libs_go_on(L);
}

/* Functions that read all of their first argument. */
static int libs_text_whole(lua_State *L) {
    size_t n;
    luaL_checklstring(L, 1, &n);
    sandbox_charge(L, (int64_t)(n / WHOLE_PER_INSTR));
    return libs_go_on(L);
}

const luaL_Reg libs_base[] = {{"next", order_next},
                              {"pairs", order_pairs},
                              {"pcall", sandbox_pcall},
                              {"print", libs_base_print},
                              {"setmetatable", libs_base_setmetatable},
                              {"tostring", libs_base_tostring},
                              {NULL, NULL}};
const luaL_Reg libs_string[] = {{"find", pattern_find},     {"format", libs_string_format},
                                {"gmatch", pattern_gmatch}, {"gsub", pattern_gsub},
                                {"match", pattern_match},   {NULL, NULL}};
const luaL_Reg libs_table[] = {{"concat", libs_table_whole}, {"insert", libs_table_insert},
                               {"move", libs_table_move},    {"remove", libs_table_whole},
                               {"sort", libs_table_sort},    {NULL, NULL}};
const luaL_Reg libs_utf8[] = {{"len", libs_text_whole},
                              {"offset", libs_text_whole},
                              {NULL, NULL}};
