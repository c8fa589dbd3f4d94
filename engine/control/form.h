/* The headers of OutXCreate, -Update and -Delete as a change. */
#ifndef CONTROL_FORM_H
#define CONTROL_FORM_H

#include "ami/message.h"
#include "dialer/noun/change.h"

/* Begins ch (free it with change_end in any case). Other headers than the noun's are
 * ignored. NULL, or why it cannot be read (static text). */
const char *form_read(struct change *ch, enum change_verb verb, const struct noun *n,
                      const struct message *m, const char *by) MUST_CHECK;

#endif
