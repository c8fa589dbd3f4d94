/* The dialer as a whole: an engine is opened, leaves, and is closed. */
#ifndef DIALER_H
#define DIALER_H

#include "dialer/core/engine.h"

/* Opens the store, reads its resources, and begins to connect to Asterisk. The caller owns
 * loop, log and conf, which outlive the engine. NULL with *err (free it). */
struct engine *dialer_new(struct loop *l, const struct log *log, const struct conf *conf,
                          char **err) MUST_CHECK;
/* The same with options (copied). */
struct engine *dialer_open(struct loop *l, const struct log *log, const struct conf *conf,
                           const struct engine_options *options, char **err) MUST_CHECK;
/* Puts the views and the helper functions of the hooks into env, also for programs without an
 * engine: those that check strategies or print their reference. */
void dialer_lend(struct script_env *env);
/* Begins to leave: no call begins any more. gone(arg) is called when everything is written. */
void dialer_leave(struct engine *e, void (*gone)(void *arg), void *arg);
/* Closes the connections and the store. Calls in flight go on in Asterisk; the next start
 * finds them through the ledger. */
void dialer_close(struct engine *e);

/* The configuration has changed (main/reload.h): copies of its caps and limits follow. */
void dialer_conf_changed(struct engine *e);

#endif
