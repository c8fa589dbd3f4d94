/* The one loop: our own timers by (due, sequence) on the clock, tasks that run at
 * the end of the turn, and libevent for nothing but descriptors and signals. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"

struct event_base;
struct loop;
struct record;

/* A timer lives inside its owner. timer_init once; timer_stop before the owner dies. */
struct timer {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    int64_t due;
    uint64_t seq;
    int slot; /* place in the heap, -1 = not set */
};

/* Something to be done once at the end of this turn, however often it is asked for. */
struct task {
    struct loop *loop;
    void (*fn)(void *arg);
    void *arg;
    TAILQ_ENTRY(task) link;
    bool queued;
};

/* Wakes the loop from another thread; wakes that come together are one call. */
struct waker;

/* What turns have cost, in processor time of the loop's thread. Only on a real clock: what a
 * simulated shift costs is no concern of its loop. */
struct loop_cost {
    int64_t turns, sum, longest; /* ns */
};

/* The clock and the log are the caller's and outlive the loop. */
struct loop *loop_new(struct clock *clock, const struct log *log);
/* Frees it; timers and tasks still set are forgotten, loop_later ones are run. */
void loop_free(struct loop *l);
/* Turns until loop_stop; with a virtual clock also until nothing is left to do. */
void loop_run(struct loop *l);
/* One turn; waits for something to happen if wait. False when there was nothing to do. */
bool loop_turn(struct loop *l, bool wait);
void loop_stop(struct loop *l);
/* Of all turns that ended since this was asked last, by whoever it was. */
struct loop_cost loop_take_cost(struct loop *l);
struct clock *loop_clock(struct loop *l);
const struct log *loop_log(struct loop *l);
/* For the socket kind of connections. */
struct event_base *loop_events(struct loop *l);
/* Everything that comes in is noted there from now on; or, when it is one that is
 * replayed, comes from there alone (record.h). Before anything is connected. */
void loop_set_record(struct loop *l, struct record *record);
/* NULL: nothing is recorded. */
struct record *loop_record(const struct loop *l);
/* A new reading of the clock, for who is called by libevent before the turn has one. */
void loop_read_clock(struct loop *l);
/* Calls fn(arg) at the end of this turn: how an object is freed that is in its own
 * callback. */
void loop_later(struct loop *l, void (*fn)(void *arg), void *arg);
/* A signal as an ordinary call from the loop. */
void loop_signal(struct loop *l, int signo, void (*fn)(void *arg), void *arg);

void timer_init(struct timer *t, struct loop *l, void (*fn)(void *arg), void *arg);
/* (Re)arms it delay_ns from now; a delay below zero is zero. */
void timer_set(struct timer *t, int64_t delay_ns);
void timer_stop(struct timer *t);
bool timer_is_set(const struct timer *t);

void task_init(struct task *t, struct loop *l, void (*fn)(void *arg), void *arg);
void task_queue(struct task *t);
void task_cancel(struct task *t);

/* A replayed loop has none: NULL, and nobody to wake. */
struct waker *waker_new(struct loop *l, void (*fn)(void *arg), void *arg);
/* The only function here that may be called from another thread. */
void waker_wake(struct waker *w);
void waker_free(struct waker *w);

#endif
