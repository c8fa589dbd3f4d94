/* Tells when files in folders were written or put there (inotify): once for all that
 * changed together. */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include "io/loop.h"

struct watch;

/* changed(arg) comes from the loop. If the system has no more of these, that is logged, and
 * all works without. */
struct watch *watch_new(struct loop *l, void (*changed)(void *arg), void *arg);
/* Looks at a folder from here on, not at those within. False if it is not there. */
bool watch_folder(struct watch *w, const char *path);
void watch_free(struct watch *w);

#endif
