/* What a lead's row says, whether the lead is in work or not. */
#ifndef DIALER_CORE_LEADROW_H
#define DIALER_CORE_LEADROW_H

#include "store/noun.h"

/* When its last call ended, ns since 1970, 0 = never called. */
int64_t leadrow_last_hangup(const struct row *row);
/* Sum of its tries. */
int64_t leadrow_tries(const struct row *row);

#endif
