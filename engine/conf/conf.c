#include "conf/conf.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "conf/table.h"
#include "base/str.h"

#define NAME_LEN_MAX CONF_NAME_MAX
#define LINES_MAX 20000
#define NAMED_MAX 1000 /* [asterisk:…] sections, and [trunk:…] ones */

enum kind {
    GENERAL_KIND,
    DATABASE_KIND,
    AMI_KIND,
    CONSOLE_KIND,
    ASTERISK_KIND,
    TRUNK_KIND,
    AGI_KIND,
    SCRIPTS_KIND,
    LIMITS_KIND,
    KINDS
};
static const char *const kinds[KINDS] = {"general", "database", "ami",
                                         "console", "asterisk", "trunk",
                                         "agi",     "scripts",  "limits"};

/* One run over a file. */
struct reading {
    FILE *in;
    const char *path;
    const char *moved; /* folder that all paths are moved to, or NULL */
    char *folder;      /* of the file: where relative paths begin */
    struct conf *conf;
    char *err;
    int line;
    char section[NAME_LEN_MAX + 16]; /* as written, for messages */
    int section_line;                /* 0: none yet */
    enum kind kind;
    int begun[KINDS];          /* line of a fixed section */
    int set[CONF_OPTIONS_MAX]; /* line of each key of this section */
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

/* Does the option belong to sections of this kind? */
static bool conf_is_of(const struct conf_option *o, enum kind kind) {
    return strcmp(o->section, kinds[kind]) == 0;
}

/* The start of the struct that the section in hand fills. */
static char *conf_section_base(const struct reading *r) {
    struct conf *c = r->conf;
    if (r->kind == ASTERISK_KIND)
        return (char *)&c->asterisks[c->asterisk_count - 1];
    if (r->kind == TRUNK_KIND)
        return (char *)&c->trunks[c->trunk_count - 1];
    return (char *)c;
}

/* Names files without being of a path's type: they may be empty, or anywhere. */
static bool conf_is_loose_path(const struct conf_option *o) {
    return o->type == CONF_TEXT &&
           (strcmp(o->key, "do_not_call") == 0 || strstr(o->key, "file"));
}

/* Puts a value into its member of the section in hand. */
static void conf_take(struct reading *r, const struct conf_option *o, const char *text) {
    char *moved = NULL;
    if (r->moved && *text && (o->type >= CONF_PATH || conf_is_loose_path(o)))
        moved = xasprintf("%s/%s.%s", r->moved, o->section, o->key);
    char *wrong =
        confvalue_read(o, moved ? moved : text, r->folder, conf_section_base(r) + o->offset);
    if (wrong)
        conf_fail(r, r->line, "%s %s", o->key, wrong);
    free(wrong);
    free(moved);
}

/* ---- sections ---- */

/* Gives every option of the section in hand its default. */
static void conf_section_preset(struct reading *r) {
    for (size_t i = 0; i < conf_table_count; i++)
        if (conf_is_of(&conf_table[i], r->kind) && conf_table[i].preset)
            conf_take(r, &conf_table[i], conf_table[i].preset);
}

/* Ends the section in hand: the keys that have no default must have come. */
static void conf_section_end(struct reading *r) {
    for (size_t i = 0; r->section_line && i < conf_table_count; i++) {
        const struct conf_option *o = &conf_table[i];
        if (conf_is_of(o, r->kind) && !o->preset && !r->set[i])
            conf_fail(r, r->section_line, "[%s] needs the key %s", r->section, o->key);
    }
}

/* Takes a new [asterisk:NAME] or [trunk:NAME] in. */
static void conf_section_add(struct reading *r, const char *name) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    struct conf *c = r->conf;
    bool trunk = r->kind == TRUNK_KIND;
    size_t n = trunk ? c->trunk_count : c->asterisk_count;
    size_t length = strlen(name);
    if (!length || length > NAME_LEN_MAX || strspn(name, allowed) != length) {
        conf_fail(r, r->line, "[%s:NAME]: a name has 1 to %d letters, digits, _ . -",
                  kinds[r->kind], NAME_LEN_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(trunk ? c->trunks[i].name : c->asterisks[i].name, name) == 0)
            conf_fail(r, r->line, "section [%s] stands here twice", r->section);
    if (n >= NAMED_MAX)
        conf_fail(r, r->line, "more than %d sections of this kind", NAMED_MAX);
    if (r->err)
        return;
    if (trunk) {
        c->trunks = xrealloc(c->trunks, (n + 1) * sizeof(*c->trunks));
        c->trunks[n] = (struct conf_trunk){.name = xstrdup(name)};
        c->trunk_count++;
    } else {
        c->asterisks = xrealloc(c->asterisks, (n + 1) * sizeof(*c->asterisks));
        c->asterisks[n] = (struct conf_asterisk){.name = xstrdup(name)};
        c->asterisk_count++;
    }
    memset(r->set, 0, sizeof(r->set));
    conf_section_preset(r);
}

/* Begins a section. inih has no word for one without keys, so this is ours. */
static void conf_section_begin(struct reading *r, const char *name) {
    conf_section_end(r);
    snprintf(r->section, sizeof(r->section), "%s", name);
    r->section_line = r->line;
    size_t n = strcspn(name, ":");
    int k = 0;
    while (k < KINDS && (strlen(kinds[k]) != n || strncmp(kinds[k], name, n) != 0))
        k++;
    bool named = k == ASTERISK_KIND || k == TRUNK_KIND;
    r->kind = (enum kind)(k < KINDS ? k : 0);
    if (k == KINDS || (!named && name[n]))
        conf_fail(r, r->line, "unknown section [%s]", r->section);
    else if (named)
        conf_section_add(r, name[n] ? name + n + 1 : "");
    else if (r->begun[k])
        conf_fail(r, r->line, "section [%s] stands here twice (line %d)", name, r->begun[k]);
    else
        r->begun[k] = r->line;
}

/* Looks at a line that begins with '['. */
static void conf_section_line(struct reading *r, const char *line) {
    const char *end = strchr(line, ']');
    const char *rest = end ? end + 1 + strspn(end + 1, " \t\r") : NULL;
    if (!end || (*rest && *rest != ';')) {
        conf_fail(r, r->line, "a section is written [name], with nothing behind it");
        return;
    }
    char *name = xstrndup(line + 1, (size_t)(end - line - 1));
    conf_section_begin(r, name);
    free(name);
}

/* ---- lines ---- */

/* Reads one line into buf without its end and its leading blanks; false at the end of
 * the file. Too long a comment is cut, too long a line of any other kind is an error:
 * inih would take the rest of it for a line of its own. */
static bool conf_line_read(struct reading *r, char *buf, size_t size) {
    size_t n = 0;
    int c;
    r->line++;
    while ((c = getc(r->in)) != EOF && c != '\n') {
        if ((n == 0 && (c == ' ' || c == '\t')) || c == '\r')
            continue;
        if (c != '\t' && (c < ' ' || c == 0x7f))
            conf_fail(r, r->line, "a control character (code %d)", c);
        if (n < size - 3)
            buf[n++] = (char)c;
        else if (buf[0] != ';')
            conf_fail(r, r->line, "a line of more than %zu characters", size - 3);
    }
    buf[n] = '\0';
    if (ferror(r->in))
        conf_fail(r, 0, "%s", strerror(errno));
    if (r->line > LINES_MAX)
        conf_fail(r, r->line, "more than %d lines", LINES_MAX);
    return n > 0 || c != EOF;
}

/* The reader inih asks for lines; where they are counted and sections are found. */
static char *conf_next_line(char *buf, int size, void *arg) {
    struct reading *r = arg;
    if (r->err || !conf_line_read(r, buf, (size_t)size) || r->err)
        return NULL;
    if (r->line == 1 && str_has_prefix(buf, "\xef\xbb\xbf"))
        memmove(buf, buf + 3, strlen(buf + 3) + 1);
    if (buf[0] == '#')
        conf_fail(r, r->line, "a comment begins with ; here, and nothing is included");
    else if (buf[0] == '[')
        conf_section_line(r, buf);
    char *arrow = buf[0] == ';' ? NULL : strchr(buf, '=');
    if (arrow && arrow[1] == '>') /* as one may write it in Asterisk's files */
        arrow[1] = ' ';
    return r->err ? NULL : buf;
}

/* The place of a key of the section in hand among the options, or -1. */
static int conf_option_find(const struct reading *r, const char *key) {
    for (size_t i = 0; i < conf_table_count; i++)
        if (conf_is_of(&conf_table[i], r->kind) && strcasecmp(conf_table[i].key, key) == 0)
            return (int)i;
    return -1;
}

/* Takes one key = value from inih. The section it names may be cut short: unused. */
static int conf_take_value(void *arg, const char *section, const char *key, const char *text) {
    struct reading *r = arg;
    int i = r->section_line ? conf_option_find(r, key) : -1;
    (void)section;
    if (r->section_line == 0)
        conf_fail(r, r->line, "%s stands before any [section]", key);
    else if (i < 0)
        conf_fail(r, r->line, "unknown key %s in [%s]", key, r->section);
    else if (r->set[i])
        conf_fail(r, r->line, "%s stands here twice (line %d)", key, r->set[i]);
    if (r->err)
        return 0;
    r->set[i] = r->line;
    conf_take(r, &conf_table[i], text);
    if (r->err)
        return 0;
    char *wrong = r->moved ? NULL
                           : confvalue_missing(&conf_table[i],
                                               conf_section_base(r) + conf_table[i].offset);
    if (wrong)
        conf_fail(r, r->line, "%s %s", key, wrong);
    free(wrong);
    if (conf_table[i].type == CONF_SERVER)
        r->conf->trunks[r->conf->trunk_count - 1].line = r->line;
    return r->err == NULL;
}

/* ---- the file ---- */

/* Checks what only the whole file can tell. */
static void conf_check_whole(struct reading *r) {
    struct conf *c = r->conf;
    if (r->err)
        return;
    conf_section_end(r);
    if (c->asterisk_count == 0)
        conf_fail(r, 0, "no [asterisk:NAME] section: at least one Asterisk is needed");
    for (size_t t = 0; t < c->trunk_count && !r->err; t++) {
        size_t a = 0;
        while (a < c->asterisk_count &&
               strcmp(c->asterisks[a].name, c->trunks[t].asterisk) != 0)
            a++;
        c->trunks[t].server = a;
        if (a == c->asterisk_count)
            conf_fail(r, c->trunks[t].line, "there is no section [asterisk:%s]",
                      c->trunks[t].asterisk);
    }
    if (!r->err && !r->moved && c->ami.enabled && access(c->ami.users, R_OK) != 0)
        conf_fail(r, r->begun[AMI_KIND], "users: %s: %s", c->ami.users, strerror(errno));
}

/* The folder a file lies in, absolute, so that a later chdir changes nothing. */
static char *conf_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path + 1)) : xstrdup(".");
    char *absolute = realpath(folder, NULL);
    free(absolute ? folder : NULL);
    return absolute ? absolute : folder;
}

