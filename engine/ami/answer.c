/* Answers in the order of the actions, whenever each of them is ready. */
#include <stdlib.h>

#include "ami/session.h"

#define ANSWERS_HIGH 1000  /* a client so many actions ahead is not read from ... */
#define ASKED_HIGH 1048576 /* ... nor one so many bytes ahead, until half of it is left */
#define STREAM_ROOM 262144 /* bytes owed below which a long answer goes on */

struct answer *answer_new(struct session *s, const char *id, size_t asked) {
    struct answer *a = xcalloc(1, sizeof *a);
    a->session = s;
    a->id = xstrdup(id);
    a->asked = asked;
    STAILQ_INSERT_TAIL(&s->answers, a, link);
    s->answer_count++;
    s->asked += asked;
    if (s->answer_count >= ANSWERS_HIGH || s->asked >= ASKED_HIGH)
        conn_hold(s->conn, true);
    return a;
}

static void answer_destroy(struct answer *a) {
    free(a->id);
    str_free(&a->out);
    free(a);
}

/* The first one is complete and out. */
static void answer_retire(struct session *s) {
    struct answer *a = STAILQ_FIRST(&s->answers);
    STAILQ_REMOVE_HEAD(&s->answers, link);
    s->answer_count--;
    s->asked -= a->asked;
    answer_destroy(a);
    if (s->answer_count <= ANSWERS_HIGH / 2 && s->asked <= ASKED_HIGH / 2)
        conn_hold(s->conn, false);
}

/* Sends what the first answer holds; complete ones make way for the next. */
static void answer_advance(struct session *s) {
    struct answer *a;
    while ((a = STAILQ_FIRST(&s->answers)) != NULL && !s->closed) {
        if (a->out.len) {
            a->begun = true;
            s->pending -= a->out.len;
            session_write(s, a->out.s, a->out.len);
            if (s->closed)
                return;
            str_reset(&a->out);
        }
        if (!a->ended) {
            if (a->more)
                task_queue(&s->pump);
            return;
        }
        answer_retire(s);
        if (s->held.len) {
            struct str held = s->held;
            s->held = (struct str){0};
            session_write(s, held.s, held.len);
            str_free(&held);
        }
    }
    if (s->leaving && STAILQ_EMPTY(&s->answers))
        session_close(s, true);
}

void answers_pump(struct session *s) {
    struct answer *a = STAILQ_FIRST(&s->answers);
    size_t room = s->server->config.limits.owed / 4;
    if (s->closed || a == NULL || a->more == NULL || a->ended ||
        conn_owed(s->conn) > (room < STREAM_ROOM ? room : STREAM_ROOM))
        return;
    task_queue(&s->pump); /* again in the next turn, unless this piece filled it up */
    s->pumped = a;
    a->more(a->more_arg);
    s->pumped = NULL;
}

void answer_stream(struct answer *a, void (*more)(void *arg), void *arg) {
    a->more = more;
    a->more_arg = arg;
    if (a->session == NULL)
        more(arg);
    else if (STAILQ_FIRST(&a->session->answers) == a)
        task_queue(&a->session->pump);
}

void answer_pause(struct answer *a) { a->more = NULL; }

void answers_orphan(struct session *s) {
    for (struct answer *a = STAILQ_FIRST(&s->answers), *next; a; a = next) {
        next = STAILQ_NEXT(a, link);
        a->session = NULL;
        if (a->ended)
            answer_destroy(a);
        else if (a->more && a != s->pumped) /* that one is at work and will see it */
            a->more(a->more_arg);
    }
    STAILQ_INIT(&s->answers);
}

struct session *answer_session(const struct answer *a) {
    return a->session;
}

const struct action *answer_action(const struct answer *a) { return a->action; }

const char *answer_id(const struct answer *a) { return a->id; }

void answer_send(struct answer *a, const char *bytes, size_t n) {
    if (a->session == NULL)
        return;
    struct session *s = a->session;
    str_addn(&a->out, bytes, n);
    s->pending += n;
    if (STAILQ_FIRST(&s->answers) == a)
        answer_advance(s);
    else if (s->pending > s->server->config.limits.owed)
        session_overflow(s);
}

void answer_end(struct answer *a) {
    if (a->session == NULL) {
        answer_destroy(a);
        return;
    }
    a->ended = true;
    if (STAILQ_FIRST(&a->session->answers) == a)
        answer_advance(a->session);
}

void answer_head(const struct answer *a, struct str *b, const char *kind, const char *text) {
    header_add(b, "Response", kind);
    if (a->id)
        header_add(b, "ActionID", a->id);
    if (text)
        header_add(b, "Message", text);
}

static void answer_whole(struct answer *a, const char *kind, const char *text) {
    struct str b = {0};
    answer_head(a, &b, kind, text);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}

void answer_error(struct answer *a, const char *text) { answer_whole(a, "Error", text); }

void answer_success(struct answer *a, const char *text) { answer_whole(a, "Success", text); }

void answer_list(struct answer *a, const char *text) {
    struct str b = {0};
    answer_head(a, &b, "Success", NULL);
    header_add(&b, "EventList", "start");
    header_add(&b, "Message", text);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
}

void answer_complete(struct answer *a, const char *event, unsigned long items) {
    struct str b = {0};
    header_add(&b, "Event", event);
    if (a->id)
        header_add(&b, "ActionID", a->id);
    header_add(&b, "EventList", "Complete");
    header_int(&b, "ListItems", (long long)items);
    message_end(&b);
    answer_send(a, b.s, b.len);
    str_free(&b);
    answer_end(a);
}
