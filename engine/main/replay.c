#include "main/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main/daemon.h"
#include "lab/lab.h"

enum { SAME, DIFFERENT, UNUSABLE };

struct replaying {
    const char *path, *strategies; /* strategies: a folder instead of those recorded */
    bool show, verbose;
    char *scratch, *err;
};

/* ---- reading it ---- */

static int replay_show(struct record *r) {
    struct record_item item;
    struct str line = {0};
    while (record_next(r, &item)) {
        if (item.kind == RECORD_TURN)
            continue;
        str_reset(&line);
        record_item_say(&item, &line);
        char when[TIME_TEXT];
        time_text(when, record_counted(r)->wall);
        if (item.kind != RECORD_CLOCK)
            printf("%s %s\n", when, str_get(&line));
    }
    str_free(&line);
    if (record_state(r) == RECORD_BROKEN)
        fprintf(stderr, "astout replay: %s\n", record_why(r));
    return record_state(r) == RECORD_BROKEN ? UNUSABLE : SAME;
}

/* ---- replaying it ---- */

static void replay_on_log(void *arg, enum log_level level, const char *line) {
    (void)level;
    if (((struct replaying *)arg)->verbose)
        fprintf(stderr, "%s\n", line);
}

/* The strategies' folder has to be there, even if no script of it was read. */
static char *replay_make_folders(const struct replaying *p) {
    char *folder = xasprintf("%s/scripts.path", p->scratch);
    bool ok = p->strategies ? symlink(p->strategies, folder) == 0 : mkdir(folder, 0700) == 0;
    char *err = ok ? NULL : xasprintf("%s: %s", folder, strerror(errno));
    free(folder);
    return err;
}

/* The database beside the recording, where the daemon looks for it. */
static char *replay_link_database(const struct replaying *p) {
    char *from = xasprintf("%s.db", p->path), *to = xasprintf("%s/database.db", p->scratch);
    char *whole = realpath(from, NULL), *err = NULL;
    if (whole == NULL || symlink(whole, to))
        err = xasprintf("%s: %s", from, strerror(errno));
    free(from);
    free(to);
    free(whole);
    return err;
}

static int replay_report(const struct replaying *p, const struct record *r) {
    const struct record_count *n = record_counted(r);
    char when[TIME_TEXT];
    time_text(when, n->wall);
    switch (record_state(r)) {
    case RECORD_DIFFERS:
        printf("different at turn %llu, %s, after %llu decisions:\n%s\n",
               (unsigned long long)n->turns, when, (unsigned long long)n->decisions,
               record_why(r));
        return DIFFERENT;
    case RECORD_BROKEN:
        fprintf(stderr, "astout replay: %s: %s (%llu decisions before it are the same)\n",
                p->path, record_why(r), (unsigned long long)n->decisions);
        return UNUSABLE;
    default:
        break;
    }
    printf("%llu decisions and %llu packets sent are the same; %llu inputs, %llu turns, up to "
           "%s\n",
           (unsigned long long)n->decisions, (unsigned long long)n->sent,
           (unsigned long long)n->inputs, (unsigned long long)n->turns, when);
    if (record_state(r) == RECORD_CUT)
        puts("the recording ends before the run did: it was killed, or the recording was full");
    return SAME;
}

/* Takes the record. */
static int replay(struct replaying *p, struct record *r) {
    struct daemon d = {.log = {.level = LOG_INFO, .sink = replay_on_log, .arg = p},
                       .record = r};
    char *conf = xasprintf("%s/astout.conf", p->scratch);
    d.reload.moved = p->scratch;
    char *scripts = p->strategies ? xasprintf("%s/scripts", p->scratch) : NULL;
    record_set_folder(r, p->scratch, scripts);
    unsetenv("NOTIFY_SOCKET"); /* this is nobody's service */
    unsetenv("WATCHDOG_USEC");
    bool ok = daemon_start(&d, conf, &p->err);
    if (ok)
        loop_run(d.loop);
    int status = UNUSABLE;
    if (ok || record_state(r) == RECORD_DIFFERS)
        status = replay_report(p, r);
    else
        fprintf(stderr, "astout replay: %s\n", p->err);
    daemon_end(&d);
    free(scripts);
    free(conf);
    return status;
}

static int replay_prepare(struct replaying *p, struct record *r) {
    p->scratch = lab_scratch_new(&p->err);
    if (p->err == NULL)
        p->err = replay_make_folders(p);
    if (p->err == NULL)
        p->err = replay_link_database(p);
    if (p->err == NULL)
        return replay(p, r);
    fprintf(stderr, "astout replay: %s\n", p->err);
    record_close(r);
    return UNUSABLE;
}

/* ---- the command ---- */

static int replay_usage(void) {
    fputs("usage: astout replay [--show] [--verbose] [--strategies DIR] FILE\n", stderr);
    return UNUSABLE;
}

static int replay_work(struct replaying *p) {
    bool starts;
    struct record *r = record_open(p->path, &starts, &p->err);
    if (r == NULL) {
        fprintf(stderr, "astout replay: %s\n", p->err);
        return UNUSABLE;
    }
    if (p->show) {
        int status = replay_show(r);
        record_close(r);
        return status;
    }
    if (starts)
        return replay_prepare(p, r);
    fprintf(stderr,
            "astout replay: %s is a later part of a recording: it can be shown, but not "
            "replayed, since the state that it begins with is unknown\n",
            p->path);
    record_close(r);
    return UNUSABLE;
}

int replay_main(int argc, char **argv) {
    static const struct option options[] = {{"show", no_argument, NULL, 's'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"strategies", required_argument, NULL, 'd'},
                                            {0}};
    struct replaying p = {0};
    char *strategies = NULL;
    for (int opt; (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (opt == '?')
            return replay_usage();
        p.show |= opt == 's';
        p.verbose |= opt == 'v';
        if (opt == 'd' && (strategies = realpath(optarg, NULL)) == NULL) {
            fprintf(stderr, "astout replay: %s: %s\n", optarg, strerror(errno));
            return UNUSABLE;
        }
    }
    if (optind + 1 != argc)
        return replay_usage();
    p.path = argv[optind];
    p.strategies = strategies;
    int status = replay_work(&p);
    lab_scratch_free(p.scratch);
    free(strategies);
    free(p.err);
    return status;
}
