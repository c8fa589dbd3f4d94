#include "console/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record.h"
#include "io/unixsock.h"
#include "console/inner.h"

#define PEERS_MAX 32
#define FRAME_MAX (8 * CONSOLE_LINE_MAX) /* JSON may write a byte as six */
#define OWED_SOFT (1024 * 1024)          /* bytes owed above which output is dropped, */
#define OWED_HARD (8 * 1024 * 1024)      /* and above which the connection is closed */
#define MEMORY (32 * 1024 * 1024)        /* of one console's Lua state */
#define INSTRUCTIONS INT64_C(100000000)  /* of one line: a second or two, in slices */

/* ---- frames ---- */

/* Closes the connection at the end of the turn, because its own Lua may be running now. */
static void console_give_up(struct peer *p) {
    p->closing = true;
    task_queue(&p->close);
}

/* Sends a frame; takes the reference. */
static void console_send_frame(struct peer *p, json_t *frame) {
    char *text = json_dumps(frame, JSON_COMPACT);
    json_decref(frame);
    if (text && !p->closing) {
        size_t n = strlen(text);
        unsigned char head[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                 (unsigned char)(n >> 8), (unsigned char)n};
        conn_send(p->conn, head, sizeof head);
        conn_send(p->conn, text, n);
        if (conn_owed(p->conn) > OWED_HARD)
            console_give_up(p);
    }
    free(text);
}

/* A client that does not read loses output, but no answers. */
static void console_on_output(void *arg, const char *text, size_t n) {
    struct peer *p = arg;
    if (conn_owed(p->conn) < OWED_SOFT)
        console_send_frame(p, json_pack("{s:s%}", "out", text, n));
}

/* An error may hold any bytes; a frame holds UTF-8. */
static json_t *console_error_frame(const char *error) {
    json_t *text = json_string(error);
    return json_pack("{s:s, s:o}", "end", "error", "text",
                     text ? text : json_string("an error that is no text"));
}

static void console_on_reset(void *arg) {
    struct peer *p = arg;
    alarms_free(p);
    p->hears = false;
}

/* ---- requests ---- */

static void console_on_line_done(void *arg, json_t *result, const char *error) {
    struct peer *p = arg;
    p->line = 0;
    if (error)
        console_send_frame(p, console_error_frame(error));
    else
        console_send_frame(p, json_pack("{s:s}", "end", json_is_true(result) ? "more" : "ok"));
}

static void console_read_width(struct peer *p, json_t *frame) {
    json_int_t width = json_integer_value(json_object_get(frame, "width"));
    p->width = width > 0 && width < 10000 ? width : 0;
}

static void console_do_hello(struct peer *p, json_t *frame) {
    struct engine *e = p->console->engine;
    console_read_width(p, frame);
    p->json = json_is_true(json_object_get(frame, "json"));
    char *text = xasprintf("astout: %zu campaigns, %zu calls in flight. help() explains.",
                           e->campaigns.count, e->dialings.count);
    console_send_frame(p, json_pack("{s:s, s:I}", "hello", text, "uid", (json_int_t)p->uid));
    free(text);
}

static void console_do_line(struct peer *p, json_t *frame) {
    json_t *code = json_object_get(frame, "code");
    if (!json_is_string(code)) {
        console_send_frame(p, console_error_frame("a line needs code"));
    } else if (json_string_length(code) > CONSOLE_LINE_MAX) {
        console_send_frame(p, console_error_frame("a line has at most 65536 bytes"));
    } else if (p->line) {
        console_send_frame(p, console_error_frame("a line is running"));
    } else {
        console_read_width(p, frame);
        json_t *args = json_pack("[O, b, I]", code, p->json, (json_int_t)p->width);
        p->line = shell_begin(p->shell, "on_line", args, console_on_line_done, p);
        if (p->line == 0)
            console_send_frame(p, console_error_frame(
                                      "too much is under way: wait, or connect anew"));
    }
}

