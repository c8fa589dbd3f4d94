/* The prompt: libedit reads the line; output of the engine may appear between two keys. */
#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "console/client.h"

#define HISTORY_FILE ".astout_history"
#define HISTORY_SIZE 1000
#define COMPLETE_TIME 2000 /* ms that Tab waits for the engine */

struct prompt {
    struct link *link;
    EditLine *el;
    History *history;
    char *file;      /* of the history, NULL = none */
    struct str code; /* lines so far of one that is not complete */
    bool done;
};

static struct prompt *prompt_of(EditLine *el) {
    struct prompt *p;
    el_get(el, EL_CLIENTDATA, &p);
    return p;
}

static char *prompt_text(EditLine *el) {
    static char first[] = "astout> ", next[] = "     >> ";
    return prompt_of(el)->code.len ? next : first;
}

/* ---- what the engine says between two keys ---- */

/* Prints above the line that is being typed. */
static void prompt_print_above(struct prompt *p, json_t *frame) {
    const char *text = json_string_value(json_object_get(frame, "out"));
    if (text == NULL)
        return;
    fputs("\r\033[K", stdout);
    fputs(text, stdout);
    fflush(stdout);
    el_set(p->el, EL_REFRESH);
}

static bool prompt_read_engine(struct prompt *p) {
    if (!link_read(p->link))
        return false;
    for (json_t *frame; (frame = link_next(p->link)); json_decref(frame))
        prompt_print_above(p, frame);
    return true;
}

/* One byte of a key; -1 if the line is abandoned. */
static int prompt_next_byte(struct prompt *p) {
    struct pollfd fds[2] = {{.fd = 0, .events = POLLIN}, {.fd = p->link->fd, .events = POLLIN}};
    for (;;) {
        if (link_was_interrupted(p->link))
            return -1;
        if (link_was_resized())
            el_resize(p->el);
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents && !prompt_read_engine(p))
            return -1;
        unsigned char c;
        if (fds[0].revents)
            return read(0, &c, 1) == 1 ? c : -1;
    }
}

/* Called by libedit for each key. */
static int prompt_get_key(EditLine *el, wchar_t *out) {
    mbstate_t state = {0};
    for (;;) {
        int byte = prompt_next_byte(prompt_of(el));
        if (byte < 0)
            return -1;
        char c = (char)byte;
        size_t n = mbrtowc(out, &c, 1, &state);
        if (n == (size_t)-2)
            continue; /* the rest of the character is to come */
        if (n == (size_t)-1)
            *out = L'?';
        return 1;
    }
}

/* ---- Tab ---- */

/* The engine's completions of the text before the cursor; NULL if none arrive in time. */
static json_t *prompt_ask_words(struct prompt *p) {
    const LineInfo *line = el_line(p->el);
    struct str text = {0};
    str_add(&text, str_get(&p->code));
    str_addn(&text, line->buffer, (size_t)(line->cursor - line->buffer));
    json_t *typed = json_stringn(str_get(&text), text.len);
    str_free(&text);
    if (typed == NULL)
        return NULL;
    link_send(p->link, json_pack("{s:s, s:o}", "do", "complete", "text", typed));
    struct pollfd fd = {.fd = p->link->fd, .events = POLLIN};
    while (poll(&fd, 1, COMPLETE_TIME) > 0 && link_read(p->link))
        for (json_t *frame; (frame = link_next(p->link)); json_decref(frame)) {
            if (json_object_get(frame, "words"))
                return frame;
            prompt_print_above(p, frame);
        }
    return NULL;
}

static const char *prompt_word(json_t *words, size_t i) {
    const char *s = json_string_value(json_array_get(words, i));
    return s ? s : "";
}

/* The number of bytes that all words begin with. */
static size_t prompt_common(json_t *words) {
    size_t n = strlen(prompt_word(words, 0));
    for (size_t i = 1; i < json_array_size(words); i++) {
        size_t same = 0;
        while (same < n && prompt_word(words, i)[same] == prompt_word(words, 0)[same])
            same++;
        n = same;
    }
    while (n && (prompt_word(words, 0)[n] & 0xc0) == 0x80) /* no half characters */
        n--;
    return n;
}

/* Prints all words below the line, in columns. */
static void prompt_print_words(json_t *words) {
    size_t widest = 0, count = json_array_size(words);
    for (size_t i = 0; i < count; i++)
        widest =
            strlen(prompt_word(words, i)) > widest ? strlen(prompt_word(words, i)) : widest;
    size_t width = link_width() > 0 ? (size_t)link_width() : 80;
    size_t columns = width / (widest + 2) ? width / (widest + 2) : 1;
    for (size_t i = 0; i < count; i++)
        printf("%s%-*s", i % columns ? "" : "\n", (int)widest + 2, prompt_word(words, i));
    printf("\n");
    fflush(stdout);
}

