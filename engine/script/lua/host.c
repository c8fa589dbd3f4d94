/* The engine's clock, random numbers and log for scripts. */
#include <lauxlib.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "script/lua/libs.h"
#include "script/lua/sandbox.h"

#define LINES_MAX 100 /* of the log that one call may write */

/* ---- math ---- */

/* A uniform number in [0, top]: draws numbers below the next power of two until one fits. */
static uint64_t host_draw_upto(struct chance *c, uint64_t top) {
    uint64_t mask = top, n;
    for (int shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    do
        n = chance_next(c) & mask;
    while (n > top);
    return n;
}

/* math.random as in Lua's manual, from the engine's random numbers. */
static int host_math_random(lua_State *L) {
    struct chance *c = sandbox_of(L)->env->chance;
    lua_Integer low = 1, high;
    if (c == NULL)
        return luaL_error(L, "math.random is not available here");
    if (lua_gettop(L) == 0) {
        lua_pushnumber(L, chance_unit(c));
        return 1;
    }
    high = luaL_checkinteger(L, 1);
    if (lua_gettop(L) == 1 && high == 0) {
        lua_pushinteger(L, (lua_Integer)chance_next(c));
        return 1;
    }
    if (lua_gettop(L) > 1) {
        low = high;
        high = luaL_checkinteger(L, 2);
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    uint64_t n = host_draw_upto(c, (uint64_t)high - (uint64_t)low);
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + n));
    return 1;
}

/* The seed is the engine's. The function does nothing; ported scripts may call it. */
static int host_math_randomseed(lua_State *L) {
    (void)L;
    return 0;
}

const luaL_Reg libs_math[] = {{"random", host_math_random},
                              {"randomseed", host_math_randomseed},
                              {NULL, NULL}};

/* ---- os: the engine's clock, in UTC ---- */

static const struct {
    const char *name;
    size_t at;
    int less; /* by which struct tm's number is smaller than Lua's */
} fields[] = {
    {"year", offsetof(struct tm, tm_year), 1900}, {"month", offsetof(struct tm, tm_mon), 1},
    {"day", offsetof(struct tm, tm_mday), 0},     {"hour", offsetof(struct tm, tm_hour), 0},
    {"min", offsetof(struct tm, tm_min), 0},      {"sec", offsetof(struct tm, tm_sec), 0},
    {"wday", offsetof(struct tm, tm_wday), 1},    {"yday", offsetof(struct tm, tm_yday), 1},
};
#define FIELDS_SET 6 /* the first ones define a time */

static int *host_tm_field(struct tm *tm, size_t i) {
    return (int *)((char *)tm + fields[i].at);
}

/* os.time([{year, month, day, hour = 12, min = 0, sec = 0}]) */
static int host_os_time(lua_State *L) {
    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, sandbox_of(L)->env->clock->wall / NS_PER_S);
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    struct tm tm = {.tm_hour = 12};
    for (size_t i = 0; i < FIELDS_SET; i++) {
        int isnum;
        lua_getfield(L, 1, fields[i].name);
        lua_Integer v = lua_tointegerx(L, -1, &isnum);
        if (lua_isnil(L, -1) && i >= 3)
            continue;
        if (!isnum || v < -1000000 || v > 1000000)
            return luaL_error(L, "field '%s' must be a number", fields[i].name);
        *host_tm_field(&tm, i) = (int)v - fields[i].less;
    }
    lua_pushinteger(L, timegm(&tm));
    return 1;
}

/* os.date([format [, time]]): "*t" returns a table; a leading "!" has no effect. */
static int host_os_date(lua_State *L) {
    const char *fmt = luaL_optstring(L, 1, "%c");
    int64_t wall = sandbox_of(L)->env->clock->wall / NS_PER_S;
    lua_Number when = floor(luaL_optnumber(L, 2, (lua_Number)wall));
    luaL_argcheck(L, fabs(when) < 1e11, 2, "time out of range"); /* also false for nan */
    time_t at = (time_t)when;
    struct tm tm;
    gmtime_r(&at, &tm);
    fmt += *fmt == '!';
    if (strncmp(fmt, "*t", 2) == 0) {
        lua_createtable(L, 0, 9);
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
            lua_pushinteger(L, (lua_Integer)*host_tm_field(&tm, i) + fields[i].less);
            lua_setfield(L, -2, fields[i].name);
        }
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "isdst");
        return 1;
    }
    char text[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* bounded, and takes no arguments */
    size_t n = strftime(text, sizeof text, fmt, &tm);
#pragma GCC diagnostic pop
    luaL_argcheck(L, n || *fmt == '\0', 1, "too long");
    lua_pushlstring(L, text, n);
    return 1;
}

/* Seconds of the monotonic clock. */
static int host_os_clock(lua_State *L) {
    lua_pushnumber(L, (lua_Number)sandbox_of(L)->env->clock->mono / (lua_Number)NS_PER_S);
    return 1;
}

const luaL_Reg libs_os[] = {{"time", host_os_time},
                            {"date", host_os_date},
                            {"clock", host_os_clock},
                            {NULL, NULL}};

/* ---- log ---- */

/* Pushes "file:line: " of the script's function that is running. */
static const char *host_push_place(lua_State *L) {
    for (int level = 1; level < 4; level++) { /* print and log may be in between */
        luaL_where(L, level);
        if (lua_rawlen(L, -1))
            break;
    }
    return lua_tostring(L, -1);
}

/* Writes the text on top to the log, after the script's file and line. */
static void host_write_line(lua_State *L, enum log_level level) {
    struct sandbox *sb = sandbox_of(L);
    const char *text = luaL_checkstring(L, -1);
    if (sb->lines++ < LINES_MAX)
        log_write(sb->env->log, level, "%s%s", host_push_place(L), text);
    else if (sb->lines == LINES_MAX + 1)
        log_warn(sb->env->log, "%smore than %d lines in one call; the rest is dropped",
                 host_push_place(L), LINES_MAX);
}

/* log.LEVEL(format, ...). A single argument is plain text, so that data is never taken for a
 * format. Upvalues: level, string.format. */
static int host_log_line(lua_State *L) {
    enum log_level level = (enum log_level)lua_tointeger(L, lua_upvalueindex(1));
    luaL_checkany(L, 1);
    if (level > sandbox_of(L)->env->log->level)
        return 0;
    if (lua_gettop(L) == 1) {
        libs_text(L, 1);
    } else {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, 1);
    }
    host_write_line(L, level);
    return 0;
}

void libs_push_log(lua_State *L) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    lua_createtable(L, 0, ARRAY_LEN(names));
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        lua_pushinteger(L, level);
        lua_getglobal(L, "string");
        lua_getfield(L, -1, "format");
        lua_remove(L, -2);
        lua_pushcclosure(L, host_log_line, 2);
        lua_setfield(L, -2, names[level]);
    }
}
