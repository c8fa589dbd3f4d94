/* The ledger of some engine's database, to be read by somebody else: what became of the
 * calls of a campaign. The file is not changed, an engine may be running on it. */
#ifndef STORE_SQLITE_LEDGER_H
#define STORE_SQLITE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* A call that is over. Times are s since 1970, 0 where the ledger does not know. */
struct ledger_call {
    bool answered;
    int res_dial, res_hangup; /* protocol's ResDial, Q.850 */
    const char *detail;       /* of res_dial; never NULL */
    double dialing, begin, end, hangup;
    double join, connect; /* into a queue, with an agent */
    double timeout;       /* s that its plan lets it ring */
};

/* Tells all calls of a campaign (its uuid or its name) in the order in which they were
 * made. False with *err: no such file, no such campaign, or several of that name. */
bool ledger_read(const char *path, const char *campaign,
                 void (*call)(void *arg, const struct ledger_call *c), void *arg,
                 char **err) MUST_CHECK;
/* What a hook, or the engine itself, keeps in mind of that campaign (JSON, to be freed);
 * NULL if nothing, or if it cannot be read. */
char *ledger_memory(const char *path, const char *campaign, const char *hook);

#endif