static void console_do_stop(struct peer *p, json_t *frame) {
    (void)frame;
    shell_stop(p->shell, p->line);
}

static void console_on_completed(void *arg, json_t *result, const char *error) {
    (void)error;
    json_t *words = json_array_get(result, 0);
    json_int_t from = json_integer_value(json_array_get(result, 1));
    console_send_frame(arg, json_pack("{s:o, s:I}", "words",
                                      json_is_array(words) ? json_incref(words) : json_array(),
                                      "from", from));
}

static void console_do_complete(struct peer *p, json_t *frame) {
    json_t *text = json_object_get(frame, "text");
    if (!json_is_string(text) ||
        !shell_begin(p->shell, "on_complete", json_pack("[O]", text), console_on_completed, p))
        console_on_completed(p, NULL, NULL);
}

static const struct {
    const char *what;
    void (*fn)(struct peer *p, json_t *frame);
} requests[] = {{"hello", console_do_hello},
                {"line", console_do_line},
                {"stop", console_do_stop},
                {"complete", console_do_complete}};

static void console_on_frame(struct peer *p, const char *text, size_t n) {
    json_t *frame = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
    const char *what = json_string_value(json_object_get(frame, "do"));
    size_t i = 0;
    while (i < ARRAY_LEN(requests) && (what == NULL || strcmp(requests[i].what, what)))
        i++;
    if (i < ARRAY_LEN(requests)) {
        requests[i].fn(p, frame);
    } else {
        console_send_frame(p, console_error_frame("this is no request of a console"));
        console_give_up(p);
    }
    json_decref(frame);
}

/* ---- connections ---- */

static void console_destroy(void *arg) {
    struct peer *p = arg;
    str_free(&p->in);
    free(p);
}

/* flush: sends what is still owed first. */
static void console_peer_close(struct peer *p, bool flush) {
    LIST_REMOVE(p, list);
    p->console->count--;
    p->closing = true;
    task_cancel(&p->close);
    alarms_free(p);
    shell_free(p->shell);
    conn_close(p->conn, flush);
    loop_later(p->console->engine->loop, console_destroy, p);
}

static void console_on_close(void *arg) { console_peer_close(arg, true); }

