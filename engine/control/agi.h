/* FastAGI: the dialplan adds a lead by
 *   AGI(agi://host/OutDlCreate,DLMA,NUMBER[:NUMBER...],NAME,DETAIL,EMAIL,UKEY,VAR=VALUE[:...])
 * (whatever follows the numbers may be left out)
 * and finds OUTSTATUS (SUCCESS, FAILURE) and OUTDETAIL (the lead's uuid, or why not). */
#ifndef CONTROL_AGI_H
#define CONTROL_AGI_H

#include "dialer/core/engine.h"

struct agi;

/* Listens. Returns NULL with *err (free it) if it cannot. */
struct agi *agi_new(struct engine *e, const char *bindaddr, int port, char **err) MUST_CHECK;
int agi_port(const struct agi *agi);
/* Closes the port and cuts off calls under way. */
void agi_free(struct agi *agi);

#endif
