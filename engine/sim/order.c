#include "sim/order.h"

#include <stddef.h>

#include "base/mem.h"

/* Counted on real servers at 300 calls a second, by slot; the rarest orders are raised
 * to about one in a hundred, so that short tests meet them too. */
static const struct {
    enum order_case what;
    bool is_local;
    int dialect;
    short weight[SLOT_LAST + 1];
} counted[] = {
    {ORDER_ANSWERED, true, 16, {0, 192, 431, 284, 593, 0}},
    {ORDER_ANSWERED, true, 22, {0, 122, 494, 222, 662, 0}},
    {ORDER_ANSWERED, false, 16, {0, 3, 75, 49, 126, 0}},
    {ORDER_ANSWERED, false, 22, {0, 3, 113, 48, 89, 0}},
    {ORDER_BUSY, true, 16, {15, 127, 324, 0, 547, 502}},
    {ORDER_BUSY, true, 22, {15, 178, 584, 0, 606, 130}},
    {ORDER_BUSY, false, 16, {3, 3, 4, 0, 17, 229}},
    {ORDER_BUSY, false, 22, {3, 3, 85, 0, 123, 42}},
    {ORDER_REFUSED, true, 16, {15, 75, 303, 0, 472, 649}},
    {ORDER_REFUSED, true, 22, {15, 66, 459, 0, 563, 412}},
    {ORDER_REFUSED, false, 16, {3, 3, 4, 0, 17, 229}},
    {ORDER_REFUSED, false, 22, {3, 3, 85, 0, 123, 42}},
    {ORDER_UNKNOWN, true, 16, {15, 0, 0, 0, 728, 769}},
    {ORDER_UNKNOWN, true, 22, {15, 0, 0, 0, 1006, 485}},
    {ORDER_TIMEOUT, true, 16, {0, 0, 0, 0, 1, 1}},
    {ORDER_TIMEOUT, true, 22, {0, 0, 0, 0, 1, 1}},
    {ORDER_TIMEOUT, false, 16, {0, 0, 0, 0, 1, 1}},
    {ORDER_TIMEOUT, false, 22, {0, 0, 0, 0, 1, 1}},
};

enum slot order_slot(enum order_case what, bool is_local, int dialect, double u) {
    for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
        const short *w = counted[i].weight;
        if (counted[i].what != what || counted[i].is_local != is_local ||
            counted[i].dialect != dialect)
            continue;
        double sum = 0;
        for (int s = 0; s <= SLOT_LAST; s++)
            sum += w[s];
        u *= sum;
        for (int s = 0; s < SLOT_LAST; s++) {
            if (u < w[s])
                return (enum slot)s;
            u -= w[s];
        }
        return SLOT_LAST;
    }
    return SLOT_AFTER_END;
}
