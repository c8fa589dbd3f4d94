#include "dialer/core/leadrow.h"

int64_t leadrow_last_hangup(const struct row *row) {
    return time_read(row_text(row, LEAD_TM_LAST_HANGUP));
}

int64_t leadrow_tries(const struct row *row) {
    int64_t sum = 0;
    for (int i = 0; i < LEAD_NUMBERS; i++)
        sum += row_int(row, LEAD_TRYCNT_1 + i);
    return sum;
}
