#include "control/gate.h"

#include <stddef.h>

void gate_init(struct gate *g, unsigned most) {
    *g = (struct gate){.most = most};
    g->last = &g->first;
}

void gate_enter(struct guest *guest) {
    struct gate *g = guest->gate;
    if (g->inside < g->most) {
        g->inside++;
        guest->inside = true;
        guest->enter(guest->arg);
    } else {
        guest->waits = true;
        guest->behind = NULL;
        *g->last = guest;
        g->last = &guest->behind;
    }
}

/* Takes it out of those who wait. */
static void gate_unlist(struct guest *guest) {
    struct guest **p = &guest->gate->first;
    while (*p != guest)
        p = &(*p)->behind;
    *p = guest->behind;
    if (*p == NULL)
        guest->gate->last = p;
    guest->waits = false;
}

void gate_leave(struct guest *guest) {
    if (guest->waits)
        gate_unlist(guest);
    if (!guest->inside)
        return;
    guest->inside = false;
    guest->gate->inside--;
    struct guest *next = guest->gate->first;
    if (next) {
        gate_unlist(next);
        gate_enter(next);
    }
}
