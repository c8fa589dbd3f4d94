#include "dialer/core/engine.h"

#include "ami/message.h"

int64_t engine_now(const struct engine *e) { return loop_clock(e->loop)->mono; }

int64_t engine_wall(const struct engine *e) { return loop_clock(e->loop)->wall; }

double engine_seconds(const struct engine *e) { return (double)engine_now(e) / (double)NS_PER_S; }

void engine_uuid(struct engine *e, char out[UUID_TEXT]) { chance_uuid(&e->chance, out); }

bool engine_is_heard(const struct engine *e) {
    return e->out.event && (e->out.heard == NULL || e->out.heard(e->out.arg));
}

void engine_event_begin(struct str *packet, const char *name) {
    header_add(packet, "Event", name);
    header_add(packet, "Privilege", "message,all");
}

void engine_event_end(struct engine *e, struct str *packet) {
    message_end(packet);
    if (e->out.event)
        e->out.event(e->out.arg, packet);
    str_free(packet);
}
