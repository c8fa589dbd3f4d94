/* The command `astout simulate`: shifts of the engine against the simulated Asterisk on
 * a virtual clock, and what they show. */
#ifndef LAB_SIMULATE_H
#define LAB_SIMULATE_H

int simulate_main(int argc, char **argv);

#endif
