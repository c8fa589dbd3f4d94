#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "conf/astconf.h"

#define NAMED_MAX 1000 /* [asterisk:…] sections, and [trunk:…] ones */

/* One run over a file. */
struct reading {
    const struct astconf *source;
    const char *path;
    const char *moved; /* folder that all paths are moved to, or NULL */
    char *folder;      /* of the file: where relative paths begin */
    struct conf *conf;
    char *err;
};

static void conf_fail(struct reading *r, int line, const char *fmt, ...) PRINTF(3, 4);

/* Keeps the first error of a run; line 0 stands for the file as a whole. */
static void conf_fail(struct reading *r, int line, const char *fmt, ...) {
    if (r->err)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    r->err =
        line ? xasprintf("%s:%d: %s", r->path, line, text) : xasprintf("%s: %s", r->path, text);
}

/* ---- values ---- */

/* Puts a value into its member. */
static void conf_take(struct reading *r, const struct conf_section *s,
                      const struct conf_option *o, const char *text, int line, char *members) {
    char *moved = NULL;
    if (r->moved && *text && confvalue_is_path(o))
        moved = xasprintf("%s/%s.%s", r->moved, s->name, o->key);
    char *wrong = confvalue_read(o, moved ? moved : text, r->folder, members + o->offset);
    if (wrong)
        conf_fail(r, line, "%s %s", o->key, wrong);
    free(wrong);
    free(moved);
}

/* Gives every option of a section its default. */
static void conf_preset(struct reading *r, const struct conf_section *s, char *members) {
    for (size_t i = 0; i < s->option_count; i++)
        if (s->options[i].preset)
            conf_take(r, s, &s->options[i], s->options[i].preset, 0, members);
}

static const struct conf_option *conf_option_find(const struct conf_section *s,
                                                  const char *key) {
    for (size_t i = 0; i < s->option_count; i++)
        if (strcasecmp(s->options[i].key, key) == 0)
            return &s->options[i];
    return NULL;
}

/* The line of the first of n values that has this key; 0 if there is none. */
static int conf_line_of(const struct astconf_section *text, size_t n, const char *key) {
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(text->values[i].key, key) == 0)
            return text->values[i].line;
    return 0;
}

/* Takes the n-th key = value of a section. */
static void conf_value(struct reading *r, const struct conf_section *s,
                       const struct astconf_section *text, size_t n, char *members) {
    const struct astconf_value *v = &text->values[n];
    const struct conf_option *o = conf_option_find(s, v->key);
    int before = conf_line_of(text, n, v->key);
    if (o == NULL) {
        conf_fail(r, v->line, "unknown key %s in [%s]", v->key, text->name);
        return;
    }
    if (before)
        conf_fail(r, v->line, "%s is already set in line %d", v->key, before);
    else
        conf_take(r, s, o, v->text, v->line, members);
    char *missing = r->err || r->moved ? NULL : confvalue_missing(o, members + o->offset);
    if (missing)
        conf_fail(r, v->line, "%s: %s", o->key, missing);
    free(missing);
}

/* ---- sections ---- */

/* The row that "name" or "name:NAME" belongs to, or NULL. */
static const struct conf_section *conf_section_find(const char *text) {
    size_t n = strcspn(text, ":");
    for (size_t i = 0; i < conf_section_count; i++) {
        const struct conf_section *s = &conf_sections[i];
        if (strlen(s->name) == n && strncmp(s->name, text, n) == 0)
            return s->size || text[n] == '\0' ? s : NULL;
    }
    return NULL;
}

/* Takes a new [section:NAME] in. */
static void conf_name(struct reading *r, const struct conf_section *s,
                      const struct astconf_section *text) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *colon = strchr(text->name, ':'), *name = colon ? colon + 1 : "";
    size_t n = conf_section_size(r->conf, s), length = strlen(name);
    if (!length || length > CONF_NAME_MAX || strspn(name, allowed) != length)
        conf_fail(r, text->line, "[%s:NAME]: NAME must be 1 to %d letters, digits, _ . or -",
                  s->name, CONF_NAME_MAX);
    if (n >= NAMED_MAX)
        conf_fail(r, text->line, "more than %d [%s:NAME] sections", NAMED_MAX, s->name);
    if (r->err)
        return;
    conf_section_add(r->conf, s, name);
    conf_preset(r, s, conf_section_members(r->conf, s, n));
}

/* Fails if the file has the section above already. */
static void conf_check_twin(struct reading *r, const struct astconf_section *text) {
    const struct astconf_section *t = r->source->sections;
    while (t < text && strcasecmp(t->name, text->name) != 0)
        t++;
    if (t < text)
        conf_fail(r, text->line, "section [%s] is already in line %d", text->name, t->line);
}

