/* What lives in the engine and is no table of the store, for the console: walks over calls,
 * offers, agents, queues, servers, trunks, strategies and shadows; what can be asked of
 * calls and servers; and the reload. */
#include <stdlib.h>
#include <string.h>

#include "dialer/call/dialing.h"
#include "dialer/pace/preview.h"
#include "dialer/pbx/attrs.h"
#include "dialer/plan/plan.h"
#include "dialer/plan/shadow.h"
#include "record/record.h"
#include "console/inner.h"

#define AMI_TIME SECONDS(30)
#define AMI_LINE 1000 /* bytes: Asterisk takes 1,024 with the line's end */
#define AMI_LINES 120
#define AMI_ITEMS 10000 /* of one list */

/* ---- walks ---- */

/* Over the values of a map. */
static void console_live_walk(const struct map *m, kind_visit *visit, void *ctx) {
    for (struct map_entry *i = m->first; i; i = i->next)
        if (!visit(ctx, i->key, i->value))
            return;
}

void each_dialing(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    console_live_walk(&e->dialings, visit, ctx);
}

void each_asterisk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    console_live_walk(&e->asterisks, visit, ctx);
}

void each_trunk(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    console_live_walk(&e->trunks, visit, ctx);
}

/* Only offers whose event has been sent. */
void each_preview(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->previews.first; i; i = i->next) {
        const struct preview *p = i->value;
        if (p->told && !visit(ctx, i->key, p))
            return;
    }
}

void each_queue(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->asterisks.first; i; i = i->next) {
        struct asterisk *a = i->value;
        for (struct map_entry *j = a->queues.first; j; j = j->next) {
            char *key = xasprintf("%s/%s", i->key, j->key);
            bool more = visit(ctx, key, j->value);
            free(key);
            if (!more)
                return;
        }
    }
}

struct agent_walk {
    kind_visit *visit;
    void *ctx;
};

static bool console_live_visit_queue(void *ctx, const char *key, const void *value) {
    struct agent_walk *w = ctx;
    struct queue *q = (struct queue *)(uintptr_t)value;
    for (struct map_entry *i = q->members.first; i; i = i->next) {
        char *name = xasprintf("%s/%s", key, i->key);
        struct seat seat = {q, i->value};
        bool more = w->visit(w->ctx, name, &seat);
        free(name);
        if (!more)
            return false;
    }
    return true;
}

void each_agent(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    struct agent_walk w = {visit, ctx};
    each_queue(e, k, console_live_visit_queue, &w);
}

void each_strategy(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->plans.first; i; i = i->next)
        for (int h = 0; h < HOOK_COUNT; h++) {
            struct hook_of at = {i->value, (enum hook)h};
            char key[64];
            snprintf(key, sizeof key, "%.40s/%s", i->key, hook_name(at.hook));
            if (!visit(ctx, key, &at))
                return;
        }
}

void each_shadow(struct engine *e, const struct kind *k, kind_visit *visit, void *ctx) {
    (void)k;
    for (struct map_entry *i = e->plans.first; i; i = i->next) {
        const struct plan *p = i->value;
        if (p->shadow && !visit(ctx, i->key, p))
            return;
    }
}

/* ---- what can be asked of them ---- */

/* hangup(uuid) */
static void console_live_lent_hangup(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    struct dialing *d = map_get(&p->console->engine->dialings, arg_text(args, 0));
    if (d == NULL) {
        shell_answer(c, json_false());
        return;
    }
    peer_note(p, "dialing hangup %s", d->uuid);
    dialing_hangup(d);
    shell_answer(c, json_true());
}

/* An action under way. */
struct asked {
    struct shell_call *call;
    json_t *answer, *items;
};

/* An object of the headers; a header that occurs more than once is an array. */
static json_t *console_live_headers_json(const struct message *m) {
    json_t *o = json_object();
    for (unsigned i = 0; i < m->count; i++) {
        const struct header *h = &m->headers[i];
        json_t *v = json_string(h->value), *had = json_object_get(o, h->name);
        v = v ? v : json_string("?");
        if (json_is_array(had)) {
            json_array_append_new(had, v);
        } else if (had) {
            json_t *both = json_pack("[O, o]", had, v);
            json_object_set_new(o, h->name, both);
        } else {
            json_object_set_new(o, h->name, v);
        }
    }
    json_object_del(o, "ActionID");
    return o;
}

