/* astout check FILE...: loads strategies as the engine does and runs their own tests. */
#ifndef MAIN_CHECK_H
#define MAIN_CHECK_H

int check_main(int argc, char **argv);

#endif