/* Takes one section of the file. */
static void conf_section(struct reading *r, const struct astconf_section *text) {
    const struct conf_section *s = conf_section_find(text->name);
    if (s == NULL) {
        conf_fail(r, text->line, "unknown section [%s]", text->name);
        return;
    }
    conf_check_twin(r, text);
    if (s->size && !r->err)
        conf_name(r, s, text);
    if (r->err)
        return;
    char *members = conf_section_members(r->conf, s, conf_section_size(r->conf, s) - 1);
    for (size_t i = 0; i < text->count && !r->err; i++)
        conf_value(r, s, text, i, members);
    for (size_t i = 0; i < s->option_count; i++)
        if (!s->options[i].preset && !conf_line_of(text, text->count, s->options[i].key))
            conf_fail(r, text->line, "[%s] needs the key %s", text->name, s->options[i].key);
}

/* ---- the file ---- */

/* Where the n-th section of that row stands; NULL if the file has no such. */
static const struct astconf_section *conf_text_of(const struct reading *r,
                                                  const struct conf_section *s, size_t n) {
    for (size_t i = 0; i < r->source->count; i++)
        if (conf_section_find(r->source->sections[i].name) == s && n-- == 0)
            return &r->source->sections[i];
    return NULL;
}

/* Checks what only the whole file can tell of one section. */
static void conf_check(struct reading *r, const struct conf_section *s, size_t n) {
    struct conf_check check = {.conf = r->conf,
                               .members = conf_section_members(r->conf, s, n),
                               .is_moved = r->moved != NULL};
    char *wrong = s->check(&check);
    if (wrong == NULL)
        return;
    const struct astconf_section *text = conf_text_of(r, s, n);
    int line = text ? conf_line_of(text, text->count, check.key) : 0;
    if (text && line == 0)
        line = text->line;
    conf_fail(r, line, "%s: %s", check.key, wrong);
    free(wrong);
}

/* Fills r->conf from the source. */
static void conf_read_all(struct reading *r) {
    for (size_t i = 0; i < conf_section_count; i++)
        if (conf_sections[i].size == 0)
            conf_preset(r, &conf_sections[i],
                        conf_section_members(r->conf, &conf_sections[i], 0));
    for (size_t i = 0; i < r->source->count && !r->err; i++)
        conf_section(r, &r->source->sections[i]);
    if (r->conf->asterisk_count == 0)
        conf_fail(r, 0, "at least one [asterisk:NAME] section is needed");
    for (const struct conf_section *s = conf_sections; s < conf_sections + conf_section_count;
         s++)
        for (size_t i = 0; s->check && !r->err && i < conf_section_size(r->conf, s); i++)
            conf_check(r, s, i);
}

/* The folder a file lies in, absolute, so that a later chdir changes nothing. */
static char *conf_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path + 1)) : xstrdup(".");
    char *absolute = realpath(folder, NULL);
    free(absolute ? folder : NULL);
    return absolute ? absolute : folder;
}

struct conf *conf_load(const char *path, char **err) {
    return conf_load_moved(path, NULL, err);
}

struct conf *conf_load_moved(const char *path, const char *folder, char **err) {
    struct astconf *source = astconf_load(path, ASTCONF_PLAIN, err);
    if (source == NULL)
        return NULL;
    struct reading r = {.source = source, .path = path, .moved = folder};
    r.folder = conf_folder_of(path);
    r.conf = xcalloc(1, sizeof(*r.conf));
    r.conf->path = xstrdup(path);
    conf_read_all(&r);
    free(r.folder);
    astconf_free(source);
    *err = r.err;
    if (r.err == NULL)
        return r.conf;
    conf_free(r.conf);
    return NULL;
}

/* Frees the texts of a section's options, and its name. */
static void conf_section_free(const struct conf *c, const struct conf_section *s, size_t n) {
    char *members = conf_section_members(c, s, n);
    for (size_t i = 0; i < s->option_count; i++)
        confvalue_free(&s->options[i], members + s->options[i].offset);
    free((char *)conf_section_name(c, s, n));
}

void conf_free(struct conf *c) {
    if (c == NULL)
        return;
    for (const struct conf_section *s = conf_sections; s < conf_sections + conf_section_count;
         s++) {
        for (size_t i = 0; i < conf_section_size(c, s); i++)
            conf_section_free(c, s, i);
        if (s->size)
            free(conf_section_members(c, s, 0)); /* the array begins with the first */
    }
    free(c->path);
    free(c);
}
