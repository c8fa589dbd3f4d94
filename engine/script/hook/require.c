/* require for strategies: it loads files of the strategies' folder and of the library beside
 * it, while a strategy is loaded. Their texts are part of the strategy. */
#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "base/str.h"
#include "script/lua/libs.h"
#include "script/hook/inner.h"

#define MODULES_MAX 16
#define PARTS_MAX 3 /* of a name: folder.folder.file */

static const char cache_key; /* in the registry: a table, name -> what the module returned */

void require_begin(lua_State *L) {
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cache_key);
}

/* Makes the path a/b of the name a.b or a/b. False if a part is not a plain name. */
static bool require_read_name(const char *name, char *path, size_t size) {
    int parts = 0;
    size_t len = strlen(name);
    if (len == 0 || len >= size)
        return false;
    memcpy(path, name, len + 1);
    for (char *p = path, *end; p; p = end ? end + 1 : NULL) {
        end = strpbrk(p, "./");
        if (end)
            *end = '\0';
        if (!source_is_name(p) || ++parts > PARTS_MAX)
            return false;
        if (end)
            *end = '/';
    }
    return true;
}

/* The module's text: from the source, or from the disk if the source is loaded for the first
 * time. NULL with errno. */
static const char *require_text_of(const struct script_env *env, struct source *source,
                                   const char *path) {
    static const char *const folders[] = {"", "../scripts/lib/"};
    const char *known = json_string_value(json_object_get(source->modules, path));
    char *text = NULL;
    errno = ENOENT;
    for (size_t i = 0; known == NULL && !source->is_whole && text == NULL && errno == ENOENT &&
                       i < ARRAY_LEN(folders);
         i++) {
        char *file = xasprintf("%s/%s%s.lua", env->strategies, folders[i], path);
        record_file(env->record, file);
        text = source_file(file);
        free(file);
    }
    if (text && json_object_set_new(source->modules, path, json_string(text)))
        errno = EILSEQ;
    free(text);
    return known ? known : json_string_value(json_object_get(source->modules, path));
}

int require_call(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    struct sandbox *sb = sandbox_of(L);
    char path[200];
    lua_settop(L, 1);
    if (sb->loading == NULL)
        return luaL_error(L,
                          "require works only while the file is loaded: call it at the top of "
                          "the file");
    if (!require_read_name(name, path, sizeof path))
        return luaL_error(L, "require: '%s' must be a name such as 'words' or 'retry.words'",
                          name);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key);
    if (lua_getfield(L, -1, path) == LUA_TBOOLEAN && !lua_toboolean(L, -1))
        return luaL_error(L, "require: %s requires itself", path);
    if (!lua_isnil(L, -1))
        return 1;
    struct source *source = sb->loading;
    if (json_object_size(source->modules) >= MODULES_MAX && !source->is_whole)
        return luaL_error(L, "require: more than %d files", MODULES_MAX);
    const char *text = require_text_of(sb->env, source, path);
    if (text == NULL)
        return luaL_error(L, "require: %s.lua: %s", path, source_why(errno));
    lua_pushfstring(L, "@%s.lua", path);
    if (luaL_loadbufferx(L, text, strlen(text), lua_tostring(L, -1), "t") != LUA_OK)
        return lua_error(L);
    lua_pushboolean(L, 0);
    lua_setfield(L, 2, path);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
        return luaL_error(L, "require: %s.lua returns nothing", path);
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, path);
    return 1;
}
