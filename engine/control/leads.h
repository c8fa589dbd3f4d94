/* OutDlListShow: leads, read from the store page by page. */
#ifndef CONTROL_LEADS_H
#define CONTROL_LEADS_H

#include "ami/server.h"

/* arg is the engine. */
void leads_run_show(void *arg, struct answer *a, const struct message *m);

#endif
