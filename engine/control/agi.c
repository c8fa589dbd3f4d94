#include "control/agi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "io/listener.h"
#include "dialer/noun/nouns.h"

#define LINE_MAX_BYTES 8192 /* arguments of a dialplan line are below 8 kB */
#define LINES_MAX 200
#define ARGS_MAX 7
#define CALLS_MAX 1000
#define CALL_TIME SECONDS(10)

struct agi {
    struct engine *engine;
    struct listener *listener;
    LIST_HEAD(, agi_call) calls;
    unsigned count;
};

/* One AGI() of the dialplan. */
struct agi_call {
    struct agi *agi;
    LIST_ENTRY(agi_call) list;
    struct conn *conn;
    struct str line;
    unsigned lines;
    char *detail; /* OUTDETAIL, to be set when OUTSTATUS has been */
    char *request, *args[ARGS_MAX];
    bool asked, closed, pending; /* pending: the store has not answered yet */
    struct timer limit;
};

static void agi_destroy(void *arg) {
    struct agi_call *c = arg;
    str_free(&c->line);
    free(c->request);
    free(c->detail);
    for (int i = 0; i < ARGS_MAX; i++)
        free(c->args[i]);
    free(c);
}

/* Takes it off the list. If the store has still to answer, the memory is freed then. */
static void agi_close_call(struct agi_call *c) {
    if (c->closed)
        return;
    c->closed = true;
    LIST_REMOVE(c, list);
    c->agi->count--;
    timer_stop(&c->limit);
    conn_close(c->conn, true);
    if (!c->pending)
        loop_later(c->agi->engine->loop, agi_destroy, c);
}

/* Sends SET VARIABLE, the value quoted so that it stays one argument. */
static void agi_set_variable(struct agi_call *c, const char *name, const char *value) {
    struct str b = {0};
    str_addf(&b, "SET VARIABLE %s \"", name);
    for (; *value; value++) {
        if (strchr("\"\\", *value))
            str_addc(&b, '\\');
        if ((unsigned char)*value < ' ')
            str_addc(&b, ' ');
        else
            str_addc(&b, *value);
    }
    str_add(&b, "\"\n");
    conn_send(c->conn, b.s, b.len);
    str_free(&b);
}

/* One after the other: Asterisk leaves a second command lying until more comes (seen on
 * 16 and 22). */
static void agi_tell(struct agi_call *c, bool ok, const char *detail) {
    xreplace(&c->detail, detail);
    agi_set_variable(c, "OUTSTATUS", ok ? "SUCCESS" : "FAILURE");
}

static void agi_on_answer(struct agi_call *c) {
    if (c->detail == NULL) {
        agi_close_call(c); /* both are set: the dialplan continues */
        return;
    }
    agi_set_variable(c, "OUTDETAIL", c->detail);
    xreplace(&c->detail, NULL);
}

static void agi_on_created(void *arg, const char *error, const struct row *row) {
    struct agi_call *c = arg;
    c->pending = false;
    if (c->closed)
        loop_later(c->agi->engine->loop, agi_destroy, c);
    else
        agi_tell(c, error == NULL, error ? error : row_uuid(row));
}

/* ---- the request ---- */

/* Splits a list at colons into number_1, number_2 ... */
static void agi_add_numbers(struct change *ch, const char *list) {
    char *copy = xstrdup(list), *rest = copy, *part, name[32];
    for (int n = 1; (part = strtok_r(rest, ":", &rest)); n++) {
        snprintf(name, sizeof name, "number_%d", n);
        change_text(ch, name, part);
    }
    free(copy);
}

/* Splits name=value:name=value; false if a part is not of that form. */
static bool agi_add_variables(struct change *ch, const char *list) {
    char *copy = xstrdup(list), *rest = copy, *part;
    bool good = true;
    while (good && (part = strtok_r(rest, ":", &rest)))
        good = change_assign(ch, "variables", part);
    free(copy);
    return good;
}

static bool agi_over_eight(const char *numbers) {
    int n = 1;
    for (const char *p = numbers; *p; p++)
        n += *p == ':';
    return n > LEAD_NUMBERS;
}

/* The arguments of OutDlCreate, by position. */
enum { ARG_DLMA, ARG_NUMBERS, ARG_NAME, ARG_DETAIL, ARG_EMAIL, ARG_UKEY, ARG_VARIABLES };

/* False if the variables are not of the form name=value. */
static bool agi_read_arguments(const struct agi_call *c, struct change *ch) {
    static const struct {
        int arg;
        const char *field;
    } plain[] = {{ARG_DLMA, "dlma_uuid"},
                 {ARG_NAME, "name"},
                 {ARG_DETAIL, "detail"},
                 {ARG_EMAIL, "email"},
                 {ARG_UKEY, "ukey"}};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (c->args[plain[i].arg])
            change_text(ch, plain[i].field, c->args[plain[i].arg]);
    agi_add_numbers(ch, c->args[ARG_NUMBERS]);
    return c->args[ARG_VARIABLES] == NULL || agi_add_variables(ch, c->args[ARG_VARIABLES]);
}

