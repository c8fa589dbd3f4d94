/* What can be read from a lead's row, whether the lead is in work or not. */
#ifndef DIALER_CORE_LEADROW_H
#define DIALER_CORE_LEADROW_H

#include "store/noun.h"

/* When its last call ended, in ns since 1970; 0 = it was never called. */
int64_t leadrow_last_hangup(const struct row *row);
/* Attempts at all of its numbers together. */
int64_t leadrow_tries(const struct row *row);

#endif
