/* `astout reference config`: docs/config.md, from the table that reads astout.conf. */
#ifndef FACE_REFERENCE_H
#define FACE_REFERENCE_H

int reference_main(int argc, char **argv);

#endif
