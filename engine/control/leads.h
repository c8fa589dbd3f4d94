/* OutDlListShow: leads, read from the store page by page. */
#ifndef CONTROL_LEADS_H
#define CONTROL_LEADS_H

#include "control/about.h"

/* arg is the engine. */
void action_show_leads(void *arg, struct answer *a, const struct message *m);

#endif
