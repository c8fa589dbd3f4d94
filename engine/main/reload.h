/* SIGHUP and `out reload`: configuration, users and strategies read again. */
#ifndef MAIN_RELOAD_H
#define MAIN_RELOAD_H

#include "base/log.h"
#include "conf/users.h"
#include "dialer/core/engine.h"

struct reload {
    struct log *log;
    struct conf *conf; /* the running one */
    struct engine *engine;
    const char *moved;      /* conf_load_moved; NULL in a run */
    struct server *server;  /* NULL: our AMI port is closed */
    struct users *users[1]; /* of the start, */
    size_t user_count;
    struct users **later; /* and all that were read since: sessions point into them */
    size_t later_count;
};

/* Nothing changes if the file or its users are wrong. What came of it in words, for the
 * console (free it); the log has the same. */
char *reload_all(struct reload *r);
/* Frees the users. */
void reload_free(struct reload *r);

#endif
