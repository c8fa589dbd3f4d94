#include "dialer/core/engine.h"

int64_t engine_now(const struct engine *e) { return loop_clock(e->loop)->mono; }

int64_t engine_wall(const struct engine *e) { return loop_clock(e->loop)->wall; }

double engine_seconds(const struct engine *e) {
    return (double)engine_now(e) / (double)NS_PER_S;
}

void engine_uuid(struct engine *e, char out[UUID_TEXT]) { chance_uuid(&e->chance, out); }
