/* When a lead was called, as far back as the limits of attempts reach. */
#ifndef DIALER_LIST_ATTEMPTS_H
#define DIALER_LIST_ATTEMPTS_H

#include <stdint.h>

#include "base/mem.h"

struct attempts {
    struct attempt {
        int number; /* which of the lead's, 1 to 8 */
        int64_t at; /* ns since 1970 */
    } * list;       /* the oldest first */
    int count;
};

/* Adds the attempts of the store's text, "number time,number time,..."; NULL = none. */
void attempts_read(struct attempts *a, const char *text);
void attempts_add(struct attempts *a, int number, int64_t at);
/* Removes the latest attempt: its call was never sent. */
void attempts_give_back(struct attempts *a);
void attempts_copy(struct attempts *to, const struct attempts *from);
void attempts_free(struct attempts *a);

#endif
