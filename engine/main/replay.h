/* `astout replay`: a recorded run again, compared with what it was. */
#ifndef MAIN_REPLAY_H
#define MAIN_REPLAY_H

/* The command. 0: the same; 1: it differs; 2: it cannot be replayed. */
int replay_main(int argc, char **argv);

#endif