static void agi_create(struct agi_call *c) {
    struct change ch;
    if (c->args[ARG_DLMA] == NULL || c->args[ARG_NUMBERS] == NULL) {
        agi_tell(c, false, "dlma uuid and number are needed");
        return;
    }
    if (agi_over_eight(c->args[ARG_NUMBERS])) {
        agi_tell(c, false, "a lead has at most eight numbers");
        return;
    }
    change_begin(&ch, CHANGE_CREATE, &noun_lead, NULL, "agi");
    if (agi_read_arguments(c, &ch)) {
        c->pending = true;
        noun_change(c->agi->engine, &ch, agi_on_created, c);
    } else {
        agi_tell(c, false, "Variable is not of the form name=value");
    }
    change_end(&ch);
}

/* Is it agi://host/OutDlCreate, with or without ?arguments? */
static bool agi_is_create(const char *request) {
    static const char name[] = "OutDlCreate";
    const char *slash = request ? strrchr(request, '/') : NULL;
    return slash && strncasecmp(slash + 1, name, strlen(name)) == 0 &&
           (slash[1 + strlen(name)] == '\0' || slash[1 + strlen(name)] == '?');
}

static void agi_begin(struct agi_call *c) {
    c->asked = true;
    if (agi_is_create(c->request))
        agi_create(c);
    else
        agi_tell(c, false, "no such request");
}

/* ---- lines ---- */

static void agi_read_environment(struct agi_call *c, char *line) {
    char *colon = strstr(line, ": ");
    if (colon == NULL)
        return;
    *colon = '\0';
    const char *value = colon + 2;
    int i;
    if (strcmp(line, "agi_request") == 0)
        xreplace(&c->request, value);
    else if (sscanf(line, "agi_arg_%d", &i) == 1 && i >= 1 && i <= ARGS_MAX && *value)
        xreplace(&c->args[i - 1], value);
}

static void agi_take_line(struct agi_call *c) {
    char *line = c->line.s;
    size_t n = c->line.len;
    while (n && strchr("\r\n", line[n - 1]))
        line[--n] = '\0';
    if (!c->asked && n == 0)
        agi_begin(c);
    else if (!c->asked)
        agi_read_environment(c, line);
    else if (str_has_prefix(line, "HANGUP"))
        return; /* comes between answers when the caller hangs up */
    else if (str_has_prefix(line, "200 ") && !c->pending)
        agi_on_answer(c);
}

static void agi_on_data(void *arg, const char *bytes, size_t n) {
    struct agi_call *c = arg;
    for (const char *end = bytes + n; bytes < end && !c->closed; bytes++) {
        str_addc(&c->line, *bytes);
        if (c->line.len > LINE_MAX_BYTES || c->lines > LINES_MAX) {
            agi_close_call(c);
        } else if (*bytes == '\n') {
            c->lines++;
            agi_take_line(c);
            str_reset(&c->line);
        }
    }
}

static void agi_on_lost(void *arg, const char *why) {
    (void)why;
    agi_close_call(arg);
}

static void agi_on_limit(void *arg) { agi_close_call(arg); }

static const struct conn_events conn_events = {.data = agi_on_data, .lost = agi_on_lost};

/* ---- life ---- */

static void agi_on_accept(void *arg, struct conn *conn) {
    struct agi *agi = arg;
    if (agi->count >= CALLS_MAX) {
        conn_close(conn, false);
        return;
    }
    struct agi_call *c = xcalloc(1, sizeof *c);
    c->agi = agi;
    c->conn = conn;
    LIST_INSERT_HEAD(&agi->calls, c, list);
    agi->count++;
    timer_init(&c->limit, agi->engine->loop, agi_on_limit, c);
    timer_set(&c->limit, CALL_TIME);
    conn_attach(conn, &conn_events, c);
}

struct agi *agi_new(struct engine *e, const char *bindaddr, int port, char **err) {
    struct agi *agi = xcalloc(1, sizeof *agi);
    agi->engine = e;
    agi->listener = listener_new(e->loop, bindaddr, port, NULL, agi_on_accept, agi, err);
    if (agi->listener == NULL) {
        free(agi);
        return NULL;
    }
    return agi;
}

int agi_port(const struct agi *agi) { return listener_port(agi->listener); }

void agi_free(struct agi *agi) {
    if (agi == NULL)
        return;
    while (!LIST_EMPTY(&agi->calls))
        agi_close_call(LIST_FIRST(&agi->calls));
    listener_free(agi->listener);
    free(agi);
}