static size_t console_frame_length(const char *s) {
    const unsigned char *b = (const unsigned char *)s;
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static void console_on_data(void *arg, const char *bytes, size_t n) {
    struct peer *p = arg;
    if (p->closing)
        return;
    str_addn(&p->in, bytes, n);
    while (!p->closing && p->in.len >= 4) {
        size_t length = console_frame_length(p->in.s);
        if (length > FRAME_MAX) {
            console_send_frame(p, console_error_frame("a line has at most 65536 bytes"));
            console_give_up(p);
        } else if (p->in.len < 4 + length) {
            return;
        } else {
            console_on_frame(p, p->in.s + 4, length);
            str_drop(&p->in, 4 + length);
        }
    }
}

static void console_on_lost(void *arg, const char *why) {
    (void)why;
    console_peer_close(arg, false);
}

static const struct conn_events conn_events = {.data = console_on_data,
                                               .lost = console_on_lost};

/* The user of the peer, as the kernel says now or as it said in the recording. */
static bool console_find_uid(struct console *c, struct conn *conn, uid_t *uid) {
    struct record *record = loop_record(c->engine->loop);
    bool known = record_is_replayed(record) || unixsock_uid(conn_fd(conn), uid);
    int64_t uid_then = record_value(record, RECORD_PEER_UID, known ? (int64_t)*uid : -1);
    *uid = (uid_t)uid_then;
    return uid_then >= 0;
}

static bool console_is_friend(struct console *c, struct conn *conn, uid_t uid) {
    struct record *record = loop_record(c->engine->loop);
    bool yes = !record_is_replayed(record) &&
               (uid == 0 || uid == geteuid() || unixsock_in_group(conn_fd(conn), c->group));
    return record_value(record, RECORD_PEER_IS_FRIEND, yes) != 0;
}

/* NULL, or why this process may not. The permissions of the socket's file were the
 * kernel's part; others than the group get no further whatever they say. */
static const char *console_refusal(struct console *c, struct conn *conn, uid_t *uid) {
    if (!console_find_uid(c, conn, uid))
        return "the kernel does not say who you are";
    if (!console_is_friend(c, conn, *uid))
        return "only root, the engine's user and the group of the socket may use the console";
    return c->count >= PEERS_MAX ? "too many consoles are open" : NULL;
}

static struct shell *console_open_shell(struct peer *p, char **err) {
    struct engine *e = p->console->engine;
    struct shell_config sc = {.env = {.log = e->log,
                                      .clock = loop_clock(e->loop),
                                      .chance = &e->chance,
                                      .record = loop_record(e->loop),
                                      .memory = MEMORY,
                                      .instructions = INSTRUCTIONS},
                              .loop = e->loop,
                              .prelude = console_prelude,
                              .lent = console_lent,
                              .arg = p,
                              .output = console_on_output,
                              .reset = console_on_reset};
    return shell_new(&sc, err);
}

static void console_on_accept(void *arg, struct conn *conn) {
    struct console *c = arg;
    struct peer *p = xcalloc(1, sizeof *p);
    *p = (struct peer){.console = c, .conn = conn};
    LIST_INSERT_HEAD(&c->peers, p, list);
    c->count++;
    task_init(&p->close, c->engine->loop, console_on_close, p);
    conn_attach(conn, &conn_events, p);
    char *err = NULL;
    c->count--; /* this connection does not count */
    const char *why = console_refusal(c, conn, &p->uid);
    c->count++;
    if (why == NULL && (p->shell = console_open_shell(p, &err)) == NULL)
        why = err;
    if (why) {
        log_warn(c->engine->log, "console: uid %u refused: %s", (unsigned)p->uid, why);
        console_send_frame(p, console_error_frame(why));
        console_give_up(p);
    }
    free(err);
}

/* ---- life ---- */

struct console *console_new(struct engine *e, char **err) {
    const char *path = e->conf->console.socket;
    struct console *c = xcalloc(1, sizeof *c);
    struct stat st;
    c->engine = e;
    c->listener =
        listener_unix(e->loop, path, (int)e->conf->console.mode, console_on_accept, c, err);
    if (c->listener == NULL) {
        free(c);
        return NULL;
    }
    c->group = stat(path, &st) == 0 ? st.st_gid : getegid();
    log_info(e->log, "console: listening on %s", path);
    return c;
}

void console_free(struct console *c) {
    if (c == NULL)
        return;
    while (!LIST_EMPTY(&c->peers))
        console_peer_close(LIST_FIRST(&c->peers), false);
    listener_free(c->listener);
    free(c);
}

/* ---- the reference ---- */

static void console_on_reference(void *arg, const char *text, size_t n) {
    (void)arg;
    fwrite(text, 1, n, stdout);
}

static void console_on_reference_done(void *arg, json_t *result, const char *error) {
    (void)result;
    *(int *)arg = error ? 1 : 0;
    if (error)
        fprintf(stderr, "%s\n", error);
}

int console_reference(void) {
    struct clock clock;
    struct log log = {.level = LOG_WARN};
    char *err = NULL;
    int status = -1;
    clock_real(&clock);
    struct loop *loop = loop_new(&clock, &log);
    struct shell_config sc = {
        .env = {.log = &log, .clock = &clock, .memory = MEMORY, .instructions = INSTRUCTIONS},
        .loop = loop,
        .prelude = console_prelude,
        .lent = console_lent,
        .output = console_on_reference};
    struct shell *shell = shell_new(&sc, &err);
    if (shell)
        shell_begin(shell, "reference", json_array(), console_on_reference_done, &status);
    else
        fprintf(stderr, "%s\n", err);
    while (shell && status < 0)
        loop_turn(loop, true);
    shell_free(shell);
    loop_free(loop);
    free(err);
    return shell ? status : 1;
}
