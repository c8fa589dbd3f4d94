/* What the store takes: batches as calls make them (reserved with a row in the ledger,
 * answered, closed with its result and a new due date), as fast as they become durable. Calls
 * a second, processor time of the whole process and bytes written for each call.
 *
 *   make build/libastout.a && cc -O2 -D_GNU_SOURCE -Iengine -o /tmp/calls tests/bench/calls.c \
 *       build/libastout.a $(pkg-config --libs sqlite3 jansson libevent libevent_openssl uuid \
 *       libssl libcrypto lua5.4 libedit) -lm -lpthread
 *   /tmp/calls [CALLS [IN-PROGRESS [BATCHES-AT-A-TIME [FROZEN [FOLDER]]]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/chance.h"
#include "io/loop.h"
#include "store/sqlite/sqlite.h"

#define LIST "dddddddd-2222-4333-8444-000000000001"
#define CAMPAIGN "cccccccc-2222-4333-8444-000000000001"
#define PLAN "bbbbbbbb-2222-4333-8444-000000000001"

struct call {
    struct row *lead;
    int64_t id;
    char uuid[UUID_TEXT], other[UUID_TEXT];
    bool answered;
};

static struct clock now_clock;
static struct loop *loop;
static struct store *s;
static struct chance chance;
static struct call *up;
static int ups, flight, pending, most;
static long done, calls, begun;
static char *frozen, *line, *result, now[TIME_TEXT];

static void on_done(void *arg, enum batch_end end) {
    (void)arg;
    pending--;
    if (end != BATCH_DURABLE)
        exit(fprintf(stderr, "a batch ended as %d\n", end));
}

/* ---- leads ---- */

static struct row *make_lead(struct batch *b, int64_t id) {
    struct row *r = row_new(&noun_lead);
    char text[40];
    chance_uuid(&chance, text);
    row_set_text(r, LEAD_UUID, text);
    row_set_text(r, LEAD_DLMA_UUID, LIST);
    snprintf(text, sizeof text, "Somebody %lld", (long long)id);
    row_set_text(r, LEAD_NAME, text);
    snprintf(text, sizeof text, "%011lld", (long long)id);
    row_set_text(r, LEAD_NUMBER_1, text);
    row_set_text(r, LEAD_TM_CREATE, now);
    row_set_int(r, LEAD_ID, store_next_id(s, ID_LEAD));
    batch_row(b, r);
    return r;
}

static void put_due(struct batch *b, int64_t lead, int64_t tries, int64_t at, const char *why) {
    batch_statement(b, &write_due,
                    BIND(ARG_INT("agenda", 1), ARG_INT("lead", lead), ARG_INT("tries", tries),
                         ARG_INT("due_at", at), ARG_INT("number", 1), ARG_TEXT("reason", why)));
}

static void wait_for(int how_many) {
    while (pending > how_many)
        loop_turn(loop, true);
}

static struct row **make_leads(long count) {
    struct row **leads = calloc((size_t)count, sizeof *leads);
    struct batch *b = batch_new();
    batch_statement(b, &write_agenda,
                    BIND(ARG_INT("agenda", 1), ARG_TEXT("plan", PLAN), ARG_TEXT("dlma", LIST),
                         ARG_TEXT("version", "1")));
    for (long i = 0; i < count; i++) {
        leads[i] = make_lead(b, i);
        put_due(b, row_int(leads[i], LEAD_ID), 0, 0, NULL);
        if (i % 1000 == 999) {
            pending++;
            store_submit(s, b, on_done, NULL);
            wait_for(4);
            b = batch_new();
        }
    }
    pending++;
    store_submit(s, b, on_done, NULL);
    wait_for(0);
    return leads;
}

/* ---- calls ---- */

static void submit(struct batch *b) {
    pending++;
    store_submit(s, b, on_done, NULL);
}

static void begin_call(struct row *lead) {
    struct call *c = &up[ups++];
    struct batch *b = batch_new();
    *c = (struct call){.lead = lead, .id = store_next_id(s, ID_DIALING)};
    chance_uuid(&chance, c->uuid);
    chance_uuid(&chance, c->other);
    row_set_int(lead, LEAD_STATUS, 1);
    row_set_text(lead, LEAD_DIALING_UUID, c->uuid);
    row_set_text(lead, LEAD_DIALING_CAMP_UUID, CAMPAIGN);
    row_set_text(lead, LEAD_DIALING_PLAN_UUID, PLAN);
    row_set_int(lead, LEAD_TRYCNT_1, 1);
    row_set_int(lead, LEAD_LAST_INDEX, 1);
    row_set_text(lead, LEAD_TM_UPDATE, now);
    row_set_text(lead, LEAD_TM_LAST_DIAL, now);
    batch_row_if(b, lead, row_int(lead, LEAD_VERSION));
    batch_statement(b, &write_due_lead_delete, BIND(ARG_INT("lead", row_int(lead, LEAD_ID))));
    batch_statement(b, &write_ledger_open,
                    BIND(ARG_INT("id", c->id), ARG_TEXT("uuid", c->uuid),
                         ARG_TEXT("other", c->other), ARG_TEXT("asterisk", "main"),
                         ARG_TEXT("campaign", CAMPAIGN), ARG_TEXT("plan", PLAN),
                         ARG_INT("lead", row_int(lead, LEAD_ID)), ARG_INT("dial_index", 1),
                         ARG_TEXT("tm_dialing", now), ARG_TEXT("frozen", frozen)));
    submit(b);
}

