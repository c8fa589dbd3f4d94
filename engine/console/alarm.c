/* What a console hears of later: the events it subscribed to and the alarms it set. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/inner.h"
#include "dialer/events.h"

#define ALARMS_MAX 1000
#define EVERY_MIN 0.01 /* s */
#define SECONDS_MAX 31536000

/* ---- alarms ---- */

struct alarm {
    LIST_ENTRY(alarm) list;
    struct peer *peer;
    int64_t id, every;          /* every: ns, 0 = once */
    struct shell_call *sleeper; /* the call that waits for it; NULL: on_alarm is called */
    struct timer timer;
};

static void alarm_drop(struct alarm *a) {
    LIST_REMOVE(a, list);
    timer_stop(&a->timer);
    if (a->sleeper)
        shell_answer(a->sleeper, json_true());
    free(a);
}

void alarms_free(struct peer *p) {
    while (!LIST_EMPTY(&p->alarms))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each takes itself off the list */
        alarm_drop(LIST_FIRST(&p->alarms));
}

static void alarm_on(void *arg) {
    struct alarm *a = arg;
    if (a->sleeper == NULL)
        shell_begin(a->peer->shell, "on_alarm",
                    json_pack("[I, b]", (json_int_t)a->id, a->every == 0), NULL, NULL);
    if (a->every)
        timer_set(&a->timer, a->every);
    else
        alarm_drop(a);
}

/* Sets a new alarm. If it cannot be set, refuses the call and returns NULL. */
static struct alarm *alarm_set(struct peer *p, struct shell_call *c, json_t *args, bool every) {
    double s = json_number_value(json_array_get(args, 0));
    size_t n = 0;
    struct alarm *a;
    LIST_FOREACH (a, &p->alarms, list) {
        n++;
    }
    if (!(s >= (every ? EVERY_MIN : 0)) || s > SECONDS_MAX) {
        shell_refuse(c, every ? "every how many seconds? 0.01 to a year"
                              : "after how many seconds? 0 to a year");
        return NULL;
    }
    if (n >= ALARMS_MAX) {
        shell_refuse(c, "1000 timers are set already");
        return NULL;
    }
    a = xcalloc(1, sizeof *a);
    *a = (struct alarm){.peer = p, .id = ++p->alarm_ids};
    a->every = every ? SECONDS(s) : 0;
    LIST_INSERT_HEAD(&p->alarms, a, list);
    timer_init(&a->timer, p->console->engine->loop, alarm_on, a);
    timer_set(&a->timer, SECONDS(s));
    return a;
}

/* alarm(seconds, repeat) */
static void alarm_lent(void *arg, struct shell_call *c, json_t *args) {
    struct alarm *a = alarm_set(arg, c, args, json_is_true(json_array_get(args, 1)));
    if (a)
        shell_answer(c, json_integer(a->id));
}

/* sleep(seconds) */
static void alarm_lent_sleep(void *arg, struct shell_call *c, json_t *args) {
    struct alarm *a = alarm_set(arg, c, args, false);
    if (a)
        a->sleeper = c;
}

/* alarm_off(id) */
static void alarm_lent_alarm_off(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    int64_t id = arg_int(args, 0, 0);
    struct alarm *a;
    LIST_FOREACH (a, &p->alarms, list) {
        if (a->id == id)
            break;
    }
    if (a)
        alarm_drop(a);
    shell_answer(c, json_boolean(a != NULL));
}

/* ---- events ---- */

/* "dialing.update". An event that belongs to no noun has its AMI name in lower case, without
 * "Out". To be freed. */
static char *alarm_event_name(const struct event_type *t) {
    if (t->noun)
        return xasprintf("%s.%s", t->noun, t->verb);
    char *name = xstrdup(t->name + strlen("Out"));
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return name;
}

static void alarm_tell(struct peer *p, const char *name, json_t *data) {
    if (!p->hears || p->closing)
        return;
    json_t *args = json_pack("[s, O, I]", name, data, (json_int_t)p->dropped);
    if (shell_begin(p->shell, "on_event", args, NULL, NULL))
        p->dropped = 0;
    else
        p->dropped++;
}

static bool alarm_is_heard(const struct console *c) {
    const struct peer *p;
    LIST_FOREACH (p, &c->peers, list) {
        if (p->hears)
            return true;
    }
    return false;
}

void console_event(struct console *c, const struct event *ev) {
    const struct event_type *t = &event_types[ev->kind];
    if (!alarm_is_heard(c))
        return;
    char *name = alarm_event_name(t);
    json_t *data = t->stored ? kind_row(ev->subject) : kind_attrs(t->attrs, ev->subject);
    struct peer *p;
    LIST_FOREACH (p, &c->peers, list) {
        alarm_tell(p, name, data);
    }
    json_decref(data);
    free(name);
}

/* hear(yes) */
static void alarm_lent_hear(void *arg, struct shell_call *c, json_t *args) {
    struct peer *p = arg;
    p->hears = json_is_true(json_array_get(args, 0));
    shell_answer(c, json_boolean(p->hears));
}

const struct lent console_alarms[] = {
    {"alarm", alarm_lent, "alarm(seconds, repeat): its id; calls on_alarm."},
    {"sleep", alarm_lent_sleep, "sleep(seconds): true, then."},
    {"alarm_off", alarm_lent_alarm_off, "alarm_off(id): was it set?"},
    {"hear", alarm_lent_hear, "hear(yes): on_event is called from now on, or no longer."},
    {0},
};