static unsigned char prompt_on_tab(EditLine *el, int key) {
    (void)key;
    json_t *frame = prompt_ask_words(prompt_of(el)), *words = json_object_get(frame, "words");
    size_t from = (size_t)json_integer_value(json_object_get(frame, "from"));
    unsigned char what = CC_REFRESH_BEEP;
    size_t n = json_array_size(words) ? prompt_common(words) : 0;
    if (n > from) {
        char *more = xstrndup(prompt_word(words, 0) + from, n - from);
        what = el_insertstr(el, more) == 0 ? CC_REFRESH : CC_ERROR;
        free(more);
    } else if (json_array_size(words) > 1) {
        prompt_print_words(words);
        what = CC_REDISPLAY;
    }
    json_decref(frame);
    return what;
}

/* ---- history ---- */

static void prompt_open_history(struct prompt *p) {
    const char *home = getenv("HOME");
    HistEvent ev;
    p->history = history_init();
    history(p->history, &ev, H_SETSIZE, HISTORY_SIZE);
    history(p->history, &ev, H_SETUNIQUE, 1);
    p->file = home && *home ? xasprintf("%s/" HISTORY_FILE, home) : NULL;
    if (p->file)
        history(p->history, &ev, H_LOAD, p->file);
    el_set(p->el, EL_HIST, history, p->history);
}

/* Saves the line at once, because a terminal may be closed at any time. */
static void prompt_remember(struct prompt *p, const char *line) {
    HistEvent ev;
    history(p->history, &ev, H_ENTER, line);
    if (p->file == NULL)
        return;
    mode_t old = umask(077);
    history(p->history, &ev, H_SAVE, p->file);
    umask(old);
}

/* ---- lines ---- */

static void prompt_run_line(struct prompt *p, const char *line) {
    char *error = NULL;
    str_add(&p->code, line);
    enum line_end end = link_line(p->link, str_get(&p->code), &error);
    if (end != LINE_MORE)
        str_reset(&p->code);
    if (error)
        printf("%s\n", error);
    p->done = end == LINE_GONE;
    free(error);
}

static bool prompt_is_blank(const char *line) { return line[strspn(line, " \t\r\n")] == '\0'; }

/* No key came: after Ctrl-C the line starts again; Ctrl-D or a lost engine ends the prompt. */
static void prompt_on_no_line(struct prompt *p) {
    bool interrupted = p->link->interrupted;
    p->link->interrupted = false;
    printf(interrupted ? "^C\n" : "\n");
    if (p->link->gone)
        printf("the engine has gone\n");
    p->done = !interrupted;
    str_reset(&p->code);
}

static void prompt_read_line(struct prompt *p) {
    int n = 0;
    const char *line = el_gets(p->el, &n);
    if (line == NULL || n <= 0) {
        prompt_on_no_line(p);
    } else if (p->code.len == 0 &&
               (strcmp(line, "exit\n") == 0 || strcmp(line, "quit\n") == 0)) {
        p->done = true;
    } else if (!prompt_is_blank(line) || p->code.len) {
        char *copy = xstrdup(line); /* libedit reuses its own with the next line */
        prompt_remember(p, copy);
        prompt_run_line(p, copy);
        free(copy);
    }
}

int prompt_run(struct link *l, const char *greeting) {
    struct prompt p = {.link = l};
    p.el = el_init("astout", stdin, stdout, stderr);
    el_set(p.el, EL_CLIENTDATA, &p);
    el_set(p.el, EL_PROMPT, prompt_text);
    el_set(p.el, EL_EDITOR, "emacs");
    el_set(p.el, EL_GETCFN, prompt_get_key);
    /* the wide form: the other one copies these texts and never frees them */
    el_wset(p.el, EL_ADDFN, L"astout-complete", L"completes the word", prompt_on_tab);
    el_set(p.el, EL_BIND, "^I", "astout-complete", NULL);
    el_set(p.el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    prompt_open_history(&p);
    el_source(p.el, NULL);
    printf("%s\n", greeting);
    while (!p.done)
        prompt_read_line(&p);
    history_end(p.history);
    el_end(p.el);
    str_free(&p.code);
    free(p.file);
    return l->gone ? 1 : 0;
}
