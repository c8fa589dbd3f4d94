/* The configuration read again while the engine runs. */
#ifndef CONF_CHANGE_H
#define CONF_CHANGE_H

#include "conf/conf.h"
#include "base/str.h"

/* Moves into running whatever differs in fresh and may change while it runs (the other
 * way round: fresh gets the old values). Adds the names of those to changed, and to
 * restart those that differ and stay as they are, each with a blank before it. */
void confchange_take(struct conf *running, struct conf *fresh, struct str *changed,
                     struct str *restart);

#endif
