#include "face/labsum.h"

#include <string.h>

double labsum_of(const json_t *run, const char *key) {
    return json_number_value(json_object_get(run, key));
}

json_t *labsum_mean(const json_t *runs) {
    json_t *mean = json_object(), *v;
    const char *key;
    size_t n = json_array_size(runs);
    double worst = 0;
    json_object_foreach (json_array_get(runs, 0), key, v) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += labsum_of(json_array_get(runs, i), key);
        if (json_is_number(v) && strcmp(key, "seed"))
            json_object_set_new(mean, key, json_real(sum / (double)n));
    }
    for (size_t i = 0; i < n; i++) {
        double a = labsum_of(json_array_get(runs, i), "abandoned");
        worst = a > worst ? a : worst;
    }
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
