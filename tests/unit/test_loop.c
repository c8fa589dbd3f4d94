/* The loop: timers by (due, sequence), tasks, virtual time; and connections in memory
 * and over sockets. */
#include "tool.h"

#include <pthread.h>
#include <signal.h>

static struct house h;
static struct str seen;

static int set_up(void **state) {
    (void)state;
    house_begin(&h, true);
    str_reset(&seen);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    house_end(&h);
    str_free(&seen);
    return 0;
}

static char a_[] = "a", b_[] = "b", c_[] = "c", task_[] = "task", victim_[] = "victim";

static void note(void *arg) { str_addf(&seen, "%s ", (const char *)arg); }

/* ---- timers ---- */

/* By time, and among those of one time by the order they were set: two runs of one
 * seed must not differ. */
static void test_order(void **state) {
    (void)state;
    static char names[][2] = {"a", "b", "c", "d", "e"};
    static const int64_t delays[] = {30, 10, 20, 10, -5};
    struct timer t[5];
    for (size_t i = 0; i < 5; i++) {
        timer_init(&t[i], h.loop, note, names[i]);
        timer_set(&t[i], delays[i]);
    }
    timer_set(&t[1], 10); /* set anew: behind d now */
    loop_run(h.loop);
    assert_string_equal(seen.s, "e d b c a ");
    assert_int_equal(h.clock.mono, 30);
    assert_int_equal(h.clock.wall, WALL_START + 30);
}

/* Many timers set, moved and stopped at random: those left run in order. */
static void test_heap(void **state) {
    (void)state;
    enum { N = 2000 };
    static struct timer t[N];
    static char names[N][8];
    int left = 0;
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        timer_init(&t[i], h.loop, note, names[i]);
        timer_set(&t[i], (int64_t)(chance_next(&h.chance) % 1000));
    }
    for (int i = 0; i < 3 * N; i++) {
        struct timer *one = &t[chance_next(&h.chance) % N];
        if (i % 3)
            timer_set(one, (int64_t)(chance_next(&h.chance) % 1000));
        else
            timer_stop(one);
    }
    for (int i = 0; i < N; i++)
        left += timer_is_set(&t[i]);
    loop_run(h.loop);
    int64_t due = -1;
    uint64_t seq = 0;
    for (char *word = strtok(seen.s, " "); word; word = strtok(NULL, " ")) {
        const struct timer *one = &t[atoi(word)];
        assert_true(one->due > due || (one->due == due && one->seq > seq));
        due = one->due;
        seq = one->seq;
        left--;
    }
    assert_int_equal(left, 0);
}

/* A timer that sets itself for "now" must not keep the others out. */
static struct timer again;
static int agains;

static void run_again(void *arg) {
    (void)arg;
    if (++agains < 1000)
        timer_set(&again, 0);
}

static void test_fairness(void **state) {
    (void)state;
    struct task other;
    agains = 0;
    timer_init(&again, h.loop, run_again, NULL);
    task_init(&other, h.loop, note, task_);
    timer_set(&again, 0);
    task_queue(&other);
    loop_turn(h.loop, false);
    assert_int_equal(agains, 1);
    assert_string_equal(seen.s, "task ");
    settle(&h);
    assert_int_equal(agains, 1000);
    assert_int_equal(h.clock.mono, 0);
}

/* A timer stopped by another that is due at the same time does not run. */
static struct timer victim;
static void stop_victim(void *arg) { (void)arg, timer_stop(&victim); }

static void test_stop_due(void **state) {
    (void)state;
    struct timer killer;
    timer_init(&killer, h.loop, stop_victim, NULL);
    timer_init(&victim, h.loop, note, victim_);
    timer_set(&killer, 5);
    timer_set(&victim, 5);
    loop_run(h.loop);
    assert_string_equal(str_get(&seen), "");
    assert_false(timer_is_set(&victim));
}

/* ---- tasks ---- */

/* Asked for many times, done once, in the order of asking; cancelled is not done. */
static void test_tasks(void **state) {
    (void)state;
    struct task a, b, c;
    task_init(&a, h.loop, note, a_);
    task_init(&b, h.loop, note, b_);
    task_init(&c, h.loop, note, c_);
    task_queue(&b);
    task_queue(&a);
    task_queue(&c);
    task_queue(&b);
    task_cancel(&c);
    settle(&h);
    assert_string_equal(seen.s, "b a ");
    task_queue(&c);
    settle(&h);
    assert_string_equal(seen.s, "b a c ");
}

/* ---- wakers ---- */

static struct waker *second;
static void note_time(void *arg) {
    (void)arg;
    str_addf(&seen, "%lld ", (long long)h.clock.mono);
}

static void wake_second(void *arg) {
    note_time(arg);
    waker_wake(second);
}

/* What a wake begins belongs to this instant: no virtual time may go by before it is
 * done, or a simulation would depend on how its callbacks nest. */
static void test_wakes_before_time(void **state) {
    (void)state;
    struct timer t;
    struct waker *first = waker_new(h.loop, wake_second, NULL);
    second = waker_new(h.loop, note_time, NULL);
    timer_init(&t, h.loop, note_time, NULL);
    timer_set(&t, 5);
    waker_wake(first);
    waker_wake(first);
    loop_run(h.loop);
    assert_string_equal(seen.s, "0 0 5 ");
    waker_free(first);
    waker_free(second);
}

