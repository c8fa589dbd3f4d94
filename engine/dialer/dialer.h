/* The dialer as a whole: an engine is opened, leaves, and is closed. */
#ifndef DIALER_H
#define DIALER_H

#include "dialer/core/engine.h"

/* Opens the store, reads what is there, begins to connect. The loop, the log and the
 * conf are the caller's and outlive it. NULL with *err (free it). */
struct engine *dialer_new(struct loop *l, const struct log *log, const struct conf *conf,
                          char **err) MUST_CHECK;
/* The same with options (copied). */
struct engine *dialer_open(struct loop *l, const struct log *log, const struct conf *conf,
                           const struct engine_options *options, char **err) MUST_CHECK;
/* What the engine's hooks see, and the functions it lends them: also where there is no
 * engine, to check strategies and for their manual. */
void dialer_lend(struct script_env *env);
/* Begins to leave: no call starts any more; gone(arg) comes when nothing is on its way
 * to the disk. */
void dialer_leave(struct engine *e, void (*gone)(void *arg), void *arg);
/* Ends the connections and the store. Calls in flight go on in Asterisk: the ledger
 * knows them, the next start finds them again. */
void dialer_close(struct engine *e);

/* The conf has changed (confchange.h): caps and limits that are copied follow. */
void dialer_conf_changed(struct engine *e);

#endif
