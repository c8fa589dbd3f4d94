/* A simulated Asterisk on a virtual clock with one client that is logged in and keeps
 * all that it hears: for the tests of the simulator. */
#ifndef TESTS_SIMBENCH_H
#define TESTS_SIMBENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ami/framing.h"
#include "base/chance.h"
#include "io/conn.h"
#include "sim/sim.h"

#define WALL (INT64_C(1479175812) * NS_PER_S)

/* One message that came, with the time at which it did. */
struct got {
    struct message m;
    double at;
};

struct bench {
    struct clock clock;
    struct log log;
    struct loop *loop;
    struct sim *sim;
    struct conn *conn;
    struct framing framing;
    struct str bytes; /* all that ever came */
    struct got *got;
    size_t count;
};

/* ---- the bench ---- */

/* A copy that does not live from the memory of the message. */
static inline void copy_message(struct message *to, const struct message *from) {
    *to = (struct message){0};
    to->cap = to->count = from->count;
    to->headers = xcalloc(from->count, sizeof *to->headers);
    str_addn(&to->text, str_get(&from->text), from->text.len);
    str_addn(&to->raw, str_get(&from->raw), from->raw.len);
    message_done(to);
}

static inline bool on_message(void *arg, struct message *m, enum framing_fault fault) {
    struct bench *b = arg;
    assert_int_equal(fault, FRAMING_OK);
    if (m->count == 0)
        return true;
    if ((b->count & (b->count - 1)) == 0)
        b->got = xrealloc(b->got, (b->count ? 2 * b->count : 1) * sizeof *b->got);
    copy_message(&b->got[b->count].m, m);
    b->got[b->count++].at = (double)b->clock.mono / (double)NS_PER_S;
    return true;
}

static inline void on_data(void *arg, const char *bytes, size_t n) {
    struct bench *b = arg;
    str_addn(&b->bytes, bytes, n);
    framing_feed(&b->framing, bytes, n, on_message, b);
}

static inline void on_lost(void *arg, const char *why) { (void)arg, (void)why; }

static const struct conn_events conn_events = {.data = on_data, .lost = on_lost};

static inline void quiet(void *arg, enum log_level level, const char *line) {
    (void)arg, (void)level, (void)line;
}

/* Lets virtual time pass. */
static inline void run_for(struct bench *b, double s) {
    int64_t end = b->clock.mono + SECONDS(s);
    struct timer t;
    timer_init(&t, b->loop, (void (*)(void *))loop_stop, b->loop);
    timer_set(&t, end - b->clock.mono);
    while (b->clock.mono < end)
        loop_run(b->loop);
    timer_stop(&t);
}

static inline void say(struct bench *b, const char *text) {
    conn_send(b->conn, text, strlen(text));
}

static inline void bench_start(struct bench *b, int dialect, uint64_t seed, const char *world) {
    *b = (struct bench){.log = {.level = LOG_ERROR, .sink = quiet}};
    clock_virtual(&b->clock, WALL);
    b->loop = loop_new(&b->clock, &b->log);
    json_error_t e;
    json_t *table = world ? json_loads(world, 0, &e) : NULL;
    assert_true(world == NULL || table);
    struct sim_config config = {.world = table, .seed = seed, .dialect = dialect};
    char *err = NULL;
    b->sim = sim_new(b->loop, &config, &err);
    if (b->sim == NULL)
        fail_msg("%s", err);
    json_decref(table);
    struct conn *ends[2];
    conn_pair(b->loop, ends);
    b->conn = ends[0];
    conn_attach(b->conn, &conn_events, b);
    framing_init(&b->framing, &framing_of_server);
    sim_accept(b->sim, ends[1]);
    say(b, "Action: Login\r\nUsername: astout\r\nSecret: astout\r\n\r\n");
    run_for(b, 0.1);
}

static inline void bench_clear(struct bench *b) {
    for (size_t i = 0; i < b->count; i++)
        message_free(&b->got[i].m);
    free(b->got);
    b->got = NULL;
    b->count = 0;
    str_free(&b->bytes);
}

static inline void bench_stop(struct bench *b) {
    conn_close(b->conn, false);
    sim_free(b->sim);
    loop_turn(b->loop, false);
    loop_free(b->loop);
    framing_free(&b->framing);
    bench_clear(b);
}

/* ---- what came ---- */

/* The n-th event of that name whose Uniqueid or DestUniqueid is id (NULL: any). */
static inline const struct message *event(const struct bench *b, const char *name,
                                          const char *id, int n) {
    for (size_t i = 0; i < b->count; i++) {
        const struct message *m = &b->got[i].m;
        if (!message_is_event(m, name))
            continue;
        if (id && strcmp(message_text(m, "Uniqueid"), id) &&
            strcmp(message_text(m, "DestUniqueid"), id))
            continue;
        if (n-- == 0)
            return m;
    }
    return NULL;
}

static inline const struct message *must(const struct bench *b, const char *name,
                                         const char *id) {
    const struct message *m = event(b, name, id, 0);
    if (m == NULL)
        fail_msg("no %s of %s", name, id ? id : "anything");
    return m;
}

static inline void has(const struct message *m, const char *name, const char *value) {
    assert_true(message_has(m, name));
    assert_string_equal(message_text(m, name), value);
}

/* What VarSet told last of a variable of that channel; "" if it did not. */
static inline const char *variable(const struct bench *b, const char *id, const char *name) {
    const char *value = "";
    const struct message *m;
    for (int i = 0; (m = event(b, "VarSet", id, i)); i++)
        if (strcmp(message_text(m, "Variable"), name) == 0)
            value = message_text(m, "Value");
    return value;
}

/* The events of one call by letter: N Newchannel, B DialBegin, R ringing, U up, E
 * DialEnd, O OriginateResponse, Q HangupRequest, H Hangup. Those in skip are left out.
 */
static inline char *letters(const struct bench *b, const char *id, const char *skip) {
    static const struct {
        const char *event, *header, *value;
        char letter;
    } known[] = {
        {"Newchannel", NULL, NULL, 'N'},        {"DialBegin", NULL, NULL, 'B'},
        {"DialEnd", NULL, NULL, 'E'},           {"Newstate", "ChannelState", "5", 'R'},
        {"Newstate", "ChannelState", "6", 'U'}, {"OriginateResponse", NULL, NULL, 'O'},
        {"HangupRequest", NULL, NULL, 'Q'},     {"Hangup", NULL, NULL, 'H'},
    };
    struct str s = {0};
    for (size_t i = 0; i < b->count; i++) {
        const struct message *m = &b->got[i].m;
        bool own =
            !strcmp(message_text(m, "Uniqueid"), id) ||
            (!message_has(m, "Uniqueid") && !strcmp(message_text(m, "DestUniqueid"), id));
        for (size_t k = 0; own && k < ARRAY_LEN(known); k++)
            if (message_is_event(m, known[k].event) && !strchr(skip, known[k].letter) &&
                (!known[k].header || !strcmp(message_text(m, known[k].header), known[k].value)))
                str_addc(&s, known[k].letter);
    }
    return str_take(&s);
}

/* An asynchronous Originate with both ids; more: where the call goes, its Timeout ...
 */
static inline void originate(struct bench *b, const char *channel, const char *id,
                             const char *more) {
    char *text = xasprintf("Action: Originate\r\nActionID: a-%s\r\nChannel: %s\r\n"
                           "Async: true\r\nChannelId: %s\r\nOtherChannelId: %s-2\r\n%s\r\n",
                           id, channel, id, id, more ? more : "Application: Park\r\n");
    say(b, text);
    free(text);
}

#endif
