/* All functions that the engine lends to the prelude. */
#include "console/inner.h"

const struct lent *const console_lent[] = {console_nouns, console_live, console_whys,
                                           console_alarms, NULL};
