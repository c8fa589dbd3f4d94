#include "conf/astconf.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define FILES_MAX 64
#define DEPTH_MAX 8
#define SECTIONS_MAX 4096
#define VALUES_MAX 100000 /* of all sections, inherited ones included */
#define BYTES_MAX (16u << 20)
#define LINES_MAX 200000 /* of all files */
#define LINE_MAX_LEN 8191
#define COMMENTS_MAX 64 /* ;-- inside ;-- */

/* One run over a file and all it includes. */
struct reading {
    struct astconf *conf;
    enum astconf_syntax syntax;
    char *err;
    int current; /* the section in hand, -1: none yet */
    int depth;
    size_t values, bytes, lines;
};

/* One file of a run. */
struct source {
    FILE *in;
    const char *path;
    int line;
    int comments;     /* how many ;-- are open */
    int comment_line; /* where the first of them is */
};

static void astconf_fail(struct reading *r, const struct source *s, const char *fmt, ...)
    PRINTF(3, 4);

/* Keeps the first error of a run. */
static void astconf_fail(struct reading *r, const struct source *s, const char *fmt, ...) {
    if (r->err)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    r->err = s->line ? xasprintf("%s:%d: %s", s->path, s->line, text)
                     : xasprintf("%s: %s", s->path, text);
}

static void astconf_file_read(struct reading *r, const char *path, const struct source *from,
                              bool is_optional);

/* ---- lines and comments ---- */

/* A line that is full: a plain comment may go on, its rest is of no use. */
static void astconf_line_full(struct reading *r, const struct source *s, const char *buf) {
    if (r->syntax != ASTCONF_PLAIN || buf[0] != ';')
        astconf_fail(r, s, "line longer than %d characters", LINE_MAX_LEN);
}

/* Reads one line into buf, without leading blanks; false at the end of the file or after
 * an error. */
static bool astconf_line_read(struct reading *r, struct source *s, char buf[LINE_MAX_LEN + 1]) {
    size_t n = 0;
    int c;
    s->line++;
    while ((c = getc(s->in)) != EOF && c != '\n' && !r->err) {
        if (c == '\r' || (n == 0 && (c == ' ' || c == '\t')))
            continue;
        if (c != '\t' && (c < ' ' || c == 0x7f))
            astconf_fail(r, s, "control character (code %d)", c);
        else if (n == LINE_MAX_LEN)
            astconf_line_full(r, s, buf);
        else
            buf[n++] = (char)c;
    }
    buf[n] = '\0';
    if (ferror(s->in)) {
        s->line = 0;
        astconf_fail(r, s, "%s", strerror(errno));
    }
    if (++r->lines > LINES_MAX)
        astconf_fail(r, s, "more than %d lines in total", LINES_MAX);
    return !r->err && (n > 0 || c != EOF);
}

/* Opens one more block comment. */
static void astconf_comment_open(struct reading *r, struct source *s) {
    if (s->comments == COMMENTS_MAX)
        astconf_fail(r, s, "more than %d comments nested in each other", COMMENTS_MAX);
    else if (s->comments++ == 0)
        s->comment_line = s->line;
}

/* Takes comments out, in place, by the rules of Asterisk: all of them hang on a ';'.
 * `\;` is a plain ';', `;--` opens a block unless a third '-' makes it a rule to look
 * at, `--;` closes one, and any other ends the line. */
static void astconf_line_uncomment_full(struct reading *r, struct source *s, char *line) {
    char *out = line;
    const char *after = line; /* behind the last mark: its '-' do not count again */
    for (char *p = line; *p && !r->err; p++) {
        if (*p != ';') {
            if (!s->comments)
                *out++ = *p;
        } else if (p > line && p[-1] == '\\') {
            if (!s->comments)
                out[-1] = ';';
        } else if (p[1] == '-' && p[2] == '-' && p[3] != '-') {
            astconf_comment_open(r, s);
            p += 2;
            after = p + 1;
        } else if (s->comments && p - after >= 2 && p[-1] == '-' && p[-2] == '-') {
            s->comments--;
            after = p + 1;
        } else if (!s->comments) {
            break;
        }
    }
    *out = '\0';
}

/* The same in plain files, where ';' within a word is one of its letters. */
static void astconf_line_uncomment_plain(char *line) {
    for (char *p = line; *p; p++) {
        if (*p == ';' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
            *p = '\0';
            return;
        }
    }
}

/* ---- sections ---- */