static void answer_call(struct call *c) {
    struct batch *b = batch_new();
    c->answered = true;
    batch_statement(b, &write_ledger_answer,
                    BIND(ARG_INT("id", c->id), ARG_TEXT("tm_dial_begin", now),
                         ARG_TEXT("tm_dial_end", now)));
    submit(b);
}

static void end_call(int k) {
    struct call *c = &up[k];
    struct row *lead = c->lead;
    struct batch *b = batch_new();
    row_set_int(lead, LEAD_STATUS, 0);
    row_set_text(lead, LEAD_DIALING_UUID, NULL);
    row_set_text(lead, LEAD_DIALING_CAMP_UUID, NULL);
    row_set_text(lead, LEAD_DIALING_PLAN_UUID, NULL);
    row_set_int(lead, LEAD_RES_DIAL, 4);
    row_set_text(lead, LEAD_RES_DIAL_DETAIL, "answered");
    row_set_int(lead, LEAD_RES_HANGUP, 16);
    row_set_text(lead, LEAD_RES_HANGUP_DETAIL, "Normal Clearing");
    row_set_text(lead, LEAD_TM_LAST_HANGUP, now);
    row_set_text(lead, LEAD_TM_UPDATE, now);
    batch_row(b, lead);
    put_due(b, row_int(lead, LEAD_ID), 1, done % 2 ? INT64_MAX : 1479175972000000000 + done,
            done % 2 ? "answered" : NULL);
    batch_statement(b, &write_ledger_close,
                    BIND(ARG_INT("id", c->id), ARG_INT("answered", c->answered),
                         ARG_INT("res_dial", 4), ARG_TEXT("res_dial_detail", "answered"),
                         ARG_INT("res_hangup", 16),
                         ARG_TEXT("res_hangup_detail", "Normal Clearing"),
                         ARG_TEXT("tm_dial_begin", now), ARG_TEXT("tm_dial_end", now),
                         ARG_TEXT("tm_hangup", now), ARG_TEXT("asterisk", "main"),
                         ARG_NULL("tm_join"), ARG_NULL("tm_connect"), ARG_INT("abandoned", 0)));
    batch_output(b, c->id, result, line);
    submit(b);
    row_free(lead);
    up[k] = up[--ups];
    done++;
}

/* Steady: for each call that begins, one is answered and one ends, in any order. */
static void one_call(struct row *lead) {
    begin_call(lead);
    struct call *c = &up[chance_next(&chance) % (uint64_t)ups];
    if (!c->answered)
        answer_call(c);
    if (ups > flight)
        end_call((int)(chance_next(&chance) % (uint64_t)ups));
    wait_for(most);
}

/* ---- cost ---- */

struct cost {
    double wall, cpu;
    long long bytes, writes;
};

static struct cost cost_now(void) {
    struct timespec t;
    struct rusage u;
    struct cost c = {0};
    char text[80];
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &u);
    c.wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    c.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
            (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(text, sizeof text, f)) {
        sscanf(text, "wchar: %lld", &c.bytes);
        sscanf(text, "syscw: %lld", &c.writes);
    }
    if (f)
        fclose(f);
    return c;
}

static char *text_of(int n) {
    char *text = calloc(1, (size_t)n + 1);
    memset(text, 'x', (size_t)n);
    return text;
}

int main(int argc, char **argv) {
    static const struct log log = {.level = LOG_INFO};
    calls = argc > 1 ? atol(argv[1]) : 20000;
    flight = argc > 2 ? atoi(argv[2]) : 2000;
    most = argc > 3 ? atoi(argv[3]) : 300;
    frozen = text_of(argc > 4 ? atoi(argv[4]) : 3300);
    const char *folder = argc > 5 ? argv[5] : "/tmp";
    char *path = xasprintf("%s/astout-calls.sqlite3", folder), *err = NULL;
    result = xasprintf("%s/astout-calls.result", folder);
    line = text_of(990);
    unlink(path);
    unlink(result);
    clock_real(&now_clock);
    time_text(now, now_clock.wall);
    loop = loop_new(&now_clock, &log);
    chance_seed(&chance, 1);
    const struct store_config config = {.backend = &sqlite_backend, .path = path, .full = true};
    s = store_open(loop, &config, &err);
    if (s == NULL)
        exit(fprintf(stderr, "%s\n", err));
    up = calloc((size_t)flight + 2, sizeof *up);
    struct row **leads = make_leads(calls + flight + 1);
    for (; begun < flight; begun++)
        one_call(leads[begun]);
    wait_for(0);
    struct cost from = cost_now();
    for (; begun < calls + flight; begun++)
        one_call(leads[begun]);
    wait_for(0);
    struct cost to = cost_now();
    store_close(s);
    struct cost closed = cost_now();
    printf("%ld calls, %d in progress, %d batches on their way, frozen %zu bytes: %.0f calls/s, "
           "%.1f us, %.2f kB, %.2f writes a call; closing %.2f kB\n",
           calls, flight, most, strlen(frozen), calls / (to.wall - from.wall),
           (to.cpu - from.cpu) * 1e6 / calls, (double)(to.bytes - from.bytes) / 1024 / calls,
           (double)(to.writes - from.writes) / calls,
           (double)(closed.bytes - to.bytes) / 1024 / calls);
    loop_free(loop);
    unlink(path);
    unlink(result);
    return 0;
}
