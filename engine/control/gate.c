#include "control/gate.h"

#include <stddef.h>

void gate_init(struct gate *g, unsigned most) {
    *g = (struct gate){.most = most};
    TAILQ_INIT(&g->waiting);
}

void gate_enter(struct guest *guest) {
    struct gate *g = guest->gate;
    if (g->inside < g->most) {
        g->inside++;
        guest->inside = true;
        guest->enter(guest->arg);
    } else {
        guest->waits = true;
        TAILQ_INSERT_TAIL(&g->waiting, guest, list);
    }
}

static void gate_unlist(struct guest *guest) {
    TAILQ_REMOVE(&guest->gate->waiting, guest, list);
    guest->waits = false;
}

void gate_leave(struct guest *guest) {
    if (guest->waits)
        gate_unlist(guest);
    if (!guest->inside)
        return;
    guest->inside = false;
    guest->gate->inside--;
    struct guest *next = TAILQ_FIRST(&guest->gate->waiting);
    if (next) {
        gate_unlist(next);
        gate_enter(next);
    }
}
