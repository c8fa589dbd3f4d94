/* A door through which only so many go at a time; the others wait for their turn, first
 * come, first served. */
#ifndef CONTROL_GATE_H
#define CONTROL_GATE_H

#include <stdbool.h>

/* Somebody at a gate: part of whoever wants to go through. */
struct guest {
    struct gate *gate;
    void (*enter)(void *arg); /* it is inside; maybe from within gate_enter */
    void *arg;
    struct guest *behind;
    bool waits, inside;
};

struct gate {
    unsigned most, inside;
    struct guest *first, **last; /* who waits */
};

void gate_init(struct gate *g, unsigned most);
/* Goes in, now or when there is room: then guest->enter is called. */
void gate_enter(struct guest *guest);
/* It is done, or waits no longer; the next one's turn. Nothing if it did neither. */
void gate_leave(struct guest *guest);

#endif