/* ---- what turns cost ---- */

#define BURN (3 * NS_PER_MS)

static void burn(void *arg) {
    (void)arg;
    int64_t until = clock_thread() + BURN;
    while (clock_thread() < until)
        ;
}

/* Processor time by turn, of the loop's own thread, since it was asked last. */
static void test_cost(void **state) {
    (void)state;
    struct house real;
    struct task t;
    house_begin(&real, false);
    task_init(&t, real.loop, burn, NULL);
    loop_turn(real.loop, false); /* from its end on it is measured */
    for (int i = 0; i < 2; i++) {
        task_queue(&t);
        loop_turn(real.loop, false);
    }
    burn(NULL); /* between two turns: belongs to the next */
    loop_turn(real.loop, false);
    struct loop_cost cost = loop_take_cost(real.loop);
    assert_int_equal(cost.turns, 3);
    assert_true(cost.longest >= BURN && cost.longest < cost.sum);
    assert_true(cost.sum >= 3 * BURN);
    cost = loop_take_cost(real.loop);
    assert_int_equal(cost.turns, 0);
    assert_int_equal(cost.longest, 0);
    house_end(&real);
    loop_turn(h.loop, false); /* a virtual one */
    assert_int_equal(loop_take_cost(h.loop).turns, 0);
}

/* Another thread wakes a sleeping loop; wakes that come together may be one. */
static int woken;
static void on_wake(void *arg) { (void)arg, woken++; }

static void *wake_often(void *arg) {
    for (int i = 0; i < 1000; i++)
        waker_wake(arg);
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    struct house real;
    pthread_t thread;
    house_begin(&real, false);
    struct waker *w = waker_new(real.loop, on_wake, NULL);
    woken = 0;
    pthread_create(&thread, NULL, wake_often, w);
    pthread_join(thread, NULL);
    while (woken == 0)
        loop_turn(real.loop, true);
    assert_in_range(woken, 1, 1000);
    waker_free(w);
    house_end(&real);
}

static void on_signal(void *arg) { loop_stop(arg); }

static void test_signal(void **state) {
    (void)state;
    struct house real;
    house_begin(&real, false);
    loop_signal(real.loop, SIGUSR1, on_signal, real.loop);
    raise(SIGUSR1);
    loop_run(real.loop); /* hangs if the signal is lost */
    house_end(&real);
}

/* ---- connections ---- */

/* Bytes arrive in order, from the loop and never from within; what was sent before
 * the close still comes; then the end, once. */
static void test_memory(void **state) {
    (void)state;
    struct conn *ends[2];
    struct peer a, b;
    conn_pair(h.loop, ends);
    peer_begin(&a, ends[0]);
    peer_begin(&b, ends[1]);
    peer_say(&a, "one ");
    assert_int_equal(b.got.len, 0);
    assert_int_equal(conn_owed(a.conn), 4);
    settle(&h);
    assert_int_equal(conn_owed(a.conn), 0);
    HEARD(&b, "one ");
    conn_hold(b.conn, true);
    peer_say(&a, "two ");
    peer_say(&a, "three");
    settle(&h);
    HEARD(&b, "");
    conn_close(a.conn, true);
    settle(&h);
    assert_false(b.lost);
    conn_hold(b.conn, false);
    settle(&h);
    HEARD(&b, "two three");
    assert_true(b.lost);
    peer_say(&b, "nobody hears it");
    settle(&h);
    conn_close(b.conn, true);
    str_free(&a.got);
    str_free(&b.got);
}

static struct peer server;
static void accept_one(void *arg, struct conn *c) { (void)arg, peer_begin(&server, c); }

/* A close with flush loses nothing, even of what the kernel cannot take at once. */
static void test_socket(void **state) {
    (void)state;
    enum { BIG = 8 << 20 };
    struct house real;
    struct peer client;
    char *err = NULL, *big = xmalloc(BIG);
    house_begin(&real, false);
    memset(big, 'x', BIG);
    struct listener *ls = listener_new(real.loop, "127.0.0.1", 0, NULL, accept_one, NULL, &err);
    assert_non_null(ls);
    memset(&server, 0, sizeof server);
    peer_dial(&client, real.loop, listener_port(ls));
    UNTIL(&real, server.conn);
    assert_string_equal(conn_peer(server.conn), "127.0.0.1");
    conn_send(server.conn, big, BIG);
    conn_close(server.conn, true);
    UNTIL(&real, client.lost);
    assert_int_equal(client.got.len, BIG);
    peer_end(&client);
    /* nobody there: told from the loop, with a reason */
    int port = listener_port(ls);
    listener_free(ls);
    settle(&real);
    peer_dial(&client, real.loop, port);
    assert_false(client.lost);
    UNTIL(&real, client.lost);
    peer_end(&client);
    assert_null(listener_new(real.loop, "no address", 0, NULL, accept_one, NULL, &err));
    assert_non_null(strstr(err, "cannot listen on"));
    free(err);
    free(big);
    settle(&real);
    house_end(&real);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_order),    TEST(test_heap),   TEST(test_fairness),
        TEST(test_stop_due), TEST(test_tasks),  TEST(test_wakes_before_time),
        TEST(test_threads),  TEST(test_signal), TEST(test_memory),
        TEST(test_socket),   TEST(test_cost),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
