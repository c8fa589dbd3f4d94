#include "script/hook/source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record.h"
#include "base/str.h"

#define NAME_MAX_LEN 64
#define FILE_MAX_LEN (1024 * 1024)
#define NOT_REGULAR ENOSTR           /* an errno that opening or reading a file never sets */
#define HASH_BYTES (SCRIPT_HASH / 2) /* bytes of the digest that are kept */

bool source_is_name(const char *name) {
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return n > 0 && n <= NAME_MAX_LEN;
}

static char *source_path_of(const struct script_env *env, enum hook h, const char *name) {
    return xasprintf("%s/%s/%s.lua", env->strategies, hook_name(h), name);
}

/* Opens a regular file for reading; NULL with errno. Opening a pipe would wait for a writer,
 * and reading a device might never end. */
static FILE *source_open_regular(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    int why = 0;
    if (fstat(fd, &st))
        why = errno;
    else if (!S_ISREG(st.st_mode))
        why = NOT_REGULAR;
    FILE *f = why ? NULL : fdopen(fd, "rb");
    if (f == NULL) {
        why = why ? why : errno;
        close(fd);
        errno = why;
    }
    return f;
}

const char *source_why(int why) {
    return why == NOT_REGULAR ? "not a regular file" : strerror(why);
}

char *source_file(const char *path) {
    FILE *f = source_open_regular(path);
    if (f == NULL)
        return NULL;
    char *text = xmalloc(FILE_MAX_LEN + 1);
    size_t n = fread(text, 1, FILE_MAX_LEN + 1, f);
    int why = 0;
    if (ferror(f))
        why = errno;
    else if (n > FILE_MAX_LEN)
        why = EFBIG;
    else if (memchr(text, 0, n))
        why = EILSEQ;
    fclose(f);
    if (why) {
        free(text);
        errno = why;
        return NULL;
    }
    text[n] = '\0';
    return xrealloc(text, n + 1);
}

bool script_exists(const struct script_env *env, enum hook h, const char *name) {
    struct stat st;
    if (!source_is_name(name))
        return false;
    char *path = source_path_of(env, h, name);
    record_file(env->record, path);
    bool is_there = stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
    free(path);
    return is_there;
}

/* Hashes the text, then the name and text of each module in the order of loading. The latter
 * include their zero bytes. */
static void source_set_hash(struct source *s) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct str all = {0};
    const char *name;
    json_t *text;
    str_add(&all, s->text);
    json_object_foreach (s->modules, name, text) { /* jansson keeps the order of loading */
        str_addn(&all, name, strlen(name) + 1);
        str_addn(&all, json_string_value(text), json_string_length(text) + 1);
    }
    if (EVP_Digest(str_get(&all), all.len, digest, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory, which is the only cause */
    str_free(&all);
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(s->hash + 2 * i, 3, "%02x", digest[i]);
}

void source_complete(struct source *s) {
    if (s->is_whole)
        return;
    s->is_whole = true;
    if (json_object_size(s->modules))
        source_set_hash(s);
}

/* Takes all three. */
static struct source *source_new(enum hook h, char *name, char *file, char *text) {
    struct source *s = xcalloc(1, sizeof *s);
    *s = (struct source){.holds = 1,
                         .hook = h,
                         .name = name,
                         .file = file,
                         .text = text,
                         .modules = json_object()};
    source_set_hash(s);
    return s;
}

struct source *source_read(const struct script_env *env, enum hook h, const char *name,
                           char **err) {
    char *file = xasprintf("%s/%.80s.lua", hook_name(h), name);
    if (!source_is_name(name)) {
        *err = xasprintf("%s: the name of a strategy may have letters, digits, _ and - only",
                         file);
        free(file);
        return NULL;
    }
    char *path = source_path_of(env, h, name);
    record_file(env->record, path);
    char *text = source_file(path);
    free(path);
    if (text == NULL) {
        *err = xasprintf("%s: %s", file, source_why(errno));
        free(file);
        return NULL;
    }
    return source_new(h, xstrdup(name), file, text);
}

struct source *source_open(enum hook h, const char *path, char **err) {
    char *text = source_file(path);
    if (text)
        return source_new(h, xstrdup(path), xstrdup(path), text);
    *err = xasprintf("%s: %s", path, source_why(errno));
    return NULL;
}

struct source *source_hold(struct source *s) {
    s->holds++;
    return s;
}

void source_release(struct source *s) {
    if (s == NULL || --s->holds)
        return;
    free(s->name);
    free(s->file);
    free(s->text);
    json_decref(s->modules);
    free(s);
}
