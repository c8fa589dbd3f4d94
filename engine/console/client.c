#include "console/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "io/unixsock.h"
#include "console/console.h"

#define CHUNK 65536

/* ---- signals ---- */

static volatile sig_atomic_t interrupts, resizes;

static void console_client_on_signal(int signo) {
    if (signo == SIGINT)
        interrupts = 1;
    else
        resizes = 1;
}

/* Without SA_RESTART, so that a blocking call returns when a signal arrives. */
static void console_client_catch_signals(void) {
    struct sigaction sa = {.sa_handler = console_client_on_signal};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGWINCH, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool link_was_interrupted(struct link *l) {
    bool was = interrupts != 0;
    interrupts = 0;
    l->interrupted |= was;
    return was;
}

bool link_was_resized(void) {
    bool was = resizes != 0;
    resizes = 0;
    return was;
}

int link_width(void) {
    struct winsize size;
    return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* ---- frames ---- */

static void console_client_write_all(struct link *l, const char *p, size_t n) {
    while (n && !l->gone) {
        ssize_t done = write(l->fd, p, n);
        if (done < 0 && errno != EINTR)
            l->gone = true;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
}

void link_send(struct link *l, json_t *frame) {
    char *text = json_dumps(frame, JSON_COMPACT);
    json_decref(frame);
    if (text == NULL)
        return;
    uint32_t head = htonl((uint32_t)strlen(text));
    console_client_write_all(l, (const char *)&head, sizeof head);
    console_client_write_all(l, text, strlen(text));
    free(text);
}

bool link_read(struct link *l) {
    char piece[CHUNK];
    ssize_t n = read(l->fd, piece, sizeof piece);
    if (n > 0)
        str_addn(&l->in, piece, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        l->gone = true;
    return !l->gone;
}

json_t *link_next(struct link *l) {
    uint32_t head;
    if (l->in.len < sizeof head)
        return NULL;
    memcpy(&head, l->in.s, sizeof head);
    size_t n = ntohl(head);
    if (l->in.len < sizeof head + n)
        return NULL;
    json_t *frame = json_loadb(l->in.s + sizeof head, n, 0, NULL);
    str_drop(&l->in, sizeof head + n);
    return frame ? frame : json_object();
}

/* Waits for the next frame; NULL when the engine is gone, or at Ctrl-C. */
static json_t *console_client_wait_frame(struct link *l) {
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    json_t *frame;
    while ((frame = link_next(l)) == NULL) {
        if (link_was_interrupted(l))
            return NULL;
        if (poll(&p, 1, -1) > 0 && !link_read(l))
            return NULL;
    }
    return frame;
}

/* ---- a line ---- */

static void console_client_print_out(json_t *frame) {
    const char *text = json_string_value(json_object_get(frame, "out"));
    if (text)
        fputs(text, stdout);
    fflush(stdout);
}

/* How an end frame says that the line ended. */
static enum line_end console_client_read_end(json_t *frame, char **error) {
    const char *end = json_string_value(json_object_get(frame, "end"));
    const char *text = json_string_value(json_object_get(frame, "text"));
    if (strcmp(end, "ok") == 0)
        return LINE_OK;
    if (strcmp(end, "more") == 0)
        return LINE_MORE;
    *error = xstrdup(text ? text : "an error without a text");
    return LINE_ERROR;
}

enum line_end link_line(struct link *l, const char *code, char **error) {
    if (strlen(code) > CONSOLE_LINE_MAX) {
        *error = xasprintf("a line has at most %d bytes", CONSOLE_LINE_MAX);
        return LINE_ERROR;
    }
    json_t *text = json_string(code);
    if (text == NULL) {
        *error = xstrdup("the line is not UTF-8");
        return LINE_ERROR;
    }
    link_send(l,
              json_pack("{s:s, s:o, s:i}", "do", "line", "code", text, "width", link_width()));
    for (int stops = 0; !l->gone;) {
        json_t *frame = console_client_wait_frame(l);
        if (frame == NULL && !l->gone && stops++ == 0) {
            link_send(l, json_pack("{s:s}", "do", "stop"));
            continue;
        }
        if (frame == NULL)
            break;
        bool ended = json_is_string(json_object_get(frame, "end"));
        enum line_end end = ended ? console_client_read_end(frame, error) : LINE_GONE;
        if (!ended)
            console_client_print_out(frame);
        json_decref(frame);
        if (ended)
            return end;
    }
    *error = xstrdup("the engine has gone");
    return LINE_GONE;
}

/* ---- without a terminal ---- */

/* Reports how a line ended; returns the exit status. */
static int console_client_report(enum line_end end, char *error) {
    if (end == LINE_MORE)
        fputs("astout: the line is not complete\n", stderr);
    else if (end != LINE_OK)
        fprintf(stderr, "astout: %s\n", error ? error : "no error is told");
    free(error);
    return end == LINE_OK ? 0 : 1;
}

static int console_client_run_code(struct link *l, const char *code) {
    char *error = NULL;
    enum line_end end = link_line(l, code, &error);
    return console_client_report(end, error);
}

/* Runs standard input, up to the first error. An incomplete line continues in the next. */
static int console_client_run_input(struct link *l) {
    struct str code = {0};
    char *line = NULL, *error = NULL;
    size_t size = 0;
    enum line_end end = LINE_OK;
    while ((end == LINE_OK || end == LINE_MORE) && getline(&line, &size, stdin) >= 0) {
        str_add(&code, line);
        end = link_line(l, str_get(&code), &error);
        if (end != LINE_MORE)
            str_reset(&code);
    }
    free(line);
    str_free(&code);
    return console_client_report(end, error);
}

/* ---- the command ---- */

struct options {
    const char *conf, *socket, *code;
    bool json, reference;
};

static int console_client_usage(FILE *to) {
    fputs("usage: astout console -c FILE [-e CODE] [--json]\n"
          "  -c FILE      configuration of the engine, which names its socket\n"
          "  -s PATH      the socket, instead of -c\n"
          "  -e CODE      run one line, print its results, exit with 0 or 1\n"
          "  --json       print results as JSON, one per line\n"
          "  --reference  print the reference of docs/console.md; needs no engine\n"
          "Without -e, lines are read from standard input.\n",
          to);
    return to == stdout ? 0 : 2;
}

static int console_client_read_options(struct options *o, int argc, char **argv) {
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"reference", no_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "c:s:e:", known, NULL)) != -1;) {
        if (c == 'c')
            o->conf = optarg;
        else if (c == 's')
            o->socket = optarg;
        else if (c == 'e')
            o->code = optarg;
        else if (c == 'j')
            o->json = true;
        else if (c == 'r')
            o->reference = true;
        else if (c == 'h')
            exit(console_client_usage(stdout));
        else
            return console_client_usage(stderr);
    }
    return optind == argc && (o->conf || o->socket || o->reference)
               ? 0
               : console_client_usage(stderr);
}

/* Connects. Returns the greeting (free it), or NULL with *err. */
static char *console_client_begin(struct link *l, const struct options *o, const char *path,
                                  char **err) {
    l->fd = unixsock_connect(path, err);
    if (l->fd < 0)
        return NULL;
    link_send(l, json_pack("{s:s, s:b, s:i}", "do", "hello", "json", o->json, "width",
                           link_width()));
    l->gone = false; /* a refusal may have arrived although sending failed */
    json_t *frame = console_client_wait_frame(l);
    const char *hello = json_string_value(json_object_get(frame, "hello"));
    const char *text = json_string_value(json_object_get(frame, "text"));
    char *greeting = xstrdup(hello);
    if (hello == NULL)
        *err = xasprintf("%s: %s", path, text ? text : "the engine does not answer");
    json_decref(frame);
    return greeting;
}

/* Returns the path of the socket (free it), or NULL with *err. */
static char *console_client_find_socket(const struct options *o, char **err) {
    if (o->socket)
        return xstrdup(o->socket);
    struct conf *conf = conf_load(o->conf, err);
    char *path = conf ? xstrdup(conf->console.socket) : NULL;
    conf_free(conf);
    return path;
}

int console_main(int argc, char **argv) {
    struct options o = {0};
    struct link l = {.fd = -1};
    char *err = NULL;
    int status = console_client_read_options(&o, argc, argv);
    if (status || o.reference)
        return status ? status : console_reference();
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    console_client_catch_signals();
    char *path = console_client_find_socket(&o, &err);
    char *greeting = path ? console_client_begin(&l, &o, path, &err) : NULL;
    if (greeting == NULL) {
        fprintf(stderr, "astout: %s\n", err);
        status = 1;
    } else if (o.code) {
        status = console_client_run_code(&l, o.code);
    } else {
        status =
            isatty(0) && isatty(1) ? prompt_run(&l, greeting) : console_client_run_input(&l);
    }
    if (l.fd >= 0)
        close(l.fd);
    str_free(&l.in);
    free(path);
    free(greeting);
    free(err);
    return status;
}
