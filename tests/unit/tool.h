/* What several unit tests need: a loop on a virtual clock, a log that is kept, a folder
 * that goes away, the recorded traces. Included once by each test program. */
#ifndef TESTS_TOOL_H
#define TESTS_TOOL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/chance.h"
#include "io/listener.h"
#include "io/loop.h"
#include "base/str.h"

#define TOOL __attribute__((unused)) static
#define TRACES "tests/traces/"
#define WALL_START (INT64_C(1479175972) * NS_PER_S) /* 2016-11-15T02:12:52Z */

/* ---- a loop, its clock, chance and log ---- */

struct house {
    struct clock clock;
    struct log log;
    struct loop *loop;
    struct chance chance;
    struct str said; /* what was logged, a line each */
    bool passed;
};

TOOL void on_said(void *arg, enum log_level level, const char *line) {
    (void)level;
    str_addf(&((struct house *)arg)->said, "%s\n", line);
}

TOOL void house_begin(struct house *h, bool is_virtual) {
    memset(h, 0, sizeof *h);
    if (is_virtual)
        clock_virtual(&h->clock, WALL_START);
    else
        clock_real(&h->clock);
    h->log = (struct log){.level = LOG_DEBUG, .sink = on_said, .arg = h};
    h->loop = loop_new(&h->clock, &h->log);
    chance_seed(&h->chance, 1);
}

TOOL void house_end(struct house *h) {
    loop_free(h->loop);
    str_free(&h->said);
}

/* Everything that can be done without time going by. */
TOOL void settle(struct house *h) {
    while (loop_turn(h->loop, false))
        ;
}

TOOL void on_passed(void *arg) { ((struct house *)arg)->passed = true; }

/* Lets virtual time go by. */
TOOL void pass(struct house *h, int64_t ns) {
    struct timer t;
    h->passed = false;
    timer_init(&t, h->loop, on_passed, h);
    timer_set(&t, ns);
    while (!h->passed)
        loop_turn(h->loop, true);
    settle(h);
}

/* Turns a real loop until it holds; fails after a minute. */
#define UNTIL(h, holds)                                                         \
    do {                                                                        \
        int64_t until_ = (h)->clock.mono + SECONDS(60);                         \
        static struct timer tick_; /* a test that fails within leaves it set */ \
        timer_init(&tick_, (h)->loop, on_passed, (h));                          \
        while (!(holds)) {                                                      \
            timer_set(&tick_, 10 * NS_PER_MS);                                  \
            loop_turn((h)->loop, true);                                         \
            if ((h)->clock.mono > until_)                                       \
                fail_msg("never: %s\nlog:\n%s", #holds, str_get(&(h)->said));   \
        }                                                                       \
        timer_stop(&tick_);                                                     \
    } while (0)

/* ---- the far end of a connection, played by the test ---- */

struct peer {
    struct conn *conn;
    struct str got; /* what came since it was last asked for */
    bool lost;
};

TOOL void on_peer_data(void *arg, const char *bytes, size_t n) {
    str_addn(&((struct peer *)arg)->got, bytes, n);
}

TOOL void on_peer_lost(void *arg, const char *why) {
    (void)why;
    ((struct peer *)arg)->lost = true;
}

static const struct conn_events peer_events = {.data = on_peer_data, .lost = on_peer_lost};

TOOL void peer_begin(struct peer *p, struct conn *c) {
    *p = (struct peer){.conn = c};
    conn_attach(c, &peer_events, p);
}

/* Over a socket. */
TOOL void peer_dial(struct peer *p, struct loop *l, int port) {
    peer_begin(p, conn_dial(l, "127.0.0.1", port, NULL, &peer_events, p));
}

TOOL void peer_end(struct peer *p) {
    conn_close(p->conn, false);
    str_free(&p->got);
    *p = (struct peer){0};
}

TOOL void peer_say(struct peer *p, const char *text) { conn_send(p->conn, text, strlen(text)); }

/* Fails unless exactly this has come since the last time. */
#define HEARD(p, text)                                 \
    do {                                               \
        assert_string_equal(str_get(&(p)->got), text); \
        str_reset(&(p)->got);                          \
    } while (0)

/* ---- files ---- */

TOOL char *read_file(const char *path) {
    struct str b = {0};
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return NULL;
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        str_addn(&b, piece, n);
    fclose(f);
    return str_take(&b);
}

TOOL void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

TOOL int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

TOOL void remove_folder(const char *path) { nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

/* ---- traces ---- */

/* A recorded trace as it was on the wire: notes left out, CR LF put back. With request
 * the lines behind `>` are collected there. */
TOOL char *trace_load(const char *name, char **request) {
    char *path = xasprintf(TRACES "%s.txt", name), *text = read_file(path);
    struct str out = {0}, asked = {0};
    if (text == NULL)
        fail_msg("no trace %s", path);
    bool in_message = false;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line == '#' || *line == '>') {
            if (*line == '>' && strlen(line) > 2)
                str_addf(&asked, "%s\r\n", line + 2);
        } else if (*line || in_message) {
            str_addf(&out, "%s\r\n", line);
            in_message = *line != '\0';
        }
    }
    if (in_message)
        str_add(&out, "\r\n");
    free(path);
    free(text);
    if (request)
        *request = str_take(&asked);
    str_free(&asked);
    return str_take(&out);
}

#endif