static void console_live_on_reply(void *arg, enum reply_kind kind, const struct message *m,
                                  bool last) {
    struct asked *a = arg;
    if (kind == REPLY_RESPONSE)
        a->answer = console_live_headers_json(m);
    else if (kind == REPLY_ITEM && json_array_size(a->items) < AMI_ITEMS)
        json_array_append_new(a->items, console_live_headers_json(m));
    if (!last)
        return;
    if (kind == REPLY_LOST || a->answer == NULL) {
        shell_refuse(a->call, "no answer: Asterisk went away, or took over 30 s");
        json_decref(a->answer);
        json_decref(a->items);
    } else {
        if (kind == REPLY_COMPLETE)
            json_object_set(a->answer, "items", a->items);
        json_decref(a->items);
        shell_answer(a->call, a->answer);
    }
    free(a);
}

/* Actions that would change or block the engine's own session. */
static bool console_live_is_ours(const char *action) {
    static const char *const ours[] = {"Login",  "Logoff", "Challenge",
                                       "Events", "Filter", "WaitEvent"};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (strcasecmp(ours[i], action) == 0)
            return true;
    return false;
}

/* NULL, or what is wrong with the list of {name, value}. */
static const char *console_live_add_headers(struct str *b, json_t *headers) {
    size_t i;
    json_t *h;
    if (json_array_size(headers) > AMI_LINES)
        return "an action has at most 120 headers";
    json_array_foreach (headers, i, h) {
        const char *name = arg_text(h, 0), *value = arg_text(h, 1);
        if (*name == '\0' || strpbrk(name, ": \r\n"))
            return "a header has a name without blanks and colons";
        if (strpbrk(value, "\r\n"))
            return "a value has a line break";
        if (strlen(name) + strlen(value) > AMI_LINE)
            return "a header has at most 1000 bytes";
        if (strcasecmp(name, "ActionID") == 0)
            return "the ActionID is the engine's: leave it out";
        if (strcasecmp(name, "Action") == 0 && console_live_is_ours(value))
            return "this action would change the engine's own session";
        header_add(b, name, value);
    }
    return NULL;
}

/* ami(headers, asterisk) */
static void console_live_lent_ami(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    struct engine *e = p->console->engine;
    const char *name = arg_text(args, 1);
    struct asterisk *a = *name ? map_get(&e->asterisks, name) : e->asterisks.first->value;
    struct str b = {0};
    const char *why =
        a ? console_live_add_headers(&b, json_array_get(args, 0)) : "no such Asterisk";
    struct asked *ask = xcalloc(1, sizeof *ask);
    *ask = (struct asked){.call = c, .items = json_array()};
    if (why == NULL) {
        json_t *first = json_array_get(json_array_get(args, 0), 0);
        peer_note(p, "AMI action %.60s", arg_text(first, 1));
        if (!client_send(a->client, &b, AMI_TIME, console_live_on_reply, ask))
            why = "Asterisk is away";
    }
    if (why) {
        shell_refuse(c, why);
        json_decref(ask->items);
        free(ask);
    }
    str_free(&b);
}

/* loop() */
static void console_live_lent_loop(void *arg, struct shell_call *c, json_t *args) {
    (void)args;
    struct loop *l = ((struct peer *)arg)->console->engine->loop;
    struct loop_cost cost = loop_take_cost(l);
    struct record *r = loop_record(l);
    json_int_t turns = record_value(r, RECORD_CPU_TIME, cost.turns);
    json_int_t sum = record_value(r, RECORD_CPU_TIME, cost.sum);
    json_int_t longest = record_value(r, RECORD_CPU_TIME, cost.longest);
    shell_answer(c, json_pack("{s:I, s:I, s:I}", "turns", turns, "cpu_us", sum / 1000,
                              "longest_us", longest / 1000));
}

/* reload() */
static void console_live_lent_reload(void *arg, struct shell_call *c, json_t *args) {
    (void)args;
    struct peer *p = arg;
    struct engine *e = p->console->engine;
    char *said = e->out.reload ? e->out.reload(e->out.arg) : NULL;
    peer_note(p, "reload");
    json_t *text = json_string(said ? said : "");
    free(said);
    shell_answer(c, text ? text : json_string("?"));
}

const struct lent console_live[] = {
    {"hangup", console_live_lent_hangup, "hangup(uuid): ends a call; false if there is none."},
    {"ami", console_live_lent_ami,
     "ami({{name, value}, ...}, asterisk): the answer to an action."},
    {"loop", console_live_lent_loop,
     "loop(): what its turns have cost since this was asked last."},
    {"reload", console_live_lent_reload,
     "reload(): configuration, users and strategies, read again."},
    {0},
};
