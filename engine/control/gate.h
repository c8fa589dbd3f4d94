/* Lets only so many in at a time; the others wait, first come, first served. */
#ifndef CONTROL_GATE_H
#define CONTROL_GATE_H

#include <stdbool.h>
#include <sys/queue.h>

/* Somebody at a gate; a member of whoever wants to go through. */
struct guest {
    struct gate *gate;
    void (*enter)(void *arg); /* called when it is let in, perhaps from within gate_enter */
    void *arg;
    TAILQ_ENTRY(guest) list; /* of those that wait */
    bool waits, inside;
};

struct gate {
    unsigned most, inside;
    TAILQ_HEAD(guests, guest) waiting; /* in the order in which they came */
};

void gate_init(struct gate *g, unsigned most);
/* Lets the guest in, now or once there is room, and calls guest->enter. */
void gate_enter(struct guest *guest);
/* The guest leaves, or stops waiting, and the next one is let in. Does nothing if it was
 * neither inside nor waiting. */
void gate_leave(struct guest *guest);

#endif
