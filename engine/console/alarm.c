/* What a console is told later: events it listens to, alarms it has set. */
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
    struct alarm *next;
    struct peer *peer;
    int64_t id, every;          /* every: ns, 0 = once */
    struct shell_call *sleeper; /* who waits for it, instead of on_alarm */
    struct timer timer;
};

static void alarm_drop(struct alarm *a) {
    struct alarm **slot = &a->peer->alarms;
    while (*slot != a)
        slot = &(*slot)->next;
    *slot = a->next;
    timer_stop(&a->timer);
    if (a->sleeper)
        shell_answer(a->sleeper, json_true());
    free(a);
}

void alarms_free(struct peer *p) {
    while (p->alarms)
        alarm_drop(p->alarms);
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

/* A new one, or NULL with the call refused. */
static struct alarm *alarm_set(struct peer *p, struct shell_call *c, json_t *args, bool every) {
    double s = json_number_value(json_array_get(args, 0));
    size_t n = 0;
    for (struct alarm *a = p->alarms; a; a = a->next)
        n++;
    if (!(s >= (every ? EVERY_MIN : 0)) || s > SECONDS_MAX) {
        shell_refuse(c, every ? "every how many seconds? 0.01 to a year"
                              : "after how many seconds? 0 to a year");
        return NULL;
    }
    if (n >= ALARMS_MAX) {
        shell_refuse(c, "1000 timers are set already");
        return NULL;
    }
    struct alarm *a = xcalloc(1, sizeof *a);
    *a = (struct alarm){.next = p->alarms, .peer = p, .id = ++p->alarm_ids};
    a->every = every ? SECONDS(s) : 0;
    p->alarms = a;
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
    struct alarm *a = p->alarms;
    while (a && a->id != id)
        a = a->next;
    if (a)
        alarm_drop(a);
    shell_answer(c, json_boolean(a != NULL));
}

/* ---- events ---- */

/* dialing.update; an event of no noun as AMI calls it, in lower case and without Out. */
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
    for (const struct peer *p = c->peers; p; p = p->next)
        if (p->hears)
            return true;
    return false;
}

void console_event(struct console *c, const struct event *ev) {
    const struct event_type *t = &event_types[ev->kind];
    if (!alarm_is_heard(c))
        return;
    char *name = alarm_event_name(t);
    json_t *data = t->stored ? kind_row(ev->subject) : kind_attrs(t->attrs, ev->subject);
    for (struct peer *p = c->peers; p; p = p->next)
        alarm_tell(p, name, data);
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
