#include "io/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "record/record.h"

struct watch {
    struct loop *loop;
    int fd;
    struct event *readable;
    struct source_port port;
    struct task tell; /* a burst of events is one call */
    void (*changed)(void *arg);
    void *arg;
};

static void watch_on_tell(void *arg) {
    struct watch *w = arg;
    w->changed(w->arg);
}

/* Which files they are does not matter: whoever is told compares contents. */
static void watch_on_readable(evutil_socket_t fd, short what, void *arg) {
    struct watch *w = arg;
    char events[4096];
    (void)what;
    while (read(fd, events, sizeof events) > 0)
        task_queue(&w->tell);
    record_input(loop_record(w->loop), RECORD_WATCH, &w->port, 0, NULL, 0);
}

static void watch_play(void *arg, const struct record_item *item) {
    (void)item;
    struct watch *w = arg;
    task_queue(&w->tell);
}

struct watch *watch_new(struct loop *l, void (*changed)(void *arg), void *arg) {
    struct watch *w = xcalloc(1, sizeof *w);
    *w = (struct watch){.loop = l, .changed = changed, .arg = arg};
    task_init(&w->tell, l, watch_on_tell, w);
    record_add(loop_record(l), &w->port, watch_play, w);
    w->fd = -1;
    if (record_is_replayed(loop_record(l)))
        return w;
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        log_warn(loop_log(l), "cannot watch files for changes: %s", strerror(errno));
        return w;
    }
    w->readable = event_new(loop_events(l), w->fd, EV_READ | EV_PERSIST, watch_on_readable, w);
    if (w->readable == NULL || event_add(w->readable, NULL))
        abort(); /* no memory */
    return w;
}

bool watch_folder(struct watch *w, const char *path) {
    return w->fd >= 0 &&
           inotify_add_watch(w->fd, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) >= 0;
}

void watch_free(struct watch *w) {
    if (w == NULL)
        return;
    task_cancel(&w->tell);
    record_drop(loop_record(w->loop), &w->port);
    if (w->readable)
        event_free(w->readable);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
