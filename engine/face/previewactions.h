/* AMI actions by which agents decide on the leads they are offered (preview dialing). */
#ifndef FACE_PREVIEWACTIONS_H
#define FACE_PREVIEWACTIONS_H

#include "ami/server.h"

/* Their arg is the struct engine. Ended by {0}. */
extern const struct action preview_actions[];

#endif
