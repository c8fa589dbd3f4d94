#include "main/reload.h"

#include <stdlib.h>
#include <string.h>

#include "ami/server.h"
#include "conf/change.h"
#include "record/record.h"
#include "dialer/dialer.h"
#include "dialer/pace/limits.h"
#include "dialer/plan/plan.h"

/* The limits of our port as the configuration has them. */
static struct server_limits reload_limits_of(const struct conf *c) {
    return (struct server_limits){.sessions = (unsigned)c->ami.max_sessions,
                                  .unauthenticated = (unsigned)c->ami.authlimit,
                                  .login_time = c->ami.authtimeout * NS_PER_S,
                                  .owed = (size_t)c->ami.writebuffer};
}

/* Users are read before anything changes. True, with NULL if the port is closed. */
static bool reload_read_users(struct reload *r, const struct conf *fresh, struct users **users,
                              char **err) {
    *users = NULL;
    if (!r->conf->ami.enabled)
        return true;
    record_file(loop_record(r->engine->loop), fresh->ami.users);
    *users = users_load(fresh->ami.users, err);
    return *users != NULL;
}

/* Until the end: a session of any age may point into them. */
static void reload_keep_users(struct reload *r, struct users *users) {
    r->later = xrealloc(r->later, (r->later_count + 1) * sizeof *r->later);
    r->later[r->later_count++] = users;
}

static bool reload_conf(struct reload *r, struct str *said, char **err) {
    record_file(loop_record(r->engine->loop), r->conf->path);
    struct conf *fresh = conf_load_moved(r->conf->path, r->moved, err);
    struct users *users;
    struct str changed = {0}, restart = {0};
    if (fresh == NULL || !reload_read_users(r, fresh, &users, err)) {
        conf_free(fresh);
        return false;
    }
    if (!limits_open(r->engine, fresh, err)) {
        users_free(users);
        conf_free(fresh);
        return false;
    }
    confchange_take(r->conf, fresh, &changed, &restart);
    conf_free(fresh);
    r->log->level = (enum log_level)r->conf->general.log_level;
    if (users && r->server) {
        struct server_limits limits = reload_limits_of(r->conf);
        server_change(r->server, users, &limits);
    }
    if (users)
        reload_keep_users(r, users);
    dialer_conf_changed(r->engine);
    str_addf(said, "configuration: %s%s%s%s%s", changed.len ? "changed" : "nothing changed",
             str_get(&changed), restart.len ? "; needs a restart:" : "", str_get(&restart),
             users ? "; users read" : "");
    str_free(&changed);
    str_free(&restart);
    return true;
}

char *reload_all(struct reload *r) {
    struct str said = {0};
    char *err = NULL;
    int refused, swapped;
    if (!reload_conf(r, &said, &err))
        str_addf(&said, "configuration: kept as it was: %s", err);
    free(err);
    swapped = plans_reload(r->engine, NULL, true, &refused);
    str_addf(&said, "\nstrategies: %d swapped, %d refused", swapped, refused);
    log_info(r->log, "reload: %.*s", (int)(strchrnul(said.s, '\n') - said.s), said.s);
    log_info(r->log, "reload: strategies: %d swapped, %d refused", swapped, refused);
    return str_take(&said);
}

void reload_free(struct reload *r) {
    for (size_t i = 0; i < r->user_count; i++)
        users_free(r->users[i]);
    for (size_t i = 0; i < r->later_count; i++)
        users_free(r->later[i]);
    free(r->later);
    r->later = NULL;
    r->user_count = r->later_count = 0;
}
