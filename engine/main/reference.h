/* `astout reference config`: docs/config.md, from the table that reads astout.conf. */
#ifndef MAIN_REFERENCE_H
#define MAIN_REFERENCE_H

int reference_main(int argc, char **argv);

#endif
