#include "io/loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "record/record.h"
#include "base/str.h"

#define SIGNALS_MAX 8

struct later {
    SLIST_ENTRY(later) link;
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    struct clock *clock;
    const struct log *log;
    struct record *record;
    struct event_base *base;
    struct event *alarm; /* tells libevent when the next timer is due */
    struct timer **heap;
    int timers, heap_cap;
    uint64_t seq;
    TAILQ_HEAD(, task) tasks;
    SLIST_HEAD(, later) later;
    struct {
        struct event *ev;
        int signo;
        void (*fn)(void *arg);
        void *arg;
    } signals[SIGNALS_MAX];
    int signal_count;
    bool stopping;
    int64_t measured; /* processor time at the end of the latest turn; 0 = none yet */
    struct loop_cost cost;
};

struct waker {
    struct event *ev;
    int fd;
    void (*fn)(void *arg);
    void *arg;
};

/* ---- timers: a binary heap ---- */

static bool loop_earlier(const struct timer *a, const struct timer *b) {
    return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void loop_place(struct loop *l, struct timer *t, int slot) {
    l->heap[slot] = t;
    t->slot = slot;
}

/* Moves t from a free slot towards the root as far as it belongs. */
static void loop_sift_up(struct loop *l, struct timer *t, int slot) {
    while (slot > 0 && loop_earlier(t, l->heap[(slot - 1) / 2])) {
        loop_place(l, l->heap[(slot - 1) / 2], slot);
        slot = (slot - 1) / 2;
    }
    loop_place(l, t, slot);
}

/* Moves t from a free slot towards the leaves as far as it belongs. */
static void loop_sift_down(struct loop *l, struct timer *t, int slot) {
    for (int child; (child = 2 * slot + 1) < l->timers; slot = child) {
        if (child + 1 < l->timers && loop_earlier(l->heap[child + 1], l->heap[child]))
            child++;
        if (!loop_earlier(l->heap[child], t))
            break;
        loop_place(l, l->heap[child], slot);
    }
    loop_place(l, t, slot);
}

void timer_init(struct timer *t, struct loop *l, void (*fn)(void *arg), void *arg) {
    *t = (struct timer){.loop = l, .fn = fn, .arg = arg, .slot = -1};
}

bool timer_is_set(const struct timer *t) { return t->loop && t->slot >= 0; }

void timer_stop(struct timer *t) {
    if (!timer_is_set(t))
        return;
    struct loop *l = t->loop;
    int slot = t->slot;
    t->slot = -1;
    struct timer *last = l->heap[--l->timers];
    if (last == t)
        return;
    if (slot > 0 && loop_earlier(last, l->heap[(slot - 1) / 2]))
        loop_sift_up(l, last, slot);
    else
        loop_sift_down(l, last, slot);
}

void timer_set(struct timer *t, int64_t delay_ns) {
    struct loop *l = t->loop;
    timer_stop(t);
    if (l->timers == l->heap_cap) {
        l->heap_cap = l->heap_cap ? 2 * l->heap_cap : 64;
        l->heap = xrealloc(l->heap, (size_t)l->heap_cap * sizeof *l->heap);
    }
    t->due = l->clock->mono + (delay_ns > 0 ? delay_ns : 0);
    t->seq = ++l->seq;
    loop_sift_up(l, t, l->timers++);
}

/* Runs the timers that are due now; those they set wait for the next turn. */
static bool loop_run_timers(struct loop *l) {
    uint64_t before = l->seq;
    int64_t now = l->clock->mono;
    bool any = false;
    while (l->timers && l->heap[0]->due <= now && l->heap[0]->seq <= before) {
        struct timer *t = l->heap[0];
        timer_stop(t);
        t->fn(t->arg);
        any = true;
    }
    return any;
}

/* ---- tasks ---- */

void task_init(struct task *t, struct loop *l, void (*fn)(void *arg), void *arg) {
    *t = (struct task){.loop = l, .fn = fn, .arg = arg};
}

void task_queue(struct task *t) {
    if (t->queued)
        return;
    t->queued = true;
    TAILQ_INSERT_TAIL(&t->loop->tasks, t, link);
}

void task_cancel(struct task *t) {
    if (!t->queued)
        return;
    t->queued = false;
    TAILQ_REMOVE(&t->loop->tasks, t, link);
}

static bool loop_run_tasks(struct loop *l) {
    /* A task may queue others: they still belong to this turn, but not without end. */
    int budget = 100000;
    bool any = false;
    struct task *t;
    while ((t = TAILQ_FIRST(&l->tasks)) != NULL && budget--) {
        task_cancel(t);
        t->fn(t->arg);
        any = true;
    }
    return any;
}

void loop_later(struct loop *l, void (*fn)(void *arg), void *arg) {
    struct later *n = xmalloc(sizeof *n);
    *n = (struct later){.fn = fn, .arg = arg};
    SLIST_INSERT_HEAD(&l->later, n, link);
}

static void loop_run_later(struct loop *l) {
    struct later *n;
    while ((n = SLIST_FIRST(&l->later)) != NULL) {
        SLIST_REMOVE_HEAD(&l->later, link);
        n->fn(n->arg);
        free(n);
    }
}

/* ---- the loop ---- */

static void loop_on_alarm(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what, (void)arg; /* waking up is all it is for */
}

struct loop *loop_new(struct clock *clock, const struct log *log) {
    struct loop *l = xcalloc(1, sizeof *l);
    l->clock = clock;
    l->log = log;
    l->base = event_base_new();
    l->alarm = evtimer_new(l->base, loop_on_alarm, l);
    TAILQ_INIT(&l->tasks);
    return l;
}

void loop_free(struct loop *l) {
    if (l == NULL)
        return;
    for (int i = 0; i < 2; i++) { /* connections that drain now are freed in the second round */
        loop_run_later(l);
        event_base_loop(l->base, EVLOOP_NONBLOCK); /* lets freed bufferevents go */
    }
    for (int i = 0; i < l->signal_count; i++)
        if (l->signals[i].ev)
            event_free(l->signals[i].ev);
    event_free(l->alarm);
    event_base_free(l->base);
    free(l->heap);
    free(l);
}

/* How long may we sleep? Arms the alarm accordingly and returns the flags for it. */
static int loop_prepare_wait(struct loop *l, bool wait) {
    if (!wait || !TAILQ_EMPTY(&l->tasks) || !SLIST_EMPTY(&l->later))
        return EVLOOP_NONBLOCK;
    if (l->timers == 0)
        return EVLOOP_ONCE;
    int64_t ns = l->heap[0]->due - l->clock->mono;
    if (ns <= 0)
        return EVLOOP_NONBLOCK;
    struct timeval tv = {.tv_sec = ns / NS_PER_S, .tv_usec = (ns % NS_PER_S + 999) / 1000};
    evtimer_add(l->alarm, &tv);
    return EVLOOP_ONCE;
}

/* Virtual time: when nothing else is left for this instant, jump to the next timer. */
static bool loop_jump(struct loop *l) {
    if (l->timers == 0)
        return false;
    clock_advance(l->clock, l->heap[0]->due);
    return true;
}

static void loop_call_signal(struct loop *l, int signo) {
    for (int i = 0; i < l->signal_count; i++)
        if (l->signals[i].signo == signo)
            l->signals[i].fn(l->signals[i].arg);
}

/* What came in before the turn's own work. False when there is no more. */
static bool loop_replay_inputs(struct loop *l) {
    struct record_item item;
    while (record_next(l->record, &item) && item.kind != RECORD_TURN) {
        if (item.kind == RECORD_CLOCK) {
            record_reading(l->record, &l->clock->mono, &l->clock->wall);
        } else if (item.kind == RECORD_SIGNAL) {
            loop_call_signal(l, (int)item.a);
        } else {
            record_play(l->record, &item);
        }
    }
    return record_state(l->record) == RECORD_GOES_ON;
}

/* The same turn as it was, without a look at the world. */
static bool loop_replay_turn(struct loop *l) {
    if (!loop_replay_inputs(l)) {
        l->stopping = true;
        return false;
    }
    loop_run_timers(l);
    loop_run_tasks(l);
    loop_run_later(l);
    return true;
}

/* A turn has ended: what it took, from the end of the one before. That the thread waited in
 * between costs nothing. */
static void loop_measure(struct loop *l) {
    int64_t now = clock_thread(), took = now - l->measured;
    bool is_first = l->measured == 0;
    l->measured = now;
    if (is_first)
        return;
    l->cost.turns++;
    l->cost.sum += took;
    if (took > l->cost.longest)
        l->cost.longest = took;
}

struct loop_cost loop_take_cost(struct loop *l) {
    struct loop_cost cost = l->cost;
    l->cost = (struct loop_cost){0};
    return cost;
}

bool loop_turn(struct loop *l, bool wait) {
    bool any;
    if (record_is_replayed(l->record))
        return loop_replay_turn(l);
    if (l->clock->is_virtual) {
        /* all in memory, as a simulated shift is: no descriptor to ask the kernel about */
        if (event_base_get_num_events(l->base, EVENT_BASE_COUNT_ADDED))
            event_base_loop(l->base, EVLOOP_NONBLOCK);
        any = loop_run_timers(l);
        any |= loop_run_tasks(l);
        loop_run_later(l);
        return any || (wait && loop_jump(l));
    }
    int flags = loop_prepare_wait(l, wait);
    event_base_loop(l->base, flags);
    evtimer_del(l->alarm);
    loop_read_clock(l);
    record_input(l->record, RECORD_TURN, NULL, 0, NULL, 0);
    any = loop_run_timers(l);
    any |= loop_run_tasks(l);
    loop_run_later(l);
    record_flush(l->record);
    loop_measure(l);
    return any || flags == EVLOOP_ONCE;
}

void loop_run(struct loop *l) {
    l->stopping = false;
    l->measured = 0; /* what came before was the start */
    loop_read_clock(l);
    while (!l->stopping)
        if (!loop_turn(l, true) && l->clock->is_virtual)
            break;
}

void loop_stop(struct loop *l) {
    l->stopping = true;
    event_base_loopbreak(l->base);
}

void loop_set_record(struct loop *l, struct record *record) { l->record = record; }
struct record *loop_record(const struct loop *l) {
    return l->record;
}

void loop_read_clock(struct loop *l) {
    if (record_is_replayed(l->record))
        return;
    clock_read(l->clock);
    record_clock(l->record, l->clock->mono, l->clock->wall);
}

struct clock *loop_clock(struct loop *l) {
    return l->clock;
}
const struct log *loop_log(struct loop *l) { return l->log; }
struct event_base *loop_events(struct loop *l) {
    return l->base;
}

/* ---- signals and other threads ---- */

static void loop_on_signal(evutil_socket_t signo, short what, void *arg) {
    (void)what;
    struct loop *l = arg;
    loop_read_clock(l);
    record_input(l->record, RECORD_SIGNAL, NULL, (int64_t)signo, NULL, 0);
    loop_call_signal(l, (int)signo);
}

void loop_signal(struct loop *l, int signo, void (*fn)(void *arg), void *arg) {
    if (l->signal_count == SIGNALS_MAX)
        return;
    int i = l->signal_count++;
    l->signals[i].fn = fn;
    l->signals[i].arg = arg;
    l->signals[i].signo = signo;
    if (record_is_replayed(l->record))
        return;
    l->signals[i].ev = evsignal_new(l->base, signo, loop_on_signal, l);
    event_add(l->signals[i].ev, NULL);
}

static void loop_on_wake(evutil_socket_t fd, short what, void *arg) {
    (void)what;
    struct waker *w = arg;
    uint64_t n;
    if (read(fd, &n, sizeof n) == sizeof n)
        w->fn(w->arg);
}

struct waker *waker_new(struct loop *l, void (*fn)(void *arg), void *arg) {
    if (record_is_replayed(l->record))
        return NULL;
    struct waker *w = xcalloc(1, sizeof *w);
    w->fn = fn;
    w->arg = arg;
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->ev = event_new(l->base, w->fd, EV_READ | EV_PERSIST, loop_on_wake, w);
    event_add(w->ev, NULL);
    return w;
}

void waker_wake(struct waker *w) {
    if (w == NULL)
        return;
    uint64_t one = 1;
    ssize_t n = write(w->fd, &one, sizeof one);
    (void)n; /* EAGAIN: it is awake already */
}

void waker_free(struct waker *w) {
    if (w == NULL)
        return;
    event_free(w->ev);
    close(w->fd);
    free(w);
}
