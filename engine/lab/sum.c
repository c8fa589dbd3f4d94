#include "lab/sum.h"

#include <string.h>

double labsum_of(const json_t *run, const char *key) {
    return json_number_value(json_object_get(run, key));
}

struct labsum_spread labsum_spread(const json_t *runs, const char *key) {
    struct labsum_spread s = {0};
    size_t n = json_array_size(runs);
    for (size_t i = 0; i < n; i++) {
        double v = labsum_of(json_array_get(runs, i), key);
        s.mean += v / (double)n;
        s.low = i == 0 || v < s.low ? v : s.low;
        s.high = i == 0 || v > s.high ? v : s.high;
    }
    return s;
}

size_t labsum_over(const json_t *runs, const char *key, double limit) {
    size_t over = 0;
    for (size_t i = 0; i < json_array_size(runs); i++)
        over += labsum_of(json_array_get(runs, i), key) > limit;
    return over;
}

json_t *labsum_mean(const json_t *runs) {
    json_t *mean = json_object(), *v;
    const char *key;
    size_t n = json_array_size(runs);
    json_object_foreach (json_array_get(runs, 0), key, v) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += labsum_of(json_array_get(runs, i), key);
        if (json_is_number(v) && strcmp(key, "seed"))
            json_object_set_new(mean, key, json_real(sum / (double)n));
    }
    double worst = labsum_spread(runs, "abandoned").high;
    json_object_set_new(mean, "worst_abandoned", json_real(worst));
    return mean;
}

json_t *labsum_short(const json_t *run) {
    json_t *out = json_object(), *v;
    const char *key;
    json_object_foreach ((json_t *)run, key, v)
        if (json_is_number(v))
            json_object_set(out, key, v);
    return out;
}
