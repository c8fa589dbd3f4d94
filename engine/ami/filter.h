/* eventfilter of manager.conf, for our own events; Asterisk applies the same lines to
 * its own. Both syntaxes: a plain regex over the whole packet (with ! in front: what
 * matches is kept back), and eventfilter(action(..),name(..),header(..),method(..)). */
#ifndef AMI_FILTER_H
#define AMI_FILTER_H

#include "base/log.h"
#include "conf/users.h"

struct filter;

/* NULL for a user without filters. One that cannot be read is logged and keeps back
 * nothing, as in Asterisk. Free with filter_free. */
struct filter *filter_new(const struct user *u, const struct log *log);
void filter_free(struct filter *f);
/* May the packet pass? With both kinds it must match an including one and no other. */
bool filter_passes(const struct filter *f, const struct str *packet);

#endif