/* The first section of that name, or -1. */
static int astconf_section_find(const struct astconf *a, const char *name) {
    for (size_t i = 0; i < a->count; i++)
        if (strcasecmp(a->sections[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Adds a value to the section in hand. */
static void astconf_value_add(struct reading *r, const struct source *s,
                              const struct astconf_value *v) {
    struct astconf_section *sec = &r->conf->sections[r->current];
    r->bytes += strlen(v->key) + strlen(v->text);
    if (++r->values > VALUES_MAX || r->bytes > BYTES_MAX) {
        astconf_fail(r, s, "more than %d values or %u bytes in total", VALUES_MAX, BYTES_MAX);
        return;
    }
    if ((sec->count & (sec->count - 1)) == 0) /* full at 0, 1, 2, 4, 8 … */
        sec->values = xrealloc(sec->values, (sec->count ? sec->count * 2 : 1) * sizeof(*v));
    struct astconf_value *copy = &sec->values[sec->count++];
    *copy = (struct astconf_value){.file = v->file, .line = v->line};
    copy->key = xstrdup(v->key);
    copy->text = xstrdup(v->text);
}

/* Copies the values of another section into the one in hand. */
static void astconf_section_inherit(struct reading *r, const struct source *s,
                                    const char *base) {
    int from = astconf_section_find(r->conf, base);
    if (from < 0)
        astconf_fail(r, s, "no section [%s] above this line to inherit from", base);
    else if (from == r->current)
        astconf_fail(r, s, "section [%s] inherits from itself", base);
    for (size_t i = 0; !r->err && i < r->conf->sections[from].count; i++)
        astconf_value_add(r, s, &r->conf->sections[from].values[i]);
}

/* Makes a new section the one in hand. */
static void astconf_section_add(struct reading *r, const struct source *s, const char *name) {
    struct astconf *a = r->conf;
    if (a->count == SECTIONS_MAX) {
        astconf_fail(r, s, "more than %d sections", SECTIONS_MAX);
        return;
    }
    if ((a->count & (a->count - 1)) == 0)
        a->sections =
            xrealloc(a->sections, (a->count ? a->count * 2 : 1) * sizeof(*a->sections));
    a->sections[a->count] =
        (struct astconf_section){.name = xstrdup(name), .file = s->path, .line = s->line};
    r->current = (int)a->count++;
}

/* Is there a + among the comma-separated words? */
static bool astconf_has_plus(const char *words) {
    for (; *words; words += strcspn(words, ","), words += *words == ',') {
        words += strspn(words, " \t");
        if (*words == '+' && strchr(" \t,", words[1])) /* strchr finds the NUL, too */
            return true;
    }
    return false;
}

/* Begins a section: [name] and what stands in the parentheses behind it. */
static void astconf_section_begin(struct reading *r, const struct source *s, const char *name,
                                  char *marks) {
    if (!*name) {
        astconf_fail(r, s, "[] needs the name of a section");
        return;
    }
    if (astconf_has_plus(marks))
        r->current = astconf_section_find(r->conf, name);
    else
        astconf_section_add(r, s, name);
    if (r->current < 0)
        astconf_fail(r, s, "no section [%s] above this line to add to", name);
    for (char *word; !r->err && (word = strsep(&marks, ",")) != NULL;) {
        word = str_trim(word);
        if (strcmp(word, "!") == 0)
            r->conf->sections[r->current].is_template = true;
        else if (*word && strcmp(word, "+") != 0)
            astconf_section_inherit(r, s, word);
    }
}

/* Reads a line that begins with '['. */
static void astconf_section_line(struct reading *r, const struct source *s, char *line) {
    bool is_plain = r->syntax == ASTCONF_PLAIN;
    char none[] = "", *marks = none, *end = strchr(line, ']');
    if (end == NULL) {
        astconf_fail(r, s, "missing ] after the name of a section");
        return;
    }
    *end++ = '\0';
    if (is_plain)
        end = str_trim(end);
    size_t n = strlen(end);
    if (!is_plain && *end == '(' && end[n - 1] == ')') {
        end[n - 1] = '\0';
        marks = end + 1;
    } else if (n && !(is_plain && *end == ';')) {
        astconf_fail(r, s, "only %s may follow [%s]", is_plain ? "a comment" : "(…)", line + 1);
        return;
    }
    astconf_section_begin(r, s, line + 1, marks);
}

/* ---- values ---- */

/* The text of the last value of that name in the section in hand, or "". */
static const char *astconf_value_before(const struct reading *r, const char *key) {
    const struct astconf_section *sec = &r->conf->sections[r->current];
    for (size_t i = sec->count; i-- > 0;)
        if (strcasecmp(sec->values[i].key, key) == 0)
            return sec->values[i].text;
    return "";
}

/* Reads key = value, key => value and, by syntax, key += value or key: value. */
static void astconf_value_line(struct reading *r, const struct source *s, char *line) {
    bool is_plain = r->syntax == ASTCONF_PLAIN;
    char *sign = strpbrk(line, is_plain ? "=:" : "=");
    if (r->current < 0) {
        astconf_fail(r, s, "a [section] must come before the first key");
        return;
    }
    if (sign == NULL || sign == line) {
        astconf_fail(r, s, "must be [section]%s key = value%s", is_plain ? " or" : ",",
                     is_plain ? "" : " or #include");
        return;
    }
    bool adds = !is_plain && sign[-1] == '+';
    bool is_arrow = !adds && sign[0] == '=' && sign[1] == '>';
    sign[adds ? -1 : 0] = '\0';
    char *key = str_trim(line);
    char *whole =
        xasprintf("%s%s", adds ? astconf_value_before(r, key) : "", sign + 1 + is_arrow);
    /* What += makes comes last, and the last one of a name is the one that holds. */
    astconf_value_add(r, s, &(struct astconf_value){key, str_trim(whole), s->path, s->line});
    free(whole);
}

/* ---- files ---- */

/* Includes every file that a name stands for; it may be a pattern with * or ?, and a
 * pattern may stand for none. Debian's manager.conf has one. */
static void astconf_include(struct reading *r, const struct source *s, const char *name,
                            bool is_optional) {
    const char *slash = *name == '/' ? NULL : strrchr(s->path, '/');
    int folder = slash ? (int)(slash - s->path + 1) : 0;
    char *pattern = xasprintf("%.*s%s", folder, s->path, name);
    glob_t found;
    int status = glob(pattern, GLOB_NOMAGIC | GLOB_BRACE, NULL, &found);
    if (status != 0 && status != GLOB_NOMATCH)
        astconf_fail(r, s, "cannot search for %s", pattern);
    for (size_t i = 0; status == 0 && i < found.gl_pathc && !r->err; i++)
        astconf_file_read(r, found.gl_pathv[i], s, is_optional);
    if (status == 0)
        globfree(&found);
    free(pattern);
}

/* Reads a line that begins with '#'. */
static void astconf_directive_line(struct reading *r, const struct source *s, char *line) {
    char *word = line + 1;
    char *name = word + strcspn(word, " \t\"<");
    char *copy = xstrndup(word, (size_t)(name - word));
    name = str_trim(name);
    size_t n = strlen(name);
    if (n >= 2 &&
        ((name[0] == '"' && name[n - 1] == '"') || (name[0] == '<' && name[n - 1] == '>'))) {
        name[n - 1] = '\0';
        name++;
    }
    bool is_optional = strcasecmp(copy, "tryinclude") == 0;
    if (r->syntax == ASTCONF_PLAIN)
        astconf_fail(r, s, "a comment begins with ; (not #), and files cannot be included");
    else if (strcasecmp(copy, "exec") == 0)
        astconf_fail(r, s, "#exec is not supported: no file may start programs");
    else if (!is_optional && strcasecmp(copy, "include") != 0)
        astconf_fail(r, s, "unknown directive #%s", copy);
    else if (!*name)
        astconf_fail(r, s, "#%s needs the name of a file", copy);
    else
        astconf_include(r, s, name, is_optional);
    free(copy);
}

/* Reads an open file, line by line. */
static void astconf_source_read(struct reading *r, struct source *s) {
    char *buf = xmalloc(LINE_MAX_LEN + 1);
    while (astconf_line_read(r, s, buf)) {
        if (s->line == 1 && str_has_prefix(buf, "\xef\xbb\xbf"))
            memmove(buf, buf + 3, strlen(buf + 3) + 1);
        if (r->syntax == ASTCONF_PLAIN)
            astconf_line_uncomment_plain(buf);
        else
            astconf_line_uncomment_full(r, s, buf);
        char *line = str_trim(buf);
        if (r->err || !*line)
            continue;
        if (*line == '[')
            astconf_section_line(r, s, line);
        else if (*line == '#')
            astconf_directive_line(r, s, line);
        else
            astconf_value_line(r, s, line);
    }
    free(buf);
    if (s->comments) {
        s->line = s->comment_line;
        astconf_fail(r, s, "the comment that begins here with ;-- has no end");
    }
}

/* Reads the file of that name; from is the one that includes it, or NULL. */
static void astconf_file_read(struct reading *r, const char *path, const struct source *from,
                              bool is_optional) {
    struct astconf *a = r->conf;
    struct source s = {.path = path};
    if (r->depth == DEPTH_MAX)
        astconf_fail(r, from, "files included more than %d deep", DEPTH_MAX);
    else if (a->file_count == FILES_MAX)
        astconf_fail(r, from, "more than %d files in total", FILES_MAX);
    if (r->err)
        return;
    s.in = fopen(path, "re");
    if (s.in == NULL) {
        if (from == NULL)
            astconf_fail(r, &s, "%s", strerror(errno));
        else if (!is_optional || errno != ENOENT)
            astconf_fail(r, from, "cannot include %s: %s", path, strerror(errno));
        return;
    }
    s.path = a->files[a->file_count++] = xstrdup(path);
    r->depth++;
    astconf_source_read(r, &s);
    r->depth--;
    fclose(s.in);
}

struct astconf *astconf_load(const char *path, enum astconf_syntax syntax, char **err) {
    struct reading r = {.conf = xcalloc(1, sizeof(*r.conf)), .syntax = syntax, .current = -1};
    r.conf->files = xcalloc(FILES_MAX, sizeof(*r.conf->files));
    astconf_file_read(&r, path, NULL, false);
    *err = r.err;
    if (r.err == NULL)
        return r.conf;
    astconf_free(r.conf);
    return NULL;
}

void astconf_free(struct astconf *a) {
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < a->sections[i].count; j++) {
            free(a->sections[i].values[j].key);
            free(a->sections[i].values[j].text);
        }
        free(a->sections[i].values);
        free(a->sections[i].name);
    }
    for (size_t i = 0; i < a->file_count; i++)
        free(a->files[i]);
    free(a->sections);
    free(a->files);
    free(a);
}
