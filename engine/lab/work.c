/* Several shifts at a time: each in a process of its own, which writes its progress and
 * then its result into a pipe. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "lab/lab.h"

#define WORKERS_MAX 64
#define BAR_WIDTH 40

struct worker {
    pid_t pid; /* 0: free */
    int fd;
    size_t shift;
    struct str said; /* since its last whole line */
    double share;    /* of its shift that is over */
};

struct work {
    const struct lab_shift *shifts;
    size_t count, next, over;
    json_t **results;
    struct worker workers[WORKERS_MAX];
    size_t worker_count;
    bool bar;
    char *error;
};

static volatile sig_atomic_t interrupted;

static void work_on_signal(int signo) { interrupted = signo; }

/* ---- in the worker ---- */

static void work_tell_progress(void *arg, double share) {
    FILE *out = arg;
    fprintf(out, "p%.3f\n", share);
    fflush(out);
}

/* Ends the process. A line r with the result, or e with an error, is the last. */
static void work_be_worker(const struct lab_shift *s, int fd) {
    FILE *out = fdopen(fd, "w");
    char *err = NULL;
    json_t *result = lab_run(s, work_tell_progress, out, &err);
    char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;
    fprintf(out, "%c%s\n", result ? 'r' : 'e', result ? text : err);
    fflush(out);
    json_decref(result);
    free(text);
    free(err);
    _exit(ferror(out) != 0);
}

/* ---- in the process that waits for them ---- */

static void work_draw_bar(const struct work *w) {
    double done = (double)w->over;
    for (size_t i = 0; i < w->worker_count; i++)
        done += w->workers[i].pid ? w->workers[i].share : 0;
    int filled = (int)(done / (double)w->count * BAR_WIDTH);
    fprintf(stderr, "\r[%.*s%*s] %zu of %zu shifts ", filled,
            "########################################", BAR_WIDTH - filled, "", w->over,
            w->count);
}

static void work_fail(struct work *w, const char *why) {
    if (w->error == NULL)
        w->error = xstrdup(why);
}

static void work_hire(struct work *w, struct worker *k) {
    int ends[2];
    fflush(NULL); /* nothing is to be written twice */
    if (pipe(ends) || (k->pid = fork()) < 0) {
        k->pid = 0;
        work_fail(w, strerror(errno));
        return;
    }
    if (k->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would take its results */
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        close(ends[0]);
        work_be_worker(&w->shifts[w->next], ends[1]);
    }
    close(ends[1]);
    k->fd = ends[0];
    k->share = 0;
    k->shift = w->next++;
}

static void work_take_line(struct work *w, struct worker *k, const char *line) {
    if (*line == 'p')
        k->share = strtod(line + 1, NULL);
    else if (*line == 'r')
        w->results[k->shift] = json_loads(line + 1, 0, NULL);
    else
        work_fail(w, line + 1);
}

static void work_dismiss(struct work *w, struct worker *k) {
    int status;
    close(k->fd);
    while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
        ;
    k->pid = 0;
    str_free(&k->said);
    w->over++;
    if (w->results[k->shift] == NULL)
        work_fail(w, "a shift ended without a result");
}

/* Reads what it says; at the end of that it is over. */
static void work_hear(struct work *w, struct worker *k) {
    char buf[65536];
    ssize_t n = read(k->fd, buf, sizeof buf);
    if (n < 0 && errno == EINTR)
        return;
    if (n > 0)
        str_addn(&k->said, buf, (size_t)n);
    for (char *nl; k->said.len && (nl = strchr(k->said.s, '\n'));) {
        *nl = '\0';
        work_take_line(w, k, k->said.s);
        str_drop(&k->said, (size_t)(nl - k->said.s) + 1);
    }
    if (n <= 0)
        work_dismiss(w, k);
}

/* Waits for one of them to say something. False when nobody is left. */
static bool work_wait_for_one(struct work *w) {
    struct pollfd fds[WORKERS_MAX];
    nfds_t n = 0;
    for (size_t i = 0; i < w->worker_count; i++)
        if (w->workers[i].pid)
            fds[n++] = (struct pollfd){.fd = w->workers[i].fd, .events = POLLIN};
    if (n == 0)
        return false;
    if (poll(fds, n, -1) < 0)
        return true; /* a signal: the caller looks */
    for (nfds_t f = 0; f < n; f++)
        for (size_t i = 0; fds[f].revents && i < w->worker_count; i++)
            if (w->workers[i].pid && w->workers[i].fd == fds[f].fd)
                work_hear(w, &w->workers[i]);
    return true;
}

static void work_stop_all(struct work *w) {
    for (size_t i = 0; i < w->worker_count; i++)
        if (w->workers[i].pid)
            kill(w->workers[i].pid, SIGTERM);
}

static void work(struct work *w) {
    for (;;) {
        for (size_t i = 0; i < w->worker_count && w->error == NULL; i++)
            if (w->workers[i].pid == 0 && w->next < w->count)
                work_hire(w, &w->workers[i]);
        if (!work_wait_for_one(w))
            return;
        if (interrupted)
            work_fail(w, "interrupted");
        if (w->error)
            work_stop_all(w);
        if (w->bar)
            work_draw_bar(w);
    }
}

/* As many as there are processors that this process may use. */
static size_t work_count_workers(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < WORKERS_MAX ? (size_t)n : WORKERS_MAX;
}

bool lab_work(const struct lab_shift *shifts, size_t count, json_t **results, char **err) {
    struct work w = {.shifts = shifts,
                     .count = count,
                     .results = results,
                     .worker_count = work_count_workers(),
                     .bar = isatty(STDERR_FILENO)};
    struct sigaction act = {.sa_handler = work_on_signal}, old_int, old_term;
    sigaction(SIGINT, &act, &old_int);
    sigaction(SIGTERM, &act, &old_term);
    memset(results, 0, count * sizeof *results);
    work(&w);
    if (w.bar)
        fputs("\r\033[K", stderr);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    for (size_t i = 0; w.error && i < count; i++) {
        json_decref(results[i]);
        results[i] = NULL;
    }
    *err = w.error;
    return w.error == NULL;
}