/* Reads an open file into r->conf. */
static void conf_read_all(struct reading *r) {
    for (int k = 0; k < KINDS; k++) {
        r->kind = (enum kind)k;
        if (k != ASTERISK_KIND && k != TRUNK_KIND)
            conf_section_preset(r);
    }
    int line = ini_parse_stream(conf_next_line, r, conf_take_value, r);
    if (line != 0)
        conf_fail(r, line > 0 ? line : 0, "neither a [section] nor key = value");
    conf_check_whole(r);
}

struct conf *conf_load(const char *path, char **err) {
    return conf_load_moved(path, NULL, err);
}

struct conf *conf_load_moved(const char *path, const char *folder, char **err) {
    struct reading r = {.path = path, .moved = folder, .in = fopen(path, "re")};
    *err = NULL;
    if (r.in == NULL) {
        *err = xasprintf("%s: %s", path, strerror(errno));
        return NULL;
    }
    r.folder = conf_folder_of(path);
    r.conf = xcalloc(1, sizeof(*r.conf));
    r.conf->path = xstrdup(path);
    conf_read_all(&r);
    fclose(r.in);
    free(r.folder);
    if (r.err == NULL)
        return r.conf;
    conf_free(r.conf);
    *err = r.err;
    return NULL;
}

/* Frees the texts of the options of one section. */
static void conf_free_texts(enum kind kind, void *base) {
    for (size_t i = 0; i < conf_table_count; i++)
        if (conf_is_of(&conf_table[i], kind))
            confvalue_free(&conf_table[i], (char *)base + conf_table[i].offset);
}

void conf_free(struct conf *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->asterisk_count; i++) {
        conf_free_texts(ASTERISK_KIND, &c->asterisks[i]);
        free(c->asterisks[i].name);
    }
    for (size_t i = 0; i < c->trunk_count; i++) {
        conf_free_texts(TRUNK_KIND, &c->trunks[i]);
        free(c->trunks[i].name);
    }
    for (int k = 0; k < KINDS; k++)
        if (k != ASTERISK_KIND && k != TRUNK_KIND)
            conf_free_texts((enum kind)k, c);
    free(c->asterisks);
    free(c->trunks);
    free(c->path);
    free(c);
}

void conf_each(void (*fn)(void *arg, const struct conf_option *o), void *arg) {
    for (size_t i = 0; i < conf_table_count; i++)
        fn(arg, &conf_table[i]);
}
